"""How well HITS are found, as a page: tables by regime and strength, and curves against the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.events.hits.baselines import BASELINES
from core.events.hits.benchmark import (
    BINS_DB,
    OURS,
    SETUPS,
    Curve,
    Errors,
    Outcome,
    Point,
    curve_of,
    errors_of,
    point_of,
    reliability_of,
)
from core.events.intervals import proportion, rate
from core.reports.hits_bars import EQUAL_PER_HOUR, REGIME_TITLES, bars_table
from core.reports.svg import FRAME, GRID, MUTED, WIDTH, line, picture, text, upright

COLOURS = {OURS: "#0072b2", "plain": "#e69f00", "adaptive": "#cc79a7"}
TITLES = {OURS: "Hitscope"} | {key: title for key, (title, _, _) in BASELINES.items()}
MOST_PER_HOUR = 20.0
SETUP_TITLES = {"1 gate": "with one gate", "2 gates": "with two", "mono": "without direction (I alone)"}
ERROR_COLUMNS = "n | HBR, mean ± SD (dB) | duration, median ratio | within 20 % (over 10 ms) | delay, median error (ms)"
SHIFTS_HZ = (0.0, 500.0, 1000.0, 1500.0, np.inf)


def detection_page(outcomes: Sequence[Outcome], level: float, command: str, date: str) -> str:
    """Return the results as Markdown; `level` is the probability from which a candidate is called an embolus."""
    hours = {setup: sum(o.hours for o in outcomes if o.job.setup == setup) for setup in SETUPS}
    seeds = sorted({o.job.seed for o in outcomes})
    head = [
        "# Finding HITS",
        "",
        f"**Simulated recordings only**: none with confirmed emboli is public. {date}: `{command}`; "
        + ", ".join(f"{h:.2g} h {SETUP_TITLES[setup]}" for setup, h in hours.items() if h)
        + f", seeds {seeds[0]} to {seeds[-1]} (never used while the detector was made; every seed is another patient), "
        "one embolus a minute (one in twenty a shower of 3 to 8 within two seconds, which may overlap), artefacts every one "
        f"or two minutes. An embolus is called one from a probability of {level:g} on. Intervals are 95 % (Wilson; Garwood "
        "for rates). All emboli count, also those under an artefact or another embolus; those that lie apart stand beside.",
        "",
        *bars_table(outcomes, level),
    ]
    body = [line_ for setup in SETUPS if hours[setup] for line_ in _of_setup(outcomes, setup, level)]
    return "\n".join(head + body + _reliability(outcomes) + _speed(outcomes)) + "\n"


def _of_setup(outcomes: Sequence[Outcome], setup: str, level: float) -> list[str]:
    some = [o for o in outcomes if o.job.setup == setup]
    rows = [
        f"## {setup.capitalize()}",
        "",
        "| regime | HBR (dB) | sensitivity, all | of those apart | false alarms an hour |",
        "|---|---|---|---|---|",
    ]
    for regime, title in REGIME_TITLES.items():
        mine = [o for o in some if o.job.regime == regime]
        if not mine:
            continue
        for low, high in (*BINS_DB, (6.0, 25.0)):
            every, apart = point_of(mine, level, low, high), point_of(mine, level, low, high, apart=True)
            false = _rate(every) if (low, high) == BINS_DB[0] else ""
            rows.append(f"| {title} | {_span(low, high)} | {_share(every)} | {_share(apart)} | {false} |")
    rows += ["", "Sensitivity at equal false alarms an hour, of every detector:", "", *_equal(some), ""]
    rows += ["Measured against true, of emboli apart that were found:", "", *_errors(some, level), ""]
    return [*rows, "The same of all regimes, by shift:", "", *_errors_by_shift(some, level), ""]


def _equal(outcomes: Sequence[Outcome]) -> list[str]:
    levels = ", ".join(f"{per_hour:g}" for per_hour in EQUAL_PER_HOUR)
    columns = " | ".join(f"{title} at {levels} / h" for title in TITLES.values())
    rows = [f"| regime | HBR (dB) | {columns} |", "|---|---|" + "---|" * len(TITLES)]
    for regime, title in REGIME_TITLES.items():
        mine = [o for o in outcomes if o.job.regime == regime]
        for low, high in BINS_DB if mine else ():
            curves = [curve_of(mine, d, low, high) for d in TITLES]
            each = (", ".join(f"{100 * c.at(p):.0f} %" for p in EQUAL_PER_HOUR) for c in curves)
            rows.append(f"| {title} | {_span(low, high)} | " + " | ".join(each) + " |")
    return rows


def _errors(outcomes: Sequence[Outcome], level: float) -> list[str]:
    rows = [f"| regime | HBR (dB) | {ERROR_COLUMNS} |", "|---|---|---|---|---|---|---|"]
    for regime, title in [*REGIME_TITLES.items(), ("", "all")]:
        mine = [o for o in outcomes if not regime or o.job.regime == regime]
        for low, high in (*BINS_DB, (3.0, 25.0)):
            e = errors_of(mine, level, low, high)
            if e is not None:
                rows.append(f"| {title} | {_span(low, high)} | {_error_cells(e)} |")
    return rows


def _errors_by_shift(outcomes: Sequence[Outcome], level: float) -> list[str]:
    rows = [f"| shift (Hz) | {ERROR_COLUMNS} |", "|---|---|---|---|---|---|"]
    for low, high in pairwise(SHIFTS_HZ):
        e = errors_of(outcomes, level, 3.0, 25.0, (low, high))
        if e is not None:
            span = f"≥ {low:g}" if high == np.inf else f"{low:g}-{high:g}"
            rows.append(f"| {span} | {_error_cells(e)} |")
    return rows


def _error_cells(e: Errors) -> str:
    delay = "-" if e.delay_ms is None else f"{e.delay_ms:.1f}"
    hbr = f"{e.hbr_mean_db:+.2f} ± {e.hbr_std_db:.2f}"
    return f"{e.n} | {hbr} | {e.duration_ratio:.2f} | {100 * e.within_a_fifth:.0f} % | {delay}"


def _reliability(outcomes: Sequence[Outcome]) -> list[str]:
    rows = ["## Probability", "", "| said | were emboli | n |", "|---|---|---|"]
    rows += [f"| {100 * p:.0f} % | {100 * share:.0f} % | {n:,} |" for p, share, n in reliability_of(outcomes)]
    return [*rows, ""]


def _speed(outcomes: Sequence[Outcome]) -> list[str]:
    rows = ["## Speed", ""]
    for setup in SETUPS:
        some = [o for o in outcomes if o.job.setup == setup]
        if some:
            times = 3600 * sum(o.hours for o in some) / max(sum(o.seconds for o in some), 1e-9)
            rows.append(f"- {setup}: {times:,.0f} times real time, by processor time of one core.")
    return [*rows, ""]


def curves_svg(outcomes: Sequence[Outcome], setup: str) -> str:
    """Return sensitivity against false alarms an hour, a row for each regime and a column for each range of HBR."""
    some = [o for o in outcomes if o.job.setup == setup]
    left, top, wide, tall, gap = 56.0, 44.0, 176.0, 120.0, 24.0
    parts = []
    for n, (key, title) in enumerate(TITLES.items()):
        x = left + n * 190
        parts += [line(x, 14, x + 22, 14, COLOURS[key], 3), text(x + 28, 18, title)]
    for row, (regime, name) in enumerate(REGIME_TITLES.items()):
        mine = [o for o in some if o.job.regime == regime]
        for column, (low, high) in enumerate(BINS_DB):
            x, y = left + column * (wide + gap), top + row * (tall + 46)
            parts.append(text(x, y - 4, f"{name}, {_span(low, high)} dB (simulated)", colour=MUTED, size=10))
            parts += _axes(x, y, wide, tall)
            for key in TITLES:
                parts.append(_path(curve_of(mine, key, low, high), x, y, wide, tall, COLOURS[key]))
    bottom = top + len(REGIME_TITLES) * (tall + 46)
    parts += [
        text(WIDTH / 2, bottom + 4, "false alarms an hour", "middle", MUTED),
        upright(12, (top + bottom) / 2, "sensitivity"),
    ]
    return picture(bottom + 14, "Sensitivity against false alarms, simulated recordings", parts)


def _axes(x: float, y: float, wide: float, tall: float) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = y + tall * (1 - share)
        parts += [line(x, at, x + wide, at, GRID), text(x - 4, at + 4, f"{100 * share:.0f}", "end", MUTED, 9)]
    for per_hour in (0, 5, 10, 15, 20):
        at = x + wide * per_hour / MOST_PER_HOUR
        parts.append(text(at, y + tall + 12, f"{per_hour}", "middle", MUTED, 9))
    return [*parts, line(x, y + tall, x + wide, y + tall, FRAME), line(x, y, x, y + tall, FRAME)]


def _path(curve: Curve, x: float, y: float, wide: float, tall: float, colour: str) -> str:
    points, best = [], 0.0
    for n in range(201):
        per_hour = MOST_PER_HOUR * n / 200
        best = max(best, curve.at(per_hour))
        points.append(f"{x + wide * n / 200:.1f},{y + tall * (1 - best):.1f}")
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _span(low: float, high: float) -> str:
    return f"≥ {low:g}" if high >= 20 else f"{low:g}-{high:g}"


def _share(point: Point) -> str:
    return f"{proportion(point.n_found, point.n).text(1, 100)} % of {point.n:,}" if point.n else "-"


def _rate(point: Point) -> str:
    return rate(point.n_false, point.hours).text(2)
