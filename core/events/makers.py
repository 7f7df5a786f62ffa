"""Event makers: each turns a recording into events. To add one, write a function and add its entry to `EVENT_MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from core.errors import InputError
from core.events.hits import Criteria, find_hits, power_tracks
from core.events.options import known_options
from core.events.places import channel_of, numbers_channels
from core.events.symbols import BEAT_SYMBOLS, MAPPINGS
from core.registry import Entry
from core.signals import Annotation, Recording


@dataclass(frozen=True)
class MadeEvent:
    """An event as a maker gives it: of a channel, ``""`` for the whole recording; `label` is None where none is known."""

    channel: str
    start_s: float
    duration_s: float
    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None


_IQ_REMEDY = "If its two channels are I and Q, say so when it is added (--reader layout=iq)"


def hits_of(recording: Recording, *, gate: int = 0, **criteria: float) -> list[MadeEvent]:
    """HITS candidates of a Doppler gate; `criteria` are the fields of `Criteria`. Memory does not grow with length."""
    if not recording.gates:
        raise InputError(
            "HITS need Doppler I/Q channels",
            subject=recording.path,
            remedy=_IQ_REMEDY if any(c.kind == "audio" for c in recording.channels) else "Choose a Doppler recording",
        )
    n = len(recording.gates)
    if not 0 <= gate < n:
        raise InputError(
            f"there is no gate={gate}: it has {n} Doppler I/Q gate{'s' * (n > 1)}",
            subject=recording.path,
            remedy="Give gate=0" + (f" to gate={n - 1}" if n > 1 else ""),
        )
    chosen = Criteria(**criteria)
    channel = recording.channels[recording.gates[gate][0]]

    def read(start: int, stop: int) -> Any:
        return recording.read_iq(gate, min(start, channel.n_samples), min(stop, channel.n_samples))

    tracks = power_tracks(read, channel.n_samples, channel.fs, chosen)
    if not np.isfinite(tracks.forward).any():
        raise _all_missing(recording, channel.name)
    made = []
    for hit in find_hits(tracks, read, channel.fs, chosen):
        attributes = asdict(hit) | {"suggestion": hit.kind}
        for name in ("start_s", "duration_s", "kind"):
            attributes.pop(name)
        made.append(MadeEvent(channel.name, hit.start_s, hit.duration_s, "hits", attributes))
    return made


def beats_of(recording: Recording, *, channel: str | int | None = None) -> list[MadeEvent]:
    """Heart beats of an ECG lead, by the GQRS detector of the wfdb library; events are 0.2 s round the R peak.

    Parameters
    ----------
    channel : str or int, optional
        The lead, by name or by number from 0; text that is no name may be a number. By default the first ECG lead.
    """
    from wfdb.processing import gqrs_detect

    chosen = _first_of_kind(recording, "ecg") if channel is None else _index_of(recording, channel)
    lead = recording.channels[chosen]
    signal = recording.read(chosen, 0, lead.n_samples)
    if not np.isfinite(signal).any():
        raise _all_missing(recording, lead.name)
    if np.nanstd(signal) == 0 or len(signal) < 3 * lead.fs:
        return []  # a flat or too short lead has no beats to find, and the detector would fail on it
    signal = np.where(np.isfinite(signal), signal, np.nanmedian(signal))
    peaks = gqrs_detect(signal, fs=lead.fs)
    return [
        MadeEvent(lead.name, max(0.0, p / lead.fs - 0.1), 0.2, "beat", {"peak_s": float(p / lead.fs)}) for p in peaks
    ]


def windows_of(
    recording: Recording, *, length_s: float = 2.0, step_s: float | None = None, min_overlap: float = 0.9
) -> list[MadeEvent]:
    """Windows of equal length; one that an annotation covers by `min_overlap` or more gets its text as label."""
    step = length_s if step_s is None else step_s
    least = 1 / max(recording.fs)
    if not (length_s >= least and step >= least):
        raise InputError(
            f"windows of length_s={length_s:g} every step_s={step:g} are not possible",
            remedy=f"Give at least one sample, {least:g} s, of each; for example length_s=2",
        )
    if not 0 < min_overlap <= 1:
        raise InputError(f"min_overlap={min_overlap:g} is no share of a window", remedy="Give more than 0, at most 1")
    starts = np.arange(0.0, recording.duration - length_s + 1e-9, step)
    lasting = [a for a in recording.annotations if a.duration_s > 0]
    name = recording.channels[0].name
    return [
        MadeEvent(name, float(start), length_s, "window", {}, _covering(lasting, float(start), length_s, min_overlap))
        for start in starts
    ]


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

    def __call__(self, recording: Recording, **options: Any) -> list[MadeEvent]:
        """Return the events of a recording."""
        return self.find(recording, **options)


EVENT_MAKERS: dict[str, EventMaker] = {
    "hits": EventMaker(
        "HITS candidates (Doppler I/Q)",
        "Short rises of power above the flow, emboli and artefacts alike",
        hits_of,
        Criteria,
    ),
    "beats": EventMaker("Heart beats (ECG)", "R peaks of an ECG lead, by the GQRS detector", beats_of),
    "windows": EventMaker(
        "Windows of 2 s", "One after the other; one that an annotation covers takes its label", windows_of
    ),
    "annotations": EventMaker(
        "Annotations that came with the recording",
        "Taken as events with imported labels",
        annotations_of,
        leaves_out="that mark no beat",
        unless={"beats_only": False},
    ),
}


def _index_of(recording: Recording, channel: str | int) -> int:
    """Return the number of a channel; what comes as text is a name first, since channels may be named ``1``, ``2``, …"""
    named = any(known.name == channel for known in recording.channels)
    is_number = isinstance(channel, str) and channel.removeprefix("-").isdecimal()
    return recording.index(int(channel) if is_number and not named else channel)


def _all_missing(recording: Recording, channel: str) -> InputError:
    return InputError(
        f"all samples of {channel} are missing (NaN)", subject=recording.path, remedy="Record or export it again"
    )


def _first_of_kind(recording: Recording, kind: str) -> int:
    for number, channel in enumerate(recording.channels):
        if channel.kind == kind:
            return number
    raise InputError(
        f"no channel is known to be {kind.upper()}",
        subject=recording.path,
        remedy="Choose the channel that holds it (--option channel=NAME)",
    )


def _covering(annotations: Sequence[Annotation], start: float, length: float, least: float) -> str | None:
    """Return the text of the annotation that covers a window most, if it covers enough of it. O(annotations)."""
    overlaps = [(min(a.onset_s + a.duration_s, start + length) - max(a.onset_s, start), a.text) for a in annotations]
    best = max(overlaps, default=(0.0, ""))
    return best[1] if best[0] >= least * length else None
