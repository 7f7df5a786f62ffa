"""The strips round the map: maps to choose from, classes, propagation."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.projection import Map, ProjectionSet
from core.study import UNSURE, LabelClass, RunEntry
from desktop.services import theme
from desktop.views.annotate.colouring import COLOURS
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.map import Cloud, Picture, still
from desktop.widgets.parts import button, label, number

THUMBNAIL_PX = 132
THUMBNAIL_POINTS = 30_000  # more could not be told apart
NAMED = 8  # names of colours that are written out; the others are counted


class Thumbnail:
    """A small picture of a map; of very many points, of an even sample."""

    def __init__(self, points: np.ndarray) -> None:
        self._every = max(1, -(-len(points) // THUMBNAIL_POINTS))
        points = points[:: self._every]
        self._picture = Picture(Cloud(np.arange(len(points)), points))

    def icon(self, codes: np.ndarray, palette: np.ndarray) -> QIcon:
        """Return it in these colours."""
        self._picture.show_codes(codes[:: self._every], palette)
        return QIcon(still(self._picture, THUMBNAIL_PX, THUMBNAIL_PX))


def shape_icon(position: int) -> QIcon:
    """Return a class's shape in its colour: its name beside it has the colour of text, which is easier to read."""
    return sign_icon(theme.class_shape(position), theme.class_colour(position))


def sign_icon(sign: str, colour: str, size: int = 16) -> QIcon:
    """Return one character as an icon."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QColor(colour))
    painter.drawText(pixmap.rect(), Qt.AlignmentFlag.AlignCenter, sign)
    painter.end()
    return QIcon(pixmap)


class QualityScale(QWidget):
    """The colours of local quality with what their ends mean."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        bar = QLabel()
        bar.setFixedHeight(10)
        last = len(theme.CIVIDIS) - 1
        stops = ", ".join(f"stop:{n / last:.3f} rgb{colour}" for n, colour in enumerate(theme.CIVIDIS))
        bar.setStyleSheet(f"background: qlineargradient(x1:0, y1:0, x2:1, y2:0, {stops});")
        bar.setAccessibleName(self.tr("Colours of local quality, from low to high"))
        layout.addWidget(bar)
        ends = QHBoxLayout()
        ends.addWidget(label(self.tr("0 torn apart"), "muted"))
        ends.addStretch(1)
        ends.addWidget(label(self.tr("1 kept"), "muted"))
        layout.addLayout(ends)
        self.setToolTip(self.tr("How far the map keeps the neighbours that an event has among the features"))


