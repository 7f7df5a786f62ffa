"""Small maps side by side: the same events on several projections, in the same colours, with one selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from desktop.services.tasks import TaskPool
from desktop.widgets.map.canvas import MapCanvas
from desktop.widgets.map.picture import Mark


@dataclass(frozen=True)
class Small:
    """One of the maps: its title, what is said below it, the places of the events (N, 2)."""

    title: str
    text: str
    points: npt.ArrayLike


class SmallMultiples(QWidget):
    """Linked maps. What one of them tells, this tells: `selected` (ids, mode), `hovered` (id or None), `activated` (id);
    `chosen` (place in the row) when the title of one is clicked, to see it large.
    """

    selected = Signal(object, str)
    hovered = Signal(object)
    activated = Signal(int)
    chosen = Signal(int)

    def __init__(self, tasks: TaskPool) -> None:
        super().__init__()
        self._tasks = tasks
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self.maps: list[MapCanvas] = []
        self.titles: list[QToolButton] = []
        self._tool, self._mode, self._dense = "pan", "replace", False  # of the maps that come, too

    def show_maps(self, ids: npt.ArrayLike, small: Sequence[Small]) -> None:
        """Show other maps of events."""
        while self._row.count():
            item = self._row.takeAt(0)
            if item.widget() is not None:
                item.widget().hide()
                item.widget().deleteLater()
        self.maps, self.titles = [], []
        for place, one in enumerate(small):
            self._row.addWidget(self._one(place, one, ids), 1)

    def show_codes(self, codes: npt.NDArray, palette: npt.NDArray) -> None:
        """Colour the points of all; see `MapCanvas`."""
        for one in self.maps:
            one.show_codes(codes, palette)

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """Mark events on all; see `MapCanvas`."""
        for one in self.maps:
            one.show_marks(marks)

    def show_selection(self, ids: npt.ArrayLike) -> None:
        """Show the same selection on all."""
        for one in self.maps:
            one.show_selection(ids)

    def show_hover(self, event_id: int | None) -> None:
        """Show an event as pointed at, on all."""
        for one in self.maps:
            one.show_hover(event_id)

    def set_tool(self, name: str) -> None:
        """Use a tool on all."""
        self._tool = name
        for one in self.maps:
            one.set_tool(name)

    def set_mode(self, name: str) -> None:
        """Choose in a mode on all."""
        self._mode = name
        for one in self.maps:
            one.set_mode(name)

    def show_density(self, on: bool) -> None:
        """Show how densely all are populated instead of their points."""
        self._dense = on
        for one in self.maps:
            one.show_density(on)

    def show_chosen(self, place: int) -> None:
        """Say which one is seen large."""
        for at, title in enumerate(self.titles):
            title.setChecked(at == place)

    def _one(self, place: int, small: Small, ids: npt.ArrayLike) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = QToolButton()
        title.setProperty("role", "toggle")
        title.setCheckable(True)
        title.setText(small.title)
        title.setToolTip(QCoreApplication.translate("map", "Show this map large"))
        title.clicked.connect(lambda _checked=False: (self.show_chosen(place), self.chosen.emit(place)))
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignLeft)
        canvas = MapCanvas(self._tasks, QCoreApplication.translate("map", "Map: {}").format(small.title))
        canvas.show_note("")
        canvas.show_points(ids, small.points)
        canvas.set_tool(self._tool)
        canvas.set_mode(self._mode)
        canvas.show_density(self._dense)
        canvas.selected.connect(self.selected)
        canvas.activated.connect(self.activated)
        canvas.hovered.connect(self._hovered)
        column.addWidget(canvas, 1)
        text = QLabel(small.text)
        text.setProperty("role", "muted")
        text.setWordWrap(True)
        column.addWidget(text)
        self.maps.append(canvas)
        self.titles.append(title)
        return part

    def _hovered(self, event_id: int | None) -> None:
        self.show_hover(event_id)
        self.hovered.emit(event_id)
