"""How well found beats agree with those of a reference, beat by beat, as ANSI/AAMI EC57 compares them.

Beats are paired one to one, within 150 ms. During ventricular flutter or fibrillation, which annotations of WFDB enclose in
``[`` and ``]``, a reference has no beats that could be compared: EC57 leaves such episodes out, and so does PhysioNet's ``bxb``.
Unlike ``bxb``, the first five minutes of a recording count here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import check, finite
from core.errors import InputError
from core.events.intervals import Estimate, proportion
from core.events.symbols import BEAT_SYMBOLS
from core.signals import Annotation, Recording

TOLERANCE_S = 0.15
ROUNDING_S = 1e-9
FLUTTER_BEGINS, FLUTTER_ENDS = "[", "]"

Stretches = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class BeatAgreement:
    """Beats found, missed and made up.

    Attributes
    ----------
    tp, fn, fp : int
        Beats of the reference that were found, that were not, and beats that were found where the reference has none.
    n_excluded : int
        Beats of either side that were left out with episodes of flutter.
    excluded_s : float
        How long these episodes last in all, s.
    """

    tp: int
    fn: int
    fp: int
    n_excluded: int = 0
    excluded_s: float = 0.0

    def __add__(self, other: BeatAgreement) -> BeatAgreement:
        """Return both together, as of two recordings."""
        return BeatAgreement(
            self.tp + other.tp,
            self.fn + other.fn,
            self.fp + other.fp,
            self.n_excluded + other.n_excluded,
            self.excluded_s + other.excluded_s,
        )

    @property
    def n(self) -> int:
        """Beats of the reference that were compared."""
        return self.tp + self.fn

    @property
    def sensitivity(self) -> Estimate:
        """Beats of the reference that were found."""
        return proportion(self.tp, self.n)

    @property
    def ppv(self) -> Estimate:
        """Found beats that the reference has: positive predictive value."""
        return proportion(self.tp, self.tp + self.fp)

    def describe(self) -> str:
        """Return it in words."""
        return (
            f"{self.n:,} beats: sensitivity {_percent(self.sensitivity)}, PPV {_percent(self.ppv)}; "
            f"{self.fn:,} missed, {self.fp:,} found where there is none"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON: shares as value, lower and upper end of their interval."""
        shares = {name: _listed(getattr(self, name)) for name in ("sensitivity", "ppv")}
        counts = {"n": self.n, "tp": self.tp, "fn": self.fn, "fp": self.fp}
        return counts | shares | {"n_excluded": self.n_excluded, "excluded_s": self.excluded_s}


def _percent(share: Estimate) -> str:
    """Return a share with its interval. Beats of one recording resemble each other: it says nothing about other recordings."""
    return "not defined (no beats)" if share.value is None else f"{share.text(2, 100)} %"


def _listed(share: Estimate) -> list[float] | None:
    return (
        None if share.value is None or share.low is None or share.high is None else [share.value, share.low, share.high]
    )


def match_beats(
    reference: npt.ArrayLike, found: npt.ArrayLike, tolerance_s: float = TOLERANCE_S
) -> npt.NDArray[np.int64]:
    """Pair beats one to one: as many as possible and, of all ways to do that, with the least time between them in all.

    On a line such pairs need not cross, so that one pass in order of time finds them. O(n + m) where beats lie no closer
    than the tolerance.

    Parameters
    ----------
    reference, found : (n,) and (m,) array_like
        Times in order, s.
    tolerance_s : float
        Most time between the beats of a pair, s, above 0.

    Returns
    -------
    (n_pairs, 2) int array
        Numbers of the beats of each pair, in `reference` and in `found`, in order.

    Raises
    ------
    InputError
        If the tolerance is out of range, or times are not finite numbers in order.
    """
    check(finite(above=0), tolerance_s=tolerance_s)
    truth, made = _times(reference, "reference"), _times(found, "found")
    first = np.searchsorted(made, truth - tolerance_s - ROUNDING_S).tolist()
    behind = np.searchsorted(made, truth + tolerance_s + ROUNDING_S, side="right").tolist()
    # A pair is worth 1 less what is lost by its distance, which all pairs together do not make as much as one pair.
    loss = 1 / (tolerance_s * (min(len(truth), len(made)) + 1) * (1 + 1e-6))
    # best[j]: worth and pairs (newest first, each with those before it) of the beats so far and the first j found ones.
    best: list[tuple[float, Any]] = [(0.0, None)]
    for i, (low, high) in enumerate(zip(first, behind, strict=True)):
        best.extend([best[-1]] * (high + 1 - len(best)))
        without = best[low : high + 1]
        for j in range(low, high):
            worth, pairs = without[j - low]
            worth += 1 - loss * abs(float(truth[i] - made[j]))
            kept = max(best[j], best[j + 1], key=lambda state: state[0])
            best[j + 1] = (worth, (i, j, pairs)) if worth > kept[0] else kept
    matched, pairs = [], best[-1][1]
    while pairs is not None:
        i, j, pairs = pairs
        matched.append((i, j))
    return np.array(matched[::-1], dtype=np.int64).reshape(-1, 2)


