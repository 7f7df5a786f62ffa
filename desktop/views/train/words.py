"""A run in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any

from PySide6.QtCore import QCoreApplication

from core.models import MODELS
from core.study import EventTable, RunEntry
from core.training import LEARNING, LOSSES, OPTIMISING, SCHEDULES, ExperimentSpec, Protocol, trainings_of
from desktop.widgets.parts import number


def tr(text: str) -> str:
    """Translate."""
    return QCoreApplication.translate("train", text)


def run_in_words(spec: Mapping[str, Any], events: EventTable, tested: str) -> str:
    """Return in one sentence what a specification learns from which events, and how; `tested` says by which splits."""
    n_recordings = len(set(events.recording.tolist()))
    recordings = tr("one recording") if n_recordings == 1 else tr("{} recordings").format(number(n_recordings))
    data = tr("{} labelled events of {} classes from {}").format(number(len(events)), len(spec["classes"]), recordings)
    epochs = spec.get("max_epochs", LEARNING["max_epochs"].default)
    parts = [data, _model(spec), _loss(spec), *_varied(spec), tr("at most {} epochs").format(number(epochs)), tested]
    return "; ".join(parts) + "."


def splits_in_words(protocol: Protocol | None, seeds: Sequence[int]) -> str:
    """Return how often a recipe is split and trained."""
    first, last = number(seeds[0]), number(seeds[-1])
    if protocol is None:
        runs = tr("{} runs, seeds {} to {}").format(number(len(seeds)), first, last)
        return tr("seed {}").format(first) if len(seeds) == 1 else runs
    splits = folds_in_words(protocol)
    again = tr("{} with seeds {} to {}").format(splits, first, last)
    return tr("{} with seed {}").format(splits, first) if len(seeds) == 1 else again


def folds_in_words(protocol: Protocol) -> str:
    """Return ``5 folds`` or ``5 splits``."""
    n = protocol.n_folds
    if protocol.name == "kfold":
        return tr("{} folds").format(number(n))
    return tr("one split") if n == 1 else tr("{} splits").format(number(n))


def trainings_in_words(wanted: ExperimentSpec) -> str:
    """Return how many trainings an experiment is, and why so many."""
    counted = [_counted(len(wanted.variants), tr("variant"), tr("variants"))] if len(wanted.variants) > 1 else []
    counted.append(folds_in_words(wanted.splitting))
    each, searching = [_counted(len(wanted.seeds), tr("seed"), tr("seeds"))], wanted.searching
    if searching is not None:
        inner = tr(" × {} inner folds").format(number(searching.inner)) if searching.inner > 1 else ""
        each.append(_counted(searching.trials, tr("trial"), tr("trials")) + inner)
    counted.append(f"({' + '.join(each)})" if len(each) > 1 else each[0])
    return tr("{} trainings: {}").format(number(trainings_of(wanted)), " × ".join(counted))


def _counted(n: int, one: str, several: str) -> str:
    return f"{number(n)} {one if n == 1 else several}"


def variant_name(fields: Mapping[str, Any], taken: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a variant is called beside others, of letters, digits and blanks: its model; if that is taken, in which
    steps of learning it differs from that one; a number.
    """
    short, usual = _plain(name_of(fields)), {**LEARNING, **OPTIMISING}
    values = {name: fields.get(name, option.default) for name, option in usual.items()}
    other = taken.get(short, {})
    steps = [f"{name} {value}" for name, value in values.items() if value != other.get(name, usual[name].default)]
    long = _plain(f"{short} {' '.join(steps)}")
    numbered = (f"{long} {n}" for n in count(2))
    return next(name for name in chain([short, long], numbered) if name not in taken)


def _plain(text: str) -> str:
    return re.sub(r"[^\w .+-]+", "", text)[:58].strip()


def name_of_experiment(wanted: ExperimentSpec) -> str:
    """Return what an experiment is called: by its variants."""
    first, *others = wanted.variants
    if len(others) < 2:
        return tr(" or ").join(wanted.variants)
    return tr("{} and {} others").format(first, number(len(others)))


def title_of(run: RunEntry) -> str:
    """Return what a run is called in a list; an experiment says its splits first."""
    named = tr("{}, seed {}").format(run.name, run.seed)
    if run.kind != "experiment":
        return named
    return f"{folds_in_words(Protocol.from_json(run.params.get('protocol', {})))} · {run.name}"


def name_of(spec: Mapping[str, Any]) -> str:
    """Return what a run of a specification is called."""
    model = spec["model"]
    called = f"{model['name']} ({model['preset']}{', guided' if spec.get('guidance') else ''})"
    loss = spec.get("loss", {}).get("name", "ce")
    return called if loss == "ce" else f"{called}, {loss}"


def _model(spec: Mapping[str, Any]) -> str:
    model = spec["model"]
    entry = MODELS[model["name"]]
    preset = entry.presets.get(model.get("preset"))
    size = tr(preset.title).split(":")[0] if preset is not None else tr("own size")
    return f"{tr(entry.title)} ({size}{', ' + tr('guided') if spec.get('guidance') else ''})"


def _loss(spec: Mapping[str, Any]) -> str:
    return tr(LOSSES[spec.get("loss", {"name": "ce"})["name"]].title).split(":")[0]


def _varied(spec: Mapping[str, Any]) -> list[str]:
    said = []
    if augmented := spec.get("augment"):
        said.append(tr("varied by {}").format(", ".join(one["name"].replace("_", " ") for one in augmented)))
    if (schedule := spec.get("schedule", "constant")) != "constant":
        said.append(tr(SCHEDULES[schedule].title).split(":")[0])
    return said
