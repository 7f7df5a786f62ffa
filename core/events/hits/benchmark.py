"""How well HITS are found in simulated recordings: sensitivity by strength, false alarms, errors of what is measured, speed.

Simulated only: no public recording has confirmed emboli. Seeds from `FINAL_SEED` on are for final figures and were never
looked at while the detector was made; those from `CALIBRATION_SEED` on fit the probability and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.events.hits.baselines import BASELINES
from core.events.hits.criteria import Criteria, Hit
from core.events.hits.detecting import analytic, detect_hits
from core.events.hits.scoring import Matched, match
from core.signals import simulate

RECORDING_S = 900.0
FINAL_SEED, CALIBRATION_SEED = 910_000, 1_000
# Gates, and whether the detector is given I and Q or only I: a signal without direction.
SETUPS = {"1 gate": (1, True), "2 gates": (2, True), "mono": (1, False)}
EMBOLI_PER_MINUTE = 1.0
ARTEFACTS_PER_MINUTE = {"regular": 0.5, "atrial_fibrillation": 0.5, "low_flow": 1.0}
BINS_DB = ((3.0, 6.0), (6.0, 9.0), (9.0, 25.0))
OURS = "hitscope"


@dataclass(frozen=True)
class Job:
    """One recording to simulate and search.

    Attributes
    ----------
    regime : str
    seed : int
    gates : int
    duration_s : float
    criteria : Criteria
        Of the detector; by default the usual ones, whatever the probability.
    directed : bool
        Whether the detector is given I and Q, or only I: a signal without direction.
    """

    regime: str
    seed: int
    gates: int
    duration_s: float = RECORDING_S
    criteria: Criteria = field(default_factory=lambda: Criteria(min_probability=0.0))
    directed: bool = True

    @property
    def setup(self) -> str:
        """Of `SETUPS`, or ``other``."""
        return next((name for name, known in SETUPS.items() if known == (self.gates, self.directed)), "other")


@dataclass(frozen=True)
class Emitted:
    """An embolus that was put in, and what each detector made of it: its score, or minus infinity where it was missed.

    Attributes
    ----------
    hbr_db, duration_s, shift_hz, delay_s : float
        As put in; `delay_s` is 0 with one gate.
    overlapped : bool
        Whether another embolus, or an artefact, shows within 30 ms of it.
    scores : dict of str to float
        Of `OURS`, the probability; of a baseline, its excess.
    hit : Hit or None
    """

    hbr_db: float
    duration_s: float
    shift_hz: float
    delay_s: float
    overlapped: bool
    scores: dict[str, float]
    hit: Hit | None


@dataclass(frozen=True)
class Outcome:
    """A recording that was searched: what was in it, the scores of false alarms of each detector, and how long it took."""

    job: Job
    emboli: list[Emitted]
    false_alarms: dict[str, list[float]]
    seconds: float

    @property
    def hours(self) -> float:
        """Length of the recording, h."""
        return self.job.duration_s / 3600


def jobs_of(hours: float, first_seed: int, setup: str) -> list[Job]:
    """Return recordings of a quarter of an hour that make up `hours`, shared out over the regimes; every one another patient.

    Raises
    ------
    InputError
        If it is too little for one of each regime.
    """
    n = round(hours * 3600 / RECORDING_S / len(simulate.REGIMES))
    if n < 1:
        least = RECORDING_S * len(simulate.REGIMES) / 3600
        raise InputError(f"{hours:g} h are too little for every regime", remedy=f"Give {least:g} h or more")
    gates, directed = SETUPS[setup]
    first = first_seed + 100 * (1 + list(SETUPS).index(setup))
    return [Job(regime, first + k, gates, directed=directed) for regime in simulate.REGIMES for k in range(n)]


def run_all(jobs: Sequence[Job], n_processes: int = 1) -> Iterator[Outcome]:
    """Yield the outcome of each job, in their order."""
    if n_processes == 1:
        yield from map(run_one, jobs)
        return
    with ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_one, jobs)


def simulated(job: Job) -> tuple[simulate.Simulation, npt.NDArray[np.complex64 | np.float32]]:
    """Return the recording of a job and its samples, (n_gates, n)."""
    made = simulate.Simulation(
        job.seed, job.duration_s, job.regime, gates=job.gates,
        emboli_per_minute=EMBOLI_PER_MINUTE, artefacts_per_minute=ARTEFACTS_PER_MINUTE[job.regime],
    )  # fmt: skip
    iq = np.concatenate(list(made.blocks()), axis=1).astype(np.complex64)
    return made, iq if job.directed else iq.real


def run_one(job: Job) -> Outcome:
    """Simulate one recording and search it by every detector."""
    made, iq = simulated(job)
    began = time.process_time()
    hits = detect_hits(iq, made.fs, emission_hz=made.emission_hz, criteria=job.criteria)
    seconds = time.process_time() - began
    alarms = [hit for hit in hits if hit.kind == "embolus"]
    truth = made.truth
    emboli = [t for t in truth if t.kind != "artefact"]
    spans = [(t.start_s, t.start_s + t.duration_s) for t in emboli]
    found = {OURS: match(spans, [(h.start_s, h.start_s + h.duration_s) for h in alarms])}
    scores = {OURS: [h.probability for h in alarms]}
    alone = iq[0] if job.directed else analytic(iq)[0]
    for key, (_, find, least) in BASELINES.items():
        others = find(alone, made.fs, least)
        found[key] = match(spans, [(a.start_s, a.stop_s) for a in others])
        scores[key] = [a.score for a in others]
    false = {key: [s for s, e in zip(scores[key], m.event_of, strict=True) if e < 0] for key, m in found.items()}
    return Outcome(job, list(_emitted(emboli, truth, found, scores, alarms)), false, seconds)


def _emitted(
    emboli: Sequence[simulate.Truth], truth: Sequence[simulate.Truth], found: dict[str, Matched],
    scores: dict[str, list[float]], hits: Sequence[Hit],
) -> Iterator[Emitted]:  # fmt: skip
    for number, one in enumerate(emboli):
        mine = found[OURS].alarm_of[number]
        each = {key: scores[key][a] if (a := m.alarm_of[number]) >= 0 else -np.inf for key, m in found.items()}
        stop = one.start_s + one.duration_s
        beside = (
            t
            for t in truth
            if t is not one and t.start_s - 0.03 < stop and one.start_s < t.start_s + t.duration_s + 0.03
        )
        yield Emitted(
            one.hbr_db, one.duration_s, one.shift_hz, one.delay_s, any(True for _ in beside), each,
            hits[mine] if mine >= 0 else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """Sensitivity against false alarms an hour, as the level that fires falls: both (n,) arrays."""

    false_alarms_per_hour: np.ndarray
    sensitivity: np.ndarray

    def at(self, false_alarms_per_hour: float) -> float:
        """Return the sensitivity at so many false alarms an hour, or fewer where the curve has a step."""
        fits = self.false_alarms_per_hour <= false_alarms_per_hour + 1e-9
        return float(self.sensitivity[fits].max(initial=0.0))


def curve_of(outcomes: Iterable[Outcome], detector: str, low_db: float, high_db: float) -> Curve:
    """Return the curve of a detector for emboli of a range of HBR."""
    known = list(outcomes)
    hours = sum(o.hours for o in known)
    hits = np.array([e.scores[detector] for o in known for e in o.emboli if low_db <= e.hbr_db < high_db])
    false = np.array([s for o in known for s in o.false_alarms[detector]])
    levels = np.unique(np.concatenate([hits[np.isfinite(hits)], false, [np.inf]]))[::-1]
    per_hour = (len(false) - np.searchsorted(np.sort(false), levels, side="left")) / max(hours, 1e-9)
    found = (len(hits) - np.searchsorted(np.sort(hits), levels, side="left")) / max(len(hits), 1)
    return Curve(per_hour, found)


@dataclass(frozen=True)
class Point:
    """How a detector does at one level: emboli found of how many, and false alarms in how many hours."""

    n_found: int
    n: int
    n_false: int
    hours: float


def point_of(outcomes: Iterable[Outcome], level: float, low_db: float, high_db: float, *, apart: bool = False) -> Point:
    """Return how Hitscope does from a probability on, for a range of HBR; of emboli `apart` from all else only, or of all."""
    known = list(outcomes)
    some = [e for o in known for e in o.emboli if low_db <= e.hbr_db < high_db and not (apart and e.overlapped)]
    return Point(
        sum(e.scores[OURS] >= level for e in some),
        len(some),
        sum(s >= level for o in known for s in o.false_alarms[OURS]),
        sum(o.hours for o in known),
    )


@dataclass(frozen=True)
class Errors:
    """Errors of what is measured of emboli that were found and lie apart.

    Attributes
    ----------
    n : int
    hbr_mean_db, hbr_std_db : float
    duration_ratio : float
        Median of measured over true duration, of those over 10 ms.
    within_a_fifth : float
        Share of them within 20 %.
    delay_ms : float or None
        Median of how far the delay between gates is off, ms; None with one gate.
    """

    n: int
    hbr_mean_db: float
    hbr_std_db: float
    duration_ratio: float
    within_a_fifth: float
    delay_ms: float | None


def errors_of(
    outcomes: Iterable[Outcome],
    level: float,
    low_db: float,
    high_db: float,
    shifts_hz: tuple[float, float] = (0.0, np.inf),
) -> Errors | None:
    """Return the errors of what is measured, of emboli of a range of HBR and shift; None where nothing was found."""
    pairs = [
        (e, e.hit)
        for o in outcomes
        for e in o.emboli
        if e.hit is not None and e.scores[OURS] >= level and low_db <= e.hbr_db < high_db and not e.overlapped
        and shifts_hz[0] <= abs(e.shift_hz) < shifts_hz[1]
    ]  # fmt: skip
    if not pairs:
        return None
    hbr = np.array([hit.hbr_db - e.hbr_db for e, hit in pairs])
    ratios = np.array([hit.duration_s / e.duration_s for e, hit in pairs if e.duration_s > 0.01] or [np.nan])
    within = float(np.mean(np.abs(ratios - 1) <= 0.2))
    later = [abs(hit.gate_delay_ms - 1000 * e.delay_s) for e, hit in pairs if hit.gate_delay_ms is not None]
    delay = float(np.median(later)) if later else None
    return Errors(len(pairs), float(hbr.mean()), float(hbr.std()), float(np.median(ratios)), within, delay)


def reliability_of(outcomes: Iterable[Outcome], n_bins: int = 5) -> list[tuple[float, float, int]]:
    """Return mean probability, share that were emboli, and how many, of candidates in bins of probability."""
    known = list(outcomes)
    true = [e.scores[OURS] for o in known for e in o.emboli if np.isfinite(e.scores[OURS])]
    false = [s for o in known for s in o.false_alarms[OURS]]
    p, is_true = np.array(true + false), np.array([1.0] * len(true) + [0.0] * len(false))
    bins = np.minimum((p * n_bins).astype(int), n_bins - 1)
    return [
        (float(p[bins == b].mean()), float(is_true[bins == b].mean()), int((bins == b).sum()))
        for b in range(n_bins)
        if (bins == b).any()
    ]
