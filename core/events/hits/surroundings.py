"""What surrounds a candidate: the blood it is held against, the beat it falls in, and how good the signal is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from core.events.hits.background import Phases
from core.events.hits.criteria import Hit
from core.events.hits.following import Followed
from core.events.hits.gates import Support
from core.events.hits.judging import Features, judge_both_sides
from core.events.hits.measuring import Chirp, Strength
from core.events.hits.search import BothSides, Peak, Scale, is_towards
from core.signals.doppler import velocity_cm_s

Floats = npt.NDArray[np.floating]

FILTERED_HZ = 95.0  # where the machine's own wall filter usually ends: blood above it, which we leave out, still counts
NOISE_SHARE = 0.15  # of frequencies without blood, at least
BLOOD_DB = 1.0  # above the noise
BEAT_S, MISSED = 0.3, 1.5  # between beats, at least; and from how many usual ones on a beat was missed
RISE_S, PULSE = 0.08, 1.15  # over which a rise is looked at; and how much steeper than falls it is, at least
AROUND_S = 1.0
BESIDE_S = 0.15
BESIDE_BLOOD_S = 0.05  # beyond what the flow's track is smoothed over


@dataclass(frozen=True)
class Surroundings:
    """A stretch of a gate, as candidates are held against it; `scale` is None where it is too short to search."""

    followed: Followed
    phase: npt.NDArray[np.intp]
    scale: Scale | None
    clipped: npt.NDArray[np.bool_]
    upstrokes_s: Floats
    plateau_db: float

    @classmethod
    def of(
        cls, followed: Followed, phases: Phases, scale: Scale | None, clipped: npt.NDArray[np.bool_]
    ) -> Surroundings:
        """Look at a stretch."""
        plateau = 0.0
        if scale is not None and not followed.dead.all():
            density = scale.background.density
            level = (density**2).sum(1) / density.sum(1)
            plateau = float(10 * np.log10(np.median(level / np.quantile(density, NOISE_SHARE, axis=1))))
        return cls(followed, phases.at(followed), scale, clipped, upstrokes(followed), plateau)

    @property
    def blood(self) -> bool:
        """Whether there is blood to hold anything against."""
        return self.scale is not None and not self.followed.dead.all() and self.plateau_db >= BLOOD_DB

    def _bin(self, step: int, hz: float) -> int:
        assert self.scale is not None
        own = hz - float(self.followed.shift_hz[step])
        return round(own * self.scale.n / self.followed.fs) % self.scale.n

    def _level(self, at: float, hz: float) -> float:
        assert self.scale is not None
        step = int(self.followed.step(round(at)))
        level = self.scale.background.level[self.phase[step], self._bin(step, hz)]
        return float(level * self.followed.power[step])

    def level(self, peak: Peak) -> float:
        """Return what a peak stands out of, per bin of a unit-energy window."""
        mean = float(self.followed.shift_hz[self.followed.step(round(peak.at))])
        return self._level(peak.at, mean + peak.shift_hz)

    def density_at(self, chirp: Chirp) -> float:
        """Return the same for a chirp."""
        return self._level(chirp.middle_s * self.followed.fs, chirp.hz)

    def blood_within(self, chirp: Chirp, half_hz: float) -> float:
        """Return the power of blood and noise within so many Hz to both sides of a chirp's shift."""
        assert self.scale is not None
        n, fs = self.scale.n, self.followed.fs
        step = int(self.followed.step(round(chirp.middle_s * fs)))
        density = self.scale.background.density[self.phase[step]]
        reach = half_hz * n / fs
        middle = (chirp.hz - float(self.followed.shift_hz[step])) * n / fs
        bins = np.arange(int(np.floor(middle - reach)), int(np.ceil(middle + reach)) + 1)
        share = np.clip(reach + 0.5 - np.abs(bins - middle), 0, 1)  # of the bins at both ends, a part
        return float((density[bins % n] * share).sum()) / n * float(self.followed.power[step])

    def blood_power(self, at: float) -> float:
        """Return the blood's power at a sample, in the direction of most of it, without the noise."""
        assert self.scale is not None
        n, fs, followed = self.scale.n, self.followed.fs, self.followed
        step = int(followed.step(round(at)))
        density = self.scale.background.density[self.phase[step]]
        blood = density - np.quantile(density, NOISE_SHARE)
        own, mean = scipy.fft.fftfreq(n, 1 / fs), followed.shift_hz[step]
        with_flow = is_towards(own, np.array([mean]), fs)[0] == (not followed.away)
        shift = np.abs((own + mean + fs / 2) % fs - fs / 2)
        cut = shift < 185.0
        next_to_it = blood[with_flow & ~cut & (shift < 450.0)]
        left_out = (185.0 - FILTERED_HZ) / (fs / n) * (float(np.median(next_to_it)) if len(next_to_it) else 0.0)
        total = float(blood[with_flow & ~cut].clip(0).sum()) + max(left_out, 0.0)
        return max(total, 1e-12) / n * float(followed.power[step])

    def blood_about(self, start_s: float, stop_s: float) -> float:
        """Return the blood's power about a candidate: the median of shortly before it, in its middle and shortly after.

        A candidate draws the track of the flow to itself, and so does an artefact beside it: the median leaves either out.
        """
        last = len(self.followed.samples) - 1
        at = (start_s - BESIDE_BLOOD_S, (start_s + stop_s) / 2, stop_s + BESIDE_BLOOD_S)
        return float(np.median([self.blood_power(min(max(s * self.followed.fs, 0.0), last)) for s in at]))

    def features(
        self, chirp: Chirp, strength: Strength, support: Support | None, delay_s: float | None, emission_hz: float, *,
        directed: bool, both: Sequence[BothSides],
    ) -> Features:  # fmt: skip
        """Return all that is known of a candidate, which shows `delay_s` later in another gate."""
        at = chirp.middle_s * self.followed.fs
        step = int(self.followed.step(round(at)))
        direction, bandwidth = self._spread(chirp, strength)
        mean = float(self.followed.shift_hz[step])
        return Features(
            start_s=strength.start_s,
            duration_s=strength.stop_s - strength.start_s,
            hbr_db=float(10 * np.log10(1 + strength.power / self.blood_about(strength.start_s, strength.stop_s))),
            direction=direction if directed else None,
            peak_hz=chirp.hz,
            velocity_cm_s=float(velocity_cm_s(chirp.hz, emission_hz)),
            bandwidth_hz=bandwidth,
            ratio_db=float(10 * np.log10(max(chirp.ratio, 1e-3))),
            evidence=chirp.evidence,
            beside_artefact=any(
                b.start - BESIDE_S * self.followed.fs < at < b.stop + BESIDE_S * self.followed.fs for b in both
            ),
            kurtosis=self._kurtosis(step, chirp.hz),
            time_in_cycle_s=self._in_cycle(chirp.middle_s),
            gate_delay_ms=None if delay_s is None else 1000 * delay_s,
            gate_ratio_db=0.0 if support is None else float(10 * np.log10(max(support.ratio, 1.0))),
            several_gates=support is not None,
            pace=chirp.hz / mean if abs(mean) > 50 else 0.0,
            quality=self._quality(at),
        )

    def of_both(self, both: BothSides, emission_hz: float) -> Hit:
        """Return a time of both sides as an artefact, however weak: no embolus is looked for there."""
        fs, part = self.followed.fs, self.followed.samples[both.start : both.stop]
        blood = self.blood_about(both.start / fs, both.stop / fs)
        hbr = float(10 * np.log10(1 + max(float(np.mean(np.abs(part) ** 2)) - self._power_of_all(both), 0.0) / blood))
        n = 1 << max(7, (len(part) - 1).bit_length())
        power = np.abs(scipy.fft.fft(part * np.hanning(len(part) + 2)[1:-1], n)) ** 2
        shift = scipy.fft.fftfreq(n, 1 / fs)
        peak = float(shift[int(power.argmax())])
        wide = float((power > power.max() / 4).sum() * fs / n)
        middle = (both.start + both.stop) / 2
        features = Features(
            start_s=both.start / fs,
            duration_s=(both.stop - both.start) / fs,
            hbr_db=hbr,
            direction=(both.towards - both.away) / (both.towards + both.away),
            peak_hz=peak,
            velocity_cm_s=float(velocity_cm_s(peak, emission_hz)),
            bandwidth_hz=wide,
            ratio_db=self._strongest_db(both),
            evidence=0.0,
            beside_artefact=True,
            kurtosis=self._kurtosis(int(self.followed.step(round(middle))), peak),
            time_in_cycle_s=self._in_cycle(middle / fs),
            gate_delay_ms=None,
            gate_ratio_db=0.0,
            several_gates=False,
            pace=0.0,
            quality=self._quality(middle),
        )
        return judge_both_sides(features)

    def _power_of_all(self, both: BothSides) -> float:
        """Return the power of blood and noise, of all shifts, in the middle of a time of both sides."""
        assert self.scale is not None
        step = int(self.followed.step((both.start + both.stop) // 2))
        return float(self.scale.background.density[self.phase[step]].mean() * self.followed.power[step])

    def _strongest_db(self, both: BothSides) -> float:
        assert self.scale is not None
        first = max(0, both.start // self.scale.hop - 1)
        frames = self.scale.ratio[first : max(first + 1, both.stop // self.scale.hop)]
        return float(10 * np.log10(max(float(frames.max(initial=0.0)), 1.0)))

    def _spread(self, chirp: Chirp, strength: Strength) -> tuple[float, float]:
        """Return the direction index of the power near a candidate's shift and its mirror, and the width of its spectrum."""
        assert self.scale is not None
        fs, followed = self.followed.fs, self.followed
        first = max(0, int(strength.start_s * fs))
        part = followed.samples[first : max(first + 32, int(strength.stop_s * fs))]
        n = 1 << max(8, (len(part) - 1).bit_length())
        taper = np.hanning(len(part) + 2)[1:-1]
        power = np.abs(scipy.fft.fft(part * (taper / np.sqrt((taper**2).sum())), n)) ** 2
        shift = scipy.fft.fftfreq(n, 1 / fs)
        step = int(followed.step(round(chirp.middle_s * fs)))
        bins = np.round((shift - followed.shift_hz[step]) * self.scale.n / fs).astype(int) % self.scale.n
        blood = self.scale.background.density[self.phase[step]][bins] * followed.power[step]
        beyond = power - blood
        half = max(120.0, 2.5 / max(strength.stop_s - strength.start_s, 0.004))
        own = _near(shift, chirp.hz, half, fs)
        # Near half the rate, a shift and its mirror are the same place: what is there counts once, as the flow goes.
        mirror = _near(shift, -chirp.hz, half, fs) & ~_near(shift, chirp.hz, 2 * half, fs)
        here, there = max(float(beyond[own].sum()), 1e-30), max(float(beyond[mirror].sum()), 0.0)
        index = float(np.sign(chirp.hz)) * (here - there) / (here + there)
        wide = float((beyond > max(float(beyond.max()), 1e-30) / 4).sum() * fs / n)
        return index, wide

    def _kurtosis(self, step: int, hz: float) -> float:
        assert self.scale is not None
        reach = round(AROUND_S / 2 * self.followed.fs / self.scale.hop)
        middle = round(step * self.followed.hop / self.scale.hop)
        near = self.scale.ratio[max(0, middle - reach) : middle + reach, self._bin(step, hz)]
        near = near[near > 0]
        return float((near**2).mean() / near.mean() ** 2 - 2) if len(near) > 4 else 0.0

    def _in_cycle(self, at_s: float) -> float | None:
        before = self.upstrokes_s[self.upstrokes_s <= at_s]
        if not len(before):
            return None
        since = float(at_s - before[-1])
        return since if since < MISSED * float(np.median(np.diff(self.upstrokes_s))) else None

    def _quality(self, at: float) -> float:
        reach = AROUND_S / 2 * self.followed.fs
        low, high = max(0, int(at - reach)), int(at + reach)
        dead = self.followed.dead[
            low // self.followed.hop : max(low // self.followed.hop + 1, high // self.followed.hop)
        ]
        clean = 1 - float(dead.mean()) - 10 * float(self.clipped[low:high].mean())
        return float(np.clip(clean, 0, 1) * np.clip(self.plateau_db / 10, 0, 1))


def _near(shift: Floats, hz: float, half: float, fs: float) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs((shift - hz + fs / 2) % fs - fs / 2) <= half)


def upstrokes(followed: Followed) -> Floats:
    """Return when the flow rises most steeply in each beat, s; none where there is no pulse.

    A rise counts from half as steep as the steepest of the stretch, and if it stands out of what is around it: not the
    dicrotic wave. Blood that shakes without a pulse rises as steeply as it falls; systole rises faster.
    """
    rate = followed.fs / followed.hop
    rise = np.diff(followed.shift_hz * (-1.0 if followed.away else 1.0))
    if len(rise) < 2 * rate:
        return np.zeros(0)
    rise = scipy.ndimage.gaussian_filter1d(rise, RISE_S / 2 * rate)
    fall, steep = np.quantile(rise, (0.03, 0.97))
    if steep <= -PULSE * fall:
        return np.zeros(0)
    apart = max(1, round(BEAT_S * rate))
    tops, _ = scipy.signal.find_peaks(rise, height=0.5 * steep, prominence=0.7 * steep, distance=apart)
    return (tops + 0.5) / rate if len(tops) >= 2 else np.zeros(0)
