"""The text log of a DWL MultiDop (``.TX?``): the examination, its settings, and every HIT and mark (docs/formats/dwl.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.signals.doppler import stated_emission
from core.signals.readers.damage import damaged
from core.signals.recording import Annotation

MAGIC = re.compile(rb"\s{0,16}0 TEXT FILE VERSION")
ENCODING = "cp437"  # a DOS program wrote it; no byte is invalid
MAX_BYTES = 16 << 20  # an hour of examination is some kilobytes
BLOCK_BYTES = 128  # the unit in which a HIT says where its event lies in the `.TD?` file

LINE = re.compile(r"(\d{1,9}) (\S.*)")
FIELD = re.compile(r"PATIENT\s+(\w+): *(.*)")
SETTING = re.compile(r"SYS (\w+) (\d{1,9})")
CLOCK = r"(\d{1,2}:\d\d:\d\d)"
HIT = re.compile(
    rf"HIT\s+(-?\d+)dB\s+{CLOCK}\s+(\d+)([A-Z])(\d)D(\d+) dS(\d+) X0*(-?\d+) dX0*(-?\d+) V0*(-?\d+)\s+(\d{{1,9}})"
)
MARK = re.compile(rf"(MRK\d+)\s+{CLOCK}\s+(\d+) (.+)")


@dataclass(frozen=True)
class Log:
    """What the log says.

    Attributes
    ----------
    version : str
        Of the device's software.
    settings : mapping of str to int
        The ``SYS`` lines.
    identifying : mapping of str to str
        What the ``PATIENT`` lines say of the person.
    start_time : datetime or None
    ended : bool
        Whether it goes on to the end of the examination.
    marks : tuple of Annotation
        HITs and the operator's marks at the times logged.
    """

    version: str
    settings: Mapping[str, int]
    identifying: Mapping[str, str]
    start_time: datetime | None
    ended: bool
    marks: tuple[Annotation, ...]

    @property
    def n_envelopes(self) -> int:
        """Number of channels in the `.TW?` file: DOPCHAN and EXTCHAN have one bit for each."""
        return sum(self.settings.get(name, 0).bit_count() for name in ("DOPCHAN", "EXTCHAN"))

    @property
    def envelope_fs(self) -> float:
        """Sampling rate of the `.TW?` file, Hz: SAMPLE_F counts samples in ten seconds."""
        return self.settings.get("SAMPLE_F", 0) / 10

    @property
    def emission_hz(self) -> float | None:
        """What the probes emitted, Hz; None if they differ, since nothing says which one a gate is of."""
        said = {value for name, value in self.settings.items() if name.startswith("FDOP") and value}
        return stated_emission(1e3 * said.pop()) if len(said) == 1 else None


def read_log(path: Path) -> Log:
    """Read a log.

    Raises
    ------
    InputError
        If it is none, or names no settings.
    """
    raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    if not MAGIC.match(raw):
        raise damaged(path, "this is not a log of a DWL MultiDop")
    lines = [match.groups() for text in raw.decode(ENCODING).splitlines() if (match := LINE.fullmatch(text.strip()))]
    entries = [(int(count) / 100, text) for count, text in lines]
    if any(later < count for (count, _), (later, _) in pairwise(entries)):
        raise damaged(path, "the times of the log go backwards")
    fields = {m[1]: m[2].strip() for _, text in entries if (m := FIELD.fullmatch(text))}
    exam = fields.pop("EXAM", "")
    clocks = {word: rest for word, _, rest in (text.partition(" ") for _, text in entries)}
    settings = {m[1]: int(m[2]) for _, text in entries if (m := SETTING.fullmatch(text))}
    if not settings:
        raise damaged(path, "the log names no settings of the device")
    return Log(
        version=entries[0][1].rpartition(" ")[2],
        settings=settings,
        identifying={f"patient {name.lower()}": value for name, value in fields.items() if value},
        start_time=_start(exam, clocks.get("START", "")),
        ended="STOP" in clocks,
        marks=tuple(mark for time_s, text in entries if (mark := _mark(time_s, text))),
    )


def _start(exam: str, clock: str) -> datetime | None:
    """Return when the examination began; a device whose clock was not set says nonsense."""
    try:
        return datetime.strptime(f"{exam.strip()} {clock.strip()}", "%y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def _mark(time_s: float, text: str) -> Annotation | None:
    attributes: dict[str, Any]
    if hit := HIT.fullmatch(text):
        db, clock, prf, letter, gate, depth, *rest, block = hit.groups()
        attributes = {"db": int(db), "clock": clock, "prf_hz": int(prf), "mode": letter, "gate": int(gate)}
        attributes |= {"depth_mm": int(depth), **dict(zip(("ds", "x", "dx", "v"), map(int, rest), strict=True))}
        return Annotation(time_s, 0.0, "HIT", attributes | {"offset": int(block) * BLOCK_BYTES})
    if mark := MARK.fullmatch(text):
        key, clock, number, name = mark.groups()
        return Annotation(time_s, 0.0, name, {"key": key, "clock": clock, "number": int(number)})
    return Annotation(time_s, 0.0, text) if text.startswith(("HIT", "MRK")) else None
