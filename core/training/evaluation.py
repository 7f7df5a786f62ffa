"""A trained model on other data: labelled events of a study, or arrays, as far as its signal contract lets them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import gather_windows
from core.jobs import NullReporter, Reporter
from core.signals import conversion, open_from_study
from core.study import Study
from core.training.duplicates import hashes
from core.training.metrics import figures
from core.training.run import TrainedRun

SOME = 8  # names that a sentence lists


@dataclass(frozen=True)
class Given:
    """Labelled windows as a run takes them.

    Attributes
    ----------
    x : (n, C, T) float32 array
        In the run's channels, rate and units.
    y : (n,) int64 array
        Numbers of the run's classes.
    subject : (n,) object array of str
        ``""`` where unknown.
    ids : (n,) int64 array or None
        Events, if they are of the study that the run was trained in.
    simulated : bool or None
        None if it is not known.
    notes : tuple of str
        What was done to them, and left out.
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    subject: npt.NDArray[np.object_]
    ids: npt.NDArray[np.int64] | None
    simulated: bool | None
    notes: tuple[str, ...]


def evaluate_run(run: TrainedRun, given: Given, seed: int = 0) -> dict[str, Any]:
    """Return all figures of a run on labelled windows, and what of them it was trained on.

    Returns
    -------
    dict
        ``n``; ``metrics`` as `core.training.figures`; ``seen``: ``events`` that it was trained or stopped on, and ``subjects``;
        ``unseen``: figures of what is left without them, None where nothing was seen or two classes are not left;
        ``simulated``; ``warnings``.
    """
    probabilities = run.predict(given.x)
    seen, subjects = _seen(run, given)
    warnings = list(given.notes)
    if n := int(seen.sum()):
        who = f", of the subjects {_some(subjects)}" if subjects else ""
        warnings.append(
            f"{n:,} of {len(seen):,} events are ones, or of subjects, that the run was trained or stopped on{who}: figures of all "
            "events say little about new patients; those of the others are under unseen."
        )
    if len(np.unique(given.y)) < 2:
        warnings.append("All events are of one class: MCC and areas are not defined.")
    left = ~seen
    return {
        "n": len(given.y),
        "metrics": figures(given.y, probabilities, run.classes, given.subject, seed),
        "seen": {"events": n, "subjects": subjects},
        "unseen": figures(given.y[left], probabilities[left], run.classes, given.subject[left], seed)
        if n and len(np.unique(given.y[left])) > 1
        else None,
        "simulated": given.simulated,
        "warnings": warnings,
    }


def windows_of_study(run: TrainedRun, study: Study, report: Reporter | None = None) -> Given:
    """Return the labelled events of a study; propagated labels score no model and are left out.

    Recordings at another rate are resampled to the run's and other units of the same quantity converted, as in training; the
    notes say so.

    Raises
    ------
    InputError
        If no event has a label of the run's classes, a channel is missing, or units cannot be converted.
    """
    report = report or NullReporter()
    events = study.events()
    keep = np.isin(events.label.astype(str), run.classes) & (events.label_source != "propagated")
    if run.spec.kinds is not None:
        keep &= np.isin(events.kind.astype(str), run.spec.kinds)
    if not keep.any():
        of = f" of kind {' or '.join(run.spec.kinds)}" if run.spec.kinds else ""
        raise InputError(
            f"no event{of} has a label of {', '.join(run.classes)} that somebody gave",
            subject=study.folder,
            remedy="Label events, or choose another study",
        )
    windows = gather_windows(study, events.id[keep], run.window, report)
    notes = [*windows.describe_rejected(), *_resampled(study, np.unique(windows.recording).tolist(), run, report)]
    factors = _factors(windows.units, run.card["units"], run.window.scaling, study.folder)
    if (factors != 1).any():
        notes.append(f"Windows were converted from {', '.join(windows.units)} to {', '.join(run.card['units'])}.")
    chosen = events.take(events.row_of(windows.ids))
    number = {name: place for place, name in enumerate(run.classes)}
    return Given(
        x=windows.x * factors,
        y=np.array([number[label] for label in chosen.label], dtype=np.int64),
        subject=windows.subject,
        ids=windows.ids if _study_of(run.folder) == Path(study.folder).resolve() else None,
        simulated=windows.simulated,
        notes=tuple(notes),
    )


