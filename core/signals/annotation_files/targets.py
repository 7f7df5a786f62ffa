"""What a file of annotations may not be written over: signals."""

from __future__ import annotations

from pathlib import Path

from core.errors import HitscopeError, InputError, TruncatedError
from core.signals.annotation_files import csv
from core.signals.readers import open_recording
from core.signals.readers.mapping import MappingNeeded

TABLES = (".csv", ".tsv", ".txt")


def refuse_signals(target: Path) -> None:
    """Raise `InputError` where a file holds samples, known to a study or not."""
    if target.is_file() and _holds_samples(target):
        raise InputError(
            "it holds a recorded signal",
            subject=target,
            kept="It was not changed",
            remedy="Choose another name for the annotations",
        )


def _holds_samples(path: Path) -> bool:
    if path.suffix.lower() in TABLES and csv.holds_annotations(path):
        return False  # onsets and durations are numbers too
    try:
        return any(channel.n_samples for channel in open_recording(path).channels)
    except (MappingNeeded, TruncatedError):  # not said what they mean, or not all there
        return True
    except HitscopeError:
        return False
