# Two commands do everything on a fresh machine: `make app` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REPORT ?= demo-report
PYTHON_HELP := Hitscope needs Python 3.11 or newer with venv; choose one: make PYTHON=python3.11 app

# What a bare Debian needs for PySide6 (offscreen and under Xvfb).
DEBIAN := libegl1 libgl1 libglib2.0-0 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core \
	xvfb libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-randr0 \
	libxcb-render-util0 libxcb-xinerama0 libxcb-xkb1 libportaudio2

.PHONY: debian app test lint bench fuzz docs pictures reproduce reproduce-annotation reproduce-training clean

app: $(READY)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec $(BIN)/hitscope-window --demo; \
	else QT_QPA_PLATFORM=offscreen $(BIN)/python -m desktop --tour $(REPORT); fi

test: $(READY) lint
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_sizes.py

bench: $(READY)
	$(BIN)/python tests/benchmarks/run_all.py

# Damaged files for every reader; a quick look is `make fuzz FUZZ="--n 500 --format wav"`.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.fuzz_readers $(FUZZ)

# The figures of docs/results/whole_path.md.
reproduce: $(READY)
	out=reproduce-$$(date +%Y%m%d-%H%M%S); export PATH="$(CURDIR)/$(BIN):$$PATH"; set -o pipefail; mkdir $$out; \
	docs/examples/whole_path.sh $$out/real | tee $$out/real.txt; hitscope demo --out $$out/demo

# The figures of docs/results/annotation.md, from the folder HITSCOPE_DATA; about two hours on two processors, seconds when kept.
reproduce-annotation: $(READY)
	$(BIN)/python -m tests.benchmarks.reproduce_annotation $(ANNOTATION)

# The figures of docs/results/training.md, from the folder HITSCOPE_DATA; about six hours on two processors, seconds when kept.
# Stopped in any way, it goes on where it was; TRAINING="--stages reference --seeds 2" runs a part of it.
reproduce-training: $(READY)
	$(BIN)/python -m tests.benchmarks.reproduce_training --workers 2 $(TRAINING)

docs: $(READY)
	$(BIN)/pip install -q -c requirements.lock -e .[docs]
	$(BIN)/mkdocs build --strict

# The pictures of the documentation, made anew by the program.
pictures: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m desktop --tour $(REPORT)
	for picture in docs/images/*.png; do cp $(REPORT)/images/$$(basename $$picture) docs/images/; done

$(READY): pyproject.toml requirements.lock
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  dpkg -s $(DEBIAN) >/dev/null 2>&1 || { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -q --no-install-recommends $(DEBIAN); }; fi
	@test -x $(BIN)/python || { command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). $(PYTHON_HELP)" >&2; exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), which is too old. $(PYTHON_HELP)" >&2; exit 1; }; \
	  $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv (Debian: python3-venv). $(PYTHON_HELP)" >&2; exit 1; }; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c requirements.lock -e .[dev]
	touch $(READY)

debian:
	@echo $(DEBIAN)

clean:
	rm -rf $(VENV) $(REPORT) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
