"""What Review reads in the background: a recording as a whole, and the page that is drawn of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals import Pyramid, Recording, envelope_of, typical_of
from desktop.services.session import Session
from desktop.views.review.pictures.rows import Typical

Floats = npt.NDArray[np.float64]
ENVELOPE_BINS = 600


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
    envelope : (t, low, high)
        The line of the overview.
    """

    id: int
    stored: Recording
    recording: Recording
    pyramid: Pyramid
    typical: tuple[Typical, ...] = field(repr=False)
    envelope: tuple[Floats, Floats, Floats] = field(repr=False)


def open_stored(session: Session, recording_id: int) -> Recording:
    """Open a recording of the study as its file has it (in a task)."""
    return session.recording(recording_id)


def prepare(recording_id: int, stored: Recording, shown: Recording, folder: Path) -> Opened:
    """Return what pages are drawn from, at once: nothing is read but short pieces (in a task)."""
    from core.signals import open_pyramid

    pyramid = open_pyramid(shown, folder)
    typical = tuple(Typical(*typical_of(shown, n)) for n in range(len(shown.channels)))
    envelope = envelope_of(pyramid, 0, ENVELOPE_BINS) if shown.channels else (np.empty(0),) * 3
    return Opened(recording_id, stored, shown, pyramid, typical, envelope)


def gate_of(recording: Recording, channel: int) -> int | None:
    """Return the Doppler gate a channel belongs to, or None."""
    return next((g for g, pair in enumerate(recording.gates) if channel in pair), None)
