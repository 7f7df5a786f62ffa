"""The events of a study as annotations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from core.signals.recording import Annotation
from core.study import EventTable


def annotations_of_events(events: EventTable, annotators: Mapping[int, str] | None = None) -> tuple[Annotation, ...]:
    """Return events as annotations in order of their onsets.

    Their text is their label, else their kind. Attributes are those of the event and ``kind``, ``maker`` and, unless it is
    of the whole recording, ``channel``; of a label, ``label`` and, unless a person gave it, ``label_source`` and
    ``label_confidence``.

    Parameters
    ----------
    annotators : mapping of int to str, optional
        Whose label each event shows, by event id; becomes the attribute ``annotator``.
    """
    found = []
    for row, identity in enumerate(events.id.tolist()):
        label, source = events.label[row], events.label_source[row]
        said: dict[str, Any] = {"kind": events.kind[row], "maker": events.maker[row]}
        if events.channel[row]:
            said["channel"] = events.channel[row]
        if label:
            said["label"] = label
            if source != "human":
                said["label_source"] = source
            if not math.isnan(confidence := float(events.label_confidence[row])):
                said["label_confidence"] = confidence
            if who := (annotators or {}).get(identity):
                said["annotator"] = who
        attributes = {**events.attributes[row], **said}
        text = label or events.kind[row]
        found.append(Annotation(float(events.start_s[row]), float(events.duration_s[row]), text, attributes))
    return tuple(sorted(found, key=lambda a: a.onset_s))
