"""The same specification and seed give the same figures in another process.

Run as ``python -m tests.core.training.test_reproducible STUDY FOLDER``, it trains each of `SPECS` and writes what came of it.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs import JobSpec, NullReporter, write_json
from core.training import run_training
from tests.core.training.cohort import cohort

SPECTROGRAM = {"name": "log_spectrogram", "nfft": 32, "hop": 2}
VIEWS = [{"name": "raw"}, SPECTROGRAM]
USUAL = {"window": {"n_times": 64}, "max_epochs": 2, "threads": 2, "schedule": "cosine"}
SPECS = {
    "cnn2d": {
        "model": {"name": "cnn2d", "preset": "quick"},
        "representation": SPECTROGRAM,
        "augment": [{"name": "time_shift"}, {"name": "spec_augment"}],
    },
    "late_fusion": {
        "model": {"name": "late_fusion", "preset": "quick"},
        "representation": VIEWS,
        "sampling": "balanced",
    },
    "intermediate_fusion": {
        "model": {"name": "intermediate_fusion", "preset": "quick", "guided": True},
        "representation": VIEWS,
        "guidance": {"auxiliary": {"raw": 1.0, "log_spectrogram": 0.01}, "dec": 1e-2, "dec_from": 1},
    },
}
TIMED = ("seconds",)


def train(name, study, out, seed=3):
    """Train one; return what came of it, with a hash of its weights."""
    result = run_training(JobSpec("training", USUAL | SPECS[name], str(out), str(study), seed), NullReporter())
    result["weights"] = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    return {key: value for key, value in result.items() if key not in TIMED}


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """What two processes made of the same specifications."""
    folder = tmp_path_factory.mktemp("again")
    cohort(folder / "s").close()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.core.training.test_reproducible", str(folder / "s")]
    for name in ("one", "other"):
        subprocess.run([*command, str(folder / name)], env=environment, check=True)
    return folder / "s", [json.loads((folder / name / "came.json").read_text()) for name in ("one", "other")]


@pytest.mark.parametrize("model", SPECS)
def test_another_process_comes_to_the_same(twice, model):
    one, other = (came[model] for came in twice[1])
    assert one == other
    assert len(one["history"]) == {"late_fusion": 6}.get(model, 2)


def test_another_seed_comes_to_something_else(twice, tmp_path):
    study, (one, _) = twice
    assert train("cnn2d", study, tmp_path, seed=4)["weights"] != one["cnn2d"]["weights"]


if __name__ == "__main__":
    study, folder = map(Path, sys.argv[1:])
    folder.mkdir()
    write_json(folder / "came.json", {name: train(name, study, folder / name) for name in SPECS})
