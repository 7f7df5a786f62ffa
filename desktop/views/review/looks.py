"""How recordings looked when they were left: taken up again when they are shown the next time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.views.review.data import COMING

Look = dict[str, Any]


class Looks:
    """Looks by the ids of recordings; that of the one on its way into the study is not mistaken for the next one's."""

    def __init__(self) -> None:
        self._looks: dict[int, Look] = {}

    def start(self, kept: Mapping[str, Look]) -> None:
        """Take up what was remembered."""
        self._looks = {int(recording): look for recording, look in kept.items() if recording.isdecimal()}
        self.coming()

    def kept(self) -> dict[str, Look]:
        """Return what the study remembers, as JSON."""
        return {str(recording): look for recording, look in self._looks.items() if recording != COMING}

    def keep(self, recording: int, look: Look) -> None:
        """Remember how a recording looks."""
        self._looks[recording] = look

    def of(self, recording: int) -> Look:
        """Return how a recording looked; nothing if it was not shown before."""
        return self._looks.get(recording, {})

    def coming(self) -> None:
        """Another recording is on its way, or none."""
        self._looks.pop(COMING, None)

    def arrived(self, recording: int) -> None:
        """The study has given the recording on its way an id."""
        look = self._looks.pop(COMING, None)
        if look is not None:
            self._looks[recording] = look
