"""What every representation is: a frozen dataclass that turns windows into what a model sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import Rule, check_each

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]
Rules = Mapping[str, Rule]
Presets = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Axes:
    """What the last two dimensions of a representation count, for who looks at it.

    Attributes
    ----------
    times_s : (n_columns,) float array
        Middle of each column, s from the start of the window.
    rows : tuple of str
        What each row is called, such as ``100`` (Hz) or ``C#``; empty where rows are channels.
    row_title : str
        Quantity and unit of the rows, such as ``Frequency (Hz)``.
    row_note : str
        What else there is to know of the order of the rows.
    value : str
        What is told of each row and time: ``Power``.
    unit : str or None
        Its unit; None for that of the signal.
    """

    times_s: Floats
    rows: tuple[str, ...] = ()
    row_title: str = ""
    row_note: str = ""
    value: str = "Amplitude"
    unit: str | None = None


class Representation(ABC):
    """Turns windows into what a model sees; the fields of the dataclass are all there is to know.

    Attributes
    ----------
    name, title, help : str
        Its key in `REPRESENTATIONS`, what a list of choices shows, and a line for who hesitates.
    rules : mapping of str to Rule
        What each field may be.
    presets : mapping of str to mapping
        Fields that go together; each has ``hits``, ``ecg`` and ``esr``, for Doppler, ECG and EEG windows of the usual lengths.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str]
    rules: ClassVar[Rules]
    presets: ClassVar[Presets]

    def __post_init__(self) -> None:
        check_each(self.rules, vars(self))

    @property
    def needs_levels(self) -> bool:
        """Whether it must be told what is usual in the recording of each window."""
        return False

    @abstractmethod
    def __call__(self, x: Array, fs: float, levels: npt.NDArray[Any] | None = None) -> Array:
        """Return the representation of windows.

        Parameters
        ----------
        x : (N, C, T) float32 array
            Finite: `gather_windows` leaves out what touches missing samples.
        fs : float
            Hz.
        levels : (N, C, 2) array, optional
            Median and interquartile range of each channel over the recording that the window is from, in the unit of `x`;
            only `needs_levels` asks for it. They are of that one recording, so nothing passes between the sides of a split
            that keeps recordings together.

        Returns
        -------
        (N, …) float32 array
            As `output_shape` says.
        """

    @abstractmethod
    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return its shape without N."""

    @abstractmethod
    def axes(self, n_chans: int, n_times: int, fs: float) -> Axes:
        """Return what its last two dimensions count."""

    def to_json(self) -> dict[str, Any]:
        """Return name and fields; `build_representation` makes it again."""
        of_field = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in of_field.items()}
        return {"name": self.name, **plain}


def shown(values: npt.NDArray[Any]) -> tuple[str, ...]:
    """Return numbers as the names of rows: with as many decimals as their steps need."""
    step = float(np.abs(np.diff(values)).min()) if len(values) > 1 else 1.0
    decimals = int(np.clip(1 - np.floor(np.log10(step)), 0, 3)) if step > 0 else 3
    return tuple(f"{value:.{decimals}f}" for value in (np.round(values, decimals) + 0.0).tolist())  # no minus zero
