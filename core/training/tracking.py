"""Runs as other programs follow them: what a run's folder holds, as names and numbers.

Whose events they were does not go along: neither annotators nor subjects are named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import HitscopeError, InputError
from core.jobs import logged_steps, read_json
from core.registry import chosen
from core.training.registry import TRACKERS
from core.training.spec import TrainingSpec

PERSONAL = ("annotator", "recordings", "links")  # names and numbers of the study, which mean nothing outside it
COMPRESSED = ("delta_mcc", "delta_mcc_interval", "sparsity", "account")
INTERVAL = "_interval"


@dataclass(frozen=True)
class Track:
    """What another program is told of a run.

    Attributes
    ----------
    name : str
        Of the run; a cell of an experiment has the experiment's before a slash.
    study : str
        Name of the study's folder.
    facts : dict of str to str
        Its versions, split, hashes, whether recordings were simulated.
    parameters : dict of str to str, float, int or bool
        Hyper-parameters with their defaults, such as ``model.name``.
    epochs : list of dict
        Figures of each epoch by name, such as ``loss/train`` and ``mcc/validation``.
    times : list of float
        When each epoch was over (Unix, s).
    figures : dict of str to float
        Of the end, such as ``test/mcc`` with ``test/mcc_low`` and ``test/mcc_high``, its interval.
    """

    name: str
    study: str
    facts: dict[str, str]
    parameters: dict[str, str | float | int | bool]
    epochs: list[dict[str, float]]
    times: list[float]
    figures: dict[str, float]


def export_tracks(runs: Sequence[Path], to: str, folder: Path, *, replace: bool = False) -> list[str]:
    """Write runs for a program of `TRACKERS`; return the names they have there.

    Parameters
    ----------
    runs : sequence of Path
        Folders of training, compression or experiment runs.
    to : str
        ``tensorboard`` or ``mlflow``.
    folder : Path
        Where to write; runs that it holds already stay.
    replace : bool
        Write runs anew that are there.

    Raises
    ------
    InputError
        If the program is unknown or its library is not installed, a run has nothing to tell or is there already, or the
        folder cannot be written to.
    """
    tracker = chosen(TRACKERS, to, "program", "programs")
    if find_spec(tracker.package) is None:
        raise InputError(
            f"writing runs for {tracker.title} needs the package {tracker.package}",
            kept="Nothing was written",
            remedy=f"Install it: pip install 'hitscope[{to}]'",
        )
    tracks = [track for run in runs for track in tracks_of(run)]
    write, folder = tracker.load(), folder.expanduser().absolute()
    for track in tracks:
        write(track, folder, replace)
    return [track.name for track in tracks]


def tracks_of(folder: Path) -> list[Track]:
    """Return what there is to tell of a run; of an experiment, its pooled figures, then each of its cells.

    Raises
    ------
    InputError
        If there is nothing yet.
    """
    folder = folder.expanduser().resolve()
    cells = sorted(folder.glob("cells/*/*"))
    tracks = [_track(one, "/".join((folder.name, *one.relative_to(folder).parts[1:]))) for one in (folder, *cells)]
    told = [track for track in tracks if track.epochs or track.figures]
    if not told:
        raise InputError(
            "this run has no epoch and no figures to tell of",
            subject=folder.name,
            remedy="Wait for its first epoch, or choose a training, compression or experiment run",
        )
    return told


def _track(folder: Path, name: str) -> Track:
    result, card, job = (_json(folder / file) for file in ("result.json", "model.json", "spec.json"))
    logged = logged_steps(folder)
    # A log may know epochs of an earlier beginning; of a run that is done, its result knows them all.
    steps = [step["values"] for step in logged.values()]
    epochs = result.get("history", [] if "variants" in result else steps)
    ended = _when(folder)
    return Track(
        name=name,
        study=next((up.name for up in folder.parents if (up / "study.sqlite").exists()), folder.parent.name),
        facts=_facts(result, card),
        parameters=_parameters(result, card, job),
        epochs=[{_series(key): float(value) for key, value in epoch.items()} for epoch in epochs],
        times=[(logged.get(number) or {}).get("time") or ended for number in range(1, len(epochs) + 1)],
        figures=dict(_numbers(_of_the_end(result))),
    )


def _json(path: Path) -> dict[str, Any]:
    """Return what a file of a run holds, or nothing where it is not there yet."""
    with suppress(HitscopeError, json.JSONDecodeError):
        found: dict[str, Any] = read_json(path)
        return found
    return {}


def _when(folder: Path) -> float:
    """Return when the run last wrote (Unix, s)."""
    written = [path.stat().st_mtime for path in (folder / "result.json", folder / "log.jsonl", folder) if path.exists()]
    return written[0]


def _facts(result: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, str]:
    data, split = result.get("data", {}), result.get("split", {})
    facts = {
        **result.get("environment", {}),
        "classes": ", ".join(card.get("classes", [])),
        "simulated": data.get("simulated"),
        "labels_sha256": data.get("label_hash"),
        "split_by": split.get("unit"),
        "split_sha256": split.get("sha256"),
    }
    return {key: str(value) for key, value in facts.items() if value not in (None, "")}


def _parameters(
    result: Mapping[str, Any], card: Mapping[str, Any], job: Mapping[str, Any]
) -> dict[str, str | float | int | bool]:
    """Return the hyper-parameters: of the model that is there, else those that the job was given."""
    given = job.get("params", {})
    wanted = card.get("training") or {}
    if job.get("kind") == "compression":
        wanted = {**wanted, "compression": given}
    elif job.get("kind") == "training" and not wanted:
        wanted = TrainingSpec.from_json(given).to_json()
    kept = {key: value for key, value in wanted.items() if key not in PERSONAL}
    kept["seed"] = result.get("seed", job.get("seed"))
    if best := result.get("best_epoch"):
        kept["best_epoch"] = best
    return dict(_leaves(kept))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str | float | int | bool]]:
    """Yield names with dots and plain values; what is empty or None is left out."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, bool | int | float | str):
        yield name, value
    elif value:
        yield name, json.dumps(value, ensure_ascii=False)


def _of_the_end(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a result, by side; of an experiment by variant; of a compression beside full precision."""
    sides = {
        side: {key: value for key, value in of.items() if key != "f1"}  # once more in per_class
        for side, of in result.get("metrics", {}).items()
    }
    pooled = {name: one["pooled"] for name, one in result.get("variants", {}).items() if one.get("pooled")}
    pooled = {name: {key: value for key, value in of.items() if key != "f1"} for name, of in pooled.items()}
    compressed = {key: result[key] for key in COMPRESSED if key in result}
    return {**sides, "pooled": pooled, "compression": compressed}


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield names with slashes and numbers; an interval is its two ends, lists of anything else are left out."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            part = str(key).replace("/", "_")  # a class may be called so
            yield from _numbers(one, f"{name}/{part}" if name else part)
    elif name.endswith(INTERVAL) and value is not None:
        for end, number in zip(("_low", "_high"), value, strict=True):
            yield name.removesuffix(INTERVAL) + end, float(number)
    elif isinstance(value, bool | int | float):
        yield name, float(value)


def _series(key: str) -> str:
    """Return the name of a figure of the epochs: ``train_loss`` is ``loss/train``, so that both sides share a picture."""
    return re.sub(r"^(train|validation)_(.+)$", r"\2/\1", key)
