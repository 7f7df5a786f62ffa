"""What the points of the map can be coloured by. To add one, write a function ``(Scene) -> Painted`` and add it to `COLOURS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP

from core.study import EventTable
from desktop.models.annotate_model import Facts
from desktop.views.annotate.data import Shown
from desktop.widgets.map import class_codes, class_palette, value_codes, value_palette


@dataclass(frozen=True)
class Scene:
    """A map, the study's events, and what else is known of them, by event id."""

    shown: Shown
    events: EventTable
    positions: Mapping[str, int]  # of the classes, from 1
    recordings: Mapping[int, str]  # names
    predicted: Mapping[int, str] = field(default_factory=dict)
    annotators: Mapping[int, str] = field(default_factory=dict)

    def column(self, name: str) -> npt.NDArray[np.object_]:
        """Return a column of the event table for each point; ``""`` where the event is gone."""
        there = np.isin(self.shown.ids, self.events.id)
        values = np.full(len(there), "", object)
        values[there] = getattr(self.events, name)[self.events.row_of(self.shown.ids[there])]
        return values

    def each(self, known: Mapping[int, str]) -> npt.NDArray[np.object_]:
        """Return what is known of each point, ``""`` where nothing is."""
        return np.array([known.get(event, "") for event in self.shown.ids.tolist()], object)

    def facts(self) -> Facts:
        """Return what the table of the map's events says: those that are still there."""
        there = np.isin(self.shown.ids, self.events.id)
        events = self.events.take(self.events.row_of(self.shown.ids[there]))
        return Facts(events, self.shown.made.quality[there], self.recordings, self.predicted)


@dataclass(frozen=True)
class Painted:
    """Colour codes (N,) into a palette, and what the colours mean: names with their position and how many there are."""

    codes: npt.NDArray[np.uint8]
    palette: npt.NDArray[np.uint8]
    names: tuple[tuple[str, int, int], ...] = ()


def by_label(scene: Scene) -> Painted:
    """Colour by the label that each event shows; the strip of classes is its legend."""
    return Painted(class_codes(scene.column("label"), scene.positions), class_palette())


def by_quality(scene: Scene) -> Painted:
    """Colour by local quality over its maximum."""
    return Painted(value_codes(scene.shown.made.quality), value_palette())


def by_prediction(scene: Scene) -> Painted:
    """Colour by what the newest model says."""
    return Painted(class_codes(scene.each(scene.predicted), scene.positions), class_palette())


def by_annotator(scene: Scene) -> Painted:
    """Colour by who labelled."""
    return _named(scene.each(scene.annotators))


def by_recording(scene: Scene) -> Painted:
    """Colour by recording."""
    return _named(np.array([scene.recordings.get(i, "") for i in scene.column("recording").tolist()], object))


def by_kind(scene: Scene) -> Painted:
    """Colour by the kind of event."""
    return _named(scene.column("kind"))


def _named(values: npt.NDArray[np.object_]) -> Painted:
    found = [name for name in sorted(set(values.tolist())) if name]
    place = {name: n for n, name in enumerate(found, 1)}
    counts = {name: int((values == name).sum()) for name in found}
    return Painted(class_codes(values, place), class_palette(), tuple((n, place[n], counts[n]) for n in found))


@dataclass(frozen=True)
class Colour:
    """A way to colour: its title, a line of help, and its function."""

    title: str
    help: str
    paint: Callable[[Scene], Painted]


COLOURS: dict[str, Colour] = {
    "label": Colour(
        QT_TRANSLATE_NOOP("annotate", "Class"), QT_TRANSLATE_NOOP("annotate", "The label that each event shows"), by_label
    ),
    "local quality": Colour(
        QT_TRANSLATE_NOOP("annotate", "Local quality"),
        QT_TRANSLATE_NOOP("annotate", "How far the map kept the neighbours that an event has among the features"),
        by_quality,
    ),
    "prediction": Colour(
        QT_TRANSLATE_NOOP("annotate", "Prediction"), QT_TRANSLATE_NOOP("annotate", "What the newest model says"), by_prediction
    ),
    "annotator": Colour(
        QT_TRANSLATE_NOOP("annotate", "Annotator"), QT_TRANSLATE_NOOP("annotate", "Who labelled each event"), by_annotator
    ),
    "recording": Colour(
        QT_TRANSLATE_NOOP("annotate", "Recording"), QT_TRANSLATE_NOOP("annotate", "Where each event is from"), by_recording
    ),
    "kind": Colour(QT_TRANSLATE_NOOP("annotate", "Kind"), QT_TRANSLATE_NOOP("annotate", "Beats, marks, candidates …"), by_kind),
}  # fmt: skip
