"""Figures of what is finished: by draw, pooled over folds, and differences between two who learnt the same draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training import evaluate, paired_difference
from tests.benchmarks.reproduce_annotation.statistics import interval

from .cache import Arrays, Cache
from .runs import score
from .stages import Cell

# Who is shown, in order: the cell it comes from, and who decides in it.
SHOWN = {
    "2D CNN": ("late", "log_spectrogram"),
    "1D CNN-Transformer": ("late", "raw"),
    "late fusion": ("late", "model"),
    "guided fusion": ("guided", "model"),
}
SINGLE = ("2D CNN", "1D CNN-Transformer")
HYBRIDS = ("late fusion", "guided fusion")
Who = tuple[str, str]


@dataclass(frozen=True)
class Finished:
    """A cell and what came of it."""

    cell: Cell
    arrays: Arrays
    about: Mapping[str, Any]

    def probabilities(self, decider: str = "model") -> np.ndarray:
        """Return those of the test side (n, K)."""
        return self.arrays[f"p.{decider}"]

    def mcc(self, decider: str = "model") -> float:
        """Return the MCC of the test side."""
        return score(self.arrays["y"], self.probabilities(decider))


class Found:
    """What is finished of a stage."""

    def __init__(self, cache: Cache, cells: Iterable[Cell]) -> None:
        cells = list(cells)
        self.asked = len(cells)
        done = [Finished(cell, *cache.read(cell.run.key)) for cell in cells if cache.has(cell.run.key)]
        self._by_place = {(one.cell.arm, one.cell.who, one.cell.draw): one for one in done}
        self.done = done

    @property
    def arms(self) -> list[str]:
        """Those of which something is finished, in order."""
        return list(dict.fromkeys(one.cell.arm for one in self.done))

    def of(self, arm: str, who: str) -> dict[int, Finished]:
        """Return what is finished of an arm, by draw."""
        return {draw: one for (a, w, draw), one in self._by_place.items() if (a, w) == (arm, who)}

    def by_draw(self, arm: str, who: Who) -> dict[int, float]:
        """Return the MCC by draw."""
        return {draw: one.mcc(who[1]) for draw, one in self.of(arm, who[0]).items()}

    def chosen(self, arm: str, who: Who) -> list[float]:
        """Return the validation MCC by draw."""
        return [one.about["validation_mcc"][who[1]] for one in self.of(arm, who[0]).values()]

    def pooled(self, arm: str, who: Who) -> "Pooled | None":
        """Return the test sides of all draws together, None where there are none."""
        return pool(list(self.of(arm, who[0]).values()), who[1])


@dataclass(frozen=True)
class Pooled:
    """The test sides of several folds, one after the other."""

    y: np.ndarray
    probabilities: np.ndarray
    unit: np.ndarray

    def evaluate(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the figures, whole units drawn in the bootstrap."""
        return evaluate(self.y, self.probabilities, list(classes), self.unit)

    def above(self, other: "Pooled") -> tuple[float, float, float]:
        """Return this MCC less that of another on the same events, with the 95 % interval of a bootstrap of whole units."""
        difference, (low, high) = paired_difference(self.y, other.probabilities, self.probabilities, self.unit)
        return difference, low, high


def pool(parts: Sequence[Finished], decider: str) -> Pooled | None:
    """Return the test sides of parts together."""
    if not parts:
        return None
    joined = [np.concatenate([part.arrays[name] for part in parts]) for name in ("y", f"p.{decider}", "unit")]
    return Pooled(*joined)


def differences(found: Found, arm: str, one: Who, other: Who) -> list[float]:
    """Return MCC of `one` less that of `other`, draw by draw, for the draws that both finished."""
    a, b = found.by_draw(arm, one), found.by_draw(arm, other)
    return [a[draw] - b[draw] for draw in sorted(a.keys() & b.keys())]


def common(found: Found, arm: str, one: Who, other: Who) -> tuple[Pooled, Pooled] | None:
    """Return both pooled over the folds that both finished."""
    a, b = found.of(arm, one[0]), found.of(arm, other[0])
    draws = sorted(a.keys() & b.keys())
    if not draws:
        return None
    return pool([a[draw] for draw in draws], one[1]), pool([b[draw] for draw in draws], other[1])


def mean_with(values: Sequence[float]) -> str:
    """Return ``mean ± std [low, high], n`` in per cent, the interval of the mean by Student's t."""
    if not len(values):
        return "not run yet"
    x = 100 * np.asarray(values, dtype=float)
    if len(x) == 1:
        return f"{x[0]:.2f}, n = 1"
    _, low, high = interval(x)
    return f"{x.mean():.2f} ± {x.std(ddof=1):.2f} [{low:.2f}, {high:.2f}], n = {len(x)}"


def difference_with(values: Sequence[float]) -> str:
    """Return ``mean [low, high], n`` of differences, in points of per cent, the interval by Student's t."""
    if not len(values):
        return "not run yet"
    mean, low, high = interval(100 * np.asarray(values, dtype=float))
    if len(values) == 1:
        return f"{mean:+.2f}, n = 1"
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}], n = {len(values)}"


def points(estimate: tuple[float, float, float]) -> str:
    """Return ``value [low, high]`` of an estimate, in points of per cent."""
    value, low, high = (100 * part for part in estimate)
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"
