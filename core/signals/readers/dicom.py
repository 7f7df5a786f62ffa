"""DICOM waveforms, such as 12-lead ECG: pydicom reads the header; samples are sliced from the file.

A file may hold several multiplex groups, each with its rate and channels: the rhythm, say, and a median beat. One is
opened, by default the first that was recorded rather than computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import check_each, whole
from core.errors import InputError
from core.signals.readers.arrays import LOADED_MOST, UNIT_SPELLINGS, too_large
from core.signals.readers.damage import damaged
from core.signals.readers.layouts import ChannelLayout
from core.signals.readers.naming import distinct, guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording

FORMAT = "dicom"
TITLE = "DICOM waveforms"
EXTENSIONS: tuple[str, ...] = (".dcm", ".dicom")
LISTED = EXTENSIONS
LAYOUTS: dict[str, ChannelLayout] = {}  # its header says what the channels are
TYPES = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4", "SV": "i8", "UV": "u8"}
KIND_OF_MODALITY = {"ECG": "ecg", "EEG": "eeg", "EMG": "emg", "EOG": "eog"}
VOLTS = frozenset(("V", "mV", "µV", "nV"))
DEFLATED = "1.2.840.10008.1.2.1.99"
# What can tell who somebody is (PS3.15, E.1): of the patient, of the staff, and of the place.
IDENTIFYING = [
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "MilitaryRank",
    "MedicalRecordLocator",
    "AdmissionID",
    "AccessionNumber",
    "StudyID",
    "InstitutionName",
    "InstitutionAddress",
    "InstitutionalDepartmentName",
    "StationName",
    "DeviceSerialNumber",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy",
    "OperatorsName",
    "RequestingPhysician",
    "ResponsiblePerson",
    "CurrentPatientLocation",
    "PatientInstitutionResidence",
    "PatientComments",
    "VisitComments",
]


@dataclass(frozen=True)
class Calibration:
    """From stored numbers to a channel's unit, and the samples by which the channel starts after the earliest."""

    gain: float
    baseline: float
    late: int


