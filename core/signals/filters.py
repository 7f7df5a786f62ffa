"""Filters without delay: Butterworth sections run forward and backward while samples are read; nothing stored changes.

A window is filtered with margins, from which the filter has forgotten where they begin: what is read is the same part of the
whole recording filtered at once, to one part in a million of its spread. Pieces between gaps are filtered each on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import TABLE, check, check_each, check_names, finite
from core.errors import InputError
from core.registry import Entry
from core.signals.recording import Floats, Recording

KINDS = ("eeg", "ecg", "emg", "eog", "doppler", "audio", "other")  # those of `Channel`, all of Doppler as one
ORDER = 2  # each way: together 24 dB an octave, and -6 dB at the cut-off
NOTCH_Q = 30.0  # a notch at 50 Hz is 1.7 Hz wide
FORGOTTEN = 1e-9  # what is left at the end of a margin of how it began
PADDED = 3  # time constants that an end of a piece is continued by


@dataclass(frozen=True)
class Band:
    """What passes: above `high_pass_hz`, below `low_pass_hz`, without `notch_hz`; None leaves a side open.

    Raises
    ------
    InputError
        If a frequency is not above 0, or nothing lies between the two.
    """

    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None

    def __post_init__(self) -> None:
        check_each(dict.fromkeys(vars(self), finite(above=0).or_none()), vars(self))
        if self.high_pass_hz and self.low_pass_hz and self.high_pass_hz >= self.low_pass_hz:
            raise InputError(
                f"nothing lies above {self.high_pass_hz:g} Hz and below {self.low_pass_hz:g} Hz",
                remedy="Choose a high-pass below the low-pass",
            )

    @property
    def frequencies_hz(self) -> tuple[float, ...]:
        """Those that are set."""
        return tuple(f for f in (self.high_pass_hz, self.low_pass_hz, self.notch_hz) if f is not None)

    def __str__(self) -> str:
        """Return it as a person says it, such as ``0.5–40 Hz, notch 50``; empty where all passes."""
        high, low, notch = self.high_pass_hz, self.low_pass_hz, self.notch_hz
        if high is not None and low is not None:
            passing = f"{high:g}–{low:g} Hz"
        elif high is not None:
            passing = f"above {high:g} Hz"
        else:
            passing = "" if low is None else f"below {low:g} Hz"
        stopped = "" if notch is None else f"notch {notch:g}" + ("" if passing else " Hz")
        return ", ".join(part for part in (passing, stopped) if part)


@dataclass(frozen=True)
class Filters:
    """A band for each kind of channel, as `KINDS` names them.

    Raises
    ------
    InputError
        If there is no such kind.
    """

    by_kind: Mapping[str, Band] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_names("filtering", self.by_kind, KINDS)

    def band(self, kind: str) -> Band:
        """Return what passes of channels of a kind."""
        return self.by_kind.get("doppler" if kind.startswith("doppler") else kind, Band())

    def sentence(self) -> str:
        """Return them for a status line: ``EEG 0.5–40 Hz, notch 50; ECG 0.05–150 Hz``, or ``no filter``."""
        names = {"eeg": "EEG", "ecg": "ECG", "emg": "EMG", "eog": "EOG"}
        parts = [f"{names.get(k, k.capitalize())} {band}" for k, band in self.by_kind.items() if band.frequencies_hz]
        return "; ".join(parts) or "no filter"

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON-able fields."""
        return {kind: asdict(band) for kind, band in self.by_kind.items()}

    @classmethod
    def from_json(cls, value: Any) -> Filters:
        """Return the filters that `to_json` wrote.

        Raises
        ------
        InputError
            If a field is unknown or not what it must be.
        """
        check(TABLE, filters=value)
        check_each(dict.fromkeys(value, TABLE), value, subject="filters")
        for kind, fields in value.items():
            check_names(f"a filter of {kind}", fields, ("high_pass_hz", "low_pass_hz", "notch_hz"))
        return cls({kind: Band(**fields) for kind, fields in value.items()})


@dataclass(frozen=True)
class FilterPreset(Entry):
    """A band in use for a kind of channel."""

    kind: str
    band: Band


# The first of a kind is its default. ECG: as monitors and as diagnostic recorders pass it (IEC 60601-2-27 and -2-25).
FILTER_PRESETS: dict[str, FilterPreset] = {
    "eeg": FilterPreset("EEG 0.5–70 Hz", "For reading: spikes keep their shape", "eeg", Band(0.5, 70.0)),
    "eeg_narrow": FilterPreset("EEG 0.5–40 Hz", "Less muscle and mains", "eeg", Band(0.5, 40.0)),
    "ecg_monitoring": FilterPreset(
        "ECG 0.5–40 Hz, monitoring", "A quiet baseline; ST is distorted", "ecg", Band(0.5, 40.0)
    ),
    "ecg_diagnostic": FilterPreset("ECG 0.05–150 Hz, diagnostic", "ST keeps its shape", "ecg", Band(0.05, 150.0)),
    "emg": FilterPreset("EMG 10–100 Hz", "Without movement and drift", "emg", Band(10.0, 100.0)),
    "eog": FilterPreset("EOG 0.3–35 Hz", "Slow and fast eye movements", "eog", Band(0.3, 35.0)),
    "doppler": FilterPreset("Doppler above 100 Hz", "Wall filter: without slow, strong echoes", "doppler", Band(100.0)),
}


