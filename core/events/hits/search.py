"""Searching: where in time and frequency a stretch stands out of its blood, and where both directions do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy

from core.events.hits.background import Background, Phases
from core.events.hits.following import Followed

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

WINDOWS_S = (0.0175, 0.042, 0.1)  # an embolus lasts about half of the window that fits it best
SIDES = 0  # the window that directions are judged with
OVERLAP = 3  # frames that each sample lies in
SLOWEST = 0.3  # of the mean shift: nothing that the blood carries is slower, but the vessel's wall is
FASTEST = 2.4  # times the mean shift: the axis of a vessel with a parabolic profile has twice
BOTH_SHARE, BOTH_POWER = 0.12, 0.5  # of the weaker side: against the stronger one, and against the blood
JOIN_S = 0.05
TAIL, TAIL_STEP = (4.0, 12.0), 3


@dataclass(frozen=True)
class Scale:
    """A stretch in frames of one window length.

    Attributes
    ----------
    n, hop : int
        Samples of a window, and from one frame to the next.
    ratio : (n_frames, n) array
        Power over the background's level; 0 where nothing is looked for.
    background : Background
    """

    n: int
    hop: int
    ratio: Floats
    background: Background


@dataclass(frozen=True)
class Peak:
    """Where a stretch stands out: middle, in samples; shift against the blood's mean, Hz; ratio; window, in samples."""

    at: float
    shift_hz: float
    ratio: float
    n: int


@dataclass(frozen=True)
class BothSides:
    """A time in which power is added on both sides of zero: samples, and power against the blood's, towards and away."""

    start: int
    stop: int
    towards: float
    away: float


