"""A run in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from core.models import MODELS
from core.study import EventTable
from core.training import LEARNING, LOSSES, SCHEDULES
from desktop.widgets.parts import number


def tr(text: str) -> str:
    """Translate."""
    return QCoreApplication.translate("train", text)


def run_in_words(spec: Mapping[str, Any], events: EventTable, seed: int, n_seeds: int) -> str:
    """Return in one sentence what a specification learns from which events, and how."""
    n_recordings = len(set(events.recording.tolist()))
    recordings = tr("one recording") if n_recordings == 1 else tr("{} recordings").format(number(n_recordings))
    data = tr("{} labelled events of {} classes from {}").format(number(len(events)), len(spec["classes"]), recordings)
    seeds = tr("seed {}").format(seed) if n_seeds == 1 else tr("{} runs, seeds {} to {}")
    if n_seeds > 1:
        seeds = seeds.format(n_seeds, seed, seed + n_seeds - 1)
    epochs = spec.get("max_epochs", LEARNING["max_epochs"].default)
    parts = [data, _model(spec), _loss(spec), *_varied(spec), tr("at most {} epochs").format(number(epochs)), seeds]
    return "; ".join(parts) + "."


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
