"""Training runs: from a study to a folder that holds all there is to know of a model."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core import __version__
from core.errors import InputError
from core.features import Representation, WindowSpec, build_representation
from core.jobs import JobSpec, Reporter, read_json, replacing, write_bytes_atomically, write_json
from core.models import MODELS, build, count_parameters
from core.study import Study
from core.training.card import write_card
from core.training.data import Dataset, describe, load_dataset
from core.training.duplicates import hashes
from core.training.leaks import subjects_kept_apart
from core.training.loop import fit
from core.training.metrics import evaluate, figures, without_drawings, write_figures
from core.training.pairs import pairs_of
from core.training.predict import predict_probabilities
from core.training.review import SplitReview, review
from core.training.side import take
from core.training.spec import TrainingSpec
from core.training.splits import Split, split_dataset


@dataclass(frozen=True)
class TrainedRun:
    """A trained or compressed model with what it needs to be used.

    Attributes
    ----------
    model : nn.Module
        In evaluation mode.
    card : dict
        ``model.json``: architecture, window, representation, classes, channels, units, rate, whether simulated.
    spec : TrainingSpec
    classes : list of str
    window : WindowSpec
    representations : tuple of Representation
        One for each view of the model.
    splits : dict
        Event ids by side, their hash, the unit.
    folder : Path
    """

    model: nn.Module
    card: dict[str, Any]
    spec: TrainingSpec
    classes: list[str]
    window: WindowSpec
    representations: tuple[Representation, ...]
    splits: dict[str, Any]
    folder: Path

    @property
    def representation(self) -> Representation:
        """The only representation, where the model takes one.

        Raises
        ------
        InputError
            If it takes several.
        """
        if len(self.representations) > 1:
            names = " and ".join(one.name for one in self.representations)
            raise InputError(
                f"a model that takes {names} together cannot be used here yet",
                subject=self.folder.name,
                remedy="Choose a run of a model with one representation",
            )
        return self.representations[0]

    def views(self, windows: np.ndarray, levels: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
        """Return what the model sees of windows (n, C, T); `levels` (n, C, 2) as a representation may need them."""
        return tuple(represent(windows, self.card["fs"], levels) for represent in self.representations)

    def predict(self, windows: np.ndarray, levels: np.ndarray | None = None) -> np.ndarray:
        """Return class probabilities (n, K) of windows (n, C, T)."""
        return predict_probabilities(self.model, self.views(windows, levels))


def run_training(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Train a model (job kind ``training``); its parameters are the fields of `TrainingSpec`. Started again in the same
    folder, it goes on from its checkpoint.
    """
    training = TrainingSpec.from_json(spec.params)
    if training.threads:
        torch.set_num_threads(training.threads)
    with Study.open(spec.study or "", readonly=True, annotator=training.annotator) as study:
        dataset = load_dataset(study, training, report)
        kept_apart = subjects_kept_apart(study, dataset.ids.tolist())
        split = split_dataset(dataset, training, spec.seed, kept_apart)
        reviewed = review(study, dataset, split)
    return train_on(dataset, split, reviewed, training, spec.seed, spec.folder, report)


def train_on(
    dataset: Dataset,
    split: Split,
    reviewed: SplitReview,
    training: TrainingSpec,
    seed: int,
    folder: Path,
    report: Reporter,
) -> dict[str, Any]:
    """Train a model on a split, write it to a folder, and return what came of it.

    Raises
    ------
    InputError
        If a leak would make the figures wrong, and the specification does not accept that.
    """
    if not training.accept_leaks:
        reviewed.refuse_blocked()
    started = time.perf_counter()
    split = replace(split, warnings=(*split.warnings, *(leak.what for leak in reviewed.leaks)))
    write_json(folder / "review.json", reviewed.to_json())
    torch.manual_seed(seed)
    model = build_for(training.model, dataset)
    sides = (
        (take(dataset.x, split.train), dataset.targets[split.train]),
        (take(dataset.x, split.validation), dataset.y[split.validation]),
    )
    pairs = pairs_of(dataset.ids[split.train], training.links)
    fitted = fit(model, *sides, training.fit_settings(seed), report, folder, pairs=pairs)
    if fitted.centres is not None:
        with replacing(folder / "centres.npy") as file:
            np.save(file, fitted.centres)
    result = {
        "metrics": write_run(folder, model, training, dataset, split),
        "history": fitted.history,
        "best_epoch": fitted.best_epoch,
        "stages": fitted.stages,
        "epochs": len(fitted.history),
        "parameters": count_parameters(model),
        "seconds": time.perf_counter() - started,
        "leaks": [leak.to_json() for leak in reviewed.leaks],
        "accepted_leaks": training.accept_leaks and bool(reviewed.of_severity("block")),
        **provenance(dataset, split, seed),
    }
    write_card(folder, result)
    return result


