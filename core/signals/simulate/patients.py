"""Simulated patients and set-ups: what is drawn, from which range, and where the range comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Parameter:
    """What a parameter may be: its unit, its whole range, and the source of that range."""

    unit: str
    low: float
    high: float
    source: str


PARAMETERS: dict[str, Parameter] = {
    "heart_rate": Parameter("beats/min", 40, 150, "adults at rest, to uncontrolled atrial fibrillation"),
    "rr_spread": Parameter(
        "of the mean interval", 0.01, 0.3, "Task Force ESC/NASPE 1996 at rest; 0.15-0.3 in atrial fibrillation"
    ),
    "systolic": Parameter("m/s", 0.2, 1.2, "envelope, middle cerebral artery: Aaslid, Markwalder & Nornes 1982"),
    "diastolic": Parameter("m/s", 0.06, 0.6, "envelope at the end of diastole: Aaslid, Markwalder & Nornes 1982"),
    "profile": Parameter(
        "", 2, 6, "exponent n of v = v_max (1 - (r/R)^n): 2 parabolic, more is blunter (Evans & McDicken 2000)"
    ),
    "broadening": Parameter(
        "of the envelope's shift", 0.03, 0.12, "geometric and transit-time broadening (Evans & McDicken 2000)"
    ),
    "strength_by_flow": Parameter(
        "", 0.0, 0.8, "power of blood grows as envelope to this power; 0.66 in the DWL recording of shared/data"
    ),
    "noise_db": Parameter(
        "dB", -20, -2, "receiver noise over all shifts against mean blood power; -8 and -3 in the DWL recording's gates"
    ),
    "drift_db": Parameter("dB", 0, 2, "standard deviation of slow changes of gain: assumed, probe held by a frame"),
    "angle_deg": Parameter("degrees", 0, 50, "beam to middle cerebral artery: Fujioka & Douville 1992"),
    "sample_mm": Parameter(
        "mm", 6, 15, "length of the sample volume: Consensus Committee, Stroke 1995, and DWL (8-13)"
    ),
    "beam_mm": Parameter("mm", 5, 9, "width of the beam at 50 mm: Evans & McDicken 2000"),
    "wall_hz": Parameter("Hz", 50, 150, "high-pass filter of clinical machines; about 100 in the DWL recording"),
    "wall_db": Parameter("dB", 10, 30, "vessel wall against blood before that filter: Evans & McDicken 2000 (20-40)"),
    "opposite_db": Parameter(
        "dB", -60, -8, "a branch that flows the other way (anterior cerebral artery), against the vessel itself"
    ),
    "image_db": Parameter("dB", -45, -28, "mirror image by unequal I and Q channels: Evans & McDicken 2000"),
    "upstroke_s": Parameter(
        "s", 0.03, 0.14, "foot to peak of systole: assumed, around the DWL recording's (0.05 to 0.06)"
    ),
    "offset_db": Parameter(
        "dB", -30, 6, "constant offset of I and Q against mean blood power; -4 and 5 in the DWL recording's gates"
    ),
}

_COMMON: dict[str, Range] = {
    "profile": (2.0, 5.0),
    "broadening": (0.04, 0.1),
    "strength_by_flow": (0.0, 0.8),
    "angle_deg": (0.0, 40.0),
    "sample_mm": (8.0, 13.0),
    "beam_mm": (5.0, 9.0),
    "wall_hz": (60.0, 130.0),
    "wall_db": (10.0, 30.0),
    "opposite_db": (-60.0, -10.0),
    "image_db": (-45.0, -28.0),
    "upstroke_s": (0.04, 0.11),
    "offset_db": (-30.0, 5.0),
}

# Kinds of patient: from which part of its range each parameter is drawn.
REGIMES: dict[str, dict[str, Range]] = {
    "regular": _COMMON
    | {
        "heart_rate": (52.0, 85.0),
        "rr_spread": (0.02, 0.06),
        "systolic": (0.7, 1.1),
        "diastolic": (0.28, 0.5),
        "noise_db": (-16.0, -7.0),
        "drift_db": (0.2, 0.8),
    },
    "atrial_fibrillation": _COMMON
    | {
        "heart_rate": (75.0, 130.0),
        "rr_spread": (0.15, 0.28),
        "systolic": (0.6, 1.0),
        "diastolic": (0.22, 0.42),
        "noise_db": (-15.0, -6.0),
        "drift_db": (0.3, 1.0),
    },
    "low_flow": _COMMON
    | {
        "heart_rate": (58.0, 95.0),
        "rr_spread": (0.02, 0.08),
        "systolic": (0.32, 0.55),
        "diastolic": (0.12, 0.24),
        "noise_db": (-8.0, -3.0),
        "drift_db": (0.8, 1.6),
    },
}


@dataclass(frozen=True)
class Patient:
    """A patient and a set-up; `PARAMETERS` says what each field is, in which unit, and from where.

    Attributes
    ----------
    irregular : bool
        Whether beats follow each other at random, as in atrial fibrillation.
    away : bool
        Whether the blood flows away from the probe.
    """

    heart_rate: float
    rr_spread: float
    systolic: float
    diastolic: float
    profile: float
    broadening: float
    strength_by_flow: float
    noise_db: float
    drift_db: float
    angle_deg: float
    sample_mm: float
    beam_mm: float
    wall_hz: float
    wall_db: float
    opposite_db: float
    image_db: float
    upstroke_s: float
    offset_db: float
    irregular: bool = False
    away: bool = False

    @property
    def path_mm(self) -> float:
        """The way through the sample volume along the vessel: out at its ends, or out of the beam's side."""
        angle = np.deg2rad(self.angle_deg)
        return float(min(self.sample_mm / np.cos(angle), self.beam_mm / max(np.sin(angle), 1e-9)))


def draw_patient(regime: Mapping[str, Range], rng: np.random.Generator) -> Patient:
    """Draw a patient of a regime; one in five vessels flows away from the probe."""
    drawn = {f.name: float(rng.uniform(*regime[f.name])) for f in fields(Patient) if f.name in PARAMETERS}
    return Patient(**drawn, irregular=regime["rr_spread"][1] > 0.1, away=bool(rng.random() < 0.2))
