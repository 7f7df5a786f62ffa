"""One training: data, split, model, settings and seed, and what came of it."""

import hashlib
import json
import platform
import resource
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache as once
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.features import build_representation
from core.jobs import NullReporter, Reporter
from core.models import MODELS, build, count_parameters
from core.training import FitSettings, fit, mcc, predict_probabilities, take

from .cache import Arrays, Cache
from .events import Events, load
from .labels import given
from .splits import split, thinned


@dataclass(frozen=True)
class Run:
    """A training. Everything here decides its result, and its key.

    Attributes
    ----------
    data : dict
        ``name`` and options of `events.load`.
    split : dict
        ``how`` and options of `splits.split`.
    model : str
        Key in `core.models.MODELS`.
    options : dict
        As `core.models.build`.
    fit : dict
        Fields of `core.training.FitSettings`.
    seed : int
    labels : dict
        Options of `labels.given`; empty for the true ones.
    every : dict
        By class number as text: training and validation take every so-manyth of its events.
    judged : bool
        Whether the test side is predicted. Trials of settings are not judged.
    """

    data: dict[str, Any]
    split: dict[str, Any]
    model: str
    options: dict[str, Any]
    fit: dict[str, Any]
    seed: int
    labels: dict[str, Any] = field(default_factory=dict)
    every: dict[str, int] = field(default_factory=dict)
    judged: bool = True

    @property
    def key(self) -> str:
        """Return the name of its part: readable, and of all that decides it."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
        return f"run-{self.data['name']}-{self.model}-{self.seed}-{digest}"


def carry_out(run: Run, cache: Cache, data: Path, report: Reporter | None = None) -> None:
    """Train, predict and keep, going on from the checkpoint where there is one.

    The test side is not looked at before training and every choice are over.
    """
    started, worked = time.perf_counter(), time.process_time()
    events = load(cache, data, **run.data)
    sides = split(events.y, events.unit, **run.split)
    every = {int(number): n for number, n in run.every.items()}
    train, validation = (thinned(rows, events.y, every) for rows in (sides.train, sides.validation))
    labels = given(events.y, len(events.classes), run.seed, **run.labels)
    model = build_for(run, events)
    fitted = fit(
        model,
        (views(run, events, train), labels[train]),
        (views(run, events, validation), labels[validation].argmax(1) if labels.ndim == 2 else labels[validation]),
        FitSettings(**run.fit, seed=run.seed, device="cpu"),
        report or NullReporter(),
        cache.under_way(run.key),
    )
    deciders = members(model)
    about = {
        "run": asdict(run),
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "stages": fitted.stages,
        "history": fitted.history,
        "validation_mcc": {
            name: score(labels[validation], predict_probabilities(one, _seen(views(run, events, validation), view)))
            for name, (one, view) in deciders.items()
        },
        "n": [len(train), len(validation), len(sides.test)],
        "parameters": count_parameters(model),
        "resumed_from": fitted.resumed_from,
        "environment": environment(),
    }
    if hasattr(model, "weights"):
        about["weights"] = {"members": list(model.members), "by_class": model.weights().tolist()}
    arrays = judgement(run, events, sides.test, deciders) if run.judged else {}
    about |= {
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - worked,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    cache.keep(run.key, arrays, about)
    cache.clear(run.key)


def judgement(
    run: Run, events: Events, rows: np.ndarray, deciders: Mapping[str, tuple[nn.Module, int | None]]
) -> Arrays:
    """Return the truth and the units of the test side, and the probabilities (``p.`` and a name) by who decides."""
    seen = views(run, events, rows)
    probabilities = {
        f"p.{name}": predict_probabilities(one, _seen(seen, view)) for name, (one, view) in deciders.items()
    }
    return {"y": events.y[rows], "unit": events.unit[rows], **probabilities}


def build_for(run: Run, events: Events) -> nn.Module:
    """Return the model of a run for the shapes of its events, its weights drawn by the seed."""
    raw, image = (representation(name, events.image).output_shape(*events.x.shape[1:]) for name in ("raw", IMAGE))
    of_raw = {"n_chans": raw[0], "n_times": raw[1]}
    of_image = {"n_freqs": image[1], "n_frames": image[2]}
    sizes = {
        ("raw",): of_raw,
        (IMAGE,): of_image | {"n_chans": image[0]},
        ("raw", IMAGE): of_raw | of_image | {"n_spec_chans": image[0]},
    }[MODELS[run.model].representations]
    torch.manual_seed(run.seed)
    return build(run.model, n_outputs=len(events.classes), **run.options, **sizes)


IMAGE = "log_spectrogram"


@once
def representation(name: str, preset: str) -> Any:
    """Return a representation; the raw signal has no presets."""
    return build_representation({"name": name} if name == "raw" else {"name": name, "preset": preset})


def views(run: Run, events: Events, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what the model sees of some events. Each image depends on its own window alone."""
    x = take((events.x,), rows)[0]
    return tuple(representation(name, events.image)(x, events.fs) for name in MODELS[run.model].representations)


def members(model: nn.Module) -> dict[str, tuple[nn.Module, int | None]]:
    """Return who decides, and which view each takes (None: all): the model, and the members that it was made of."""
    of_it = {name: (member, number) for number, (name, member) in enumerate(getattr(model, "members", {}).items())}
    return {"model": (model, None), **of_it}


def _seen(seen: tuple[np.ndarray, ...], view: int | None) -> tuple[np.ndarray, ...]:
    return seen if view is None else (seen[view],)


def score(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the MCC of the most probable classes; of shares, the class most voted for is the truth."""
    truth, k = (y.argmax(axis=1) if y.ndim == 2 else y), probabilities.shape[1]
    return float(mcc(np.bincount(truth * k + probabilities.argmax(axis=1), minlength=k * k).reshape(k, k)))


@once
def environment() -> dict[str, str]:
    """Return the commit and the versions that figures may depend on."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