def windows_of_arrays(run: TrainedRun, path: Path, *, resample: bool = False) -> Given:
    """Return the windows of an ``.npz`` file.

    Parameters
    ----------
    run : TrainedRun
    path : Path
        ``x`` (n, C, T); ``fs``, Hz; ``y`` (n,) names of the run's classes, or their numbers; and where they are known
        ``channels`` (C names), ``units`` (C) and ``subject`` (n,).
    resample : bool
        Bring windows at another rate to the run's.

    Raises
    ------
    InputError
        If an array is missing or of another shape, channels are others or in another order, the rate differs and `resample` is
        False, units cannot be converted, or a label is none of the run's classes.
    """
    arrays = _load(path)
    x, fs = np.asarray(arrays["x"], dtype=np.float32), float(arrays["fs"])
    _check_channels(run, x, arrays, path)
    notes = []
    if "units" in arrays:
        x = x * _factors(tuple(arrays["units"].tolist()), run.card["units"], run.window.scaling, path)
    else:
        notes.append(f"The file does not say its units; they are taken as {', '.join(run.card['units'])}.")
    if not np.isclose(fs, run.card["fs"], rtol=1e-6):
        if not resample:
            raise InputError(
                f"the windows are at {fs:g} Hz, the run's at {run.card['fs']:g} Hz",
                subject=path,
                remedy="Give windows at that rate, or say --resample",
            )
        x, fs = _at_rate(x, fs, run.card["fs"]), run.card["fs"]
        notes.append(f"Windows were resampled from {float(arrays['fs']):g} to {fs:g} Hz; their ends are less exact.")
    x = _of_length(run, x, path)
    y = _numbers(run, arrays["y"], path)
    subject = arrays["subject"].astype(str) if "subject" in arrays else np.full(len(x), "")
    if {len(x), len(y), len(subject)} != {len(x)}:
        raise InputError(f"x, y and subject hold {len(x)}, {len(y)} and {len(subject)} events", subject=path)
    good = np.isfinite(x).all(axis=(1, 2))
    if not good.any():
        raise InputError("no window is without missing samples (NaN)", subject=path, remedy="Give whole windows")
    if lost := int((~good).sum()):
        notes.append(f"{lost} of {len(x)} windows hold missing samples (NaN) and are left out.")
    if run.window.scaling == "window":
        x = _scaled(x)
    elif run.window.scaling == "recording":
        notes.append(
            "The run scales windows by their whole recording, which the file does not have: they are taken as scaled."
        )
    return Given(x[good], y[good], subject[good].astype(object), None, None, tuple(notes))


def find_run(given: str, data: Path) -> Path:
    """Return the folder of a run: one that is given, or the run of that id in the study `data`.

    Raises
    ------
    InputError
        If there is none.
    """
    for folder in (Path(given).expanduser(), data / "runs" / given):
        if (folder / "model.json").exists():
            return folder.resolve()
    raise InputError(
        "there is no trained model of this name", subject=given, remedy="Give STUDY/runs/RUN, or its id and its study"
    )


def _seen(run: TrainedRun, given: Given) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Return which events, or whose subjects, training or early stopping has seen, and these subjects."""
    learnt = [*run.splits["train"], *run.splits["validation"]]
    seen = np.zeros(len(given.y), bool) if given.ids is None else np.isin(given.ids, learnt)
    with (run.folder / "predictions.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        if "windows" in stored.files:
            of_learnt = stored["windows"][np.isin(stored["split"], ("train", "validation"))]
            seen |= np.isin(hashes(given.x), of_learnt)
            names = set(stored["subject"][np.isin(stored["split"], ("train", "validation"))].tolist()) - {""}
        else:
            names = set()
    theirs = np.array([who in names for who in given.subject], dtype=bool)
    return seen | theirs, sorted(set(given.subject[theirs].tolist()))


def _study_of(folder: Path) -> Path | None:
    """Return the study that a run, or a cell of an experiment, lies in."""
    return next((up for up in folder.resolve().parents if (up / "study.sqlite").exists()), None)


def _resampled(study: Study, recordings: Sequence[int], run: TrainedRun, report: Reporter) -> list[str]:
    names = []
    entries = {entry.id: entry.name for entry in study.recordings()}
    for number in recordings:
        recording = open_from_study(study, number, report)
        if any(not np.isclose(recording.fs[recording.index(c)], run.card["fs"]) for c in run.window.channels or ()):
            names.append(entries[number])
    return [f"Resampled to {run.card['fs']:g} Hz, the run's rate: {_some(names)}."] if names else []


def _factors(units: Sequence[str], wanted: Sequence[str], scaling: str, subject: object) -> npt.NDArray[np.float32]:
    """Return what turns each channel into the run's units, (C, 1)."""
    factors = [1.0 if scaling != "none" else conversion(have, want) for have, want in zip(units, wanted, strict=True)]
    if None in factors:
        raise InputError(
            f"its units ({', '.join(units)}) cannot be converted to those of the run ({', '.join(wanted)})",
            subject=subject,
            remedy="Give signals of the same quantity",
        )
    return np.array(factors, dtype=np.float32)[:, None]


