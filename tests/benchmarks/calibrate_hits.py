"""Fits the probability of HITS candidates again, and writes core/events/hits/calibration.json.

python tests/benchmarks/calibrate_hits.py [N_SEEDS]
"""

import json
import sys
from pathlib import Path

from core.events.hits import benchmark, calibrating, judging

KINDS = (judging.WITH_DIRECTION, judging.WITHOUT_DIRECTION)

if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    jobs = list(calibrating.jobs_for_calibration(benchmark.CALIBRATION_SEED, n))
    fitted = calibrating.fit(jobs, n_processes=2)
    path = Path(calibrating.__file__).with_name("calibration.json")
    path.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    for number, name in enumerate(fitted["features"]):
        print(f"{name:16}", *(f"{fitted[key]['weights'][number]:8.3f}" for key in KINDS))
    for key in KINDS:
        print(key, {name: fitted[key][name] for name in ("hours", "candidates", "emboli")})
    print("both sides:", fitted["both_sides"])
