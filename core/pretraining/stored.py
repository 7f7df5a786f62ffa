"""Encoders of earlier runs: of a trained or compressed model, or of a features run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.errors import InputError
from core.features import FeatureSpace, Representation, WindowSpec, build_representation, by_kind, units_of
from core.jobs import Reporter, read_json
from core.models import build
from core.pretraining.encoders import CARD, Array, Arrays, Inputs, Intake, Learnt, StoredEncoder, blocks
from core.study import Study
from core.training import load_run

MOST_BYTES = 2 << 30  # of features; wider ones are of no use to a map either
Who = Mapping[str, tuple[Any, ...]]


class Embedding(Protocol):
    """What is used of a model: `torch.nn.Module` itself does not say that models of `core.models` have it."""

    spec: dict[str, Any]

    def eval(self) -> object:
        """Go over to evaluation mode."""

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return what it makes of inputs before it decides (N, D)."""

    def state_dict(self) -> Mapping[str, torch.Tensor]:
        """Return its weights by name."""


class ModelEncoder:
    """What a model makes of its inputs before it decides, in evaluation mode.

    Parameters
    ----------
    model : nn.Module
        With ``embed`` and ``spec``, as `core.models.build` gives it.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = cast(Embedding, model.eval())
        self.names: tuple[str, ...] = ()

    def embed(self, inputs: Inputs) -> Array:
        """Return the features.

        Raises
        ------
        InputError
            If they are too many to keep.
        """
        self.model.eval()
        with torch.inference_mode():
            parts = []
            for block in blocks(len(inputs.x), 128):
                x = torch.from_numpy(np.ascontiguousarray(inputs.x[block]))
                parts.append(self.model.embed(x).numpy())
                if (n := parts[0].shape[1]) * len(inputs.x) * 4 > MOST_BYTES:
                    raise InputError(
                        f"{len(inputs.x)} events with {n} features each are too many to keep",
                        remedy="Choose fewer events, or a model with a narrower encoder, such as cnn_transformer",
                    )
        return np.concatenate(parts).astype(np.float32)

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        """Return architecture and weights."""
        arrays = {name: value.detach().numpy() for name, value in self.model.state_dict().items()}
        return {"model": self.model.spec}, arrays

    @classmethod
    def from_state(cls, card: Mapping[str, Any], arrays: Arrays) -> Self:
        """Make it again."""
        model = build(**card["model"])
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return cls(model)


@dataclass(frozen=True)
class Source:
    """An encoder of an earlier run, and whom it has seen.

    Attributes
    ----------
    run : str
        Its id.
    stored : StoredEncoder
    learnt_from, held_out : mapping
        ``subjects`` and ``recordings`` (of unknown subjects) that it was learnt from, choices included, and that were held
        out of that.
    """

    run: str
    stored: StoredEncoder
    learnt_from: Who
    held_out: Who

    def window(self, wanted: Mapping[str, Any] | None) -> WindowSpec:
        """Return its window, if `wanted` is none or the same.

        Raises
        ------
        InputError
            If `wanted` is another; rate and channels that it leaves open are the encoder's.
        """
        if not wanted:
            return self.stored.intake.window
        mine, theirs = self.stored.intake.window.to_json(), WindowSpec.from_json(wanted).to_json()
        other = [n for n in mine if theirs[n] != mine[n] and not (n in ("fs", "channels") and theirs[n] is None)]
        self._refuse("window", ", ".join(f"{n} = {mine[n]}, not {theirs[n]}" for n in other))
        return self.stored.intake.window

    def representation(self, wanted: Mapping[str, Any] | None) -> Representation:
        """Return its representation, if `wanted` is none or the same.

        Raises
        ------
        InputError
            If `wanted` is another.
        """
        mine = self.stored.intake.representation
        if wanted and (other := build_representation(wanted)) != mine:
            self._refuse("representation", f"{mine.to_json()}, not {other.to_json()}")
        return mine

    def _refuse(self, what: str, difference: str) -> None:
        if difference:
            raise InputError(
                f"the encoder of {self.run} was made with another {what}: {difference}",
                remedy=f"Leave the {what} out: it is then the encoder's",
            )

    def refuse_seen(self, held_out: Who) -> None:
        """Refuse to hold out whom the encoder was learnt from.

        Raises
        ------
        InputError
            Naming them.
        """
        seen = [
            str(who) for kind in ("subjects", "recordings") for who in held_out[kind] if who in self.learnt_from[kind]
        ]
        if seen:
            raise InputError(
                f"{', '.join(seen)} cannot be held out: the encoder of {self.run} was learnt from their events",
                remedy="Hold others out, learn the encoder without them, or say that it is transductive",
            )


def find_source(study: Study, run: str) -> Source:
    """Return the encoder of a run of a study.

    Raises
    ------
    InputError
        If there is no such run, or it keeps no encoder.
    """
    folder = study.run(run).folder
    if (folder / CARD).exists():
        spec = FeatureSpace.load(folder).spec
        return Source(run, StoredEncoder.load(folder), _who(spec["learnt_from"]), _who(spec["held_out"]))
    if not (folder / "model.json").exists():
        raise InputError(
            f"the run {run} keeps no encoder",
            subject=folder,
            remedy="Choose a finished training, compression or features run; features of before encoders were kept are "
            "learnt again",
        )
    sides = read_json(folder / "splits.json")
    seen = _units(study, sides["train"] + sides["validation"])
    return Source(run, encoder_of(folder), by_kind(seen), by_kind(_units(study, sides["test"]) - seen))


def encoder_of(folder: Path) -> StoredEncoder:
    """Return the encoder of the folder of a features, training or compression run.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    if (folder / CARD).exists() or not (folder / "model.json").exists():
        return StoredEncoder.load(folder)
    run = load_run(folder)
    fs, units = float(run.card["fs"]), tuple(run.card["units"])
    return StoredEncoder("encoder", ModelEncoder(run.model), Intake(run.window, run.representation, fs, units))


def _who(said: Mapping[str, Any]) -> Who:
    return {kind: tuple(said[kind]) for kind in ("subjects", "recordings")}


def _units(study: Study, ids: list[int]) -> set[str | int]:
    subject = {entry.id: entry.subject or "" for entry in study.recordings()}
    recordings = study.events(ids=ids).recording.tolist()
    return set(units_of([subject[n] for n in recordings], recordings))


def learn(
    inputs: Inputs,
    fit: npt.NDArray[np.bool_],
    *,
    source: Source,
    seed: int,
    report: Reporter,
    folder: Path | None = None,
) -> Learnt:
    """Take the encoder as it is: nothing is learnt, nor drawn by `seed`."""
    return Learnt(source.stored.objective, source.stored.encoder, {"source": source.run})
