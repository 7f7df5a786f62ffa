"""What every event maker shares: the event it gives, and which channel it is to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from core.signals import Recording


@dataclass(frozen=True)
class MadeEvent:
    """An event as a maker gives it: of a channel, ``""`` for the whole recording; `label` is None where none is known."""

    channel: str
    start_s: float
    duration_s: float
    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None


@dataclass(frozen=True)
class Searched:
    """Which channel a maker looked through, with which settings, and how much of it, in seconds, was fit for that or not."""

    channel: str
    settings: Mapping[str, Any]
    seconds: Mapping[str, float]


class Made(list[MadeEvent]):
    """Events as a maker gives them, and what it has to say of the recording; of some, `searched` is kept with the study."""

    def __init__(
        self, events: Iterable[MadeEvent] = (), notes: tuple[str, ...] = (), searched: Searched | None = None
    ) -> None:
        super().__init__(events)
        self.notes, self.searched = notes, searched


def index_of(recording: Recording, channel: str | int) -> int:
    """Return the number of a channel; what comes as text is a name first, since channels may be named ``1``, ``2``, …

    Raises
    ------
    InputError
        If there is no such channel.
    """
    named = any(known.name == channel for known in recording.channels)
    is_number = isinstance(channel, str) and channel.removeprefix("-").isdecimal()
    return recording.index(int(channel) if is_number and not named else channel)


def first_of_kind(recording: Recording, kind: str) -> int:
    """Return the number of the first channel of a kind.

    Raises
    ------
    InputError
        If no channel is known to be of it.
    """
    for number, channel in enumerate(recording.channels):
        if channel.kind == kind:
            return number
    raise InputError(
        f"no channel is known to be {kind.upper()}",
        subject=recording.path,
        remedy="Choose the channel that holds it (--option channel=NAME)",
    )


def all_missing(recording: Recording, channel: str) -> InputError:
    """Return the error of a channel without a single sample."""
    return InputError(
        f"all samples of {channel} are missing (NaN)", subject=recording.path, remedy="Record or export it again"
    )
