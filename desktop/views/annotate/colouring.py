"""What the points of the map can be coloured by. To add one, write a function ``(Scene) -> Painted`` and add it to `COLOURS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from core.study import EventTable
from desktop.models.annotate_model import Facts
from desktop.models.named import Named
from desktop.views.annotate.data import Shown
from desktop.widgets.map import class_codes, class_palette, value_codes, value_palette

SOURCES = {  # of labels, as the study calls them; what they are called here
    "human": QT_TRANSLATE_NOOP("annotate", "by hand"),
    "propagated": QT_TRANSLATE_NOOP("annotate", "propagated"),
    "imported": QT_TRANSLATE_NOOP("annotate", "imported"),
    "simulated": QT_TRANSLATE_NOOP("annotate", "simulated"),
}


@dataclass(frozen=True)
class Scene:
    """A map, the study's events, and what else is known of them, by event id.

    What is found out of it is found out once, as numbers: see `Scenes`.
    """

    shown: Shown
    events: EventTable
    positions: Mapping[str, int]  # of the classes, from 1
    recordings: Mapping[int, str]  # names
    predicted: Mapping[int, str] = field(default_factory=dict)
    annotators: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> npt.NDArray[np.intp]:
        """The row of each point in the table of events, -1 where the event is gone, (N,)."""
        known, wanted = self.events.id, self.shown.ids
        rows = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[rows] == wanted, rows, -1) if len(known) else np.full(len(wanted), -1)

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Which points' events are still there, (N,)."""
        return self.rows >= 0

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the event table for the points whose events are still there."""
        values: npt.NDArray[Any] = getattr(self.events, name)[self.rows[self.there]]
        return values

    @cached_property
    def labels(self) -> Named:
        """The label that each point shows; ``""`` also where the event is gone."""
        return self._named("label")

    @cached_property
    def kinds(self) -> Named:
        """The kind of event that each point is."""
        return self._named("kind")

    @cached_property
    def sources(self) -> Named:
        """How the label of each point came: a person, propagation, a file …"""
        return self._named("label_source")

    @cached_property
    def recorded(self) -> Named:
        """The name of the recording that each point is from."""
        numbers = np.full(len(self.rows), -1)
        numbers[self.there] = self.column("recording")
        return Named.by(numbers.tolist(), self.recordings)

    @cached_property
    def predictions(self) -> Named:
        """What the newest model says of each point."""
        return Named.by(self.shown.ids.tolist(), self.predicted)

    @cached_property
    def labellers(self) -> Named:
        """Who labelled each point."""
        return Named.by(self.shown.ids.tolist(), self.annotators)

    @cached_property
    def unlabelled(self) -> int:
        """How many of the events that are still there have no label."""
        return self.labels.counts.get("", 0) - int((~self.there).sum())

    def labelled(self, key: str) -> npt.NDArray[np.int64]:
        """Return the ids of the events that are labelled so."""
        return self.shown.ids[self.labels.having(key)]

    @cached_property
    def recording_ids(self) -> set[int]:
        """The recordings that the events are from."""
        return set(np.flatnonzero(np.bincount(self.column("recording"))).tolist())

    def facts(self) -> Facts:
        """Return what the table of the map's events says: those that are still there."""
        there = self.there
        return Facts(self.events, self.rows[there], self.shown.made.quality[there], self.recordings, self.predicted)

    def _named(self, name: str) -> Named:
        texts = np.full(len(self.rows), "", object)
        texts[self.there] = self.column(name)
        return Named.of(texts.tolist())


class Scenes:
    """Gives the scene it gave last as long as nothing in it is other, with all that was found out of it."""

    def __init__(self) -> None:
        self._last: Scene | None = None

    def of(self, wanted: Scene) -> Scene:
        """Return this scene, or the last one if that is the same."""
        last = self._last
        if last is None or not _same(last, wanted):
            self._last = last = wanted
        return last


def _same(a: Scene, b: Scene) -> bool:
    # A map that was only scored anew has the arrays it had.
    return (
        a.shown.made.local_quality is b.shown.made.local_quality and a.shown.ids is b.shown.ids and a.events is b.events
        and a.predicted is b.predicted and a.annotators is b.annotators
        and (a.positions, a.recordings) == (b.positions, b.recordings)
    )  # fmt: skip


@dataclass(frozen=True)
class Painted:
    """Colour codes (N,) into a palette, and what the colours mean: names with their position and how many there are."""

    codes: npt.NDArray[np.uint8]
    palette: npt.NDArray[np.uint8]
    names: tuple[tuple[str, int, int], ...] = ()


def by_label(scene: Scene) -> Painted:
    """Colour by the label that each event shows; the strip of classes is its legend."""
    return _classes(scene.labels, scene)


def by_quality(scene: Scene) -> Painted:
    """Colour by local quality over its maximum."""
    return Painted(value_codes(scene.shown.made.quality), value_palette())


def by_prediction(scene: Scene) -> Painted:
    """Colour by what the newest model says."""
    return _classes(scene.predictions, scene)


def by_annotator(scene: Scene) -> Painted:
    """Colour by who labelled."""
    return _named(scene.labellers)


def by_recording(scene: Scene) -> Painted:
    """Colour by recording."""
    return _named(scene.recorded)


def by_kind(scene: Scene) -> Painted:
    """Colour by the kind of event."""
    return _named(scene.kinds)


def by_source(scene: Scene) -> Painted:
    """Colour by how each label came; of one that is new here, by the word that the study has for it."""
    said = {key: QCoreApplication.translate("annotate", title) for key, title in SOURCES.items()}
    named = scene.sources
    return _named(Named(named.codes, [said.get(name, name) for name in named.names]), list(said.values()))


def by_test(scene: Scene) -> Painted:
    """Colour the events of test subjects; all others stay grey."""
    name = QCoreApplication.translate("annotate", "test subjects")
    return _named(Named(scene.shown.made.events.test.astype(np.intp), ["", name]))


def _classes(keys: Named, scene: Scene) -> Painted:
    return Painted(class_codes(keys.names, scene.positions)[keys.codes], class_palette())


def _named(texts: Named, always: Sequence[str] = ()) -> Painted:
    """Give each name a colour; those that are `always` offered keep theirs, whichever of them there are."""
    counts = texts.counts
    others = sorted(name for name in counts if name and name not in always)
    place = {name: n for n, name in enumerate([*always, *others], 1)}
    codes = class_codes(texts.names, place)[texts.codes]
    names = tuple((name, n, counts[name]) for name, n in place.items() if counts.get(name))
    return Painted(codes, class_palette(), names)


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
    "source": Colour(
        QT_TRANSLATE_NOOP("annotate", "Source"),
        QT_TRANSLATE_NOOP("annotate", "How each label came: by hand, propagated, imported …"),
        by_source,
    ),
    "test": Colour(
        QT_TRANSLATE_NOOP("annotate", "Test subjects"),
        QT_TRANSLATE_NOOP("annotate", "Whose events are held out for testing: label them by hand, one by one"),
        by_test,
    ),
    "recording": Colour(
        QT_TRANSLATE_NOOP("annotate", "Recording"), QT_TRANSLATE_NOOP("annotate", "Where each event is from"), by_recording
    ),
    "kind": Colour(QT_TRANSLATE_NOOP("annotate", "Kind"), QT_TRANSLATE_NOOP("annotate", "Beats, marks, candidates …"), by_kind),
}  # fmt: skip
