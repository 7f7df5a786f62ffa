"""Training runs: from a study to a folder that holds all there is to know of a model."""

from __future__ import annotations

import platform
import time
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
from core.training.data import Dataset, describe, load_dataset
from core.training.leaks import leaks, subjects_kept_apart
from core.training.loop import FitSettings, fit
from core.training.metrics import evaluate
from core.training.predict import predict_probabilities
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
    representation : Representation
    splits : dict
        Event ids by side, their hash, the unit.
    folder : Path
    """

    model: nn.Module
    card: dict[str, Any]
    spec: TrainingSpec
    classes: list[str]
    window: WindowSpec
    representation: Representation
    splits: dict[str, Any]
    folder: Path

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return class probabilities (n, K) of windows (n, C, T)."""
        return predict_probabilities(self.model, self.representation(windows, self.card["fs"]))


def run_training(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Train a model (job kind ``training``); its parameters are the fields of `TrainingSpec`. Started again in the same
    folder, it goes on from its checkpoint.
    """
    training = TrainingSpec.from_json(spec.params)
    if training.threads:
        torch.set_num_threads(training.threads)
    started = time.perf_counter()
    with Study.open(spec.study or "", readonly=True, annotator=training.annotator) as study:
        dataset = load_dataset(study, training, report)
        kept_apart = subjects_kept_apart(study, dataset.ids.tolist())
        split = split_dataset(dataset, training, spec.seed, kept_apart)
        leaking = leaks(study, split.to_json(dataset))
    if leaking:
        split = replace(split, warnings=(*split.warnings, *(leak.what for leak in leaking)))
    torch.manual_seed(spec.seed)
    model = build_for(training.model, dataset)
    settings = FitSettings(**{name: getattr(training, name) for name in _FIT_FIELDS}, seed=spec.seed)
    sides = [(dataset.x[rows], dataset.y[rows]) for rows in (split.train, split.validation)]
    fitted = fit(model, sides[0], sides[1], settings, report, spec.folder)
    figures = write_run(spec.folder, model, training, dataset, split)
    return {
        "metrics": figures,
        "history": fitted.history,
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "parameters": count_parameters(model),
        "seconds": time.perf_counter() - started,
        "leaks": [leak.to_json() for leak in leaking],
        **provenance(dataset, split, spec.seed),
    }


def provenance(dataset: Dataset, split: Split, seed: int) -> dict[str, Any]:
    """Return what a result says of the data, split, seed and libraries that it comes from."""
    return {
        "data": describe(dataset),
        "split": split_summary(split, dataset),
        "warnings": [*split.warnings, *dataset.windows.describe_rejected()],
        "seed": seed,
        "environment": environment(),
    }


_FIT_FIELDS = (
    "loss",
    "class_weights",
    "optimiser",
    "lr",
    "weight_decay",
    "schedule",
    "batch_size",
    "max_epochs",
    "patience",
)


def build_for(model: dict[str, Any], dataset: Dataset) -> nn.Module:
    """Build a model for the shape of a dataset.

    Raises
    ------
    InputError
        If the model wants another kind of representation.
    """
    shape = dataset.x.shape[1:]
    names = {2: ("n_chans", "n_times"), 3: ("n_chans", "n_freqs", "n_frames")}[len(shape)]
    try:
        return build(**model, n_outputs=len(dataset.classes), **dict(zip(names, shape, strict=True)))
    except InputError as error:
        if "unexpected keyword" in error.what or "missing" in error.what:
            kind = "spectrograms" if len(shape) == 3 else "raw signals"
            raise InputError(
                f"{model.get('name')} does not take {kind}",
                remedy="Use "
                + ", ".join(f"{name} with {' and '.join(entry.representations)}" for name, entry in MODELS.items()),
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
        "representation": build_representation(training.representation).to_json(),
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
    figures = {}
    for name in ("train", "validation", "test"):
        rows = getattr(split, name)
        side[rows] = name
        figures[name] = evaluate(dataset.y[rows], probabilities[rows], dataset.classes, dataset.subject[rows])
    with replacing(folder / "predictions.npz") as file:
        np.savez(file, ids=dataset.ids, y_true=dataset.y, probabilities=probabilities, split=side)
    return figures


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
    return TrainedRun(
        model=model,
        card=card,
        spec=TrainingSpec.from_json(card["training"]),
        classes=card["classes"],
        window=WindowSpec.from_json(card["window"]),
        representation=build_representation(card["representation"]),
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
