"""The event makers that Review offers."""

from __future__ import annotations

from core.events import make_events
from core.study import Changeset, Study

FINDERS = {
    "hits": "HITS candidates (Doppler I/Q)",
    "beats": "Heart beats (ECG)",
    "windows": "Windows of 2 s",
    "annotations": "Annotations that came with the recording",
}


def find_events(study: Study, recording_id: int, maker: str) -> Changeset:
    """Return the changeset of the events a maker finds, with the labels that came with the recording."""
    return make_events(study, recording_id, maker)
