"""Runs every benchmark of this folder, one after the other: `make bench`. HITSCOPE_DATA names the folder of recordings."""

import os
import runpy
import sys
from pathlib import Path


def main() -> int:
    scripts, missed = sorted(Path(__file__).parent.glob("bench_*.py")), []
    for script in scripts:
        if "HITSCOPE_DATA" in script.read_text(encoding="utf-8") and "HITSCOPE_DATA" not in os.environ:
            print(f"{script.name}: needs HITSCOPE_DATA, left out", file=sys.stderr)
            continue
        print(f"== {script.name}", flush=True)
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as ended:  # some say by it whether their bars hold
            missed += [script.name] * bool(ended.code)
    print(f"bars are missed in: {', '.join(missed)}" if missed else "every bar holds")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
