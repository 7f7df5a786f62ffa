"""A recording: channels of samples in physical units, read lazily, never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.errors import HitscopeError, InputError, MissingFileError
from core.signals.digital import DerivedSource, Digital, DigitalSource

Floats = npt.NDArray[np.float64]
Gaps = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel.

    Attributes
    ----------
    name : str
    fs : float
        Sampling rate, Hz.
    unit : str
        Unit of what `Recording.read` returns; ``"1"`` where the file states none.
    n_samples : int
    kind : str
        ``ecg eeg eog emg doppler_i doppler_q doppler_forward doppler_reverse audio other``.
    """

    name: str
    fs: float
    unit: str
    n_samples: int
    kind: str = "other"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark that came with the recording: `text` is the WFDB symbol or the EDF+ text."""

    onset_s: float
    duration_s: float
    text: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Where the samples are: the part of a recording that a reader writes."""

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return the samples ``start … stop - 1`` of a channel in physical units; NaN in gaps."""


@dataclass(frozen=True)
class Recording:
    """An open recording; immutable, and safe to read from several threads.

    Attributes
    ----------
    path : Path
    format : str
        Name of the reader.
    channels : tuple of Channel
    source : Source
    start_time : datetime or None
    subject : str or None
        What the file says; a study may know better.
    simulated : bool
        Whether the file says that it holds simulated signals.
    annotations : sequence of Annotation
        Of a long file, read when they are first looked at.
    options : mapping
        Reader options that had to be given, such as the meaning of two audio channels.
    note : str
        What else the file says about itself.
    gaps : tuple of (float, float)
        Start and end (s) of each stretch in which no channel has samples, in order.
    channel_gaps : mapping of int to tuple of (float, float)
        All gaps of those channels that have others than `gaps`, by channel number; `gaps_of` gives them of any channel.
    identifying : mapping of str to str
        What the file says that can tell who the person is, by what the field is called: a name, a date of birth.
    emission_hz : float or None
        What the probe emitted, as the file says it, Hz; None where it does not.
    derivation : str
        What a montage or filters made of the stored signals, in a form that differs where the signals do; empty for the
        signals as they are stored.
    """

    path: Path
    format: str
    channels: tuple[Channel, ...]
    source: Source = field(repr=False)
    start_time: datetime | None = None
    subject: str | None = None
    simulated: bool = False
    annotations: Sequence[Annotation] = field(default=(), repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    gaps: Gaps = ()
    channel_gaps: Mapping[int, Gaps] = field(default_factory=dict)
    identifying: Mapping[str, str] = field(default_factory=dict)
    emission_hz: float | None = None
    derivation: str = ""

    @property
    def fs(self) -> tuple[float, ...]:
        """Sampling rate of each channel, Hz."""
        return tuple(channel.fs for channel in self.channels)

    @property
    def duration(self) -> float:
        """Duration of the longest channel, s."""
        return max((c.n_samples / c.fs for c in self.channels), default=0.0)

    def index(self, channel: int | str) -> int:
        """Return the number of a channel given by number or by name.

        Raises
        ------
        InputError
            If there is no such channel.
        """
        if isinstance(channel, str):
            for number, known in enumerate(self.channels):
                if known.name == channel:
                    return number
        elif isinstance(channel, int | np.integer) and -len(self.channels) <= channel < len(self.channels):
            return int(channel) % len(self.channels)
        names = ", ".join(c.name for c in self.channels[:40])
        raise InputError(f"there is no channel {channel!r}", subject=self.path, remedy=f"Its channels are: {names}")

    def gaps_of(self, channel: int | str) -> Gaps:
        """Return start and end (s) of each stretch in which a channel has no samples, in order, as far as is known at once.

        Raises
        ------
        InputError
            If there is no such channel.
        """
        return self.channel_gaps.get(self.index(channel), self.gaps)

    def n_present(self, channel: int | str) -> int:
        """Return how many samples of a channel do not lie in its gaps.

        Parameters
        ----------
        channel : int or str
            Its number or name.
        """
        known = self.channels[self.index(channel)]
        spans = ((min(round(t * known.fs), known.n_samples) for t in gap) for gap in self.gaps_of(channel))
        return known.n_samples - sum(stop - start for start, stop in spans)

    def read(self, channel: int | str, start: int, stop: int) -> Floats:
        """Return samples ``start … stop - 1`` of a channel, float64 in ``channel.unit``; gaps are NaN.

        Memory is bounded by the window, whatever the length of the recording.

        Raises
        ------
        InputError
            If the channel does not exist, the range is not inside the recording, or is not given in whole samples.
        """
        number = self.index(channel)
        self._check_range(number, start, stop)
        if start == stop:
            return np.empty(0)
        try:
            samples = self.source.read(number, int(start), int(stop))
        except HitscopeError:  # said already, by the recording that this one is derived from
            raise
        except Exception as error:  # of any library, on any damage
            raise self._unreadable(start, stop, error) from error
        if len(samples) != stop - start:
            raise self._unreadable(start, stop, ValueError(f"{len(samples)} of {stop - start} samples are there"))
        return samples

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return samples ``start … stop - 1`` of several channels as they are stored, in one pass where the format allows.

        Of a source without integers, the samples are in physical units, with gain 1.

        Raises
        ------
        InputError
            As `read`, and if the channels differ in their rate or length.
        """
        numbers = [self.index(channel) for channel in channels]
        if len({(self.channels[n].fs, self.channels[n].n_samples) for n in numbers}) != 1:
            raise InputError(
                "only channels of one rate and length can be read together",
                subject=self.path,
                remedy="Read them one by one",
            )
        self._check_range(numbers[0], start, stop)
        if not isinstance(self.source, DigitalSource):
            return Digital.of_floats(np.stack([self.read(n, start, stop) for n in numbers]))
        try:
            return self.source.digital(numbers, int(start), int(stop))
        except HitscopeError:  # said already, by the recording that this one is derived from
            raise
        except Exception as error:  # of any library, on any damage
            raise self._unreadable(start, stop, error) from error

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of `n` samples costs: so many stored samples could be read meanwhile, at 3 to 4 ns each."""
        if isinstance(self.source, DerivedSource):
            return self.source.cost(channels, n)
        return float(n * len(channels))

    def _check_range(self, number: int, start: int, stop: int) -> None:
        for value in (start, stop):
            if not isinstance(value, int | np.integer):
                raise InputError(
                    f"start and stop are sample numbers, not {value!r}",
                    subject=self.path,
                    remedy="Use read_seconds(channel, start_s, stop_s) for times",
                )
        n = self.channels[number].n_samples
        if not 0 <= start <= stop <= n:
            raise InputError(
                f"samples {start} to {stop} are outside channel {self.channels[number].name} (0 to {n})",
                subject=self.path,
                remedy="Choose a range inside the recording",
            )

    def _unreadable(self, start: int, stop: int, error: Exception) -> InputError:
        if isinstance(error, FileNotFoundError) or not self.path.exists():
            return MissingFileError(
                "the file is no longer there",
                subject=getattr(error, "filename", None) or self.path,
                kept="Nothing that is known of the recording is lost",
                remedy="Put it back, or find where it went (Review, Find moved recordings, or hitscope study relink)",
            )
        detail = f"{type(error).__name__}: {error}"
        return InputError(
            f"samples {start} to {stop} cannot be read ({detail})",
            subject=self.path,
            kept="The file was not changed",
            remedy="It is cut short or damaged: copy it again from where it came",
        )

    def read_seconds(self, channel: int | str, start_s: float, stop_s: float) -> Floats:
        """Return the samples of a channel between two times, cut to the recording.

        Raises
        ------
        InputError
            If the channel does not exist or a time is not a number.
        """
        number = self.index(channel)
        known = self.channels[number]
        if np.isnan(start_s) or np.isnan(stop_s):
            raise InputError(
                f"{start_s} to {stop_s} s is no stretch of time", subject=self.path, remedy="Give two times in seconds"
            )
        start, stop = (round(min(max(t * known.fs, 0), known.n_samples)) for t in (start_s, stop_s))
        return self.read(number, start, max(start, stop))

    def read_several(self, channels: Sequence[int], start: int, stop: int) -> list[Floats]:
        """Return `read` of several channels, in one pass where the format allows and they have one rate and length.

        Raises
        ------
        InputError
            As `read`.
        """
        if len({(self.channels[n].fs, self.channels[n].n_samples) for n in channels}) == 1:
            return list(self.digital(channels, start, stop).physical())
        return [self.read(channel, start, stop) for channel in channels]

    @property
    def gates(self) -> tuple[tuple[int, int], ...]:
        """Channel numbers ``(I, Q)`` of each Doppler gate; empty where there is no I/Q."""
        i = [n for n, c in enumerate(self.channels) if c.kind == "doppler_i"]
        q = [n for n, c in enumerate(self.channels) if c.kind == "doppler_q"]
        return tuple(zip(i, q, strict=False))

    def read_iq(self, gate: int, start: int, stop: int) -> npt.NDArray[np.complex128]:
        """Return samples of a Doppler gate as I + jQ.

        Raises
        ------
        InputError
            If the recording has no such gate.
        """
        if not 0 <= gate < len(self.gates):
            raise InputError(
                f"there is no Doppler I/Q gate {gate + 1}",
                subject=self.path,
                remedy="If its two channels are I and Q, say so (--reader layout=iq)",
            )
        i, q = self.gates[gate]
        return complex_of(*self.read_several((i, q), start, stop))


def complex_of(i: Floats, q: Floats) -> npt.NDArray[np.complex128]:
    """Return I + jQ."""
    out = np.empty(len(i), np.complex128)
    out.real, out.imag = i, q
    return out
