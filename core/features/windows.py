"""Windows of signal round events, all of one shape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import NullReporter, Reporter
from core.signals import Recording, conversion, open_from_study
from core.study import Study

Array = npt.NDArray[np.float32]
BLOCK_S = 60.0  # signal read at a time


@dataclass(frozen=True)
class WindowSpec:
    """What a window is.

    Attributes
    ----------
    n_times : int
        Samples per window.
    fs : float, optional
        Sampling rate of the windows, Hz; other recordings are resampled (polyphase, Kaiser 5.0). By default the
        recordings' own, which must then agree.
    channels : tuple of str, optional
        By name; by default I and Q of the first gate where there are any, else all.
    anchor : str
        ``centre``: the middle of the event is the middle of the window; ``start``: both begin together.
    scaling : str
        ``none`` keeps amplitudes; ``window`` takes mean and standard deviation of each channel of each window;
        ``recording`` median and interquartile range of each channel over the recording.
    """

    n_times: int
    fs: float | None = None
    channels: tuple[str, ...] | None = None
    anchor: str = "centre"
    scaling: str = "none"

    def __post_init__(self) -> None:
        good = {
            "n_times": isinstance(self.n_times, int) and self.n_times >= 1,
            "fs": self.fs is None or (isinstance(self.fs, int | float) and 0 < self.fs < np.inf),
            "channels": self.channels is None
            or (isinstance(self.channels, list | tuple) and all(isinstance(name, str) for name in self.channels)),
            "anchor": self.anchor in ("centre", "start"),
            "scaling": self.scaling in ("none", "window", "recording"),
        }
        if wrong := [f"{name} = {getattr(self, name)!r}" for name, fits in good.items() if not fits]:
            raise InputError(
                f"this window is not possible: {', '.join(wrong)}",
                remedy="n_times is a number of samples, fs a rate in Hz, channels a list of names, anchor centre or start, "
                "scaling none, window or recording",
            )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        fields = asdict(self)
        return fields | {"channels": None if self.channels is None else list(self.channels)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> WindowSpec:
        """Make it from JSON; unknown fields are refused."""
        try:
            spec = cls(**fields)
        except TypeError as error:
            raise InputError(
                f"this is not a window ({error})", remedy=f"Known fields: {', '.join(cls.__annotations__)}"
            ) from error
        return replace(spec, channels=None if spec.channels is None else tuple(spec.channels))


@dataclass(frozen=True)
class Windows:
    """Windows of events.

    Attributes
    ----------
    ids : (N,) int64 array
    x : (N, C, T) float32 array
    recording : (N,) int64 array
    subject : (N,) object array of str
        ``""`` where unknown.
    fs : float
        Sampling rate of the windows, Hz.
    channels, units : tuple of str
    rejected : dict
        Event id: why it has no window.
    simulated : bool
        Whether any of them comes from a simulated recording.
    spans_s : (N, 2) float64 array
        From where to where of its recording each window was made, s, as `window_spans`.
    levels : (N, C, 2) float64 array or None
        Median and interquartile range of each channel over the recording of each window, in `units`; where asked for.
    """

    ids: npt.NDArray[np.int64]
    x: Array
    recording: npt.NDArray[np.int64]
    subject: npt.NDArray[np.object_]
    fs: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    rejected: dict[int, str]
    simulated: bool = False
    spans_s: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    levels: npt.NDArray[np.float64] | None = None

    def describe_rejected(self) -> list[str]:
        """Return a sentence for each reason why events have no window."""
        counts = Counter(self.rejected.values())
        return [f"{n} of {len(self.ids) + len(self.rejected)} events are left out: {why}." for why, n in counts.items()]


def channels_of(recording: Recording, spec: WindowSpec) -> list[int]:
    """Return the channel numbers that a specification means in a recording."""
    if spec.channels is not None:
        return [recording.index(name) for name in spec.channels]
    if recording.gates:
        return list(recording.gates[0])
    return list(range(len(recording.channels)))


def cut_windows(recording: Recording, start_s: npt.ArrayLike, duration_s: npt.ArrayLike, spec: WindowSpec) -> Array:
    """Return the windows of events, zeros beyond the ends of the recording, NaN in its gaps.

    Parameters
    ----------
    start_s, duration_s : (N,) arrays
        Events, s.

    Returns
    -------
    (N, C, T) float32 array
        O(length read); memory is bounded by the result and a minute of signal.

    Raises
    ------
    InputError
        If a channel is missing or the channels' rates differ.
    """
    numbers = channels_of(recording, spec)
    place = _placement(recording, start_s, duration_s, spec)
    levels = [_level(recording, n) if spec.scaling == "recording" else (0.0, 1.0) for n in numbers]
    windows = np.stack([_slices(recording, n, place, *level) for n, level in zip(numbers, levels, strict=True)], axis=1)
    if place.ratio != 1:
        windows = _resample(windows, place.ratio, place.margin, spec.n_times)
    if spec.scaling == "window":
        spread = windows.std(axis=-1, keepdims=True)
        windows = (windows - windows.mean(axis=-1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return windows.astype(np.float32)


def window_spans(
    recording: Recording, start_s: npt.ArrayLike, duration_s: npt.ArrayLike, spec: WindowSpec
) -> npt.NDArray[np.float64]:
    """Return from where to where of the recording `cut_windows` makes each window, s.

    With resampling, what its filter sees beyond both ends counts too: two windows whose spans are apart share no sample.

    Returns
    -------
    (N, 2) float64 array
        Begin and end; beyond the recording they may be negative or later than its end.
    """
    place = _placement(recording, start_s, duration_s, spec)
    return np.column_stack([place.first, place.first + place.n_native]) / place.fs


@dataclass(frozen=True)
class _Placement:
    """Which samples of a recording windows are made from: `n_native` from each of `first`, `margin` of them for the filter."""

    first: npt.NDArray[np.int64]
    n_native: int
    fs: float
    ratio: Fraction
    margin: int


def _placement(recording: Recording, start_s: npt.ArrayLike, duration_s: npt.ArrayLike, spec: WindowSpec) -> _Placement:
    rates = {recording.fs[n] for n in channels_of(recording, spec)}
    if len(rates) != 1:
        raise InputError(
            "its channels have different sampling rates", subject=recording.path, remedy="Choose one rate's channels"
        )
    fs = rates.pop()
    start, length = np.atleast_1d(np.asarray(start_s, float)), np.atleast_1d(np.asarray(duration_s, float))
    ratio = Fraction(1) if spec.fs is None else Fraction(spec.fs / fs).limit_denominator(10_000)
    if not ratio:
        raise InputError(
            f"{fs:g} Hz cannot be resampled to {spec.fs:g} Hz", subject=recording.path, remedy="Give a higher fs"
        )
    margin = 0 if ratio == 1 else _filter_reach(ratio)
    n_native = -(-spec.n_times * ratio.denominator // ratio.numerator) + 2 * margin
    if spec.anchor == "centre":
        first = np.round((start + length / 2) * fs).astype(np.int64) - n_native // 2
    else:
        first = np.round(start * fs).astype(np.int64) - margin
    return _Placement(first, n_native, fs, ratio, margin)


def _filter_reach(ratio: Fraction) -> int:
    """Return how many samples beyond both ends the filter of `scipy.signal.resample_poly` sees: ten of the slower rate."""
    reach = math.ceil(10 * max(ratio.numerator, ratio.denominator) / ratio.numerator) + 1
    # A multiple of the denominator is a whole number of samples after resampling too: nothing shifts.
    return -(-reach // ratio.denominator) * ratio.denominator


def _slices(
    recording: Recording, channel: int, place: _Placement, middle: float, spread: float
) -> npt.NDArray[np.float64]:
    """Return the samples of each window, less `middle` and over `spread`, reading neighbours together; 0 beyond the ends."""
    first, n, fs = place.first, place.n_native, place.fs
    total = recording.channels[channel].n_samples
    out = np.zeros((len(first), n))
    order = np.argsort(first, kind="stable")
    position = 0
    while position < len(order):
        low = first[order[position]]
        stop = int(np.searchsorted(first[order], low + int(BLOCK_S * fs), side="right"))
        group = order[position : max(stop, position + 1)]
        begin, end = max(0, int(low)), min(total, int(first[group[-1]]) + n)
        block = recording.read(channel, begin, end) if end > begin else np.empty(0)
        for row in group:
            a, b = max(int(first[row]), begin), min(int(first[row]) + n, end)
            if b > a:
                out[row, a - first[row] : b - first[row]] = (block[a - begin : b - begin] - middle) / spread
        position += len(group)
    return out


def _resample(windows: npt.NDArray[np.float64], ratio: Fraction, margin: int, n_times: int) -> npt.NDArray[np.float64]:
    from scipy.signal import resample_poly

    longer = resample_poly(windows, ratio.numerator, ratio.denominator, axis=-1)
    skip = int(margin * ratio)
    return np.asarray(longer[..., skip : skip + n_times])


def _level(recording: Recording, number: int) -> tuple[float, float]:
    """Return median and interquartile range of a channel: of all of it, or of 24 stretches of 5 s spread over a long one."""
    channel = recording.channels[number]
    stretch = max(1, int(5 * channel.fs))
    if channel.n_samples <= 24 * stretch:
        sample = recording.read(number, 0, channel.n_samples)
    else:
        starts = np.linspace(0, channel.n_samples - stretch, 24).astype(int).tolist()
        sample = np.concatenate([recording.read(number, start, start + stretch) for start in starts])
    if not np.isfinite(sample).any():
        raise InputError(
            f"no sample of {channel.name} is known where its usual level was looked for",
            subject=recording.path,
            remedy="Choose another scaling, or leave the recording out",
        )
    low, middle, high = np.nanpercentile(sample, [25, 50, 75])
    return float(middle), float(high - low) or 1.0


@dataclass(frozen=True)
class _Layout:
    """The channels of a recording that windows are cut from."""

    path: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    units: tuple[str, ...]

    @classmethod
    def of(cls, recording: Recording, numbers: Sequence[int]) -> _Layout:
        channels = [recording.channels[n] for n in numbers]
        names, kinds, units = zip(*((c.name, c.kind, c.unit) for c in channels), strict=True)
        return cls(str(recording.path), names, kinds, units)

    def factors(self, other: _Layout, in_units: bool) -> npt.NDArray[np.float32]:
        """Return what turns each channel of another recording into the units of this one, (C, 1); 1 if they have none."""
        # Doppler gates are called I, I1, gate 1 I …; what counts is that they are one.
        same = self.kinds == other.kinds if "doppler_i" in self.kinds else self.names == other.names
        if not same:
            raise InputError(
                f"the recordings hold different channels: {', '.join(other.names)} here, {', '.join(self.names)} in "
                f"{self.path}",
                subject=other.path,
                remedy="Name the channels of the window",
            )
        if not in_units:
            return np.ones((len(self.names), 1), dtype=np.float32)
        factors = [conversion(theirs, ours) for theirs, ours in zip(other.units, self.units, strict=True)]
        if None in factors:
            raise InputError(
                f"its units ({', '.join(other.units)}) cannot be converted to {', '.join(self.units)}, those of {self.path}",
                subject=other.path,
                remedy="Scale each window or recording (scaling), or leave one of the recordings out",
            )
        return np.array(factors, dtype=np.float32)[:, None]


def gather_windows(
    study: Study, ids: Iterable[int], spec: WindowSpec, report: Reporter | None = None, *, levels: bool = False
) -> Windows:
    """Return the windows of events of a study, in order of id; those that touch NaN samples are rejected with reason.

    With `levels`, what is usual in each recording is measured too: median and interquartile range of 24 stretches of 5 s spread
    over it, or all of a shorter one; of its own samples alone. Windows that are scaled already have none.

    Raises
    ------
    InputError
        If the recordings disagree in sampling rate and the specification gives none, hold other channels, or units that
        cannot be converted (windows are in those of the first recording), or no window is left.
    """
    report = report or NullReporter()
    events = study.events(ids=ids)
    parts, rates, first, simulated = [], set(), None, False
    spans = np.empty((len(events), 2))
    of_recordings: list[npt.NDArray[np.float64]] = []
    rejected: dict[int, str] = {}
    entries = {entry.id: entry for entry in study.recordings()}
    chosen = np.unique(events.recording)
    for done, recording_id in enumerate(chosen.tolist()):
        report.check()
        rows = np.flatnonzero(events.recording == recording_id)
        recording = open_from_study(study, recording_id, report)
        x = cut_windows(recording, events.start_s[rows], events.duration_s[rows], spec)
        spans[rows] = window_spans(recording, events.start_s[rows], events.duration_s[rows], spec)
        good = np.isfinite(x).all(axis=(1, 2))
        rejected |= {int(i): "their windows touch missing samples" for i in events.id[rows[~good]]}
        numbers = channels_of(recording, spec)
        rates.add(spec.fs or recording.fs[numbers[0]])
        first = first or _Layout.of(recording, numbers)
        factors = first.factors(_Layout.of(recording, numbers), spec.scaling == "none")
        x *= factors
        if levels and spec.scaling == "none":
            usual = factors * [_level(recording, n) for n in numbers]
            of_recordings.append(np.broadcast_to(usual, (int(good.sum()), *usual.shape)))
        simulated = simulated or entries[recording_id].simulated
        parts.append((rows[good], x[good]))
        report.progress(done + 1, len(chosen), f"windows of {entries[recording_id].name}")
    if len(rates) > 1:
        raise InputError(
            f"the recordings have different sampling rates ({', '.join(f'{r:g} Hz' for r in sorted(rates))})",
            remedy="Give the window a rate (fs); the others are then resampled",
        )
    rows = np.concatenate([r for r, _ in parts]) if parts else np.empty(0, int)
    if rejected and not len(rows):
        raise InputError(
            f"all {len(rejected)} events are left out: {', '.join(sorted(set(rejected.values())))} (NaN)",
            subject=", ".join(sorted({entries[r].path for r in chosen.tolist()})),
            remedy="Choose events elsewhere, a shorter window, or export the recording again",
        )
    if not len(rows):
        raise InputError("there is no event with a whole window", remedy="Find or label events first, or choose others")
    order = np.argsort(rows)
    subject = np.array([entries[r].subject or "" for r in events.recording[rows[order]].tolist()], dtype=object)
    return Windows(
        ids=events.id[rows[order]],
        x=np.concatenate([x for _, x in parts])[order],
        recording=events.recording[rows[order]],
        subject=subject,
        fs=float(rates.pop()),
        channels=first.names if first else (),
        units=first.units if first else (),
        rejected=rejected,
        simulated=simulated,
        spans_s=spans[rows[order]],
        levels=np.concatenate(of_recordings)[order] if of_recordings else None,
    )


def default_window(recording: Recording) -> WindowSpec:
    """Return the window usual for what a recording holds.

    Doppler I/Q: 1,400 samples at 4,385 Hz (0.32 s, a HITS and its surroundings); ECG: 187 samples at 125 Hz of the first
    lead (1.5 s, the Kaggle heartbeat format); EEG: 2 s of C3, Cz and C4, or of the first three channels; else 1 s.
    """
    if recording.gates:
        return WindowSpec(1400, 4385.0, tuple(recording.channels[n].name for n in recording.gates[0]))
    kinds = [channel.kind for channel in recording.channels]
    if "ecg" in kinds:
        return WindowSpec(187, 125.0, (recording.channels[kinds.index("ecg")].name,))
    if "eeg" in kinds:
        central = [c.name for c in recording.channels if c.name.lower() in ("c3", "cz", "c4")]
        first = [c.name for c in recording.channels if c.kind == "eeg"][:3]
        names = tuple(central or first)
        return WindowSpec(round(2 * recording.fs[recording.index(names[0])]), None, names)
    return WindowSpec(max(1, round(recording.fs[0])), None, (recording.channels[0].name,))
