"""Representations: what a model sees of a window. To add one, write a class and add its line to `REPRESENTATIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from core.checks import TEXT, YES_OR_NO, Rule, check_each, finite, list_of, whole
from core.errors import InputError
from core.registry import chosen
from core.signals import clip_to_statistics, decibels, stft

Array = npt.NDArray[np.float32]
SILENCE_DB = -120.0  # stands for minus infinity where nothing is clipped


class Representation(Protocol):
    """Turns windows into what a model sees; a frozen dataclass whose fields are all there is to know."""

    name: ClassVar[str]

    def __call__(self, x: Array, fs: float) -> Array:
        """Return the representation of windows (N, C, T)."""

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return its shape without N."""

    def to_json(self) -> dict[str, Any]:
        """Return name and fields; `build_representation` makes it again."""


@dataclass(frozen=True)
class Raw:
    """The samples themselves: (N, C, T)."""

    name: ClassVar[str] = "raw"

    def __call__(self, x: Array, fs: float) -> Array:
        """Return `x`."""
        return np.ascontiguousarray(x, dtype=np.float32)

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans, n_times)``."""
        return n_chans, n_times

    def to_json(self) -> dict[str, Any]:
        """Return name and fields."""
        return {"name": self.name}


RULES = {
    "nfft": whole(2),
    "hop": whole(1),
    "window": TEXT,
    "clip": Rule("two numbers", lambda value: list_of("numbers", finite()).fits(value) and len(value) == 2).or_none(),
    "two_sided": YES_OR_NO,
    "iq": YES_OR_NO,
}


@dataclass(frozen=True)
class LogSpectrogram:
    """Log-spectrograms: (N, C, n_freqs, n_frames), dB.

    Attributes
    ----------
    nfft, hop : int
        Frame length and step, samples.
    window : str
        Symmetric window.
    clip : (a, b) or None
        To [μ + aσ, μ + bσ] of each image; the papers' (0, 9) flattens all below the mean to the mean.
    two_sided : bool
        Both sides of zero also for real channels, as the papers do for ECG and EEG.
    iq : bool
        Take channels in pairs I, Q as one complex channel: the two sides are then the two directions of flow.

    Raises
    ------
    InputError
        If a field is of another type or out of its range.
    """

    nfft: int = 32
    hop: int = 4
    window: str = "blackman"
    clip: tuple[float, float] | None = (0.0, 9.0)
    two_sided: bool = True
    iq: bool = False
    name: ClassVar[str] = "log_spectrogram"

    def __post_init__(self) -> None:
        check_each(RULES, vars(self))

    def __call__(self, x: Array, fs: float) -> Array:
        """Return the images, computed in blocks of 256 windows."""
        out = np.empty((len(x), *self.output_shape(x.shape[1], x.shape[2])), np.float32)
        for start in range(0, len(x), 256):
            block = x[start : start + 256]
            signal = block[:, 0::2] + 1j * block[:, 1::2] if self.iq else block
            spectrum = stft(signal, self.nfft, self.hop, window=self.window, two_sided=self.two_sided or self.iq)
            db = decibels(spectrum.real**2 + spectrum.imag**2)
            db = np.maximum(db, SILENCE_DB) if self.clip is None else clip_to_statistics(db, self.clip)
            out[start : start + 256] = db
        return out

    def output_shape(self, n_chans: int, n_times: int) -> tuple[int, ...]:
        """Return ``(n_chans, n_freqs, n_frames)``.

        Raises
        ------
        InputError
            If the window is shorter than a frame, or I/Q channels do not come in pairs.
        """
        if self.iq and n_chans % 2:
            raise InputError(f"{n_chans} channels are not pairs of I and Q", remedy="Choose I and Q, or iq = false")
        if n_times < self.nfft:
            raise InputError(
                f"a window of {n_times} samples is shorter than a frame of {self.nfft}", remedy="Lower nfft"
            )
        n_freqs = self.nfft if self.two_sided or self.iq else self.nfft // 2 + 1
        return n_chans // 2 if self.iq else n_chans, n_freqs, 1 + (n_times - self.nfft) // self.hop

    def to_json(self) -> dict[str, Any]:
        """Return name and fields."""
        fields = asdict(self)
        return {"name": self.name, **fields, "clip": None if self.clip is None else list(self.clip)}


REPRESENTATIONS: dict[str, type[Raw] | type[LogSpectrogram]] = {kind.name: kind for kind in (Raw, LogSpectrogram)}

# Fields by preset. "esr" and "ecg" are the papers' (nfft 32, hop 4); how the papers' HITS images were rendered is not
# published: 64 frequencies by 96 frames of 1,400 I/Q samples resolve 69 Hz and 3 ms.
PRESETS: dict[str, dict[str, Any]] = {
    "esr": {"nfft": 32, "hop": 4},
    "ecg": {"nfft": 32, "hop": 4},
    "hits": {"nfft": 64, "hop": 14, "iq": True},
}


def default_representation(name: str, *, iq: bool = False) -> dict[str, Any]:
    """Return the specification usual for windows of Doppler I/Q (`iq`) or of anything else, as `build_representation` takes it."""
    return {"name": name, "preset": "hits" if iq else "ecg"} if name == LogSpectrogram.name else {"name": name}


def build_representation(spec: Mapping[str, Any]) -> Representation:
    """Make a representation from ``{"name": …, "preset": …, fields…}``.

    Raises
    ------
    InputError
        If the name, the preset or a field is unknown, or a field cannot be as it is.
    """
    fields = dict(spec)
    name, preset = fields.pop("name", "raw"), fields.pop("preset", None)
    make = chosen(REPRESENTATIONS, name, "representation", "representations")
    of_preset = {} if preset is None else chosen(PRESETS, preset, "preset", "presets")
    if name != Raw.name:
        fields = of_preset | fields
    if isinstance(fields.get("clip"), list):
        fields["clip"] = tuple(fields["clip"])
    try:
        return make(**fields)
    except TypeError as error:
        raise InputError(f"{name} cannot be made ({error})", remedy="Leave the unknown field out") from error
