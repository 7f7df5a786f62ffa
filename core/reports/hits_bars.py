"""What finding HITS has to reach, what was measured, and whether that holds: the table that the results begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.events.hits.baselines import BASELINES
from core.events.hits.benchmark import BINS_DB, OURS, SETUPS, Outcome, curve_of, errors_of, point_of
from core.events.intervals import proportion, rate

REGIME_TITLES = {"regular": "regular", "atrial_fibrillation": "atrial fibrillation", "low_flow": "low flow, noisy"}
EQUAL_PER_HOUR = (1.0, 2.0, 6.0)
LEAST_SENSITIVITY = (((6.0, 25.0), "HBR ≥ 6 dB", 0.95), ((3.0, 6.0), "HBR 3-6 dB", 0.80))
MOST_FALSE_PER_HOUR = {"regular": 2.0, "low_flow": 6.0}
MOST_BIAS_DB, MOST_SD_DB = 0.5, 1.5
LEAST_SPEED = 400.0  # times real time

Row = tuple[str, str, str]  # bar, measured, holds


def bars_table(outcomes: Sequence[Outcome], level: float) -> list[str]:
    """Return the table as lines of Markdown; `level` is the probability from which a candidate is called an embolus."""
    groups = [(setup, [o for o in outcomes if o.job.setup == setup]) for setup in SETUPS]
    rows = [row for setup, some in groups if some for row in _of_setup(some, setup, level)]
    return [
        "| bar | measured | holds |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        "A bar holds if the figure itself reaches it; the interval may reach beyond. The baselines see one gate only, also where "
        "Hitscope sees two.",
        "",
    ]


def _of_setup(outcomes: Sequence[Outcome], where: str, level: float) -> Iterator[Row]:
    by_regime = [(r, title, [o for o in outcomes if o.job.regime == r]) for r, title in REGIME_TITLES.items()]
    by_regime = [(r, title, mine) for r, title, mine in by_regime if mine]
    for span, name, least in LEAST_SENSITIVITY:
        for _, title, mine in by_regime:
            point = point_of(mine, level, *span)
            found = proportion(point.n_found, point.n)
            measured = f"{found.text(1, 100)} % of {point.n:,}" if point.n else "no embolus"
            yield f"{where}, {title}, {name}: {100 * least:g} % found", measured, _holds(found.value, least=least)
    for regime, title, mine in by_regime:
        if regime in MOST_FALSE_PER_HOUR:
            most, point = MOST_FALSE_PER_HOUR[regime], point_of(mine, level, *BINS_DB[0])
            false = rate(point.n_false, point.hours)
            yield f"{where}, {title}: {most:g} false alarms an hour", false.text(2), _holds(false.value, most=most)
    yield from _errors(outcomes, where, level)
    speed = 3600 * sum(o.hours for o in outcomes) / max(sum(o.seconds for o in outcomes), 1e-9)
    yield f"{where}: {LEAST_SPEED:g} times real time", f"{speed:,.0f} times", _holds(speed, least=LEAST_SPEED)
    yield _against_baselines(by_regime, where)


def _errors(outcomes: Sequence[Outcome], where: str, level: float) -> Iterator[Row]:
    """Yield what is measured of emboli apart that were found, of all regimes together."""
    e = errors_of(outcomes, level, 3.0, 25.0)
    if e is None:
        return
    yield (
        f"{where}: HBR within {MOST_BIAS_DB:g} dB in the mean", f"{e.hbr_mean_db:+.2f} dB of {e.n:,}",
        _holds(abs(e.hbr_mean_db), most=MOST_BIAS_DB),
    )  # fmt: skip
    yield f"{where}: HBR, SD of {MOST_SD_DB:g} dB", f"{e.hbr_std_db:.2f} dB", _holds(e.hbr_std_db, most=MOST_SD_DB)
    share = f"{100 * e.within_a_fifth:.0f} %"
    yield (
        f"{where}: duration within 20 %, of emboli over 10 ms", f"{share}; median ratio {e.duration_ratio:.2f}",
        _holds(e.within_a_fifth, least=1.0),
    )  # fmt: skip


def _against_baselines(by_regime: Sequence[tuple[str, str, Sequence[Outcome]]], where: str) -> Row:
    """Return whether more is found than by the better baseline in every range of HBR, at equal false alarms an hour."""
    n, others = 0, []
    for _, title, mine in by_regime:
        for low, high in BINS_DB:
            if not point_of(mine, 0.0, low, high).n:
                continue
            ours, *theirs = (curve_of(mine, key, low, high) for key in (OURS, *BASELINES))
            for per_hour in EQUAL_PER_HOUR:
                n += 1
                own, best = ours.at(per_hour), max(curve.at(per_hour) for curve in theirs)
                if own <= best:
                    how = "tie" if own == best else "worse"
                    span = f"≥ {low:g}" if high >= 20 else f"{low:g}-{high:g}"
                    others.append(
                        f"{how}: {title}, {span} dB, {per_hour:g} / h ({100 * own:.0f} and {100 * best:.0f} %)"
                    )
    levels = ", ".join(f"{per_hour:g}" for per_hour in EQUAL_PER_HOUR)
    measured = "; ".join([f"in {n - len(others)} of {n}", *others])
    bar = f"{where}: more found than by both baselines in every range of HBR, at {levels} false alarms an hour"
    return bar, measured if n else "no embolus", ("**no**" if others else "yes") if n else "-"


def _holds(value: float | None, *, least: float = float("-inf"), most: float = float("inf")) -> str:
    if value is None:
        return "-"
    return "yes" if least <= value <= most else "**no**"
