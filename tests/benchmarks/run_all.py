"""Runs every benchmark of this folder, one after the other: `make bench`. HITSCOPE_DATA names the folder of recordings."""

import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    scripts = sorted(Path(__file__).parent.glob("bench_*.py"))
    for script in scripts:
        if "HITSCOPE_DATA" in script.read_text(encoding="utf-8") and "HITSCOPE_DATA" not in os.environ:
            print(f"{script.name}: needs HITSCOPE_DATA, left out", file=sys.stderr)
            continue
        print(f"== {script.name}", flush=True)
        runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
