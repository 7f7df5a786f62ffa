"""The samples themselves, as they are or scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.checks import YES_OR_NO, one_of
from core.errors import InputError
from core.features.representations.base import Array, Axes, Presets, Representation, Rules

SCALINGS = ("none", "window_minmax", "window_zscore", "recording")


@dataclass(frozen=True)
class Raw(Representation):
    """The samples: (N, C, T).

    Attributes
    ----------
    scaling : str
        ``none``: as they are, in their unit; amplitude survives.
        ``window_minmax``: each window to [0, 1] by its own least and greatest sample, as the papers do for the EEG of seizures;
        amplitude, there the main cue, is lost.
        ``window_zscore``: each window less its mean, over its standard deviation; amplitude is lost.
        ``recording``: less the median of the recording, over its interquartile range (robust z-score); amplitude survives
        relative to the recording, and gains of amplifiers do not.
    together : bool
        One least and greatest sample, or one spread, for all channels of a window: so that I and Q keep their direction. Else
        each channel has its own.

    Raises
    ------
    InputError
        If a field is of another type or none of its choices.
    """

    scaling: str = "none"
    together: bool = False
    name: ClassVar[str] = "raw"
    title: ClassVar[str] = "Raw signal"
    help: ClassVar[str] = "The samples themselves, as they are or scaled"
    rules: ClassVar[Rules] = {"scaling": one_of(SCALINGS), "together": YES_OR_NO}
    presets: ClassVar[Presets] = {"hits": {}, "ecg": {}, "esr": {}, "esr_published": {"scaling": "window_minmax"}}

    @property
    def needs_levels(self) -> bool:
        """Whether it must be told what is usual in the recording of each window."""
        return self.scaling == "recording"

    def __call__(self, x: Array, fs: float, levels: npt.NDArray[Any] | None = None) -> Array:
        """Return the samples; what does not vary becomes 0.

        Raises
        ------
        InputError
            If it is scaled by the recording, and `levels` are not given.
        """
        if self.scaling == "none":
            return np.ascontiguousarray(x, dtype=np.float32)
        over = (1, 2) if self.together else (2,)
        if self.scaling == "window_minmax":
            middle = x.min(axis=over, keepdims=True)
            spread = x.max(axis=over, keepdims=True) - middle
        elif self.scaling == "window_zscore":
            middle = x.mean(axis=2, dtype=np.float64, keepdims=True)
            spread = np.sqrt(np.square(x - middle).mean(axis=over, keepdims=True))
        else:
            middle, spread = _of_recordings(x, levels)
            spread = spread.mean(axis=1, keepdims=True) if self.together else spread
        return ((x - middle) / np.where(spread > 0, spread, 1)).astype(np.float32)

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans, n_times)``."""
        return n_chans, n_times

    def axes(self, n_chans: int, n_times: int, fs: float) -> Axes:
        """Return what its dimensions count: channels, and samples in their unit or in none."""
        return Axes(np.arange(n_times) / fs, unit=None if self.scaling == "none" else "")


def _of_recordings(x: Array, levels: npt.NDArray[Any] | None) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    if levels is None:
        raise InputError(
            "samples cannot be scaled by their recording: what is usual in it is not known",
            remedy="Take windows that are not scaled already (scaling none), gathered from a study with levels, or another scaling",
        )
    if levels.shape != (*x.shape[:2], 2):
        raise InputError(
            f"levels of shape {levels.shape} are not median and range of each channel of windows {x.shape}",
            remedy="Give (N, C, 2)",
        )
    return levels[:, :, :1], levels[:, :, 1:]
