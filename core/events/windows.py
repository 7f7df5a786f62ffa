"""Windows of equal length, one after the other, labelled by the annotations that cover them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.events.made import MadeEvent
from core.signals import Annotation, Recording

Floats = npt.NDArray[np.float64]
ROUNDING_S = 1e-9


def windows_of(
    recording: Recording, *, length_s: float = 2.0, step_s: float | None = None, min_overlap: float = 0.9
) -> list[MadeEvent]:
    """Windows of equal length; one that an annotation covers by `min_overlap` or more gets its text as label.

    Parameters
    ----------
    length_s : float
        Of each window, s.
    step_s : float, optional
        From the start of one to the start of the next, s: less than `length_s` makes windows that overlap. By default they
        follow each other.
    min_overlap : float
        Share of a window that an annotation must cover, above 0 to 1.

    Raises
    ------
    InputError
        If length or step is less than a sample, or the share is none.
    """
    step = length_s if step_s is None else step_s
    least = 1 / max(recording.fs)
    if not (length_s >= least and step >= least):
        raise InputError(
            f"windows of length_s={length_s:g} every step_s={step:g} are not possible",
            remedy=f"Give at least one sample, {least:g} s, of each; for example length_s=2",
        )
    if not 0 < min_overlap <= 1:
        raise InputError(f"min_overlap={min_overlap:g} is no share of a window", remedy="Give more than 0, at most 1")
    starts = np.arange(0.0, recording.duration - length_s + ROUNDING_S, step)
    lasting = [a for a in recording.annotations if a.duration_s > 0]
    labels = covering(lasting, starts, length_s, min_overlap * length_s)
    name = recording.channels[0].name
    return [
        MadeEvent(name, start, length_s, "window", {}, label)
        for start, label in zip(starts.tolist(), labels, strict=True)
    ]


def covering(annotations: Sequence[Annotation], starts: Floats, length_s: float, least_s: float) -> list[str | None]:
    """Return for each window the text of the annotation that covers most of it; None where none covers enough.

    Of those that had begun when a window begins, the one that ends last covers most: a running maximum knows it. Only those
    that begin inside a window are looked at one by one, so that this is O((n + m) log m) for `n` windows side by side.

    Parameters
    ----------
    annotations : sequence of Annotation
    starts : (n_windows,) array
        Where windows begin, s.
    length_s, least_s : float
        Length of a window, and how much of it must be covered, s.
    """
    if not annotations:
        return [None] * len(starts)
    ordered = sorted(annotations, key=lambda a: a.onset_s)
    onsets = np.array([a.onset_s for a in ordered])
    ends = np.array([a.onset_s + a.duration_s for a in ordered])
    last = np.maximum.accumulate(ends)
    last_is = np.maximum.accumulate(np.where(ends >= last, np.arange(len(ends)), 0))
    begun = np.searchsorted(onsets, starts, side="right")
    in_time = np.searchsorted(onsets, starts + length_s - least_s + ROUNDING_S, side="right")
    labels: list[str | None] = []
    for start, n_begun, n_in_time in zip(starts.tolist(), begun.tolist(), in_time.tolist(), strict=True):
        stop, best, most = start + length_s, -1, 0.0
        if n_begun:
            best = int(last_is[n_begun - 1])
            most = min(float(ends[best]), stop) - start
        if n_in_time > n_begun:
            covered = np.minimum(ends[n_begun:n_in_time], stop) - onsets[n_begun:n_in_time]
            if covered.max() > most:
                best, most = n_begun + int(np.argmax(covered)), float(covered.max())
        labels.append(ordered[best].text if best >= 0 and most >= least_s - ROUNDING_S else None)
    return labels
