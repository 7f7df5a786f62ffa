"""The data of a training run: labelled events as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.annotation import soft_labels
from core.errors import InputError
from core.features import Cache, Windows, WindowSpec, build_representation, default_window, gather_windows, represent
from core.jobs import NullReporter, Reporter
from core.signals import open_from_study
from core.study import UNSURE, EventTable, Study
from core.training.spec import TrainingSpec


@dataclass(frozen=True)
class Dataset:
    """Labelled events, one row each, in order of id.

    Attributes
    ----------
    ids, recording : (N,) int64 arrays
    subject : (N,) object array of str
    start_s : (N,) float64 array
    x : tuple of (N, …) float32 arrays
        The views: one array for each representation that the model takes.
    raw : (N, C, T) float32 array
        The windows they were made from.
    y : (N,) int64 array
        Class numbers.
    classes : list of str
    scored : (N,) bool array
        Whether the label may score a model: a propagated one may not.
    origin : (N,) int64 array
        Event that a propagated label descends from; -1 for none.
    window : WindowSpec
        As used, with the sampling rate and the channels settled.
    windows : Windows
        Where `raw` is from: rate, units, rejected events.
    label_hash : str
        SHA-256 of the labels: the label revision.
    soft : (N, K) float32 array, optional
        Shares of the classes, where the specification asks for them.
    """

    ids: npt.NDArray[np.int64]
    recording: npt.NDArray[np.int64]
    subject: npt.NDArray[np.object_]
    start_s: npt.NDArray[np.float64]
    x: tuple[npt.NDArray[np.float32], ...]
    raw: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    classes: list[str]
    scored: npt.NDArray[np.bool_]
    origin: npt.NDArray[np.int64]
    window: WindowSpec
    windows: Windows
    label_hash: str
    soft: npt.NDArray[np.float32] | None = None

    @property
    def targets(self) -> npt.NDArray[np.generic]:
        """What is learnt of each event: its class number, or its shares of the classes."""
        return self.y if self.soft is None else self.soft


def select_events(study: Study, spec: TrainingSpec) -> tuple[EventTable, list[str]]:
    """Return the labelled events that a specification means, and the classes in order; `UNSURE` is none.

    Raises
    ------
    InputError
        If fewer than two classes are labelled, or `UNSURE` is to be learnt.
    """
    if UNSURE in (spec.classes or ()):
        raise InputError(
            f"{UNSURE!r} is not a class: it says that somebody could not decide",
            subject=study.folder,
            remedy="Leave it out of the classes to be learnt",
        )
    events = study.events()
    keep = (events.label != "") & (events.label != UNSURE)
    if spec.kinds is not None:
        if unknown := [kind for kind in spec.kinds if not (events.kind == kind).any()]:
            there = ", ".join(sorted(set(events.kind.tolist()))) or "none"
            raise InputError(
                f"there are no events of kind {', '.join(unknown)}", subject=study.folder, remedy=f"There are: {there}"
            )
        keep &= np.isin(events.kind.astype(str), spec.kinds)
    if spec.recordings is not None:
        keep &= np.isin(events.recording, spec.recordings)
    order = [c.key for c in study.classes()]
    classes = spec.classes or [c for c in order if (events.label[keep] == c).any()]
    keep &= np.isin(events.label.astype(str), classes)
    chosen = events.take(keep)
    empty = [c for c in classes if not (chosen.label == c).any()]
    if empty or len(classes) < 2:
        what = f"no event is labelled {', '.join(empty)}" if empty else f"only {len(classes)} classes are labelled"
        raise InputError(
            what, subject=study.folder, remedy="Label events of at least two classes, or choose other classes"
        )
    return chosen, classes


def load_dataset(study: Study, spec: TrainingSpec, report: Reporter | None = None) -> Dataset:
    """Read the windows of the labelled events and make their representations.

    Raises
    ------
    InputError
        If classes, windows or the representation do not fit; see `select_events` and `gather_windows`.
    """
    report = report or NullReporter()
    events, classes = select_events(study, spec)
    first = open_from_study(study, int(events.recording[0]), report)
    window = WindowSpec.from_json(spec.window) if spec.window else default_window(first)
    representations, cache = [build_representation(one) for one in spec.representations], Cache.of(study)
    levels = any(one.needs_levels for one in representations)
    windows = gather_windows(study, events.id, window, report, levels=levels)
    settled = WindowSpec(**(window.__dict__ | {"fs": windows.fs, "channels": windows.channels}))
    events = events.take(events.row_of(windows.ids))
    number = {name: place for place, name in enumerate(classes)}
    y = np.array([number[label] for label in events.label], dtype=np.int64)
    return Dataset(
        ids=windows.ids,
        recording=windows.recording,
        subject=windows.subject,
        start_s=events.start_s,
        x=tuple(represent(windows, one, cache, report) for one in representations),
        raw=windows.x,
        y=y,
        classes=classes,
        scored=events.label_source != "propagated",
        origin=events.label_origin,
        window=settled,
        windows=windows,
        label_hash=events.label_hash(),
        soft=_shares(study, windows.ids, classes, y) if spec.targets == "soft" else None,
    )


def with_views(dataset: Dataset, spec: TrainingSpec) -> Dataset:
    """Return a dataset with the representations of another specification."""
    views = tuple(build_representation(one)(dataset.raw, dataset.windows.fs) for one in spec.representations)
    return replace(dataset, x=views)


def only(dataset: Dataset, rows: npt.NDArray[np.int64]) -> Dataset:
    """Return some events of a dataset, and nothing of the others."""
    kept = dataset.ids[rows]
    windows = replace(
        dataset.windows,
        ids=kept,
        x=dataset.raw[rows],
        recording=dataset.recording[rows],
        subject=dataset.subject[rows],
        spans_s=dataset.windows.spans_s[rows],
    )
    return replace(
        dataset,
        ids=kept,
        recording=windows.recording,
        subject=windows.subject,
        start_s=dataset.start_s[rows],
        x=tuple(view[rows] for view in dataset.x),
        raw=windows.x,
        y=dataset.y[rows],
        scored=dataset.scored[rows],
        origin=dataset.origin[rows],
        windows=windows,
        soft=None if dataset.soft is None else dataset.soft[rows],
    )


def _shares(
    study: Study, ids: npt.NDArray[np.int64], classes: list[str], y: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return the shares of the classes that annotators gave events; of the label, where nobody said more."""
    shares = np.eye(len(classes), dtype=np.float32)[y]
    said = soft_labels(study, ids.tolist(), classes)
    shares[np.searchsorted(ids, said.ids)] = said.shares
    return shares


def describe(dataset: Dataset) -> dict[str, Any]:
    """Return what a result says of its data."""
    counts = {name: int((dataset.y == number).sum()) for number, name in enumerate(dataset.classes)}
    return {
        "n": len(dataset.ids),
        "classes": counts,
        "recordings": len(np.unique(dataset.recording)),
        "subjects": len({s for s in dataset.subject if s}),
        "propagated": int((~dataset.scored).sum()),
        "rejected": len(dataset.windows.rejected),
        "simulated": dataset.windows.simulated,
        "label_hash": dataset.label_hash,
    }
