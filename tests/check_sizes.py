"""Fails when a source file is too long to be one idea, or a tracked file too large for a repository."""

import subprocess
import sys
from pathlib import Path

MAX_LINES, MAX_BYTES = 500, 5_000_000


def main() -> int:
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    problems = []
    for path in map(Path, files):
        if path.suffix == ".py" and path.exists():
            n = len(path.read_text(encoding="utf-8").splitlines())
            if n > MAX_LINES:
                problems.append(f"{path}: {n} lines (at most {MAX_LINES})")
        if path.exists() and path.stat().st_size > MAX_BYTES:
            problems.append(f"{path}: {path.stat().st_size} bytes (at most {MAX_BYTES})")
    print("\n".join(problems) or f"{len(files)} files: none too long, none too large")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
