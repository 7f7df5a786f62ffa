"""A job that does nothing but count: for the jobs panel's own check and for the tests."""

from __future__ import annotations

import time
from typing import Any

from core.jobs.report import Reporter
from core.jobs.spec import JobSpec


def run_selftest(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Count ``params["steps"]`` steps, pausing ``params["pause_s"]`` seconds after each."""
    steps = int(spec.params.get("steps", 10))
    for step in range(steps):
        report.check()
        report.progress(step + 1, steps, f"step {step + 1}")
        time.sleep(float(spec.params.get("pause_s", 0.0)))
    return {"steps": steps, "seed": spec.seed}
