"""Judging a candidate: the rule that decides, in words, and the probability that it is an embolus.

The probability is that of a logistic regression on the features below, fitted to simulated recordings of seeds that are used
for nothing else (`calibration.json` says which and when). It is as good as the simulator: in a recording with fewer emboli
per artefact, or with artefacts of other kinds, it is too high. No public recording has confirmed emboli to fit it to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from core.events.hits.criteria import Criteria, Hit, Measures

FEATURES = (
    "evidence", "ratio_db", "hbr_db", "way", "way_squared", "one_way", "log_spread", "gate_ratio_db", "one_gate",
    "slow", "fast", "low", "beside_artefact",
)  # fmt: skip
WITH_DIRECTION, WITHOUT_DIRECTION = "with_direction", "without_direction"  # of what the weights are
SAMPLE_MM = (
    9.0  # way through a sample volume along the beam: 5 to 13 mm, as machines are set (Consensus Committee 1995)
)

HBR_ERROR_DB = 0.8  # 3 dB may be measured as 2.2: about the standard error of weak ones (docs/results/hits.md)


@dataclass(frozen=True)
class Features(Measures):
    """What is known of a candidate: the fields of `Hit` before it is judged, and of another gate and the flow.

    Attributes
    ----------
    evidence : float
        As that of `core.events.hits.measuring.Chirp`.
    beside_artefact : bool
        Whether both sides of zero stand out shortly before or after.
    gate_ratio_db : float
        How far it stands out in another gate; 0 if there is none.
    several_gates : bool
    pace : float
        Its shift over the blood's mean shift; 0 where the blood hardly moves.
    """

    evidence: float
    beside_artefact: bool
    gate_ratio_db: float
    several_gates: bool
    pace: float

    def vector(self) -> npt.NDArray[np.float64]:
        """Return what the probability is computed from, in the order of `FEATURES`."""
        # How far it went while it showed, against the length of a sample volume: the blood's speckle is shorter.
        way = float(np.log(max(10 * abs(self.velocity_cm_s) * self.duration_s, 0.1) / SAMPLE_MM))
        one_way = 1.0 if self.direction is None else abs(self.direction)
        return np.array(
            [
                min(self.evidence, 60.0),
                min(self.ratio_db, 30.0),
                min(self.hbr_db, 20.0),
                way,
                way**2,
                -np.log(1.02 - one_way),
                np.log(max(self.bandwidth_hz * max(self.duration_s, 0.002), 0.1)),
                min(self.gate_ratio_db, 20.0),
                0.0 if self.several_gates else 1.0,
                max(0.0, 0.6 - self.pace),
                max(0.0, self.pace - 1.8),
                max(0.0, 3.5 - abs(self.peak_hz) / 100),
                float(self.beside_artefact),
            ]
        )

    def judged(self, kind: str, reason: str, probability: float) -> Hit:
        """Return it with a judgement."""
        measures = ((f.name, getattr(self, f.name)) for f in fields(Measures))
        known: dict[str, Any] = {name: None if value is None else float(value) for name, value in measures}
        return Hit(**known, kind=kind, reason=reason, probability=round(probability, 3))


@cache
def calibration() -> dict[str, Any]:
    """Return the fitted weights, of signals with and without direction, and where they come from."""
    text = files("core.events.hits").joinpath("calibration.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def probability_of(features: Features) -> float:
    """Return the probability that a candidate is an embolus."""
    fitted = calibration()[WITHOUT_DIRECTION if features.direction is None else WITH_DIRECTION]
    score = fitted["intercept"] + float(np.dot(fitted["weights"], features.vector()))
    return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))


def judge(features: Features, criteria: Criteria) -> Hit:
    """Judge a candidate that stands out in one place of time and frequency."""
    chance = probability_of(features)
    ms, direction = 1000 * features.duration_s, features.direction
    if features.duration_s >= criteria.max_duration_s:
        most = 1000 * criteria.max_duration_s
        return features.judged("artefact", f"lasts {ms:.0f} ms, an embolus less than {most:.0f} ms", min(chance, 0.05))
    if direction is not None and abs(direction) < criteria.min_direction:
        return features.judged("artefact", f"on both sides of zero: direction index {direction:+.2f}", min(chance, 0.2))
    if features.hbr_db < criteria.min_hbr_db - HBR_ERROR_DB:
        why = f"{features.hbr_db:.1f} dB, an embolus {criteria.min_hbr_db:g} dB or more"
        return features.judged("unsure", why, chance)
    if chance < criteria.min_probability:
        why = f"{features.ratio_db:.0f} dB out of the blood at {features.peak_hz:+.0f} Hz, which chance or an artefact gives too"
        return features.judged("unsure", why, chance)
    way = "direction unknown" if direction is None else "towards the probe" if direction > 0 else "away from the probe"
    index = "" if direction is None else f" ({direction:+.2f})"
    return features.judged("embolus", f"{ms:.0f} ms, HBR {features.hbr_db:.1f} dB, {way}{index}", chance)


def judge_both_sides(features: Features) -> Hit:
    """Judge a time in which both sides of zero stand out."""
    share = features.direction or 0.0
    reason = f"on both sides of zero for {1000 * features.duration_s:.0f} ms: direction index {share:+.2f}"
    if features.bandwidth_hz > 300:
        reason += f", {features.bandwidth_hz:.0f} Hz wide"
    return features.judged("artefact", reason, float(calibration()["both_sides"]))