def default_filters(recording: Recording, mains_hz: float = 50.0) -> Filters:
    """Return the usual filters for the kinds that a recording has, those that its sampling rates allow.

    Parameters
    ----------
    recording : Recording
    mains_hz : float
        50 or 60: the notch of EEG, ECG, EMG and EOG.
    """
    bands: dict[str, Band] = {}
    for preset in FILTER_PRESETS.values():
        rates = [c.fs for c in recording.channels if c.kind.startswith(preset.kind)]
        if rates and preset.kind not in bands:
            wanted = replace(preset.band, notch_hz=None if preset.kind == "doppler" else mains_hz)
            fields = {name: f if f and f < min(rates) / 2 else None for name, f in asdict(wanted).items()}
            bands[preset.kind] = Band(**fields)
    return Filters(bands)


@dataclass(frozen=True)
class Design:
    """Second-order sections, their state and what they give in a long constant 1, and the margins that they need, samples."""

    sos: npt.NDArray[np.float64]
    steady: npt.NDArray[np.float64]
    of_constant: float
    margin: int
    padding: int


@lru_cache(maxsize=256)
def design(band: Band, fs: float) -> Design:
    """Return the filter of a band at a sampling rate; at least one frequency of the band is set, all below fs / 2."""
    from scipy.signal import butter, iirnotch, sosfilt_zi, tf2sos

    sections = []
    if band.high_pass_hz is not None:
        sections.append(butter(ORDER, band.high_pass_hz, "highpass", fs=fs, output="sos"))
    if band.low_pass_hz is not None:
        sections.append(butter(ORDER, band.low_pass_hz, "lowpass", fs=fs, output="sos"))
    if band.notch_hz is not None:
        sections.append(tf2sos(*iirnotch(band.notch_hz, NOTCH_Q, fs=fs)))
    sos = np.concatenate(sections)
    slowest = max(float(np.abs(np.roots(section[3:])).max()) for section in sos)
    constant = -1 / np.log(max(slowest, 1e-3))  # samples in which the slowest part falls to 1/e
    return Design(
        sos,
        sosfilt_zi(sos),
        of_constant=1.0 if band.high_pass_hz is None else 0.0,
        margin=int(np.ceil(-np.log(FORGOTTEN) * constant)) + 8,
        padding=int(PADDED * constant) + 8,
    )


def apply_filters(recording: Recording, filters: Filters) -> Recording:
    """Return the recording as filters show it.

    Reads cost O(window + margins) time and memory; a margin is 20 time constants of the slowest part, such as 6.6 s on
    either side for a high-pass at 0.5 Hz, 66 s for one at 0.05 Hz. I and Q of Doppler pass the same real filter, which is
    that filter of the complex signal. Gaps stay NaN.

    Raises
    ------
    InputError
        If a frequency is not below half the sampling rate of a channel that it is for.
    """
    bands = [filters.band(channel.kind) for channel in recording.channels]
    if not any(band.frequencies_hz for band in bands):
        return recording
    for channel, band in zip(recording.channels, bands, strict=True):
        if wrong := [f"{f:g}" for f in band.frequencies_hz if f >= channel.fs / 2]:
            raise InputError(
                f"{channel.name} is sampled at {channel.fs:g} Hz: it cannot be filtered at {', '.join(wrong)} Hz",
                subject=recording.path,
                remedy=f"Choose frequencies below {channel.fs / 2:g} Hz for {channel.kind} channels",
            )
    designs = [design(b, c.fs) if b.frequencies_hz else None for c, b in zip(recording.channels, bands, strict=True)]
    used = {kind: band for kind, band in sorted(filters.by_kind.items()) if band in bands and band.frequencies_hz}
    key = ",".join(f"{k}:{b.high_pass_hz}-{b.low_pass_hz}-{b.notch_hz}" for k, b in used.items())
    return replace(
        recording,
        source=FilteredSource(recording, tuple(designs)),
        derivation=f"{recording.derivation} filters:{key}".strip(),
    )


@dataclass(frozen=True)
class FilteredSource:
    """Filtered samples of the channels of a recording; None leaves a channel as it is."""

    recording: Recording
    designs: tuple[Design | None, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return filtered samples."""
        chosen = self.designs[channel]
        if chosen is None:
            return self.recording.read(channel, start, stop)
        n = self.recording.channels[channel].n_samples
        first, last = max(0, start - chosen.margin), min(n, stop + chosen.margin)
        x = self.recording.read(channel, first, last)
        out = np.full(len(x), np.nan)
        for low, high in finite_pieces(x):
            begins = low > 0 or first == 0  # else the piece goes on beyond the margin
            ends = high < len(x) or last == n
            out[low:high] = both_ways(x[low:high], chosen, begins=begins, ends=ends)
        return out[start - first : stop - first]


def finite_pieces(x: Floats) -> list[tuple[int, int]]:
    """Return start and stop of each run of finite samples."""
    if np.isfinite(x).all():
        return [(0, len(x))]
    edges = np.flatnonzero(np.diff(np.isfinite(x), prepend=False, append=False))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]


def both_ways(x: Floats, chosen: Design, *, begins: bool, ends: bool) -> Floats:
    """Return a piece filtered forward and backward; where it begins or ends it is first continued, turned about its end."""
    from scipy.signal import sosfilt

    level = x[0]  # taken out: a large offset would cost digits
    x = x - level
    more = min(chosen.padding, len(x) - 1)
    before = 2 * x[0] - x[more:0:-1] if begins else x[:0]
    after = 2 * x[-1] - x[-2 : -more - 2 : -1] if ends else x[:0]
    padded = np.concatenate([before, x, after])
    for _ in range(2):
        padded = sosfilt(chosen.sos, padded, zi=chosen.steady * padded[0])[0][::-1]
    filtered: Floats = padded[len(before) : len(before) + len(x)]
    return filtered + level * chosen.of_constant