def flutter_episodes(annotations: Iterable[Annotation], end_s: float) -> list[tuple[float, float]]:
    """Return start and end (s) of each episode of ventricular flutter or fibrillation: from ``[`` to ``]``, in order.

    One that has no end lasts to the end of the recording, one without a beginning begins with it.

    Parameters
    ----------
    annotations : iterable of Annotation
    end_s : float
        Duration of the recording, s.
    """
    marks = sorted((a.onset_s, a.text) for a in annotations if a.text in (FLUTTER_BEGINS, FLUTTER_ENDS))
    episodes: list[tuple[float, float]] = []
    begun = 0.0 if marks and marks[0][1] == FLUTTER_ENDS else None
    for at, text in marks:
        if text == FLUTTER_BEGINS and begun is None:
            begun = at
        elif text == FLUTTER_ENDS and begun is not None:
            episodes.append((begun, at))
            begun = None
    return episodes if begun is None else [*episodes, (begun, max(begun, end_s))]


def compare_beats(
    reference: npt.ArrayLike, found: npt.ArrayLike, *, tolerance_s: float = TOLERANCE_S, excluded: Stretches = ()
) -> BeatAgreement:
    """Compare found beats with a reference.

    A pair counts, or is left out, with its beat of the reference, so that nothing changes at the border of an episode by a
    detector that is some samples late.

    Parameters
    ----------
    reference, found : (n,) and (m,) array_like
        Times in order, s.
    tolerance_s : float
        Most time between the beats of a pair, s.
    excluded : sequence of (float, float)
        Start and end (s) of what is left out of the comparison on both sides, such as `flutter_episodes`.

    Raises
    ------
    InputError
        As of `match_beats`.
    """
    truth, made = _times(reference, "reference"), _times(found, "found")
    pairs = match_beats(truth, made, tolerance_s)
    truth_out, made_out = _within(truth, excluded), _within(made, excluded)
    made_out[pairs[:, 1]] = truth_out[pairs[:, 0]]
    tp = int(np.count_nonzero(~truth_out[pairs[:, 0]]))
    fn, fp = int(np.count_nonzero(~truth_out)) - tp, int(np.count_nonzero(~made_out)) - tp
    n_excluded = int(truth_out.sum() + made_out.sum())
    return BeatAgreement(tp, fn, fp, n_excluded, float(sum(stop - start for start, stop in excluded)))


def compare_with_annotations(
    recording: Recording, found: npt.ArrayLike, *, tolerance_s: float = TOLERANCE_S, without_flutter: bool = True
) -> BeatAgreement:
    """Compare found beats with those that were annotated in the files of a recording (WFDB, such as ``.atr``).

    Parameters
    ----------
    recording : Recording
    found : (m,) array_like
        Times in order, s.
    tolerance_s : float
        Most time between the beats of a pair, s.
    without_flutter : bool
        Leave episodes of ventricular flutter out, as EC57 does; else what is found in them is wrong.

    Raises
    ------
    InputError
        If no beats came with the recording; else as of `match_beats`.
    """
    marks = recording.annotations if recording.format == "wfdb" else ()
    reference = np.array(sorted(a.onset_s for a in marks if a.text in BEAT_SYMBOLS))
    if not len(reference):
        raise InputError(
            "no annotated beats came with it to compare with",
            subject=recording.path,
            remedy="Choose a WFDB record with annotated beats beside it (.atr)",
        )
    excluded = flutter_episodes(marks, recording.duration) if without_flutter else []
    return compare_beats(reference, found, tolerance_s=tolerance_s, excluded=excluded)


def _times(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    times = np.asarray(values, dtype=np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise InputError(
            f"times of {name} beats are not finite numbers in order", remedy="Sort them, and leave NaN out"
        )
    return times


def _within(times: npt.NDArray[np.float64], stretches: Stretches) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(times), dtype=bool)
    for start, stop in stretches:
        inside |= (times >= start) & (times <= stop)
    return inside