def scales_of(
    followed: Followed, phases: Phases, learnt: Sequence[Background] | None, wall_hz: float
) -> tuple[list[Scale], list[BothSides]]:
    """Return the stretch in every window length, and the times at which both sides stand out.

    Parameters
    ----------
    learnt : sequence of Background or None
        What the blood is like, for each of `WINDOWS_S`; learnt from the stretch itself if None.
    """
    phase = phases.at(followed)
    scales, both = [], []
    for number, length in enumerate(WINDOWS_S):
        n = window_of(length, followed.fs)
        if n > len(followed.still):
            break
        power, step, phase_of = frames_of(followed, n, n // OVERLAP, phase)
        gain = followed.power[step]
        power /= np.maximum(gain, 1e-30)[:, None]
        background = learnt[number] if learnt else Background.of(power, phase_of, len(phases), followed.fs)
        if number == SIDES:
            both = _both_sides(power, background, phase_of, followed, step, n)
        power *= (1 / background.level)[phase_of]
        power[phase_of < 0] = 0
        _leave_out_wall(power, followed, step, wall_hz)
        heavier = _heavier(power)
        power /= heavier
        background = replace(background, level=background.level * heavier)
        scales.append(Scale(n, n // OVERLAP, power, background))
    return scales, both


def _heavier(ratio: Floats) -> np.float32:
    """Return by how much chance peaks are higher than an exponential distribution has them, 1 or more.

    Where the blood's spectrum is steep or changes from beat to beat, its mean is not known well everywhere: the
    recording's own peaks tell. Of an exponential distribution, what exceeds `TAIL[0]` exceeds it by 1 on average.
    """
    some = ratio[::TAIL_STEP]
    tail = some[(some > TAIL[0]) & (some < TAIL[1])]
    return np.float32(max(1.0, float(tail.mean()) - TAIL[0]) if len(tail) > 30 else 1.0)


def window_of(length_s: float, fs: float) -> int:
    """Return a length in samples that is fast to transform."""
    return int(scipy.fft.next_fast_len(max(12, round(length_s * fs))))


def frames_of(
    followed: Followed, n: int, hop: int, phase: npt.NDArray[np.intp]
) -> tuple[Floats, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return powers (n_frames, n), the step in the middle of each frame, and its phase: -1 where something is missing."""
    taper = np.hanning(n + 2)[1:-1].astype(np.float32)
    taper /= np.sqrt((taper**2).sum())
    frames = scipy.fft.fft(np.lib.stride_tricks.sliding_window_view(followed.still, n)[::hop] * taper, axis=1)
    power = frames.real**2
    power += frames.imag**2
    starts = np.arange(len(power)) * hop
    step = followed.step(starts + n // 2)
    if followed.dead.any():
        gone = np.concatenate([[0], np.cumsum(followed.dead)])
        whole = gone[followed.step(starts + n - 1) + 1] == gone[followed.step(starts)]
        return power, step, np.where(whole, phase[step], -1)
    return power, step, phase[step]


def _leave_out_wall(ratio: Floats, followed: Followed, step: npt.NDArray[np.intp], wall_hz: float) -> None:
    """Set a frame to 0 where the vessel wall, or what is left of it, moves: around a shift of zero in the signal."""
    n = ratio.shape[1]
    width = followed.fs / n
    mean = followed.shift_hz[step]
    least = np.maximum(1.2 * wall_hz + width, SLOWEST * np.abs(mean))
    reach = int(np.ceil(least.max(initial=0.0) / width)) + 1
    near = np.round(-mean / width).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    slow = np.abs(near * width + mean[:, None]) < least[:, None]
    rows = np.broadcast_to(np.arange(len(ratio))[:, None], near.shape)
    ratio[rows[slow], near[slow] % n] = 0


def _both_sides(
    power: Floats, background: Background, phase: npt.NDArray[np.intp], followed: Followed,
    step: npt.NDArray[np.intp], n: int,
) -> list[BothSides]:  # fmt: skip
    """Return the times at which power beyond the blood's is on both sides of zero."""
    # Three times the blood's own: chance adds little, artefacts are far stronger.
    blood = background.density.sum(1)
    sides = np.zeros((2, len(power)))
    live = np.flatnonzero((phase >= 0) & (power.sum(1) > (1 + 2 * BOTH_POWER) * blood[phase]))
    beyond = np.maximum(power[live] - 3 * background.density[phase[live]], 0)
    towards = is_towards(scipy.fft.fftfreq(n, 1 / followed.fs), followed.shift_hz[step[live]], followed.fs)
    sides[0, live] = np.where(towards, beyond, 0).sum(1) / blood[phase[live]]
    sides[1, live] = beyond.sum(1) / blood[phase[live]] - sides[0, live]
    weaker, stronger = sides.min(0), sides.max(0)
    both = (weaker > BOTH_POWER) & (weaker > BOTH_SHARE * stronger)
    hop = n // OVERLAP
    joined = scipy.ndimage.binary_closing(np.pad(both, 16), np.ones(max(2, round(JOIN_S * followed.fs / hop)) + 1))[
        16:-16
    ]
    regions, _ = scipy.ndimage.label(joined)
    return [
        BothSides(
            int(found.start * hop + n // 4), int((found.stop - 1) * hop + 3 * n // 4),
            float(sides[0, found].mean()), float(sides[1, found].mean()),
        )
        for (found,) in scipy.ndimage.find_objects(regions)
    ]  # fmt: skip


def is_towards(own_hz: Floats, mean_hz: Floats, fs: float) -> Bools:
    """Return which frequencies that move with the blood are shifts towards the probe, (n_frames, n).

    A shift beyond half the rate comes back on the other side; within `FASTEST` times the mean shift it is taken for the
    flow's own.
    """
    mean = np.asarray(mean_hz)[:, None]
    flow = np.where(mean < 0, -1.0, 1.0)
    along = flow * (own_hz[None] + mean)  # with the flow; from -fs/2 to beyond fs/2
    along = np.where(along < -fs / 2, along + fs, along)
    along = np.where(along > np.maximum(fs / 2, FASTEST * flow * mean), along - fs, along)
    return np.asarray((along > 0) == (flow > 0))


def unwrapped(hz: float, mean_hz: float, fs: float) -> float:
    """Return the shift of something that moves in blood of a mean shift: against the flow, or by the same rule too fast."""
    flow = -1.0 if mean_hz < 0 else 1.0
    turned = flow * hz + fs
    return flow * turned if flow * hz < 0 and turned <= FASTEST * flow * mean_hz else hz


def peaks_of(scales: Sequence[Scale], fs: float, least: float, both: Sequence[BothSides]) -> list[Peak]:
    """Return where a stretch stands out by `least` or more, strongest first, each apart from those before it.

    What lies in a time of both sides belongs to that. O(cells) to look, O(k²) for the k cells that stand out.
    """
    found: list[Peak] = []
    for scale in scales:
        strongest = scale.ratio.max(axis=1, initial=0.0)
        own = scipy.fft.fftfreq(scale.n, 1 / fs)
        for frame in np.flatnonzero(strongest >= least):
            row, at = scale.ratio[frame], frame * scale.hop + scale.n / 2
            summits = _summits(row, least)
            # Nor on the slope of something stronger before or after.
            beside = scale.ratio[max(0, frame - 1) : frame + 2][:, summits].max(axis=0)
            found += [Peak(at, float(own[k]), float(row[k]), scale.n) for k in summits[row[summits] >= beside]]
    margin = 0.02 * fs
    found = [p for p in found if not any(b.start - margin < p.at < b.stop + margin for b in both)]
    kept: list[Peak] = []
    for peak in sorted(found, key=lambda p: -p.ratio):
        if not any(_same(peak, other, fs) for other in kept):
            kept.append(peak)
    return kept


def _summits(row: Floats, least: float) -> npt.NDArray[np.intp]:
    left, right = np.roll(row, 1), np.roll(row, -1)
    return np.flatnonzero((row >= least) & (row >= left) & (row > right))


def _same(peak: Peak, other: Peak, fs: float) -> bool:
    """Whether a weaker peak is part of a stronger one: beside it in time, or its skirt in frequency."""
    apart = abs(peak.at - other.at)
    near = 0.4 * (peak.n + other.n)
    if apart >= near:
        return False
    skirt = 3 * fs / min(peak.n, other.n)
    # Within one window, another embolus must be far in frequency and not some thousand times weaker.
    return (
        abs(peak.shift_hz - other.shift_hz) < max(skirt, 300.0) or peak.ratio < 0.003 * other.ratio or apart < near / 2
    )