class MapsStrip(QWidget):
    """Feature space, best, middle and worst map, what colours the points."""

    run_chosen = Signal(str)
    map_chosen = Signal(int)
    colour_chosen = Signal(str)
    learn = Signal()
    project = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(190)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 6, 10)
        layout.addWidget(label(self.tr("Features"), "title"))
        self.features = ElidedComboBox()
        self.features.setAccessibleName(self.tr("Feature space"))
        layout.addWidget(self.features)
        layout.addWidget(
            button(self.tr("Learn features…"), self.learn.emit, tip=self.tr("Learn features of events in a job"))
        )
        layout.addWidget(label(self.tr("Maps"), "title"))
        self.runs = ElidedComboBox()
        self.runs.setAccessibleName(self.tr("Projection"))
        self.runs.activated.connect(lambda i: self.run_chosen.emit(self.runs.itemData(i)))
        layout.addWidget(self.runs)
        self.maps = QListWidget()
        self.maps.setAccessibleName(self.tr("Best, middle and worst map"))
        self.maps.setViewMode(QListWidget.ViewMode.IconMode)
        self.maps.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.maps.setMovement(QListWidget.Movement.Static)
        self.maps.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.maps.setWordWrap(True)
        self.maps.itemClicked.connect(lambda item: self.map_chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self._thumbnails: list[Thumbnail] = []
        self._colours = np.empty(0), np.empty(0)  # codes and palette that they are shown in
        layout.addWidget(self.maps, 1)
        layout.addWidget(button(self.tr("Make maps…"), self.project.emit))
        layout.addWidget(label(self.tr("Colour by"), "title"))
        self.colour = QComboBox()
        self.colour.setAccessibleName(self.tr("Colour by"))
        for row, (name, entry) in enumerate(COLOURS.items()):
            self.colour.addItem(QCoreApplication.translate("annotate", entry.title), name)
            tip = QCoreApplication.translate("annotate", entry.help)
            self.colour.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        self.colour.activated.connect(lambda i: self.colour_chosen.emit(self.colour.itemData(i)))
        layout.addWidget(self.colour)
        self.scale = QualityScale()
        self.scale.hide()
        self.colour.currentIndexChanged.connect(
            lambda _i: self.scale.setVisible(self.colour.currentData() == "local quality")
        )
        layout.addWidget(self.scale)
        self.names = label("", wrap=True)
        self.names.setAccessibleName(self.tr("What the colours mean"))
        self.names.hide()
        layout.addWidget(self.names)

    def show_names(self, names: tuple[tuple[str, int, int], ...]) -> None:
        """Say which colour is whose: names, their place among the colours, how many events."""
        lines = [
            f'<span style="color:{theme.class_colour(place)}">■</span> {escape(name)}  {number(n)}'
            for name, place, n in names[:NAMED]
        ]
        if len(names) > NAMED:
            lines.append(self.tr("… and {} more").format(number(len(names) - NAMED)))
        self.names.setText("<br>".join(lines))
        self.names.setVisible(bool(lines))

    def clear(self) -> None:
        """Show nothing: another study is open."""
        for widget in (self.features, self.runs, self.maps):
            widget.clear()

    def show_runs(self, features: list[RunEntry], projections: list[RunEntry], current: str | None) -> None:
        """List the finished feature spaces and projections."""
        for box, runs in ((self.features, features), (self.runs, projections)):
            chosen = box.currentData()
            box.clear()
            for run in reversed(runs):
                box.addItem(run.name if run.status == "done" else self.tr("{} (not finished)").format(run.name), run.id)
            box.setCurrentIndex(max(0, box.findData(chosen)))
        if current is not None:
            self.runs.setCurrentIndex(max(0, self.runs.findData(current)))

    def show_maps(self, maps: ProjectionSet, codes: np.ndarray, palette: np.ndarray) -> None:
        """Show the three thumbnails with silhouette and parameters."""
        self.maps.clear()
        self._thumbnails, self._colours = [], (codes, palette)
        for title, which in self._ranked(maps):
            made = maps.maps[which]
            self._thumbnails.append(Thumbnail(made.points))
            item = QListWidgetItem(self._thumbnails[-1].icon(codes, palette), self._caption(title, made))
            item.setData(Qt.ItemDataRole.UserRole, which)
            item.setToolTip(", ".join(f"{k} {v}" for k, v in made.params.items()))
            self.maps.addItem(item)

    def show_scores(self, maps: ProjectionSet, codes: np.ndarray, palette: np.ndarray) -> bool:
        """Show other scores and colours of the maps that are shown; return False where others are best, middle and worst now."""
        items = [self.maps.item(row) for row in range(self.maps.count())]
        if [item.data(Qt.ItemDataRole.UserRole) for item in items] != [which for _title, which in self._ranked(maps)]:
            return False
        for item, (title, which) in zip(items, self._ranked(maps), strict=True):
            item.setText(self._caption(title, maps.maps[which]))
        if not all(map(np.array_equal, self._colours, (codes, palette))):
            self._colours = codes, palette
            for item, small in zip(items, self._thumbnails, strict=True):
                item.setIcon(small.icon(codes, palette))
        return True

    def _ranked(self, maps: ProjectionSet) -> list[tuple[str, int]]:
        titles = {"best": self.tr("best"), "middle": self.tr("middle"), "worst": self.tr("worst")}
        return [(titles[name], which) for name, which in maps.ranked.items()]

    def _caption(self, title: str, made: Map) -> str:
        score = self.tr("too few labels") if made.silhouette is None else f"s = {number(made.silhouette, 2)}"
        how = made.params["method"] + (f" {made.params['perplexity']:g}" if "perplexity" in made.params else "")
        n = f", n = {number(made.n_scored)}" if made.silhouette is not None and made.n_scored else ""
        return f"{title}: {score}\n{how}{n}"


class ClassesStrip(QWidget):
    """Classes with key, colour, shape and count; a click labels the selection."""

    chosen = Signal(str)
    add = Signal()

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 10, 10)
        layout.addWidget(label(self.tr("Classes"), "title"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Classes: activate one to label the selection"))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        layout.addWidget(self.list, 1)
        layout.addWidget(button(self.tr("Add a class…"), self.add.emit))
        self.selection, self.test = label("", "muted", wrap=True), label("", wrap=True)
        layout.addWidget(self.selection)
        layout.addWidget(self.test)
        self.test.hide()

    def say_test(self, n: int, n_test: int) -> None:
        """Say how many of `n` selected events are of test subjects: a label that a map suggested is no ground for a score."""
        one, more = self.tr("It is of a test subject."), self.tr("{} are of test subjects.").format(number(n_test))
        said = one if n == 1 else more
        hint = self.tr("Models are scored by these labels: look at each event, not at its place on the map.")
        self.test.setText(f"{said} {hint}")
        self.test.setVisible(n_test > 0)

    def show_classes(self, classes: list[LabelClass], counts: dict[str, int], unlabelled: int) -> None:
        """Show the classes of the events on the map."""
        self.list.clear()
        as_class = self.tr("Label the selection as {} (key {})")
        for c in (c for c in classes if c.key != UNSURE):
            text = f"{c.position}  {c.title}   {number(counts.get(c.key, 0))}"
            self._add(c.key, text, shape_icon(c.position), as_class.format(c.title, c.position))
        unsure = self.tr("0  unsure   {}").format(number(counts.get(UNSURE, 0)))
        tip = self.tr("Label the selection as unsure (key 0): it is kept, but never learnt or passed on")
        self._add(UNSURE, unsure, sign_icon("?", theme.token("muted")), tip)
        rest = self.tr("–  unlabelled   {}").format(number(unlabelled))
        tip = self.tr("Take the label of the selection away (Del)")
        self._add("", rest, sign_icon("·", theme.token("muted")), tip)

    def _add(self, key: str, text: str, icon: QIcon, tip: str) -> None:
        item = QListWidgetItem(icon, text)
        item.setData(Qt.ItemDataRole.UserRole, key)
        item.setToolTip(tip)
        self.list.addItem(item)
