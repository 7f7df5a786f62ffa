"""What Annotate reads and computes in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from core.annotation import Proposal, TradeOff, propagate, to_changeset, trade_off, without_given
from core.errors import HitscopeError, InputError
from core.features import class_numbers
from core.jobs import read_json
from core.projection import Map, ProjectionSet, load_projection
from core.study import Changeset, EventTable, RunEntry, Study


@dataclass(frozen=True)
class Source:
    """What a proposal is made from: it is the reason that the history gives for the labels."""

    run_id: str
    which: int
    k: int
    tau: float

    @property
    def reason(self) -> str:
        """One line of the history."""
        return f"LQ-KNN on {self.run_id}, map {self.which}, k = {self.k}, τ = {self.tau:g}"


@dataclass(frozen=True)
class Preview:
    """A proposal with the class key of each of its labels, what it was made from, and the study it belongs to."""

    proposal: Proposal
    keys: list[str]
    source: Source
    study: Study

    def changeset(self, study: Study) -> Changeset:
        """Return the changeset that accepts it, as far as nobody labelled the events meanwhile."""
        classes = sorted(set(self.keys))
        number = {key: place for place, key in enumerate(classes)}
        labels = np.array([number[key] for key in self.keys], np.int64)
        return to_changeset(study, replace(self.proposal, labels=labels), classes)


def read_maps(run: RunEntry) -> ProjectionSet:
    """Return the maps of a projection run."""
    return load_projection(run.folder)


def models_by_age(runs: list[RunEntry]) -> list[RunEntry]:
    """Return the finished runs, newest first, whatever their kind."""
    done = [run for run in runs if run.status == "done"]
    return sorted(done, key=lambda run: (run.created, run.id), reverse=True)


def read_predictions(runs: list[RunEntry]) -> dict[int, str]:
    """Return the class key that the newest model gives to each event it has seen.

    A prediction is a place in the model's own classes, which need not be those of the study, nor in their order.

    Raises
    ------
    InputError
        If the model's files are damaged.
    """
    for run in models_by_age(runs):
        path = run.folder / "predictions.npz"
        classes = _classes_of(run)
        if not path.exists() or not classes:
            continue
        try:
            with np.load(path, allow_pickle=False) as file:
                ids, places = file["ids"].tolist(), file["probabilities"].argmax(axis=1).tolist()
            return {event: classes[place] for event, place in zip(ids, places, strict=True)}
        except (OSError, ValueError, KeyError, IndexError, BadZipFile) as error:
            raise InputError(
                f"the predictions of {run.name} cannot be read ({error})", subject=path, remedy="Train the model again"
            ) from error
    return {}


def _classes_of(run: RunEntry) -> list[str]:
    """Return the classes of a model in its own order: of its card, else of what was asked for."""
    card = run.folder / "model.json"
    if not card.exists():
        return list(run.params.get("classes") or [])
    try:
        return list(read_json(card)["classes"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the model {run.name} cannot be read ({error})", subject=card, remedy="Train the model again"
        ) from error


def preview(
    study: Study, ids: npt.NDArray[np.int64], made: Map, events: EventTable, classes: list[str], source: Source
) -> Preview:
    """Propose labels by LQ-KNN from the human labels."""
    labels = class_numbers(ids, events, classes)
    proposal = propagate(made.points, labels, made.quality, source.k, source.tau, ids=ids)
    proposal = without_given(proposal, events)
    return Preview(proposal, [classes[number] for number in proposal.labels.tolist()], source, study)


def curve(
    ids: npt.NDArray[np.int64], points: Any, quality: Any, events: EventTable, classes: list[str], k: int
) -> list[TradeOff]:
    """Return accuracy against coverage over τ, from the human labels; nothing where too few are there."""
    try:
        return trade_off(points, class_numbers(ids, events, classes), quality, ks=(k,))
    except HitscopeError:
        return []