@dataclass(frozen=True)
class DicomSource:
    """Samples of a multiplex group; they lie sample by sample, the channels side by side."""

    path: Path
    at: int | None
    shape: tuple[int, int]
    dtype: str
    calibrations: tuple[Calibration, ...]
    padding: int | None
    unpacked: bytes = b""

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in the channel's unit; NaN before it starts, after it ends and where the file says padding."""
        calibration = self.calibrations[channel]
        first, last = (min(max(n - calibration.late, 0), self.shape[0]) for n in (start, stop))
        stored = self._numbers()[first:last, channel]
        values = stored * calibration.gain + calibration.baseline
        if self.padding is not None:
            values[stored == self.padding] = np.nan
        out = np.full(stop - start, np.nan)
        begin = first + calibration.late - start
        out[max(begin, 0) : max(begin, 0) + len(values)] = values
        return out

    def _numbers(self) -> npt.NDArray[Any]:
        if self.at is None:
            return np.frombuffer(self.unpacked, self.dtype, self.shape[0] * self.shape[1]).reshape(self.shape)
        return np.memmap(self.path, self.dtype, "r", self.at, self.shape)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is DICOM."""
    return head[128:132] == b"DICM"


def open_file(path: Path, *, group: int | None = None) -> Recording:
    """Open a file; `group` chooses one of several multiplex groups, from 0."""
    import pydicom

    if path.stat().st_size > LOADED_MOST:  # pydicom reads all values once to find where they are
        raise too_large(path, "the file", path.stat().st_size, "Export the waveform in parts")
    data = pydicom.dcmread(path)
    groups = data.get("WaveformSequence") or ()
    if not groups:
        raise InputError(
            f"it holds no waveform but {_class_name(data)}",
            subject=path,
            remedy="Choose a waveform, such as a 12-lead ECG",
        )
    number = _choose(path, groups, group)
    chosen = groups[number]
    fs = float(chosen.SamplingFrequency)
    source = _source(path, data, chosen, fs)
    names, units, kinds = _channels(data, chosen)
    n = source.shape[0] + max(c.late for c in source.calibrations)
    timed, untimed = _annotations(data, number, fs, names)
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(Channel(name, fs, unit, n, kind) for name, unit, kind in zip(names, units, kinds, strict=True)),
        source=source,
        start_time=_start(data, chosen),
        subject=_subject(data),
        annotations=tuple(timed),
        options={} if group is None else {"group": group},
        note="; ".join([*_titles(groups, number), *untimed]),
        identifying=_identifying(data),
    )


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]


def _choose(path: Path, groups: Any, group: int | None) -> int:
    if group is None:
        recorded = (n for n, g in enumerate(groups) if g.get("WaveformOriginality") != "DERIVED")
        return next(recorded, 0)
    check_each({"group": whole(0)}, {"group": group}, subject=path)
    if group >= len(groups):
        raise InputError(f"there is no group {group}", subject=path, remedy=f"Choose one of 0 to {len(groups) - 1}")
    return group


def _source(path: Path, data: Any, chosen: Any, fs: float) -> DicomSource:
    """Return where the samples of a group are, checked against what it states."""
    coded = str(chosen.WaveformSampleInterpretation)
    if coded not in TYPES:
        raise InputError(
            f"its samples are coded as {coded}", subject=path, remedy=f"Export them as one of {', '.join(TYPES)}"
        )
    _, little = data.original_encoding
    dtype = ("<" if little else ">") + TYPES[coded]
    shape = (int(chosen.NumberOfWaveformSamples), int(chosen.NumberOfWaveformChannels))
    element = chosen["WaveformData"]
    stored = bytes(element.value or b"")
    needed = shape[0] * shape[1] * np.dtype(dtype).itemsize
    if min(shape) < 1 or len(chosen.ChannelDefinitionSequence) != shape[1] or len(stored) < needed or not fs > 0:
        raise damaged(
            path, f"it states {shape[0]:,} samples of {shape[1]} channels at {fs:g} Hz, and holds something else"
        )
    skews = [_skew(channel, fs) for channel in chosen.ChannelDefinitionSequence]
    calibrations = tuple(
        Calibration(
            _number(channel, "ChannelSensitivity", 1.0) * _number(channel, "ChannelSensitivityCorrectionFactor", 1.0),
            _number(channel, "ChannelBaseline", 0.0),
            skew - min(skews),
        )
        for channel, skew in zip(chosen.ChannelDefinitionSequence, skews, strict=True)
    )
    padding = chosen.get("WaveformPaddingValue")
    filler = int(np.frombuffer(padding, dtype, 1)[0]) if isinstance(padding, bytes) and padding else padding
    at = _place(path, data, element.file_tell, stored)
    return DicomSource(path, at, shape, dtype, calibrations, filler, stored if at is None else b"")


def _place(path: Path, data: Any, at: int | None, stored: bytes) -> int | None:
    """Return where a value lies in the file; None if it is not there as it is, since the file is compressed."""
    if at is None or data.file_meta.get("TransferSyntaxUID") == DEFLATED:
        return None
    with path.open("rb") as stream:
        stream.seek(at)
        return at if stream.read(len(stored)) == stored else None


def _skew(channel: Any, fs: float) -> int:
    """Return by how many samples a channel starts late."""
    return round(_number(channel, "ChannelSampleSkew", _number(channel, "ChannelTimeSkew", 0.0) * fs))


def _number(item: Any, keyword: str, default: float) -> float:
    value = item.get(keyword)
    return default if value is None or value == "" else float(value)


def _channels(data: Any, chosen: Any) -> tuple[list[str], list[str], list[str]]:
    """Return names, units and kinds."""
    names, units, kinds = [], [], []
    modality = KIND_OF_MODALITY.get(str(data.get("Modality", "")), "")
    for number, channel in enumerate(chosen.ChannelDefinitionSequence):
        meaning = _meaning(channel, "ChannelSourceSequence")
        name = str(channel.get("ChannelLabel", "")).strip() or re.sub(
            r"^lead\s+|\s*\(.*\)$", "", meaning, flags=re.IGNORECASE
        )
        code = next(
            (str(unit.get("CodeValue", "")) for unit in channel.get("ChannelSensitivityUnitsSequence") or ()), ""
        )
        unit = UNIT_SPELLINGS.get(code, code.replace("[", "").replace("]", ""))
        names.append(name or f"channel {number + 1}")
        units.append(unit)
        kinds.append(modality if modality and unit in VOLTS else guess_kind(name, unit))
    return distinct(names), units, kinds


def _meaning(item: Any, keyword: str) -> str:
    return next((str(code.get("CodeMeaning", "")).strip() for code in item.get(keyword) or ()), "")


def _annotations(data: Any, number: int, fs: float, names: list[str]) -> tuple[list[Annotation], list[str]]:
    """Return the marks of a group in time, and as text what its annotations say of it as a whole."""
    timed: list[Annotation] = []
    untimed = []
    for item in data.get("WaveformAnnotationSequence") or ():
        pairs = np.reshape(np.atleast_1d(item.get("ReferencedWaveformChannels", [number + 1, 0])), (-1, 2)).tolist()
        channels = [channel for group, channel in pairs if group == number + 1]
        if not channels:
            continue
        value = str(item.get("NumericValue", ""))
        parts = [_meaning(item, "ConceptNameCodeSequence"), str(item.get("UnformattedTextValue", "")), value]
        unit = next((str(code.get("CodeValue", "")) for code in item.get("MeasurementUnitsCodeSequence") or ()), "")
        text = " ".join(filter(None, [part.strip() for part in parts] + [unit if value else ""]))
        which = ", ".join(names[c - 1] for c in channels if 0 < c <= len(names))
        attributes = {"channel": which} if which else {}
        moments = _moments(item, fs)
        untimed += [text] if text and not moments else []
        timed += [Annotation(onset, duration, text, attributes) for onset, duration in moments]
    return sorted(timed, key=lambda mark: mark.onset_s), untimed


def _moments(item: Any, fs: float) -> list[tuple[float, float]]:
    """Return onset and duration of what an annotation refers to, s from the first sample."""
    if item.get("ReferencedSamplePositions") is not None:  # counted from 1
        times = [(int(n) - 1) / fs for n in _several(item.ReferencedSamplePositions)]
    else:
        times = [float(t) for t in _several(item.get("ReferencedTimeOffsets"))]
    if str(item.get("TemporalRangeType", "")).endswith("SEGMENT"):
        return [(start, round(stop - start, 9)) for start, stop in zip(times[::2], times[1::2], strict=False)]
    return [(time, 0.0) for time in times]


def _several(value: Any) -> Iterable[Any]:
    if value is None:
        return []
    return value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]


def _start(data: Any, chosen: Any) -> datetime | None:
    """Return when the first sample of a group was taken."""
    from pydicom.valuerep import DT

    stated = [data.get("AcquisitionDateTime")]
    stated += [f"{data.get(f'{of}Date', '')}{data.get(f'{of}Time', '')}" for of in ("Content", "Study")]
    for text in filter(None, stated):
        try:
            began = DT(str(text))
        except ValueError:
            continue
        offset = timedelta(milliseconds=_number(chosen, "MultiplexGroupTimeOffset", 0.0))
        return datetime(*began.timetuple()[:6], began.microsecond) + offset
    return None


def _titles(groups: Any, number: int) -> list[str]:
    """Return which group this is, where there are several."""
    labels = [str(group.get("MultiplexGroupLabel", "")).strip() or "unnamed" for group in groups]
    listed = ", ".join(f"{n} {label}" for n, label in enumerate(labels))
    return [f"group {number} of {listed}"] if len(labels) > 1 else []


def _subject(data: Any) -> str | None:
    """Return the patient's ID where the file says that it no longer tells who that is; else it is identifying only."""
    removed = str(data.get("PatientIdentityRemoved", "")).strip() == "YES"
    return str(data.get("PatientID", "")).strip() or None if removed else None


def _identifying(data: Any) -> dict[str, str]:
    held = {data[keyword].name: str(data[keyword].value or "").strip() for keyword in IDENTIFYING if keyword in data}
    return {name: value for name, value in held.items() if value}


def _class_name(data: Any) -> str:
    uid = data.get("SOPClassUID")
    return str(getattr(uid, "name", None) or "no stated kind of object")
