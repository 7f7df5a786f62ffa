"""Heart beats and the velocity that they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.signals.simulate.patients import Patient

Floats = npt.NDArray[np.floating]
SHORTEST_S = 0.33  # of an interval: the atrioventricular node lets through no more


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
        return np.asarray(patient.diastolic + rise * pulse(t - self.starts_s[beat], self.lengths_s[beat]))


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


def pulse(since_s: Floats, length_s: Floats) -> Floats:
    """Return one beat, 0 to 1: systole peaks 0.12 s after its start whatever the beat's length; then run-off."""
    systole = np.exp(-0.5 * ((since_s - 0.12) / 0.055) ** 2)
    dicrotic = 0.45 * np.exp(-0.5 * ((since_s - 0.34) / 0.07) ** 2)
    run_off = 0.35 * (1 - np.exp(-since_s / 0.05)) * np.exp(-since_s / (0.6 * length_s))
    return np.asarray(np.clip((systole + dicrotic + run_off) / 1.2, 0.0, 1.0))
