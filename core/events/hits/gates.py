"""What another gate says of a candidate: an embolus passes one after the other, an artefact shows in all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from core.events.hits.following import Followed
from core.events.hits.search import Peak, Scale

REACH_S, REACH_HZ = 0.25, 200.0
USUAL_S = 0.08  # between gates some 12 mm apart: slow blood takes longer, but seldom three times as long
# From this share of its ratio here on, and from a ratio that chance never gives, the nearer is the likelier.
ALIKE, CERTAIN = 0.25, 30.0
SEEN = 10 ** (8.0 / 10)
TOGETHER = 10 ** (9.0 / 10)  # what is weak in this gate but clear in the other


@dataclass(frozen=True)
class Support:
    """What stands out most in another gate, near the same time and shift: how far, in which gate, and where."""

    ratio: float
    gate: int
    peak: Peak

    @property
    def seen(self) -> bool:
        """Whether it is more than blood gives by chance."""
        return self.ratio >= SEEN


def beside(peak: Peak, own: Followed, other: Followed, scales: Sequence[Scale]) -> Peak | None:
    """Return what another gate shows near a peak of `own`: the likeliest, if delays are normal and blood is exponential."""
    if other.dead[other.step(round(peak.at))]:
        return None
    fs, hz = own.fs, float(own.shift_hz[own.step(round(peak.at))]) + peak.shift_hz
    best, likeliest = None, -np.inf
    for scale in scales:
        if not peak.n / 2 <= scale.n <= peak.n * 2:
            continue
        low = max(0, int((peak.at - REACH_S * fs - scale.n / 2) / scale.hop))
        high = max(low, int((peak.at + REACH_S * fs - scale.n / 2) / scale.hop) + 1)
        near = scale.ratio[low:high]
        if not near.size:
            continue
        mean = other.shift_hz[other.step(np.arange(low, low + len(near)) * scale.hop + scale.n // 2)]
        shift = scipy.fft.fftfreq(scale.n, 1 / fs)
        off = (shift + mean[:, None] - hz + fs / 2) % fs - fs / 2
        middles = (low + np.arange(len(near))) * scale.hop + scale.n / 2
        unusual = ((middles - peak.at) / (USUAL_S * fs)) ** 2 / 2
        enough = np.minimum(near, max(ALIKE * peak.ratio, CERTAIN))
        likely = np.where(np.abs(off) < REACH_HZ, enough, -np.inf) - unusual[:, None]
        frame, bin_ = np.unravel_index(int(likely.argmax()), likely.shape)
        if likely[frame, bin_] > likeliest:
            likeliest = likely[frame, bin_]
            best = Peak(float(middles[frame]), float(shift[bin_]), float(near[frame, bin_]), scale.n)
    return best


def peaks_with_support(
    peaks: Sequence[Sequence[Peak]],
    followed: Sequence[Followed],
    scales: Sequence[Sequence[Scale]],
    blood: Sequence[bool],
) -> Iterator[tuple[Peak, Support | None]]:
    """Yield the peaks of the first gate with what the others say, and those that are clear only in another.

    Gates without `blood` have no say: that nothing shows there tells nothing.
    """
    others = [k for k in range(1, len(peaks)) if blood[k]]
    for peak in peaks[0]:
        known = [(k, beside(peak, followed[0], followed[k], scales[k])) for k in others]
        seen = [Support(there.ratio, k, there) for k, there in known if there is not None]
        yield peak, max(seen, key=lambda s: s.ratio, default=None)
    for k in others:
        for peak in peaks[k]:
            here = beside(peak, followed[k], followed[0], scales[0])
            if here is None or here.ratio < TOGETHER:
                continue
            if all(abs(here.at - known.at) > 0.4 * (known.n + here.n) for known in peaks[0]):
                yield here, Support(peak.ratio, k, peak)
