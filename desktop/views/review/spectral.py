"""How the spectrogram looks: in which levels and colours, up to which frequency, as frequency or velocity."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QObject, Signal

from core.signals import Recording, gate_of, velocity_cm_s
from desktop.services import theme
from desktop.views.review.pictures.spectrogram_canvas import FrequencyAxis
from desktop.widgets.parts import number

# Ordered in lightness, so that they are read by every kind of colour vision and in print.
COLOURS = ("cividis", "viridis", "inferno", "grey")
CLIP = (-0.5, 3.0)  # levels in standard deviations from the mean (a and b of the papers' rule)
HIGHEST_HZ = {"eeg": 40.0, "eog": 40.0, "ecg": 60.0}  # what is shown at first; emg, audio and Doppler: all

tr = partial(QCoreApplication.translate, "spectral")


@dataclass(frozen=True)
class SpectralLook:
    """The look of spectrograms.

    Attributes
    ----------
    levels : (float, float) or None
        Lowest and highest level, dB; None for those of the recording by `clip`.
    clip : (float, float)
        The papers' rule: from ``μ + aσ`` to ``μ + bσ`` of the recording's levels.
    colours : str
        One of `COLOURS`.
    highest_hz : mapping of str to float
        Up to which frequency by kind of channel.
    velocity : bool
        Whether Doppler is shown as velocity, cm/s.
    emission_mhz, angle_deg : float
        Of the probe; what turns frequency into velocity.
    probe_told : bool
        Whether somebody has said them, so that velocities need not be asked for again.
    """

    levels: tuple[float, float] | None = None
    clip: tuple[float, float] = CLIP
    colours: str = "cividis"
    highest_hz: dict[str, float] = field(default_factory=lambda: dict(HIGHEST_HZ))
    velocity: bool = False
    emission_mhz: float = 2.0
    angle_deg: float = 0.0
    probe_told: bool = False

    @property
    def probe(self) -> str:
        """What velocities rest on, as text: ``2 MHz, 0°``."""
        decimals = next(n for n in range(3) if n == 2 or round(self.emission_mhz, n) == self.emission_mhz)
        return f"{number(self.emission_mhz, decimals)} MHz, {number(self.angle_deg)}°"

    def highest_of(self, recording: Recording, channel: int) -> float:
        """Return up to which frequency a channel is shown, Hz."""
        known = recording.channels[channel]
        return min(self.highest_hz.get(known.kind, known.fs / 2), known.fs / 2)


class Spectral(QObject):
    """The look of the spectrogram that is shown; `changed` tells that it must be shown anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.look = SpectralLook()

    def change(self, **values: Any) -> None:
        """Change fields of the look."""
        self.use(replace(self.look, **values))

    def use(self, look: SpectralLook) -> None:
        """Use another look."""
        if look != self.look:
            self.look = look
            self.changed.emit()

    def kept(self) -> dict[str, Any]:
        """Return what the study remembers, as JSON."""
        return asdict(self.look)

    def start(self, kept: dict[str, Any]) -> None:
        """Take up what was remembered, as far as it is known here."""
        known = {f.name for f in fields(SpectralLook)}
        values = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items() if name in known}
        self.look = SpectralLook(**values)


def called(name: str, gate: int | None) -> str:
    """Return what is said of a channel whose spectrogram or sound it is: of Doppler I/Q, its gate."""
    return name if gate is None else tr("gate {}").format(gate + 1)


def frequency_axis(recording: Recording, channel: int, look: SpectralLook) -> FrequencyAxis:
    """Return the upright axis of a channel's spectrogram."""
    half = look.highest_of(recording, channel)
    if gate_of(recording, channel) is None:
        return FrequencyAxis(0.0, half, 1.0, tr("Frequency (Hz)"))
    if look.velocity:
        per_hz = velocity_cm_s(1.0, 1e6 * look.emission_mhz, look.angle_deg)
        return FrequencyAxis(-half, half, float(per_hz), with_probe(tr("Velocity (cm/s)"), look), velocity=True)
    return FrequencyAxis(-half, half, 1e-3, tr("Frequency (kHz)"))


def with_probe(velocity: str, look: SpectralLook) -> str:
    """Return what is said of a velocity, with what of the probe it rests on: none is true without."""
    return tr("{} at {}").format(velocity, look.probe)


@cache
def palette(name: str) -> npt.NDArray[np.uint32]:
    """Return a colour map as 256 pixels."""
    if name == "cividis":
        rgb = theme.cividis()
    elif name == "grey":
        rgb = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    else:
        rgb = pg.colormap.get(name).getLookupTable(nPts=256)
    wide = rgb.astype(np.uint32)
    return np.uint32(0xFF000000) | wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]
