"""The speed of a training step, measured by the benchmark of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from .cache import Cache

BENCHMARK = Path(__file__).parents[1] / "bench_training_step.py"
THREADS = 2
OURS = re.compile(r"^(\w+) +ours, Adam +.* ([\d.]+)$", re.MULTILINE)


def measure(cache: Cache) -> None:
    """Run the benchmark and keep what it said; measured anew each time, as it is of now."""
    load = os.getloadavg()[0]
    command = [sys.executable, str(BENCHMARK), "--threads", str(THREADS)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    times = {name: float(value) for name, value in OURS.findall(ran.stdout)}
    if not times:
        raise SystemExit(f"{BENCHMARK.name} gave no figures: {ran.stderr.strip()[-500:]}")
    cache.keep("steps", {}, {"output": ran.stdout, "times_published": times, "load": load, "threads": THREADS})
