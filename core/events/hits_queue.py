"""HITS candidates as a queue that somebody decides one by one: their features, in what order, which one is next."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.events.verdicts import ARTEFACT, EMBOLI
from core.registry import Entry, chosen
from core.study import UNSURE, Changeset, EventTable, combine, define_classes, label_events

if TYPE_CHECKING:
    from core.study import Study

Floats = npt.NDArray[np.float64]
KIND = "hits"
HITS_CLASSES = (*EMBOLI, ARTEFACT)  # in the order of their digits
VERDICTS = (*HITS_CLASSES, UNSURE)  # the labels that a queue gives


@dataclass(frozen=True)
class Candidates:
    """The candidates of a recording as columns, in order of time; NaN where a detector said nothing.

    Attributes
    ----------
    id : int64 array
    start_s, duration_s, hbr_db, probability : float64 arrays
        Seconds, seconds, dB, 0 to 1.
    suggested : bool array
        Whether the detector suggests an embolus.
    channel, maker : list of str
    attributes : list of dict
        All that the detector said.
    """

    id: npt.NDArray[np.int64]
    start_s: Floats
    duration_s: Floats
    hbr_db: Floats
    probability: Floats
    suggested: npt.NDArray[np.bool_]
    channel: list[str]
    maker: list[str]
    attributes: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.id)


def number_of(attributes: Mapping[str, Any], name: str) -> float:
    """Return a finite number that a detector said; NaN where it said none."""
    value = attributes.get(name)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good and value is not None else math.nan


def candidates_of(events: EventTable, recording_id: int) -> Candidates:
    """Return the candidates of a recording. O(n log n)."""
    hits = events.take((events.recording == recording_id) & (events.kind == KIND))
    hits = hits.take(np.argsort(hits.start_s, kind="stable"))
    said = hits.attributes
    hbr, probability = (np.array([number_of(a, name) for a in said], dtype=float) for name in ("hbr_db", "probability"))
    suggested = np.array([a.get("suggestion") == "embolus" for a in said], dtype=bool)
    return Candidates(
        hits.id,
        hits.start_s,
        hits.duration_s,
        hbr,
        probability,
        suggested,
        hits.channel.tolist(),
        hits.maker.tolist(),
        said,
    )


def own_verdicts(study: Study, ids: Collection[int]) -> dict[int, str]:
    """Return the present annotator's own labels of events; those without one are left out."""
    return {event: row["label"] for (event, _who), row in study.label_rows(ids, study.annotator).items()}


def give_verdict(study: Study, ids: Collection[int], verdict: str) -> Changeset:
    """Return the changeset by which the present annotator says what events are; ``""`` takes that back.

    The first verdict defines all of `HITS_CLASSES`, so that their order, colours and digits do not hang on what came first.
    """
    said = label_events(study, ids, verdict)
    if not verdict:
        return said
    return combine(said.title, define_classes(study, ((key, key) for key in HITS_CLASSES)), said)


@dataclass(frozen=True)
class Order(Entry):
    """An order to go through candidates: `key` gives what the smallest of comes first, the weightiest key last."""

    key: Callable[[Candidates], tuple[Floats, ...]]


def _descending(values: Floats) -> Floats:
    return np.where(np.isfinite(values), -values, np.inf)


def _suspicion(found: Candidates) -> tuple[Floats, ...]:
    return _descending(found.hbr_db), (~found.suggested).astype(float), _descending(found.probability)


def _doubt(found: Candidates) -> tuple[Floats, ...]:
    return (np.nan_to_num(np.abs(found.probability - 0.5), nan=np.inf),)


CANDIDATE_ORDERS: dict[str, Order] = {
    "time": Order("By time", "In order of time", lambda _found: ()),
    "suspicious": Order(
        "Most suspicious first",
        "The highest probability first; without one, what the detector suggests, and the highest HBR",
        _suspicion,
    ),
    "doubtful": Order(
        "Least sure first", "Probabilities near one half first; candidates without one come last", _doubt
    ),
}


def queue_order(found: Candidates, order: str) -> npt.NDArray[np.intp]:
    """Return the rows of candidates in one of `CANDIDATE_ORDERS`; equal ones in order of time.

    Raises
    ------
    InputError
        If there is no such order.
    """
    keys = chosen(CANDIDATE_ORDERS, order, "order", "orders").key(found)
    return np.lexsort(keys) if keys else np.arange(len(found), dtype=np.intp)


def next_place(decided: npt.NDArray[np.bool_], place: int) -> int:
    """Return the place of the next undecided candidate after `place`, from the start again after the last one.

    Where all are decided, it is that of the next candidate. There must be one at least.
    """
    n = len(decided)
    around = (place + 1 + np.arange(n)) % n
    left = around[~decided[around]]
    return int(left[0] if len(left) else around[0])
