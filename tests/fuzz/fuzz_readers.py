"""Opens thousands of damaged files with every reader: `make fuzz`, or `python -m tests.fuzz.fuzz_readers --help` (Linux).

The seeds are the real files of the readers' contract. A finding is whatever is neither a refusal with a `HitscopeError` nor a
recording that reads: another exception, a crash, a hang, too much memory, a promise of `Recording` that is not kept.
"""

import argparse
import shutil
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from core.signals import FORMATS
from tests.contracts.reader_cases import CASES, Case
from tests.fuzz.judge import Verdict, make_mutant, options_of, put_case
from tests.fuzz.supervise import Task, run, warm_up

RESULTS = Path("docs/results/fuzz.md")
COLUMNS = ("format", "mutants", "opened", "refused", "findings", "slowest, s", "peak memory, MB", "whole run, s")


@dataclass
class Tally:
    """What came out for one format."""

    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    wall_s: float = 0.0

    def add(self, verdict: Verdict) -> None:
        """Count one."""
        self.outcomes[verdict.outcome] += 1
        self.slowest_s = max(self.slowest_s, verdict.seconds)
        self.peak_mb = max(self.peak_mb, verdict.peak_mb)

    def row(self, name: str) -> str:
        """Return a row of the table."""
        counts = [self.outcomes[outcome] for outcome in ("opened", "refused", "finding")]
        cells = [name, f"{sum(counts):,}", *(f"{n:,}" for n in counts)]
        return " | ".join(
            ["", *cells, f"{self.slowest_s:.2f}", f"{self.peak_mb:.0f}", f"{self.wall_s:.0f}", ""]
        ).strip()


def cases_of(format_name: str) -> dict[str, Case]:
    """Return the cases of a format."""
    return {key: case for key, case in CASES.items() if case.format == format_name}


def save(out: Path, task: Task, case: Case, verdict: Verdict, seed: int) -> None:
    """Write the damaged files, and what happened, into a folder of their own."""
    key, number = task
    folder = out / f"{key}-{seed}-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    whole = put_case(case, folder)
    mutant = make_mutant(whole, number, seed)
    opened = f"open_recording({whole.name!r}, **{options_of(mutant, case, whole)})"
    whole.with_name(mutant.name).write_bytes(mutant.data)
    text = f"{key}, seed {seed}, mutant {number}: {mutant.name} is damaged\n{opened}\n{verdict.detail}\n"
    (folder / "finding.txt").write_text(text, encoding="utf-8")
    print(f"{folder}: {verdict.detail.splitlines()[-1]}", file=sys.stderr)


def fuzz(format_name: str, args: argparse.Namespace) -> Tally:
    """Judge the mutants of one format, its cases taking turns."""
    cases, tally, start = cases_of(format_name), Tally(), time.monotonic()
    warm_up(cases)
    keys = sorted(cases)
    numbers = range(args.n) if args.mutant is None else [args.mutant]
    tasks = [(keys[number % len(keys)], number) for number in numbers]
    limits = {"limit_s": args.seconds, "limit_mb": args.megabytes}
    for task, verdict in run(cases, tasks, seed=args.seed, workers=args.workers, **limits):
        tally.add(verdict)
        if verdict.outcome == "finding":
            save(args.out, task, cases[task[0]], verdict, args.seed)
    tally.wall_s = time.monotonic() - start
    return tally


def main() -> int:
    """Run the command; 1 where there are findings."""
    names = [reader.FORMAT for reader in FORMATS if cases_of(reader.FORMAT)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=10_000, help="mutants of each format")
    parser.add_argument("--format", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mutant", type=int, help="only this one, to see a finding again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0, help="for one mutant")
    parser.add_argument("--megabytes", type=int, default=1024, help="for one mutant, above what the process has before")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are saved")
    parser.add_argument("--write", action="store_true", help=f"write the table into {RESULTS}")
    args = parser.parse_args()
    print(" | ".join(["", *COLUMNS, ""]).strip(), "|---" * len(COLUMNS) + "|", sep="\n", flush=True)
    rows, findings = [], 0
    for name in args.format or names:
        tally = fuzz(name, args)
        findings += tally.outcomes["finding"]
        rows.append(tally.row(name))
        print(rows[-1], flush=True)
    if args.write:
        _write(args, rows)
    return 1 if findings else 0


def _write(args: argparse.Namespace, rows: list[str]) -> None:
    command = f"python -m tests.fuzz.fuzz_readers --n {args.n} --seed {args.seed}"
    head = f"""# Damaged files

{date.today()}, two cores: `{command}` (`make fuzz`).

Each reader opens damaged copies of the real files of its contract (`tests/contracts/reader_cases.py`): bits flipped, numbers
changed or enlarged, fields swapped, stretches left out, repeated or overwritten, ends cut off. Each must be refused with a message
for the user, or open as a recording that reads and keeps its promises. Findings are other exceptions, crashes, more than
{args.seconds:g} s, more than {args.megabytes} MB above what the process had, promises not kept.
"""
    table = [" | ".join(["", *COLUMNS, ""]).strip(), "|---" * len(COLUMNS) + "|", *rows]
    RESULTS.write_text(f"{head}\n" + "\n".join(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
