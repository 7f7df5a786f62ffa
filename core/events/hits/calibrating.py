"""Fitting the probability that a candidate is an embolus, on simulated recordings of seeds that are used for nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.events.hits.benchmark import Job, simulated
from core.events.hits.criteria import Criteria, Hit
from core.events.hits.detecting import Tally, find_hits
from core.events.hits.judging import FEATURES, HBR_ERROR_DB, WITH_DIRECTION, WITHOUT_DIRECTION, Features
from core.events.hits.scoring import match
from core.signals import simulate

RIDGE, CONSTANT = 1.0, 1e-6


@dataclass(frozen=True)
class Known:
    """Candidates of a recording that pass the rules: their vectors, (n, n_features), and whether they are emboli.

    `n_both` times of both sides were found, of which `n_both_emboli` were emboli all the same.
    """

    vectors: npt.NDArray[np.float64]
    emboli: npt.NDArray[np.bool_]
    n_both: int
    n_both_emboli: int


def known_of(job: Job) -> Known:
    """Simulate and search a recording, and hold every candidate against the truth."""
    made, iq = simulated(job)
    seen: list[tuple[Features, Hit]] = []
    found = find_hits(
        lambda a, b: iq[:, a:b], iq.shape[1], made.fs, made.emission_hz, job.criteria,
        Tally(), directed=job.directed, seen=seen,
    )  # fmt: skip
    hits = list(found)
    truth = [(t.start_s, t.start_s + t.duration_s) for t in made.truth if t.kind != "artefact"]
    pairs = match(truth, [(h.start_s, h.start_s + h.duration_s) for h in hits])
    by_measure = {_measure(hit): features for features, hit in seen}
    vectors, emboli, both = [], [], []
    for hit, event in zip(hits, pairs.event_of, strict=True):
        features = by_measure.get(_measure(hit))
        if features is None:
            both.append(event >= 0)
        elif _passes(features, job.criteria):
            vectors.append(features.vector())
            emboli.append(event >= 0)
    return Known(
        np.array(vectors).reshape(-1, len(FEATURES)),
        np.array(emboli, dtype=bool),
        len(both),
        int(np.sum(both, dtype=int)),
    )


def fit(jobs: Sequence[Job], n_processes: int = 1) -> dict[str, Any]:
    """Return the fitted weights, with and without direction, and where they come from, as `calibration.json` holds them."""
    with ProcessPoolExecutor(n_processes) as pool:
        known = list(zip(jobs, pool.map(known_of, jobs), strict=True))
    both = [k for job, k in known if job.directed]
    return {
        "about": "logistic regressions on simulated recordings; see core/events/hits/calibrating.py",
        "regimes": sorted({job.regime for job in jobs}),
        "seeds": [min(job.seed for job in jobs), max(job.seed for job in jobs)],
        "features": list(FEATURES),
        WITH_DIRECTION: _fitted([pair for pair in known if pair[0].directed]),
        WITHOUT_DIRECTION: _fitted([pair for pair in known if not pair[0].directed]),
        # Laplace's rule: none of many does not mean never.
        "both_sides": round((sum(k.n_both_emboli for k in both) + 1) / (sum(k.n_both for k in both) + 2), 4),
    }


def _fitted(known: Sequence[tuple[Job, Known]]) -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression

    vectors, emboli = np.concatenate([k.vectors for _, k in known]), np.concatenate([k.emboli for _, k in known])
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    spread = np.where(spread < CONSTANT, np.inf, spread)  # what is always the same says nothing
    fitted = LogisticRegression(C=RIDGE, max_iter=5000).fit((vectors - mean) / spread, emboli)
    weights = fitted.coef_[0] / spread
    return {
        "hours": sum(job.duration_s for job, _ in known) / 3600,
        "candidates": len(emboli),
        "emboli": int(emboli.sum()),
        "intercept": round(float(fitted.intercept_[0] - weights @ mean), 4),
        "weights": [round(float(w), 4) for w in weights],
    }


def _measure(hit: Hit) -> tuple[float, ...]:
    return hit.peak_hz, hit.hbr_db, hit.ratio_db


def _passes(features: Features, criteria: Criteria) -> bool:
    one_way = features.direction is None or abs(features.direction) >= criteria.min_direction
    strong = features.hbr_db >= criteria.min_hbr_db - HBR_ERROR_DB
    return one_way and strong and features.duration_s < criteria.max_duration_s


def jobs_for_calibration(first_seed: int, n_seeds: int) -> Iterable[Job]:
    """Return recordings of every regime: `n_seeds` of one gate, and half as many of two, and of one without direction."""
    for regime in simulate.REGIMES:
        yield from (Job(regime, first_seed + k, 1) for k in range(n_seeds))
        yield from (Job(regime, first_seed + n_seeds + k, 2) for k in range(n_seeds // 2))
        yield from (Job(regime, first_seed + 2 * n_seeds + k, 1, directed=False) for k in range(n_seeds // 2))
