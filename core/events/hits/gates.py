"""What another gate says of a candidate: an embolus passes one after the other, an artefact shows in all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from core.events.hits.following import Followed
from core.events.hits.search import Peak, Scale

REACH_S, REACH_HZ = 0.25, 200.0
SEEN = 10 ** (8.0 / 10)
TOGETHER = 10 ** (9.0 / 10)  # what is weak in this gate but clear in the other


@dataclass(frozen=True)
class Support:
    """What stands out most in another gate, near the same time and shift: ratio, delay, s, and where."""

    ratio: float
    delay_s: float
    peak: Peak

    @property
    def seen(self) -> bool:
        """Whether it is more than blood gives by chance."""
        return self.ratio >= SEEN


def support_of(peak: Peak, own: Followed, other: Followed, scales: Sequence[Scale]) -> Support | None:
    """Return what another gate shows near a peak of `own`."""
    fs, hz = own.fs, float(own.shift_hz[own.step(round(peak.at))]) + peak.shift_hz
    best: Peak | None = None
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
        ratios = np.where(np.abs(off) < REACH_HZ, near, 0)
        frame, bin_ = np.unravel_index(int(ratios.argmax()), ratios.shape)
        if best is None or ratios[frame, bin_] > best.ratio:
            at = (low + int(frame)) * scale.hop + scale.n / 2
            best = Peak(at, float(shift[bin_]), float(ratios[frame, bin_]), scale.n)
    return None if best is None else Support(best.ratio, (best.at - peak.at) / fs, best)


def peaks_with_support(
    peaks: Sequence[Sequence[Peak]], followed: Sequence[Followed], scales: Sequence[Sequence[Scale]]
) -> Iterator[tuple[Peak, Support | None]]:
    """Yield the peaks of the first gate with what the others say, and those that are clear only in another."""
    for peak in peaks[0]:
        known = [support_of(peak, followed[0], followed[k], scales[k]) for k in range(1, len(peaks))]
        yield peak, max((s for s in known if s), key=lambda s: s.ratio, default=None)
    for k in range(1, len(peaks)):
        for peak in peaks[k]:
            here = support_of(peak, followed[k], followed[0], scales[0])
            if here is None or here.ratio < TOGETHER:
                continue
            if all(abs(here.peak.at - known.at) > 0.4 * (known.n + here.peak.n) for known in peaks[0]):
                yield here.peak, Support(peak.ratio, -here.delay_s, peak)
