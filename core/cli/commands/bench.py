"""`hitscope bench detection`: how well HITS are found, on simulated recordings that nobody looked at before."""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import date
from pathlib import Path

from core.cli.main import show_json
from core.errors import InputError
from core.events import Criteria
from core.events.hits import benchmark
from core.reports import curves_svg, detection_page, write_files

EXAMPLE = "hitscope bench detection --hours 3 --two-gates 0 --mono 0 --out results"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("what", choices=["detection"], help="what to measure")
    options.add_argument("--hours", type=float, default=21.0, help="simulated hours with one gate (default: 21)")
    options.add_argument(
        "--two-gates", type=float, default=9.0, metavar="HOURS", help="with two (default: 9; 0 for none)"
    )
    options.add_argument(
        "--mono", type=float, default=6.0, metavar="HOURS", help="without direction (default: 6; 0 for none)"
    )
    options.add_argument(
        "--seed", type=int, default=benchmark.FINAL_SEED,
        help=f"of the first recording (default: {benchmark.FINAL_SEED}, which is kept for final figures)",
    )  # fmt: skip
    options.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    options.add_argument("--out", type=Path, metavar="FOLDER", help="where hits.md and its figures are written")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> None:
    """Simulate, search, and tell how it went."""
    if options.jobs < 1:
        raise InputError(f"{options.jobs} processes cannot work", remedy="Give --jobs 1 or more")
    hours = dict(zip(benchmark.SETUPS, (options.hours, options.two_gates, options.mono), strict=True))
    jobs = [job for setup, h in hours.items() if h for job in benchmark.jobs_of(h, options.seed, setup)]
    outcomes = []
    for outcome in benchmark.run_all(jobs, options.jobs):
        outcomes.append(outcome)
        print(f"\r{len(outcomes)} of {len(jobs)} recordings", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    level = Criteria().min_probability
    if options.json:
        show_json(_figures(outcomes, level))
    command = "hitscope bench " + shlex.join(_typed(options))
    page = detection_page(outcomes, level, command, date.today().isoformat())
    if options.out is None:
        if not options.json:
            print(page)
        return
    drawn = {f"hits_{setup.replace(' ', '_')}.svg": setup for setup, h in hours.items() if h}
    page += "".join(
        f"\n![Sensitivity against false alarms, {setup}, simulated]({name})\n" for name, setup in drawn.items()
    )
    files = {options.out / "hits.md": page.encode()}
    files |= {options.out / name: curves_svg(outcomes, setup).encode() for name, setup in drawn.items()}
    for path in write_files(files, replace=True):
        print(path)


def _typed(options: argparse.Namespace) -> list[str]:
    return [
        options.what, "--hours", f"{options.hours:g}", "--two-gates", f"{options.two_gates:g}",
        "--mono", f"{options.mono:g}", "--seed", str(options.seed), "--jobs", str(options.jobs),
    ]  # fmt: skip


def _figures(outcomes: list[benchmark.Outcome], level: float) -> dict[str, object]:
    rows = []
    for setup in benchmark.SETUPS:
        for regime in benchmark.ARTEFACTS_PER_MINUTE:
            some = [o for o in outcomes if (o.job.setup, o.job.regime) == (setup, regime)]
            for low, high in benchmark.BINS_DB if some else ():
                point = benchmark.point_of(some, level, low, high)
                rows.append({"setup": setup, "regime": regime, "hbr_db": [low, high], **vars(point)})
    return {"simulated": True, "level": level, "points": rows}
