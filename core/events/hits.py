"""HITS: high-intensity transient signals in transcranial Doppler, by the consensus criteria.

A candidate is shorter than 300 ms, at least 3 dB above the blood flow and goes one way (Ringelstein et al., Stroke
1998; Consensus Committee, Stroke 1995). The hits-to-blood ratio (HBR) is that of the
consensus: power while the embolus passes, its own E and the blood's B, over power of blood alone, ``10 log10((E + B) / B)``.
The echo alone over blood, ``10 log10(E / B)``, is another measure: 3 dB of HBR are 0 dB of echo
(`core.signals.simulate.hbr_of_echo` converts). The power of blood is the running median of the surrounding seconds, which
neither the heart's cycle (its total power hardly changes) nor the events themselves move much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # its parts come when they are used: the window asks this module for options only

from core.errors import InputError

Complex = npt.NDArray[np.complexfloating]
Floats = npt.NDArray[np.float64]

CHUNK_S, MARGIN_S = 30.0, 0.5
# Speckle of blood alone reaches 3 dB by chance, but rarely stays there for longer than this share of the smoothing.
CHANCE = 0.6


@dataclass(frozen=True)
class Criteria:
    """What makes a candidate, and an embolus of it.

    Attributes
    ----------
    min_hbr_db : float
        Least hits-to-blood ratio, dB: power of embolus and blood together over that of blood alone.
    max_duration_s : float
        An embolus passes in less, s.
    min_direction : float
        Least direction index of an embolus, 0 (both ways) to 1 (one way).
    wall_hz : float
        Slower movements are those of the vessel wall, Hz.
    smoothing_s : float
        Power is averaged over this long (a Hann window), s: shorter finds briefer events and more chance peaks.
    background_s : float
        Length of the running median of blood power, s.
    """

    min_hbr_db: float = 3.0
    max_duration_s: float = 0.3
    min_direction: float = 0.7
    wall_hz: float = 100.0
    smoothing_s: float = 0.03
    background_s: float = 4.0

    def __post_init__(self) -> None:
        ranges = {
            "min_hbr_db": (self.min_hbr_db > 0, "above 0 dB"),
            "max_duration_s": (self.max_duration_s > 0, "above 0 s"),
            "min_direction": (0 <= self.min_direction <= 1, "0 to 1"),
            "wall_hz": (self.wall_hz >= 0, "0 Hz or more"),
            # Longer than the margin of a chunk, it would leave seams between chunks.
            "smoothing_s": (0 < self.smoothing_s <= MARGIN_S, f"above 0 s, at most {MARGIN_S:g} s"),
            "background_s": (self.background_s > 0, "above 0 s"),
        }
        for name, (good, text) in ranges.items():
            if not good:
                raise InputError(f"{name}={getattr(self, name):g} is out of range", remedy=f"Give {name} {text}")


@dataclass(frozen=True)
class Hit:
    """A candidate.

    Attributes
    ----------
    start_s, duration_s : float
        Where the power it adds exceeds a quarter of its peak (half its peak amplitude).
    hbr_db : float
        Hits-to-blood ratio: ``10 log10`` of the mean power in that time, blood included, over the median blood power around.
    direction : float
        -1 (away from the probe) to 1 (towards it), of the power it adds.
    peak_hz : float
        Its strongest Doppler shift.
    kind : str
        ``embolus`` or ``artefact``. No probability is given: none has been calibrated yet.
    reason : str
        The rule that decided.
    """

    start_s: float
    duration_s: float
    hbr_db: float
    direction: float
    peak_hz: float
    kind: str
    reason: str


@dataclass(frozen=True)
class PowerTracks:
    """Smoothed power towards and away from the probe, every `step_s` seconds; NaN where samples were missing.

    Blood no stronger than `floor` is silence: what is left there is the arithmetic's own noise.
    """

    forward: Floats
    reverse: Floats
    step_s: float
    floor: float


def detect_hits(
    iq: npt.ArrayLike, fs: float, *, emission_hz: float = 2e6, criteria: Criteria | None = None
) -> list[Hit]:
    """Find HITS candidates.

    Parameters
    ----------
    iq : (n,) complex array
        Doppler signal I + jQ; NaN samples are passed over, with what touches them.
    fs : float
        Sampling rate, Hz.
    emission_hz : float
        Emission frequency, Hz; kept for velocities, the criteria do not need it.
    criteria : Criteria, optional

    Returns
    -------
    list of Hit
        In order of time; empty for silence. O(n log n) time.

    Raises
    ------
    InputError
        If the signal is real (it has no direction), shorter than 0.1 s, or the rate is not positive.
    """
    iq = np.asarray(iq)
    if not np.iscomplexobj(iq):
        raise InputError(
            "HITS need a Doppler signal with two sides", remedy='Give I + jQ; open a stereo WAV file with layout="iq"'
        )
    if iq.ndim != 1 or not fs > 0 or len(iq) < 0.1 * fs:
        raise InputError(f"{iq.size} samples at {fs} Hz are too short for HITS", remedy="Give at least 0.1 s")
    criteria = criteria or Criteria()
    tracks = power_tracks(lambda start, stop: iq[start:stop], len(iq), fs, criteria)
    return find_hits(tracks, lambda start, stop: iq[start:stop], fs, criteria)


def power_tracks(read: Callable[[int, int], Complex], n: int, fs: float, criteria: Criteria) -> PowerTracks:
    """Return the power of both directions of `n` samples; memory is bounded by chunks of 30 s."""
    step = max(1, round(0.004 * fs))
    chunks = list(_chunk_powers(read, n, fs, step, criteria))
    forward, reverse, strongest = zip(*chunks, strict=True)
    return PowerTracks(np.concatenate(forward), np.concatenate(reverse), step / fs, 1e-12 * max(strongest))


def _chunk_powers(
    read: Callable[[int, int], Complex], n: int, fs: float, step: int, criteria: Criteria
) -> Iterator[tuple[Floats, Floats, float]]:
    length = max(step, int(CHUNK_S * fs) // step * step)
    margin = int(MARGIN_S * fs) // step * step
    taper = np.hanning(max(3, round(criteria.smoothing_s * fs)) + 2)[1:-1]
    taper /= taper.sum()
    for start in range(0, n, length):
        first, last = max(0, start - margin), min(n, start + length + margin)
        samples = np.asarray(read(first, last), dtype=np.complex128)
        missing = ~np.isfinite(samples)
        spectrum = scipy.fft.fft(np.where(missing, 0.0, samples))
        frequencies = scipy.fft.fftfreq(len(samples), 1 / fs)
        gap = scipy.ndimage.binary_dilation(missing, iterations=len(taper)) if missing.any() else missing
        powers = []
        for side in (frequencies > criteria.wall_hz, frequencies < -criteria.wall_hz):
            power = np.abs(scipy.fft.ifft(np.where(side, spectrum, 0.0))) ** 2
            smooth = np.convolve(power, taper, mode="same") if len(power) >= len(taper) else power
            powers.append(np.where(gap, np.nan, smooth)[start - first : start - first + length : step])
        keep = -(-(min(n, start + length) - start) // step)
        yield powers[0][:keep], powers[1][:keep], float(np.abs(np.where(missing, 0.0, samples)).max() ** 2)


def find_hits(tracks: PowerTracks, read: Callable[[int, int], Complex], fs: float, criteria: Criteria) -> list[Hit]:
    """Return the candidates of power tracks; `read` gives the samples of one, for its peak frequency."""
    total = tracks.forward + tracks.reverse
    if not np.isfinite(total).any():
        return []
    size = max(3, round(criteria.background_s / tracks.step_s))
    blood = [_running_median(side, size) for side in (tracks.forward, tracks.reverse)]
    background = blood[0] + blood[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(background > tracks.floor, total / background, 0.0)
    above = np.nan_to_num(ratio) >= 10 ** (criteria.min_hbr_db / 10)
    bridge = max(1, round(0.012 / tracks.step_s))
    regions, n = scipy.ndimage.label(scipy.ndimage.binary_closing(above, np.ones(bridge + 1)))
    least = CHANCE * criteria.smoothing_s / tracks.step_s
    found = [region for region in scipy.ndimage.find_objects(regions, n) if region[0].stop - region[0].start > least]
    hits = (_measure(region[0], tracks, blood, ratio, read, fs, criteria) for region in found)
    # Two chance peaks joined over a dip may be weaker together than each alone.
    return [hit for hit in hits if hit.hbr_db >= criteria.min_hbr_db]


def _running_median(x: Floats, size: int) -> Floats:
    """Return the running median, over finite values, mirrored at the ends."""
    filled = np.where(np.isfinite(x), x, np.nanmedian(x))
    size = min(size, 2 * len(x) - 1)
    # The median of every fourth value: the track is smooth over five steps, and this is four times faster.
    thin = filled[::4]
    median = scipy.ndimage.median_filter(thin, max(1, size // 4), mode="reflect")
    return np.interp(np.arange(len(x)), np.arange(len(thin)) * 4, median)


def _measure(
    region: slice,
    tracks: PowerTracks,
    blood: list[Floats],
    ratio: Floats,
    read: Callable[[int, int], Complex],
    fs: float,
    criteria: Criteria,
) -> Hit:
    inside = np.nan_to_num(ratio[region])
    added = np.maximum(inside - 1, 0)
    strong = np.flatnonzero(added >= added.max() / 4)
    core = slice(region.start + strong[0], region.start + strong[-1] + 1)
    sides = [
        float(np.nansum(np.maximum(t[core] - b[core], 0)))
        for t, b in zip((tracks.forward, tracks.reverse), blood, strict=True)
    ]
    direction = (sides[0] - sides[1]) / max(sum(sides), 1e-300)
    start, stop = float(core.start * tracks.step_s), float(core.stop * tracks.step_s)
    hbr = 10 * np.log10(max(float(np.mean(inside[strong[0] : strong[-1] + 1])), 1e-12))
    long = (region.stop - region.start) * tracks.step_s
    kind, reason = _judge(long, direction, hbr, criteria)
    samples = np.nan_to_num(np.asarray(read(int(start * fs), max(int(stop * fs), int(start * fs) + 8))))
    peak = _peak_frequency(samples, fs, criteria.wall_hz)
    return Hit(start, stop - start, float(hbr), float(direction), peak, kind, reason)


def _judge(long_s: float, direction: float, hbr_db: float, criteria: Criteria) -> tuple[str, str]:
    if long_s >= criteria.max_duration_s:
        return "artefact", f"lasts {1000 * long_s:.0f} ms, an embolus less than {1000 * criteria.max_duration_s:.0f} ms"
    if abs(direction) < criteria.min_direction:
        return "artefact", f"on both sides of zero: direction index {direction:+.2f}"
    way = "towards" if direction > 0 else "away from"
    return "embolus", f"{1000 * long_s:.0f} ms, HBR {hbr_db:.1f} dB, {way} the probe ({direction:+.2f})"


def _peak_frequency(samples: Complex, fs: float, wall_hz: float) -> float:
    n = 1 << max(6, (len(samples) - 1).bit_length())
    power = np.abs(scipy.fft.fft(samples * np.hanning(len(samples) + 2)[1:-1], n)) ** 2
    frequencies = scipy.fft.fftfreq(n, 1 / fs)
    return float(frequencies[np.argmax(np.where(np.abs(frequencies) > wall_hz, power, 0.0))])
