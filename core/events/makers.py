"""Event makers: each turns a recording into events. To add one, write a function and add its entry to `EVENT_MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from core.events.artefacts import Limits, artefacts_of
from core.events.beats import beats_of
from core.events.hits import Criteria, hits_of
from core.events.made import Made, MadeEvent
from core.events.options import known_options
from core.events.places import channel_of, numbers_channels
from core.events.symbols import BEAT_SYMBOLS, MAPPINGS
from core.events.windows import windows_of
from core.registry import Entry
from core.signals import Recording


def annotations_of(
    recording: Recording, *, mapping: str | None = None, duration_s: float = 0.2, beats_only: bool = True
) -> list[MadeEvent]:
    """The annotations that came with the recording, as labelled events; those that name no channel are of the whole of it.

    Parameters
    ----------
    mapping : str, optional
        ``aami`` groups the symbols of WFDB beats into N, S, V, F and Q; by default each text is its own label.
    duration_s : float
        Length given to marks without one, centred on the mark.
    beats_only : bool
        Of WFDB annotations, leave out what marks no beat (rhythm, noise, comments).
    """
    if mapping is not None and mapping not in MAPPINGS:
        raise InputError(f"there is no mapping {mapping!r}", remedy=f"Known mappings: {', '.join(MAPPINGS)}")
    if duration_s < 0:
        raise InputError(f"duration_s={duration_s:g} is less than nothing", remedy="Give 0 s or more")
    table = MAPPINGS.get(mapping or "", {})
    made = []
    wfdb = recording.format == "wfdb"
    numbered = wfdb and numbers_channels(recording.annotations)
    for a in recording.annotations:
        beat = wfdb and a.text in BEAT_SYMBOLS
        if wfdb and beats_only and not beat:
            continue
        start = a.onset_s if a.duration_s > 0 else max(0.0, a.onset_s - duration_s / 2)
        label = table.get(a.text) if mapping else a.text
        said = {name: value for name, value in a.attributes.items() if name != "channel"}
        attributes = {"symbol": a.text, "onset_s": a.onset_s, **said}
        if duration_s and not a.duration_s and start == a.onset_s:
            attributes["instant"] = True  # at the very start, nothing else tells it from what lasts from there
        channel, kind = channel_of(a.attributes, recording, numbered=numbered), "beat" if beat else "annotation"
        made.append(MadeEvent(channel, start, a.duration_s or duration_s, kind, attributes, label))
    return made


@dataclass(frozen=True)
class EventMaker(Entry):
    """An event maker to choose; calling it with a recording and its options gives the events.

    `find` has its options as keyword-only parameters; those it hands on are the fields of `further`. A maker that leaves
    some events out unless asked says which, such as "that mark no beat", and with which options it leaves out none.
    """

    find: Callable[..., list[MadeEvent]]
    further: type | None = None
    leaves_out: str = ""
    unless: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, tuple[type, ...]]:
        """The types that each of its options may be of."""
        return known_options(self.find, self.further)

    def __call__(self, recording: Recording, **options: Any) -> Made:
        """Return the events of a recording."""
        found = self.find(recording, **options)
        return found if isinstance(found, Made) else Made(found)


EVENT_MAKERS: dict[str, EventMaker] = {
    "hits": EventMaker(
        "HITS candidates (Doppler)",
        "Short signals that stand out of the flow, emboli and artefacts alike, measured and judged",
        hits_of,
        Criteria,
    ),
    "beats": EventMaker("Heart beats (ECG)", "R peaks of an ECG lead, by the GQRS detector", beats_of),
    "windows": EventMaker(
        "Windows of 2 s", "One after the other; one that an annotation covers takes its label", windows_of
    ),
    "threshold": EventMaker(
        "Artefacts: flat, missing or out of range",
        "Stretches that stay the same, have no samples or, of EEG, lie far from the running median; limits are options",
        artefacts_of,
        Limits,
    ),
    "annotations": EventMaker(
        "Annotations that came with the recording",
        "Taken as events with imported labels",
        annotations_of,
        leaves_out="that mark no beat",
        unless={"beats_only": False},
    ),
}
