"""What is told of a chosen stretch: its figures with units and sensible digits, and the sum of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication

from core.errors import HitscopeError
from core.signals import (
    Measurement,
    Recording,
    gate_of,
    mean_frequency,
    measure,
    power_spectrum,
    velocity_cm_s,
)
from desktop.views.review.spectral import SpectralLook, with_probe
from desktop.widgets.parts import clock, decimals_for, number, unit_of

Floats = npt.NDArray[np.float64]
TIME_DECIMALS, CLOCK_DECIMALS = 4, 3


@dataclass(frozen=True)
class Measured:
    """A stretch of a channel: what was measured, and its power spectrum or why there is none."""

    channel: str
    gate: int | None
    start_s: float
    stop_s: float
    unit: str
    found: Measurement
    spectrum: tuple[Floats, Floats] | None = None
    why: str = ""
    simulated: bool = False

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.stop_s - self.start_s


def measure_stretch(recording: Recording, channel: int, start_s: float, stop_s: float, spectrum: bool) -> Measured:
    """Measure a stretch of a channel, and take its power spectrum if it is asked for (in a task)."""
    known, spectra, why = recording.channels[channel], None, ""
    found = measure(recording, channel, start_s, stop_s)
    if spectrum:
        try:
            spectra = power_spectrum(recording, channel, start_s, stop_s)
        except HitscopeError as error:
            why = f"{error.what[:1].upper()}{error.what[1:]}. {error.remedy or ''}"
    return Measured(
        known.name,
        gate_of(recording, channel),
        start_s,
        stop_s,
        unit_of(known),
        found,
        spectra,
        why,
        recording.simulated,
    )


def decimals_of(found: Measurement) -> int:
    """Return how many decimals amplitudes are told with: those of the largest, which has four significant digits."""
    sizes = [abs(v) for v in (found.minimum, found.maximum, found.at_start, found.at_stop) if np.isfinite(v)]
    return decimals_for(max(sizes, default=0.0))


@dataclass(frozen=True)
class Quantity:
    """A line of the panel: its name, the value, its unit, and how both are written for people."""

    name: str
    value: Callable[[Measured], float]
    unit: Callable[[Measured], str]
    text: Callable[[Measured], str]


def _amplitude(of: Callable[[Measurement], float]) -> Callable[[Measured], str]:
    def text(m: Measured) -> str:
        value = of(m.found)
        return f"{number(value, decimals_of(m.found))} {m.unit}" if np.isfinite(value) else "—"

    return text


def _of_channel(name: str, of: Callable[[Measurement], float]) -> Quantity:
    return Quantity(name, lambda m: of(m.found), lambda m: m.unit, _amplitude(of))


def _extreme(name: str, of: Callable[[Measurement], float], at: Callable[[Measurement], float]) -> Quantity:
    def text(m: Measured) -> str:
        where = f" · {clock(at(m.found), CLOCK_DECIMALS)}" if np.isfinite(at(m.found)) else ""
        return _amplitude(of)(m) + where

    return Quantity(name, lambda m: of(m.found), lambda m: m.unit, text)


def _time(m: Measured) -> str:
    return f"{number(m.duration_s, TIME_DECIMALS)} s · {number(1000 * m.duration_s, 1)} ms"


def _rate(m: Measured) -> str:
    found = m.found
    if not np.isfinite(found.rate_hz):
        return "—"
    return f"{number(found.rate_hz, 3 if found.rate_hz < 100 else 1)} Hz · {number(found.per_minute, 1)} /min"


def _samples(m: Measured) -> str:
    n, whole = m.found.n, m.found.n_whole
    if n == whole:
        return number(n)
    said = QCoreApplication.translate("measured", "{} of {}, with gaps")
    return said.format(number(n), number(whole))


# In the order of the panel, and of what is copied; the names are translated where they are shown.
QUANTITIES: tuple[Quantity, ...] = (
    Quantity("Δt", lambda m: m.duration_s, lambda m: "s", _time),
    Quantity("Rate 1/Δt", lambda m: m.found.rate_hz, lambda m: "Hz", _rate),
    _of_channel("At the left edge", lambda f: f.at_start),
    _of_channel("At the right edge", lambda f: f.at_stop),
    _of_channel("Δ amplitude", lambda f: f.difference),
    _of_channel("Peak-to-peak", lambda f: f.peak_to_peak),
    _of_channel("RMS", lambda f: f.rms),
    _of_channel("Mean", lambda f: f.mean),
    _extreme("Lowest", lambda f: f.minimum, lambda f: f.minimum_s),
    _extreme("Highest", lambda f: f.maximum, lambda f: f.maximum_s),
    Quantity("Samples", lambda m: m.found.n, lambda m: "", _samples),
)


SHIFTS = ("Mean Doppler shift", "Strongest shift")


def doppler_shifts(m: Measured) -> dict[str, float]:
    """Return the mean and the strongest Doppler shift of a gate's spectrum, Hz; nothing of other channels."""
    if m.gate is None or m.spectrum is None:
        return {}
    freqs, density = m.spectrum
    shifts = mean_frequency(freqs, density), float(freqs[density.argmax()])
    return dict(zip(SHIFTS, shifts, strict=True))


