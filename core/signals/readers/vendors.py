"""BrainVision, EEGLAB and other makers' files, through MNE (Gramfort et al. 2013), which is an extra.

MNE opens only what stands in the table below: formats that hold no pickle, and none that Hitscope reads itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core.errors import InputError
from core.signals.digital import Digital
from core.signals.readers.arrays import LOADED_MOST
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.mat5 import check_element, find_elements
from core.signals.readers.naming import distinct, guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording
from core.signals.units import conversion

FORMAT = "vendors"
TITLE = "Other makers' EEG (BrainVision, EEGLAB, …)"
# Extension to the name of MNE's reader, `mne.io.read_raw_…`.
READ_BY = {
    ".vhdr": "brainvision",
    ".ahdr": "brainvision",
    ".set": "eeglab",
    ".fif": "fif",
    ".gdf": "gdf",
    ".cnt": "cnt",
    ".lay": "persyst",
}
BEGINS = {b"BrainVision Data Exchange": ".vhdr", b"Brain Vision Data Exchange": ".vhdr", b"GDF ": ".gdf"}
BEGINS[b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14"] = ".fif"  # its first tag: a file id of 20 bytes
EXTENSIONS: tuple[str, ...] = tuple(READ_BY)
LISTED = EXTENSIONS
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
KIND_OF_TYPE = {"eeg": "eeg", "seeg": "eeg", "ecog": "eeg", "dbs": "eeg", "eog": "eog", "ecg": "ecg", "emg": "emg"}
SI = ("V", "S", "T")  # MNE turns multiples of them into these
SKIP = "BAD_ACQ_SKIP"
DECODING = 3.0  # a sample, against reading a stored one
BOM = b"\xef\xbb\xbf"
PARTS = re.compile(r"^(?:Data|Marker)File\s*=\s*(.+?)\s*$", re.MULTILINE)  # of a BrainVision header
CHANNELS = re.compile(r"^NumberOfChannels\s*=\s*(\d+)", re.MULTILINE)
NAMED = re.compile(r"^Ch\d+\s*=", re.MULTILINE)
POINTS = re.compile(r"^DataPoints\s*=\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class MneSource:
    """Samples of a recording that MNE has opened without loading it."""

    raw: Any
    factors: tuple[float, ...]
    skipped: tuple[tuple[int, int], ...]
    lock: Lock = field(default_factory=Lock)

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in the channel's unit; NaN where the recording was interrupted."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return samples of several channels, decoded once; missing where the recording was interrupted."""
        n = len(channels)
        gain, shift = np.array([self.factors[channel] for channel in channels]), np.zeros(n)
        if start == stop:  # which MNE refuses
            return Digital(np.zeros((n, 0)), gain, shift)
        with self.lock:
            values: Floats = self.raw[list(channels), start:stop][0]
        missing = np.isnan(values)
        for first, last in self.skipped:
            missing[:, max(first - start, 0) : max(last - start, 0)] = True
        return Digital(values, gain, shift, missing if missing.any() else None)

    def cost(self, channels: Sequence[int], n: int) -> float:
        """Return what `digital` of so many samples costs: of most formats, all channels are decoded."""
        return DECODING * n * len(self.factors)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is one of them."""
    return head.lstrip(BOM).startswith(tuple(BEGINS))


def open_file(path: Path, *, allow_truncated: bool = False) -> Recording:
    """Open a file through MNE."""
    raw = _raw(path)
    stated = POINTS.search(_header(path)) if _reader(path) == "brainvision" else None
    if stated and raw.n_times < int(stated[1]) and not allow_truncated:
        raise ends_early(path, raw.n_times, int(stated[1]), "samples")
    fs = float(raw.info["sfreq"])
    if not 0 < fs < np.inf:
        raise damaged(path, f"its header states a sampling rate of {fs:g} Hz")
    kept = [(float(onset) - raw.first_time, float(duration), str(text)) for onset, duration, text in _marks(raw)]
    gaps = tuple(sorted({(onset, onset + duration) for onset, duration, text in kept if text == SKIP}))
    factors, channels = _channels(raw, fs)
    began = raw.info["meas_date"]
    subject = raw.info["subject_info"] or {}
    return Recording(
        path=path,
        format=FORMAT,
        channels=channels,
        source=MneSource(raw, factors, tuple((round(a * fs), round(b * fs)) for a, b in gaps)),
        start_time=began.replace(tzinfo=None) + timedelta(seconds=raw.first_time) if began else None,
        subject=str(subject.get("his_id") or "").strip() or None,
        annotations=tuple(Annotation(round(at, 9), length, text) for at, length, text in kept if text != SKIP),
        options={"allow_truncated": True} if allow_truncated else {},
        note=str(raw.info["description"] or ""),
        gaps=gaps,
        identifying=_identifying(raw.info, subject),
    )


def files(path: Path) -> list[Path]:
    """Return the header, the samples and the markers."""
    if _reader(path) == "eeglab":
        beside = [path.with_suffix(".fdt")]
    elif _reader(path) == "brainvision":
        beside = [path.with_name(Path(name.replace("$b", path.stem)).name) for name in PARTS.findall(_header(path))]
    else:
        beside = [Path(name) for name in _opened(path).filenames]
    return list(dict.fromkeys([path, *(file for file in beside if file.is_file())]))


def _raw(path: Path) -> Any:
    """Return MNE's view of a file, its samples left where they are: in its own files."""
    raw = _opened(path)
    own = {file.resolve() for file in files(path)}
    for name in raw.filenames:
        if Path(name).resolve() not in own:
            raise InputError(
                f"its samples are in {name}, which is not named after it",
                subject=path,
                remedy="Put both files into one folder, under the name they were written with",
            )
    return raw


