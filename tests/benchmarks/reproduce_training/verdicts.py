"""The bars and what came of them, missed ones included."""

from collections.abc import Sequence

import numpy as np

from tests.benchmarks.reproduce_annotation.statistics import interval, table

from .figures import HYBRIDS, SHOWN, SINGLE, Found, common, difference_with, differences, mean_with, points

PUBLISHED = {"2D CNN": 92.8, "1D CNN-Transformer": 94.3}
HONEST_BAR = 95.0
NOT_YET = "not run yet"


def verdicts(found: dict[str, Found], steps: dict | None) -> str:
    """Return a table with a row for each bar."""
    rows = [*_reference(found["reference"]), *_honest(found["honest"])]
    rows += [_pooled_above(found["beats"], "by record", "MIT-BIH beats, by record", hybrid) for hybrid in HYBRIDS]
    rows += [*noise_rows(found["noise"]), _soft(found["raters"])]
    rows.append(
        ["speed of a training step", "1.5 × published", *(_speed(steps) if steps else (NOT_YET, ""))],
    )
    return table(["bar", "asked", "found", ""], rows)


def met(is_so: bool) -> str:
    """Return the word for it."""
    return "met" if is_so else "**missed**"


def _reference(found: Found) -> list[list[str]]:
    arm, rows = "random, window", []
    for who, bar in PUBLISHED.items():
        values = list(found.by_draw(arm, SHOWN[who]).values())
        verdict = met(100 * np.mean(values) >= bar) if values else ""
        rows.append([f"EEG as published: MCC of the {who}", f"{bar} or more", mean_with(values), verdict])
    return rows + [row for hybrid in HYBRIDS for row in _above_both(found, arm, hybrid)]


def _above_both(found: Found, arm: str, hybrid: str) -> list[list[str]]:
    rows = []
    for single in SINGLE:
        values = differences(found, arm, SHOWN[hybrid], SHOWN[single])
        title = f"EEG as published: {hybrid} less {single}"
        rows.append([title, "interval above 0", difference_with(values), above_zero(values)])
    return rows


def above_zero(values: Sequence[float]) -> str:
    """Say whether the interval of a mean lies above 0; a single value has none."""
    if len(values) < 2:
        return "too few" if len(values) else ""
    if interval(values)[1] > 0:
        return met(True)
    return met(False) + (", above on average" if np.mean(values) > 0 else "")


def _honest(found: Found) -> list[list[str]]:
    rows = []
    for hybrid in HYBRIDS:
        values = list(found.by_draw("grouped, kept", SHOWN[hybrid]).values())
        verdict = met(100 * np.mean(values) >= HONEST_BAR) if values else ""
        rows.append([f"EEG by segment: MCC of {hybrid}", f"{HONEST_BAR:g} or more", mean_with(values), verdict])
    return rows


def _pooled_above(found: Found, arm: str, title: str, hybrid: str) -> list[str]:
    shown, all_above = [], True
    for single in SINGLE:
        pair = common(found, arm, SHOWN[hybrid], SHOWN[single])
        if pair is None:
            return [f"{title}: {hybrid} above both", "intervals above 0", NOT_YET, ""]
        estimate = pair[0].above(pair[1])
        shown.append(f"less {single} {points(estimate)}")
        all_above &= estimate[1] > 0
    done = len(found.of(arm, SHOWN[hybrid][0]))
    unfinished = "" if done * 2 == found.asked else f" ({done} of {found.asked // 2} folds)"
    return [f"{title}: {hybrid} above both", "intervals above 0", "; ".join(shown) + unfinished, met(all_above)]


# What helps, against what, both with everything else alike.
HELPS = {
    "GCE less CE": ("GCE, plain", "CE, plain"),
    "GDEC less none, CE": ("CE, GDEC", "CE, plain"),
    "GDEC less none, GCE": ("GCE, GDEC", "GCE, plain"),
}


def noise_rows(found: Found) -> list[list[str]]:
    """Return a row for each help: how much more it helps at the most noise than at none."""
    rows = []
    for title, (one, other) in HELPS.items():
        at = {share: paired_at(found, share, one, other) for share in ("0", "0.2")}
        both = sorted(at["0"].keys() & at["0.2"].keys())
        more = [at["0.2"][draw] - at["0"][draw] for draw in both]
        there = list(at["0.2"].values())
        text = f"{difference_with(there)}; more than at 0 %: {difference_with(more)}" if more else NOT_YET
        asked = "helps, and the more the noisier"
        rows.append([f"label noise of 20 %: {title}", asked, text, direction(there, more) if more else ""])
    return rows


def direction(there: Sequence[float], more: Sequence[float]) -> str:
    """Say whether something helps at the most noise, and helps more than without noise; or does the opposite."""
    if len(more) < 2:
        return "too few"
    helps, grows = interval(there), interval(more)
    if helps[1] > 0 and grows[1] > 0:
        return "shown"
    if helps[2] < 0:
        return "**refuted**: it harms"
    return "**not shown**: " + ("helps, no more than without noise" if helps[1] > 0 else "the interval holds 0")


def paired_at(found: Found, arm: str, one: str, other: str) -> dict[int, float]:
    """Return MCC of one less that of another by draw."""
    a, b = (found.by_draw(arm, (who, "model")) for who in (one, other))
    return {draw: a[draw] - b[draw] for draw in sorted(a.keys() & b.keys())}


def _soft(found: Found) -> list[str]:
    arms = found.arms
    title, asked = "soft against hard labels, CE", "interval above 0"
    if not arms:
        return [title, asked, NOT_YET, ""]
    values = list(paired_at(found, arms[-1], "soft, CE", "hard, CE").values())
    return [
        f"{title}, raters who err at {100 * float(arms[-1]):.0f} %",
        asked,
        difference_with(values),
        above_zero(values),
    ]


def _speed(steps: dict) -> tuple[str, str]:
    times = [f"{name} {times:.2f} ×" for name, times in steps["times_published"].items()]
    return ", ".join(times), met(min(steps["times_published"].values()) >= 1.5)
