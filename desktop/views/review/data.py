"""A recording as Review opens it in the background: what holds for all its pages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.jobs import Reporter
from core.signals import Pyramid, Recording, Typical, open_pyramid, typical_of
from desktop.services.session import Session

Gaps = tuple[tuple[float, float], ...]
COMING = 0  # the id of a recording that the study has not given one yet; its own begin at 1


@dataclass(frozen=True)
class Opened:
    """A recording with what holds for all its pages.

    Attributes
    ----------
    id : int
    stored : Recording
        As its file has it.
    recording : Recording
        As it is shown: the stored one, or what montage and filters make of it.
    pyramid : Pyramid
        Of what is shown; it may still be growing.
    typical : tuple of Typical
        The middle and range of each channel that is shown, the same on every page, so that amplitudes can be compared.
    said : str
        What montage and filters are called.
    electrodes : mapping of str to tuple of str
        The recorded channels that a derivation is about, by its name.
    serial : int
        Which opening this is: another montage, say, is another signal of the same recording.
    """

    id: int
    stored: Recording
    recording: Recording
    pyramid: Pyramid
    typical: tuple[Typical, ...] = field(repr=False)
    said: str = ""
    electrodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    serial: int = field(default_factory=itertools.count(1).__next__)

    def is_of(self, shown: Opened | None) -> bool:
        """Whether what was asked for with this opening is still of what is shown, which may have got another id since."""
        return shown is not None and shown.serial == self.serial


def open_recording(
    session: Session,
    recording_id: int,
    derive: Callable[[Recording], tuple[Recording, str, Mapping[str, tuple[str, ...]]]],
    coming: Recording | None = None,
    report: Reporter | None = None,
) -> Opened:
    """Open a recording of the study at once: of its samples only short pieces are read (in a task).

    One that is only `coming` has no pyramid. `report` hears of one that is read whole, since its file was touched.
    """
    stored = coming or session.recording(recording_id, report)
    shown, said, electrodes = derive(stored)
    pyramid = Pyramid(shown, Path()) if coming else open_pyramid(shown, session.arrays_of(recording_id))
    return Opened(recording_id, stored, shown, pyramid, typical_of(shown), said, electrodes)


def missing_of(recording: Recording, channel: int) -> Gaps:
    """Return the stretches in which a channel has no samples, also those after its end."""
    if not recording.channels:
        return recording.gaps
    known = recording.channels[channel]
    stop, total = known.n_samples / known.fs, recording.duration
    # A channel that is not sampled as often as the others ends a sample earlier than they do.
    return (*recording.gaps_of(channel), *([(stop, total)] if total - stop > 1.0 / known.fs else []))