def _opened(path: Path) -> Any:
    try:
        import mne
    except ImportError as error:
        raise InputError(
            f"{path.suffix} files are read through MNE, which is not installed",
            subject=path,
            remedy="Install it, in the folder of Hitscope: .venv/bin/pip install -e .[vendors]",
        ) from error
    if _reader(path) == "eeglab":
        _check_mat5(path)
    elif _reader(path) == "brainvision":
        _check_channels(path)
    read: Callable[..., Any] = getattr(mne.io, f"read_raw_{_reader(path)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a header leaves open; what matters shows in the recording
        return read(path, preload=False, verbose="error")


def _check_mat5(path: Path) -> None:
    """Refuse a header whose structure is damaged: it is a MATLAB file, on which scipy might end the process."""
    for element in find_elements(path):
        check_element(path, element, LOADED_MOST)


def _check_channels(path: Path) -> None:
    """Refuse a header that states other channels than it names: MNE would make room for all that are stated."""
    header = _header(path)
    stated, named = CHANNELS.search(header), len(NAMED.findall(header))
    if stated and int(stated[1]) > max(named, 1):
        raise damaged(path, f"its header states {int(stated[1]):,} channels and describes {named:,}")


def _reader(path: Path) -> str:
    """Return the name of MNE's reader: by the extension, else by the first bytes."""
    if path.suffix.lower() in READ_BY:
        return READ_BY[path.suffix.lower()]
    with path.open("rb") as stream:
        head = stream.read(64).lstrip(BOM)
    return READ_BY[next(extension for begin, extension in BEGINS.items() if head.startswith(begin))]


def _header(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def _marks(raw: Any) -> Any:
    marks = raw.annotations
    return zip(marks.onset, marks.duration, marks.description, strict=True)


def _channels(raw: Any, fs: float) -> tuple[tuple[float, ...], tuple[Channel, ...]]:
    """Return the factor from MNE's SI units to the file's own, and the channels."""
    from mne.io.constants import FIFF

    stated = getattr(raw, "_orig_units", {})
    factors, channels = [], []
    for name, unique, kind, info in zip(
        raw.ch_names, distinct(raw.ch_names), raw.get_channel_types(), raw.info["chs"], strict=True
    ):
        in_volts = info["unit"] == FIFF.FIFF_UNIT_V
        unit = stated.get(name) or ("µV" if in_volts else "1")
        unit = {"n/a": "µV" if in_volts else "1", "uV": "µV", "μV": "µV"}.get(unit, unit)
        factor = next((f for f in (conversion(si, unit) for si in SI) if f is not None), 1.0)
        factors.append(factor)
        channels.append(Channel(unique, fs, unit, int(raw.n_times), _kind(kind, name, unit)))
    return tuple(factors), tuple(channels)


def _kind(kind: str, name: str, unit: str) -> str:
    """Return the kind of a channel; a name is believed before MNE, for which what a file leaves open is EEG."""
    guessed = guess_kind(name, unit)
    return guessed if guessed in ("eog", "ecg", "emg") else KIND_OF_TYPE.get(kind, guessed)


def _identifying(info: Any, subject: Any) -> dict[str, str]:
    keys = ("his_id", "last_name", "first_name", "middle_name", "birthday")
    held = {key.replace("_", " "): str(subject.get(key) or "") for key in keys}
    held |= {key.replace("_", " "): str(info[key] or "") for key in ("experimenter", "proj_name")}
    return {name: value for name, value in held.items() if value}
