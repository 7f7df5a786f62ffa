"""Heart beats and the velocity that they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals.simulate.patients import Patient

Floats = npt.NDArray[np.floating]
SHORTEST_S = 0.33  # of an interval: the atrioventricular node lets through no more
FALL_S = 0.1  # of systole: standard deviation of the Gaussian by which it falls


@dataclass(frozen=True)
class Beats:
    """When beats begin, s, how long they last, s, and their stroke against the mean one."""

    starts_s: Floats
    lengths_s: Floats
    strokes: Floats

    def velocity(self, patient: Patient, t: Floats) -> Floats:
        """Return the envelope velocity at times, m/s."""
        beat = np.clip(np.searchsorted(self.starts_s, t, side="right") - 1, 0, len(self.starts_s) - 1)
        rise = (patient.systolic - patient.diastolic) * self.strokes[beat]
        return np.asarray(
            patient.diastolic + rise * pulse(t - self.starts_s[beat], self.lengths_s[beat], patient.upstroke_s)
        )


def draw_beats(patient: Patient, duration_s: float, rng: np.random.Generator) -> Beats:
    """Draw the beats of a recording.

    Regular hearts follow breathing (0.2-0.3 Hz) with a little of their own; in atrial fibrillation intervals are
    independent, and a short one leaves less to eject: the stroke grows with the interval before it.
    """
    mean = 60.0 / patient.heart_rate
    n = int((duration_s + 4) / mean * (1.1 + patient.rr_spread)) + 16
    if patient.irregular:
        shape = patient.rr_spread**-2
        lengths = np.maximum(rng.gamma(shape, mean / shape, n), SHORTEST_S)
        before = np.concatenate([[mean], lengths[:-1]])
        strokes = np.clip(1 + 0.7 * (before / mean - 1), 0.4, 1.35)
    else:
        breathing = np.sin(2 * np.pi * rng.uniform(0.2, 0.3) * mean * np.arange(n) + rng.uniform(0, 2 * np.pi))
        lengths = mean * (1 + patient.rr_spread * (breathing + 0.5 * rng.standard_normal(n)))
        strokes = 1 + 0.04 * breathing + 0.02 * rng.standard_normal(n)
    starts = np.concatenate([[0.0], np.cumsum(lengths[:-1])]) - rng.uniform(1, 1 + mean)
    return Beats(starts, lengths, strokes)


def pulse(since_s: Floats, length_s: Floats, upstroke_s: float) -> Floats:
    """Return one beat, 0 to 1: a fast rise, a slower fall, a dicrotic wave and run-off, which ends where the next one begins.

    Parameters
    ----------
    since_s : array
        Time since the beat began, s.
    length_s : array
        How long the beat lasts, s.
    upstroke_s : float
        From the foot to the peak of systole, s, whatever the beat's length.
    """
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(since_s / upstroke_s, 0.0, 1.0))
    fall = np.exp(-0.5 * (np.maximum(since_s - upstroke_s, 0.0) / FALL_S) ** 2)
    dicrotic = 0.45 * np.exp(-0.5 * ((since_s - 0.34) / 0.07) ** 2)
    run_off = 0.35 * np.exp(-since_s / (0.6 * length_s))
    # Nothing is left at the end, or the next beat would begin with a step; of short beats it takes the dicrotic wave.
    left = 1 - np.clip(since_s / length_s, 0.0, 1.0) ** 4
    peak = 1 + 0.35 * np.exp(-upstroke_s / (0.6 * length_s))
    return np.asarray(np.clip((rise * (fall + run_off) + dicrotic) * left / peak, 0.0, 1.0))
