"""Where events lie: the channel that an annotation is about, and which events are in a study already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.signals import Annotation, Recording
from core.study import EventTable, NewEvent

if TYPE_CHECKING:
    from core.events.made import MadeEvent

WHOLE = ""  # the channel of an event that is of the recording as a whole
Place = tuple[str, float, float, str]
Way = Callable[[Place], Hashable]


def numbers_channels(annotations: Iterable[Annotation]) -> bool:
    """Return whether annotations number their channels, as of WFDB files some do: in the others, all numbers are 0."""
    return any(a.attributes.get("chan") for a in annotations)


def channel_of(said: Mapping[str, Any], recording: Recording, *, numbered: bool) -> str:
    """Return the channel that an annotation is about; `WHOLE` where it names none.

    A name that the recording does not know stays, since it may be of a montage.

    Parameters
    ----------
    said : mapping
        Attributes of the annotation.
    recording : Recording
    numbered : bool
        Whether the number ``chan`` says which channel it is, so that 0, which is left out, is the first.
    """
    names = [channel.name for channel in recording.channels]
    stated = str(said.get("channel", "")).strip()
    if stated and stated not in names:
        alike = {name.strip().casefold(): name for name in reversed(names)}
        return alike.get(stated.casefold(), stated)
    if stated or not numbered:
        return stated or WHOLE
    number = said.get("chan", 0)
    return names[number if isinstance(number, int) and 0 <= number < len(names) else 0] if names else WHOLE


def already_there(
    events: Sequence[NewEvent | MadeEvent], there: EventTable, first_channel: str, further: Sequence[Way] = ()
) -> list[int | None]:
    """Return for each event the id of the one in a table that it is, None for one that is new; no id comes twice.

    An event is one that begins and lasts the same, on the same channel and of the same kind. What is of the recording as a
    whole lies on its first channel in studies and files made before there was `WHOLE`: that is the same place.

    Parameters
    ----------
    events : sequence of NewEvent or MadeEvent
    there : EventTable
    first_channel : str
        Name of the first channel of the recording.
    further : sequence of callable
        What else counts, the stricter first: what of a place (channel, start, duration, kind) must be equal.
    """
    ways: list[Way] = [lambda place: place, lambda place: (place[0] or first_channel, *place[1:]), *further]
    wanted = [(e.channel, float(e.start_s), float(e.duration_s), e.kind) for e in events]
    columns = (there.channel.tolist(), there.start_s.tolist(), there.duration_s.tolist(), there.kind.tolist())
    left: dict[int, Place] = dict(zip(there.id.tolist(), zip(*columns, strict=True), strict=True))
    found: list[int | None] = [None] * len(wanted)
    for way in ways:
        ids: defaultdict[Hashable, list[int]] = defaultdict(list)
        for identity, place in reversed(left.items()):
            ids[way(place)].append(identity)
        for n, place in enumerate(wanted):
            if found[n] is None and ids[way(place)]:
                found[n] = identity = ids[way(place)].pop()
                del left[identity]
    return found
