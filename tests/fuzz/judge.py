"""One mutant: made from a seed, opened, read and judged.

A damaged file must be refused with a `HitscopeError`, or open as a recording that keeps the promises of `Recording`.
"""

import math
import traceback
import warnings
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path

import numpy as np

from core.errors import HitscopeError
from core.signals import Recording, open_recording
from core.signals.readers import reader_of
from tests.contracts.reader_cases import Case
from tests.fuzz.mutations import mutate

KINDS = {"ecg", "eeg", "eog", "emg", "doppler_i", "doppler_q", "doppler_forward", "doppler_reverse", "audio", "other"}
WINDOW = 2000  # samples


@dataclass(frozen=True)
class Mutant:
    """A recording, one file of which, `name`, is damaged."""

    name: str
    data: bytes = field(repr=False)
    allow_truncated: bool


@dataclass(frozen=True)
class Verdict:
    """`outcome` is ``opened``, ``refused`` or ``finding``; `detail` says what the finding is."""

    outcome: str
    detail: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0


def put_case(case: Case, folder: Path) -> Path:
    """Put the files of a case into a new folder, and return the one to open."""
    folder.mkdir(parents=True)
    return case.put(folder)


def make_mutant(whole: Path, number: int, seed: int) -> Mutant:
    """Return mutant `number` of the recording `whole`, which has its folder to itself.

    The file to open, which often is the header, is hit most often.
    """
    rng = np.random.default_rng([seed, number])
    names = sorted(path.name for path in whole.parent.iterdir())
    name = whole.name if rng.random() < 0.5 else names[int(rng.integers(len(names)))]
    allow_truncated = bool(rng.random() < 0.3)
    return Mutant(name, mutate(whole.with_name(name).read_bytes(), rng), allow_truncated)


def judge(path: Path, **options: object) -> Verdict:
    """Open a file, read windows of it, look at its annotations, and say how that went."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            recording = open_recording(path, **options)
            broken = _broken_promise(recording)
            _read(recording)
    except HitscopeError:
        return Verdict("refused")
    except Exception:
        return Verdict("finding", f"exception\n{traceback.format_exc()}")
    return Verdict("finding", f"broken promise: {broken}") if broken else Verdict("opened")


def options_of(mutant: Mutant, case: Case, whole: Path) -> dict[str, object]:
    """Return the options with which a mutant is opened."""
    takes = signature(reader_of(whole).open_file).parameters
    allowed = {"allow_truncated": True} if mutant.allow_truncated and "allow_truncated" in takes else {}
    return {**getattr(case, "options", {}), **allowed}


def _broken_promise(recording: Recording) -> str:
    """Return what of a recording is not as `Recording` says, empty where all is."""
    for c in recording.channels:
        if not (math.isfinite(c.fs) and c.fs > 0 and isinstance(c.n_samples, int) and c.n_samples >= 0):
            return f"channel {c.name!r} has {c.n_samples!r} samples at {c.fs!r} Hz"
        if not (isinstance(c.name, str) and c.name and isinstance(c.unit, str) and c.unit and c.kind in KINDS):
            return f"channel {c!r} is not named, or of no known kind"
    if len({c.name for c in recording.channels}) < len(recording.channels):
        return "two channels have one name"
    for a in recording.annotations:
        if not (isinstance(a.text, str) and math.isfinite(a.onset_s) and math.isfinite(a.duration_s)):
            return f"annotation {a!r} is no text at a time"
        if a.duration_s < 0:
            return f"annotation {a!r} lasts less than nothing"
    edges = [edge for gap in recording.gaps for edge in gap]
    if edges != sorted(edges) or not all(map(math.isfinite, edges)):
        return f"gaps {recording.gaps} are out of order"
    texts = [recording.note, *recording.identifying, *recording.identifying.values()]
    return "" if all(isinstance(text, str) for text in texts) else "a text of the header is none"


def _read(recording: Recording) -> None:
    n_channels = len(recording.channels)
    for number in sorted({0, n_channels // 2, n_channels - 1} if n_channels else ()):
        n = recording.channels[number].n_samples
        for start in sorted({0, n // 2, max(n - WINDOW, 0)}):
            got = recording.read(number, start, min(start + WINDOW, n))
            assert got.dtype == np.float64, got.dtype
            assert got.shape == (min(start + WINDOW, n) - start,), got.shape
