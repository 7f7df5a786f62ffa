"""The map, large, or the best, middle and worst one side by side: in the same colours, with one selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtWidgets import QStackedWidget

from core.projection import ProjectionSet
from desktop.services.tasks import TaskPool
from desktop.widgets.map import MapCanvas, Mark, MiniMap, Small, SmallMultiples

PLACES = {  # attributes of a set of maps, in the order in which they stand side by side
    "best": QT_TRANSLATE_NOOP("annotate", "best"),
    "middle": QT_TRANSLATE_NOOP("annotate", "middle"),
    "worst": QT_TRANSLATE_NOOP("annotate", "worst"),
}


class Pictures(QStackedWidget):
    """Tells, whichever is seen: `selected` (ids, mode), `hovered` (id or None); `large` (place among the maps) when one of
    those side by side is wanted alone.
    """

    selected = Signal(object, str)
    hovered = Signal(object)
    large = Signal(int)

    def __init__(self, tasks: TaskPool) -> None:
        super().__init__()
        self.canvas = MapCanvas(tasks)
        self.minimap = MiniMap(self.canvas)
        self.several = SmallMultiples(tasks)
        self._beside: tuple[int, ...] = ()  # the places of those side by side
        for shown in (self.canvas, self.several):
            self.addWidget(shown)
            shown.selected.connect(self.selected)
            shown.hovered.connect(self.hovered)
        self.several.chosen.connect(lambda place: self.large.emit(self._beside[place]))

    def clear(self) -> None:
        """Show nothing: another study is open."""
        self.canvas.show_points(np.empty(0, np.int64), np.empty((0, 2)))
        self.several.show_maps(np.empty(0, np.int64), [])
        self._beside = ()

    def show_one(self) -> None:
        """Show the map alone."""
        self.setCurrentWidget(self.canvas)

    def show_beside(self, maps: ProjectionSet) -> None:
        """Show best, middle and worst side by side; colours, marks and selection are to be shown again."""
        self._beside = tuple(maps.ranked.values())
        small = [
            Small(
                QCoreApplication.translate("annotate", PLACES[name]), about(maps.maps[at].params), maps.maps[at].points
            )
            for name, at in maps.ranked.items()
        ]
        self.several.show_maps(maps.ids, small)
        self.setCurrentWidget(self.several)

    def set_tool(self, name: str) -> None:
        """Use a tool on all."""
        for shown in (self.canvas, self.several):
            shown.set_tool(name)

    def set_mode(self, name: str) -> None:
        """Choose in a mode on all."""
        for shown in (self.canvas, self.several):
            shown.set_mode(name)

    def show_density(self, on: bool) -> None:
        """Show how densely all are populated instead of their points."""
        for shown in (self.canvas, self.several):
            shown.show_density(on)

    def show_codes(self, codes: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> None:
        """Colour the points of all."""
        for shown in (self.canvas, self.several):
            shown.show_codes(codes, palette)

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """Mark events on all."""
        for shown in (self.canvas, self.several):
            shown.show_marks(marks)

    def show_selection(self, ids: npt.ArrayLike) -> None:
        """Show the same selection on all."""
        for shown in (self.canvas, self.several):
            shown.show_selection(ids)


def about(params: dict[str, Any]) -> str:
    """Return how a map was made."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" if name != "method" else str(value) for name, value in params.items()
    )