def shift_text(shift_hz: float, look: SpectralLook) -> str:
    """Return a Doppler shift; where velocity is shown, also that, with what of the probe it rests on."""
    if not look.velocity:
        return f"{number(shift_hz)} Hz"
    velocity = float(velocity_cm_s(shift_hz, 1e6 * look.emission_mhz, look.angle_deg))
    return f"{number(shift_hz)} Hz · {number(velocity, 1)} cm/s\n" + with_probe("", look).strip()


def note_of(m: Measured) -> str:
    """Return what stands on the page beside the stretch."""
    length = f"Δt {number(m.duration_s, CLOCK_DECIMALS)} s"
    return f"{length} · p-p {_amplitude(lambda f: f.peak_to_peak)(m)}" if m.found.n else length


def as_table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as text with tabs, for spreadsheets and statistics: full precision, a point as decimal mark."""
    return "\n".join("\t".join(format(v, ".9g") if isinstance(v, float) else str(v) for v in row) for row in rows)


def table_of(m: Measured, how: str) -> str:
    """Return what was measured as a table: name, value, unit; `how` is through which montage and filters."""
    extremes = [("Lowest at", m.found.minimum_s, "s"), ("Highest at", m.found.maximum_s, "s")]
    return as_table(
        [
            *([("Signals", "simulated", "")] if m.simulated else []),
            ("Channel", m.channel, ""),
            ("Shown as", how, ""),
            ("From", m.start_s, "s"),
            ("To", m.stop_s, "s"),
            *((q.name, q.value(m), q.unit(m)) for q in QUANTITIES),
            *extremes,
            *((name, shift, "Hz") for name, shift in doppler_shifts(m).items()),
        ]
    )


# The ruler: several stretches and their sum


@dataclass(frozen=True)
class Ruled:
    """A stretch that was added to the sum."""

    channel: str
    start_s: float
    duration_s: float
    peak_to_peak: float
    unit: str


@dataclass(frozen=True)
class Sum:
    """Several stretches together: how many, how long (s) in all, on average, and the spread of their lengths."""

    n: int
    total_s: float
    mean_s: float
    std_s: float


def sum_of(ruled: Sequence[Ruled]) -> Sum:
    """Return the sum of stretches; the standard deviation is that of a sample, NaN of less than two."""
    lengths = np.array([r.duration_s for r in ruled])
    nan = float("nan")
    return Sum(
        n=len(lengths),
        total_s=float(lengths.sum()),
        mean_s=float(lengths.mean()) if len(lengths) else nan,
        std_s=float(lengths.std(ddof=1)) if len(lengths) > 1 else nan,
    )


def ruled_table(ruled: Sequence[Ruled]) -> str:
    """Return the ruler as a table, with its sum below."""
    total = sum_of(ruled)
    return as_table(
        [
            ("Start (s)", "Duration (s)", "Peak-to-peak", "Unit", "Channel"),
            *((r.start_s, r.duration_s, r.peak_to_peak, r.unit, r.channel) for r in ruled),
            ("n", total.n),
            ("Sum (s)", total.total_s),
            ("Mean (s)", total.mean_s),
            ("SD (s)", total.std_s),
        ]
    )
