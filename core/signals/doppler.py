"""The Doppler equation, and which channels belong together: I with Q, forward with reverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from core.checks import check, check_each, finite
from core.signals.recording import Recording, complex_of

SOUND_SPEED_M_S = 1540.0  # in soft tissue and blood
EMISSIONS_HZ = (0.5e6, 20e6)  # of medical Doppler probes


def stated_emission(hz: float) -> float | None:
    """Return an emission frequency that a file states, Hz, or None if no probe emits so: it is then as good as not stated."""
    return hz if EMISSIONS_HZ[0] <= hz <= EMISSIONS_HZ[1] else None


@overload
def velocity_cm_s(
    frequency_hz: float, emission_hz: float, angle_deg: float = ..., sound_speed_m_s: float = ...
) -> float: ...
@overload
def velocity_cm_s(
    frequency_hz: npt.NDArray[Any], emission_hz: float, angle_deg: float = ..., sound_speed_m_s: float = ...
) -> npt.NDArray[np.float64]: ...
def velocity_cm_s(
    frequency_hz: float | npt.NDArray[Any],
    emission_hz: float,
    angle_deg: float = 0.0,
    sound_speed_m_s: float = SOUND_SPEED_M_S,
) -> float | npt.NDArray[np.float64]:
    """Return the velocity of what echoes with a Doppler shift, ``v = c f / (2 f₀ cos θ)``.

    Parameters
    ----------
    frequency_hz : float or array
        Doppler shift; positive towards the probe.
    emission_hz : float
        Frequency of the ultrasound sent out, 2e6 for most TCD probes.
    angle_deg : float
        Between beam and flow, from 0 to below 90; unknown in TCD and taken as 0, which gives the least velocity possible.
    sound_speed_m_s : float

    Raises
    ------
    InputError
        If a value is out of its range.
    """
    return frequency_hz * _cm_s_per_hz(emission_hz, angle_deg, sound_speed_m_s)


@overload
def doppler_shift_hz(
    velocity: float, emission_hz: float, angle_deg: float = ..., sound_speed_m_s: float = ...
) -> float: ...
@overload
def doppler_shift_hz(
    velocity: npt.NDArray[Any], emission_hz: float, angle_deg: float = ..., sound_speed_m_s: float = ...
) -> npt.NDArray[np.float64]: ...
def doppler_shift_hz(
    velocity: float | npt.NDArray[Any],
    emission_hz: float,
    angle_deg: float = 0.0,
    sound_speed_m_s: float = SOUND_SPEED_M_S,
) -> float | npt.NDArray[np.float64]:
    """Return the Doppler shift (Hz) of a velocity (cm/s): `velocity_cm_s` the other way round.

    Raises
    ------
    InputError
        If a value is out of its range.
    """
    return velocity / _cm_s_per_hz(emission_hz, angle_deg, sound_speed_m_s)


def _cm_s_per_hz(emission_hz: float, angle_deg: float, sound_speed_m_s: float) -> float:
    check_each({"angle_deg": finite(least=0, below=90)}, {"angle_deg": angle_deg})
    check(finite(above=0), emission_hz=emission_hz, sound_speed_m_s=sound_speed_m_s)
    return float(100 * sound_speed_m_s / (2 * emission_hz * np.cos(np.radians(angle_deg))))


def gate_of(recording: Recording, channel: int | str) -> int | None:
    """Return the number of the Doppler I/Q gate that a channel belongs to, or None.

    Raises
    ------
    InputError
        If there is no such channel.
    """
    number = recording.index(channel)
    return next((gate for gate, pair in enumerate(recording.gates) if number in pair), None)


def directions_of(recording: Recording, channel: int | str) -> tuple[int, int] | None:
    """Return the channels, forward and reverse, of the pair that a channel belongs to, or None.

    Raises
    ------
    InputError
        If there is no such channel.
    """
    number = recording.index(channel)
    forward, reverse = (
        [n for n, c in enumerate(recording.channels) if c.kind == kind]
        for kind in ("doppler_forward", "doppler_reverse")
    )
    return next((pair for pair in zip(forward, reverse, strict=False) if number in pair), None)


@dataclass(frozen=True)
class Signal:
    """What a channel stands for: itself, or I + jQ of its gate; readable also before and after its samples, as NaN.

    Attributes
    ----------
    recording : Recording
    numbers : tuple of int
        The channel, or I and Q.
    fs : float
        Sampling rate, Hz.
    n_samples : int
    """

    recording: Recording
    numbers: tuple[int, ...]
    fs: float
    n_samples: int

    @classmethod
    def of(cls, recording: Recording, channel: int | str) -> Signal:
        """Return the signal of a channel.

        Raises
        ------
        InputError
            If there is no such channel.
        """
        gate = gate_of(recording, channel)
        numbers = (recording.index(channel),) if gate is None else recording.gates[gate]
        several = [recording.channels[number] for number in numbers]
        return cls(recording, numbers, several[0].fs, min(known.n_samples for known in several))

    @property
    def is_iq(self) -> bool:
        """Whether it is complex."""
        return len(self.numbers) == 2

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return samples ``start … stop - 1``, float64 or complex128.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        low = min(max(start, 0), self.n_samples)
        high = max(low, min(stop, self.n_samples))
        several = self.recording.read_several(self.numbers, low, high)
        there: npt.NDArray[Any] = complex_of(*several) if self.is_iq else several[0]
        if len(there) == stop - start:
            return there
        out = np.full(stop - start, np.nan, there.dtype)
        if len(there):
            out[low - start : high - start] = there
        return out
