"""What objectives are given and what they learn: an encoder, kept with its run, that places new events later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.features import Representation, Windows, WindowSpec, build_representation, represent
from core.jobs import read_json, write_bytes_atomically, write_json
from core.pretraining.registry import OBJECTIVES
from core.registry import chosen, resolve

Array = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]
CARD, WEIGHTS = "encoder.json", "model.safetensors"
BLOCK = 1024  # windows computed with at a time


@dataclass(frozen=True)
class Inputs:
    """Events as objectives see them.

    Attributes
    ----------
    x : (N, …) float32 array
        The representation.
    raw : (N, C, T) float32 array
        The windows that it was made from.
    fs : float
        Sampling rate of the windows, Hz.
    attributes : sequence of N mappings
        What the events' makers measured; empty where it is not known.
    iq : bool
        Whether channels come in pairs I and Q of Doppler.
    """

    x: Array
    raw: Array
    fs: float
    attributes: Sequence[Mapping[str, Any]] = ()
    iq: bool = False


class Encoder(Protocol):
    """Makes feature vectors of inputs; what it knows is JSON and arrays."""

    names: tuple[str, ...]

    def embed(self, inputs: Inputs) -> Array:
        """Return the vectors (N, D) of inputs, the same for each window whatever stands beside it."""

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        """Return what it knows."""

    @classmethod
    def from_state(cls, card: Mapping[str, Any], arrays: Arrays) -> Self:
        """Make it again of what `to_state` returned."""


@dataclass(frozen=True)
class Learnt:
    """What an objective comes to.

    Attributes
    ----------
    objective : str
        The entry of `OBJECTIVES` whose encoder it is.
    encoder : Encoder
    summary : dict
        JSON-able figures, such as losses.
    vectors : (N, D) float32 array, optional
        Where the vectors of these events are others than the encoder gives.
    notes : tuple of str
        Sentences that the user should read.
    """

    objective: str
    encoder: Encoder
    summary: dict[str, Any] = field(default_factory=dict)
    vectors: Array | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intake:
    """The windows that an encoder takes.

    Attributes
    ----------
    window : WindowSpec
        With rate and channels settled.
    representation : Representation
    fs : float
        Hz.
    units : tuple of str
        Of the channels.
    iq : bool
        Whether channels come in pairs I and Q of Doppler.
    """

    window: WindowSpec
    representation: Representation
    fs: float
    units: tuple[str, ...]
    iq: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return {
            "window": self.window.to_json(),
            "representation": self.representation.to_json(),
            "fs": self.fs,
            "units": list(self.units),
            "iq": self.iq,
        }

    @classmethod
    def from_json(cls, card: Mapping[str, Any]) -> Intake:
        """Make it of what `to_json` returned."""
        window, representation = WindowSpec.from_json(card["window"]), build_representation(card["representation"])
        return cls(window, representation, float(card["fs"]), tuple(card["units"]), bool(card["iq"]))

    def inputs(self, windows: Windows, attributes: Sequence[Mapping[str, Any]] = ()) -> Inputs:
        """Return windows, and what was measured of their events, as encoders take them.

        Raises
        ------
        InputError
            If they are of another shape, rate or unit.
        """
        self._refuse_others(windows)
        seen = represent(windows, self.representation)
        return Inputs(seen, windows.x, windows.fs, attributes, self.iq)

    def _refuse_others(self, windows: Windows) -> None:
        n_chans, n_times = windows.x.shape[1:]
        mine = {
            "channels": len(self.units),
            "samples": self.window.n_times,
            "sampling rate in Hz": self.fs,
            "units": ", ".join(self.units),
        }
        theirs = {
            "channels": n_chans,
            "samples": n_times,
            "sampling rate in Hz": windows.fs,
            # Scaled windows have no unit left.
            "units": ", ".join(windows.units) if self.window.scaling == "none" else mine["units"],
        }
        if other := [f"{name}: {theirs[name]} here, {mine[name]} there" for name in mine if theirs[name] != mine[name]]:
            raise InputError(
                f"these windows are not as those that the encoder was made with ({'; '.join(other)})",
                remedy="Leave the window out: it is then taken from the encoder's run",
            )


@dataclass(frozen=True)
class StoredEncoder:
    """An encoder of an objective, with the windows that it takes."""

    objective: str
    encoder: Encoder
    intake: Intake

    def embed(self, windows: Windows, attributes: Sequence[Mapping[str, Any]] = ()) -> Array:
        """Return the features (N, D) of windows."""
        return self.encoder.embed(self.intake.inputs(windows, attributes))

    def save(self, folder: str | Path) -> None:
        """Write ``encoder.json`` and ``model.safetensors``; nothing is pickled."""
        from safetensors.numpy import save

        own, arrays = self.encoder.to_state()
        solid = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        write_bytes_atomically(Path(folder) / WEIGHTS, save(solid))
        write_json(Path(folder) / CARD, {"objective": self.objective, "encoder": own, **self.intake.to_json()})

    @classmethod
    def load(cls, folder: str | Path) -> StoredEncoder:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If it is not there or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        folder = Path(folder)
        try:
            card, arrays = read_json(folder / CARD), load((folder / WEIGHTS).read_bytes())
            make = resolve(chosen(OBJECTIVES, card["objective"], "objective", "objectives").encoder)
            return cls(card["objective"], make.from_state(card["encoder"], arrays), Intake.from_json(card))
        except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, InputError) as error:
            raise InputError(
                f"no encoder can be read here ({error})", subject=folder, remedy="Learn the features again"
            ) from error


def refuse_alike(vectors: Array) -> None:
    """Refuse features in which no two events differ: whatever is made of them shows nothing.

    Raises
    ------
    InputError
        If there are several events and all have the same features, up to the last digits of float32.
    """
    spread, size = np.ptp(vectors, axis=0), np.abs(vectors).max(axis=0)
    if len(vectors) > 1 and (spread <= 1e-5 * size).all():
        raise InputError(
            f"all {len(vectors)} events have the same features: their windows are copies of each other, or constant",
            remedy="Choose other events, a longer window or another objective",
        )


def blocks(n: int, size: int = BLOCK) -> Iterator[slice]:
    """Return slices that together are `n` rows."""
    return (slice(start, start + size) for start in range(0, n, size))


def moments(x: Array, fit: npt.NDArray[np.bool_], axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Return mean and standard deviation, float64, over `axes` (0 among them) of the rows at `fit`.

    Computed in blocks of windows, twice through: there is no second copy of all, and no cancellation.
    """
    rows = np.flatnonzero(fit)
    mean: Any = _mean(x, rows, axes, lambda part: part)
    variance: Any = _mean(x, rows, axes, lambda part: (part - mean) ** 2)
    return mean, np.sqrt(variance)


def _mean(x: Array, rows: npt.NDArray[np.intp], axes: tuple[int, ...], of: Any) -> Any:
    total: Any = 0.0
    for block in blocks(len(rows)):
        part = of(x[rows[block]].astype(np.float64))
        total = total + part.mean(axis=axes, keepdims=True) * (len(part) / len(rows))
    return total