def provenance(dataset: Dataset, split: Split, seed: int) -> dict[str, Any]:
    """Return what a result says of the data, split, seed and libraries that it comes from."""
    return {
        "data": describe(dataset),
        "split": split_summary(split, dataset),
        "warnings": [*split.warnings, *dataset.windows.describe_rejected()],
        "seed": seed,
        "environment": environment(),
    }


def build_for(model: dict[str, Any], dataset: Dataset) -> nn.Module:
    """Build a model for the shape of a dataset.

    Raises
    ------
    InputError
        If the model wants another kind of representation.
    """
    return build_for_shapes(model, [view.shape[1:] for view in dataset.x], len(dataset.classes))


def build_for_shapes(model: dict[str, Any], shapes: Sequence[tuple[int, ...]], n_outputs: int) -> nn.Module:
    """Build a model for views of these shapes, without the number of events, as `build_for`."""
    sizes: dict[str, Any] = {}
    for shape in shapes:
        names = ("n_chans", "n_times") if len(shape) == 2 else ("n_chans", "n_freqs", "n_frames")
        # Where there are windows too, the channels of the images have a name of their own.
        of_image = {"n_chans": "n_spec_chans"} if len(shape) == 3 and len(shapes) > 1 else {}
        sizes |= {of_image.get(name, name): size for name, size in zip(names, shape, strict=True)}
    try:
        return build(**model, n_outputs=n_outputs, **sizes)
    except InputError as error:
        if "unexpected keyword" in error.what or "missing" in error.what:
            kinds = " and ".join("spectrograms" if len(shape) == 3 else "raw signals" for shape in shapes)
            raise InputError(
                f"{model.get('name')} does not take {kinds}",
                remedy="Use " + ", ".join(f"{n} with {' and '.join(e.representations)}" for n, e in MODELS.items()),
            ) from error
        raise


def write_run(folder: Path, model: nn.Module, training: TrainingSpec, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Write model, card, split and predictions to a run's folder; return the figures of validation and test."""
    from safetensors.torch import save

    state = {name: value.detach().clone().contiguous() for name, value in model.state_dict().items()}
    write_bytes_atomically(folder / "model.safetensors", save(state))
    card = {
        "model": model.spec,
        "window": dataset.window.to_json(),
        "representation": _card_of(training),
        "classes": dataset.classes,
        "fs": dataset.windows.fs,
        "channels": list(dataset.windows.channels),
        "units": list(dataset.windows.units),
        "simulated": dataset.windows.simulated,
        "training": training.to_json(),
        "hitscope": __version__,
    }
    write_json(folder / "model.json", card)
    write_json(folder / "splits.json", split.to_json(dataset))
    probabilities = predict_probabilities(model, dataset.x)
    side = np.full(len(dataset.ids), "", dtype="<U10")
    sides = {}
    for name in ("train", "validation", "test"):
        rows = getattr(split, name)
        side[rows] = name
        told = evaluate if name == "train" else figures
        sides[name] = told(dataset.y[rows], probabilities[rows], dataset.classes, dataset.subject[rows])
    write_figures(folder, {name: sides[name] for name in ("validation", "test")})
    with replacing(folder / "predictions.npz") as file:
        np.savez(
            file,
            ids=dataset.ids,
            y_true=dataset.y,
            probabilities=probabilities,
            split=side,
            subject=dataset.subject.astype(str),
            windows=hashes(dataset.raw),
        )
    return {name: without_drawings(told) for name, told in sides.items()}


def _card_of(training: TrainingSpec) -> Any:
    """Return the representations as a card says them: a table, or a list of tables where there are several."""
    tables = [build_representation(one).to_json() for one in training.representations]
    return tables[0] if len(tables) == 1 else tables


def split_summary(split: Split, dataset: Dataset) -> dict[str, Any]:
    """Return what a result says of its split."""
    return {"unit": split.unit, "sha256": split.to_json(dataset)["sha256"]} | {
        side: len(getattr(split, side)) for side in ("train", "validation", "test")
    }


def load_run(folder: str | Path) -> TrainedRun:
    """Load a finished training or compression run.

    Raises
    ------
    InputError
        If it is not there, not finished, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    if not (folder / "model.json").exists():
        raise InputError("this run has no model yet", subject=folder, remedy="Wait until it is done, or resume it")
    card = read_json(folder / "model.json")
    model = build(**card["model"])
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise InputError(
            f"the weights cannot be read ({error})", subject=folder, remedy="Train the model again"
        ) from error
    model.eval()
    tables = card["representation"]
    return TrainedRun(
        model=model,
        card=card,
        spec=TrainingSpec.from_json(card["training"]),
        classes=card["classes"],
        window=WindowSpec.from_json(card["window"]),
        representations=tuple(map(build_representation, tables if isinstance(tables, list) else [tables])),
        splits=read_json(folder / "splits.json"),
        folder=folder,
    )


def environment() -> dict[str, str]:
    """Return the versions that figures may depend on."""
    return {
        "hitscope": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "threads": str(torch.get_num_threads()),
    }