def _load(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with (path).open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"these arrays cannot be read ({error})", subject=path, remedy="Give an .npz file") from error
    if missing := [name for name in ("x", "fs", "y") if name not in arrays]:
        raise InputError(f"the file holds no {', '.join(missing)}", subject=path, remedy="Give x (n, C, T), fs and y")
    if arrays["x"].ndim != 3 or arrays["x"].dtype.kind not in "iuf" or not arrays["x"].size or arrays["fs"].size != 1:
        raise InputError(
            f"x is of shape {arrays['x'].shape}, fs of {arrays['fs'].shape}",
            subject=path,
            remedy="Give x (n, C, T) and one fs",
        )
    return arrays


def _check_channels(
    run: TrainedRun, x: npt.NDArray[np.float32], arrays: dict[str, npt.NDArray[Any]], path: Path
) -> None:
    wanted = list(run.card["channels"])
    have = arrays["channels"].astype(str).tolist() if "channels" in arrays else wanted
    if x.shape[1] != len(wanted):
        what = f"the windows have {x.shape[1]} channels, the run takes {len(wanted)}"
    elif sorted(have) == sorted(wanted) and have != wanted:
        what = f"the channels are in another order: {', '.join(have)}"
    elif have != wanted:
        what = f"the channels are others: {', '.join(have)}"
    else:
        return
    raise InputError(what, subject=path, remedy=f"Give {', '.join(wanted)}, in this order")


def _at_rate(x: npt.NDArray[np.float32], fs: float, to: float) -> npt.NDArray[np.float32]:
    """Resample as windows of recordings are: polyphase, Kaiser 5.0; beyond the ends the line through both is continued."""
    from scipy.signal import resample_poly

    ratio = Fraction(to / fs).limit_denominator(10_000)
    return np.asarray(resample_poly(x, ratio.numerator, ratio.denominator, axis=-1, padtype="line"), dtype=np.float32)


def _of_length(run: TrainedRun, x: npt.NDArray[np.float32], path: Path) -> npt.NDArray[np.float32]:
    """Return windows of the run's length; one sample more, from rounding, is cut off."""
    n = run.window.n_times
    if x.shape[2] not in (n, n + 1):
        raise InputError(
            f"the windows have {x.shape[2]} samples at {run.card['fs']:g} Hz, the run takes {n}",
            subject=path,
            remedy="Cut windows of the same length",
        )
    return x[:, :, :n]


def _numbers(run: TrainedRun, y: npt.NDArray[Any], path: Path) -> npt.NDArray[np.int64]:
    number = {name: place for place, name in enumerate(run.classes)}
    if y.dtype.kind in "iu":
        number |= {place: place for place in range(len(run.classes))}  # type: ignore[misc]
    if unknown := sorted({str(label) for label in y.tolist() if label not in number}):
        raise InputError(
            f"labels that are none of the run's classes: {_some(unknown)}",
            subject=path,
            remedy=f"It knows {', '.join(f'{place} = {name}' for place, name in enumerate(run.classes))}",
        )
    return np.array([number[label] for label in y.tolist()], dtype=np.int64)


def _scaled(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    spread = x.std(axis=-1, keepdims=True)
    return np.asarray((x - x.mean(axis=-1, keepdims=True)) / np.where(spread > 0, spread, 1.0), dtype=np.float32)


def _some(names: Sequence[str]) -> str:
    more = len(names) - SOME
    return ", ".join(names[:SOME]) + (f" and {more} more" if more > 0 else "")
