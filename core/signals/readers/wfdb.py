"""WFDB records (PhysioNet): a header, sample files and annotation files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.signals.readers.kinds import guess_kind
from core.signals.recording import Annotation, Channel, Floats, Recording

FORMAT = "wfdb"
EXTENSIONS = (".hea", ".dat")


@dataclass(frozen=True)
class WfdbSource:
    """Samples of a record; the wfdb library reads only the frames asked for."""

    record: str
    samples_per_frame: tuple[int, ...]

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples in physical units; invalid ones are NaN."""
        import wfdb

        per_frame = self.samples_per_frame[channel]
        first, last = start // per_frame, math.ceil(stop / per_frame)
        record = wfdb.rdrecord(self.record, sampfrom=first, sampto=last, channels=[channel], smooth_frames=False)
        samples = record.e_p_signal[0] if record.e_p_signal is not None else record.p_signal[:, 0]
        return np.asarray(samples[start - first * per_frame : stop - first * per_frame], dtype=np.float64)


def open_file(path: Path) -> Recording:
    """Open a record by its header or its sample file."""
    import wfdb

    header = _header(path)
    _check_files(path, header)
    per_frame = tuple(getattr(header, "samps_per_frame", None) or [1] * header.n_sig)
    if header.sig_len is None:
        raise InputError(
            "the header does not state the length", subject=path, remedy="Add the number of samples to its first line"
        )
    # The header of a multi-segment record names no signals itself; its first frame, read whole, does.
    named = header if hasattr(header, "units") else wfdb.rdrecord(str(path.with_suffix("")), sampfrom=0, sampto=1)
    names = named.sig_name or [f"channel {n + 1}" for n in range(header.n_sig)]
    units = named.units or [""] * header.n_sig
    channels = tuple(
        Channel(name, float(header.fs) * spf, unit or "1", int(header.sig_len) * spf, guess_kind(name, unit or ""))
        for name, unit, spf in zip(_distinct(names), units, per_frame, strict=True)
    )
    record = str(path.with_suffix(""))
    annotations: tuple[Annotation, ...] = ()
    if path.with_suffix(".atr").is_file():
        read = wfdb.rdann(record, "atr")
        fs = float(read.fs or header.fs)
        aux = read.aux_note or [""] * len(read.sample)
        annotations = tuple(
            Annotation(int(sample) / fs, 0.0, symbol, {"aux": text.rstrip("\0")} if text else {})
            for sample, symbol, text in zip(read.sample, read.symbol, aux, strict=True)
        )
    return Recording(
        path=path.with_suffix(".hea"),
        format=FORMAT,
        channels=channels,
        source=WfdbSource(record, per_frame),
        start_time=header.base_datetime,
        annotations=annotations,
        note="\n".join(header.comments or []),
    )


def files(path: Path) -> list[Path]:
    """Return the header, the sample files and the reference annotations."""
    header = _header(path)
    names = [path.with_suffix(".hea").name, *dict.fromkeys(_sample_files(header))]
    found = [path.parent / name for name in names]
    return [*found, *(p for p in [path.with_suffix(".atr")] if p.is_file())]


def _header(path: Path) -> Any:
    import wfdb

    if not path.with_suffix(".hea").is_file():
        raise InputError("its header (.hea) is missing", subject=path, remedy="Put the .hea file beside it")
    return wfdb.rdheader(str(path.with_suffix("")), rd_segments=True)


def _sample_files(header: Any) -> list[str]:
    segments = [s for s in (getattr(header, "segments", None) or []) if s is not None]
    own = [name for name in (getattr(header, "file_name", None) or []) if name]
    nested = [name for segment in segments for name in (segment.file_name or []) if name and name != "~"]
    return [name for name in (*own, *nested) if name != "~"]


def _check_files(path: Path, header: Any) -> None:
    for name in _sample_files(header):
        sample_file = path.parent / name
        if not sample_file.is_file():
            raise InputError(
                f"its sample file {name} is missing",
                subject=path,
                remedy=f"Put {name} into {path.parent}, beside the header",
            )
        if sample_file.stat().st_size == 0:
            raise InputError(
                f"its sample file {name} is empty", subject=path, remedy="Copy it again from where it came"
            )


def _distinct(names: list[str]) -> list[str]:
    """Number the channel names that occur more than once."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
