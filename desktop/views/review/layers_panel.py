"""The layers of the recording: what found or drew its events, how many, how they are labelled, and whether they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.events import EVENT_MAKERS
from core.study import BY_HAND
from desktop.models.event_facts import FILE, maker_name
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.layers import Layer, Layers
from desktop.views.review.own_keys import keeps
from desktop.widgets.parts import button, label, number

NAME = Qt.ItemDataRole.UserRole
SHARES = QSize(36, 12)  # px of the little bar of labels


class LayerList(QListWidget):
    """A list that keeps the keys by which one goes through it and ticks."""

    def event(self, event: QEvent) -> bool:
        return keeps(event, (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)) or super().event(event)


class LayersPanel(QWidget):
    """A tick for each layer, with its count and a bar of its labels."""

    def __init__(self, session: Session, layers: Layers) -> None:
        super().__init__()
        self._session, self._layers = session, layers
        self._shown: tuple[object, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 8, 8)
        layout.addWidget(label(self.tr("Layers"), "title"))
        hint = self.tr("Ticked layers are drawn and listed. Hiding one changes nothing in the study.")
        layout.addWidget(label(hint, "muted", wrap=True))
        self.list = LayerList()
        self.list.setProperty("role", "ticks")
        self.list.setAccessibleName(self.tr("Layers: ticked ones are shown"))
        self.list.setIconSize(SHARES)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._ticked)
        self.list.itemDoubleClicked.connect(lambda item: self.show_only(item.data(NAME)))
        layout.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.addWidget(button(self.tr("Show all"), lambda: layers.hide(()), tip=self.tr("Show all layers (Shift+H)")))
        row.addWidget(
            button(
                self.tr("Only this"),
                self._only_current,
                tip=self.tr("Hide all layers but the chosen one (double click)"),
            )
        )
        row.addStretch(1)
        layout.addLayout(row)
        self.whose = label("", "muted", wrap=True)
        layout.addWidget(self.whose)

    def show_layers(self, found: Sequence[Layer]) -> None:
        """List the layers of a recording, without telling."""
        study, hidden = self._session.study, self._layers.hidden
        state = (tuple(found), hidden, theme.name(), tuple(self._session.classes), study.annotator if study else "")
        if state == self._shown:
            return
        self._shown = state
        current = self.list.currentItem().data(NAME) if self.list.currentItem() is not None else None
        self.list.blockSignals(True)
        self.list.clear()
        for layer in found:
            item = QListWidgetItem(QIcon(self._shares(layer)), f"{self.title(layer.name)}   {number(layer.count)}")
            item.setData(NAME, layer.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if layer.name in hidden else Qt.CheckState.Checked)
            item.setToolTip(self._said(layer))
            self.list.addItem(item)
            if layer.name == current:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self.whose.setText(self._whose())

    def title(self, layer: str) -> str:
        """Return what a layer is called: its detector, its file, or who drew it."""
        if layer in EVENT_MAKERS:
            return self.tr(EVENT_MAKERS[layer].title)
        if layer.startswith(FILE):
            return self.tr("File {}").format(maker_name(layer))
        if layer == BY_HAND:
            return self.tr("Drawn by hand")
        return self.tr("Drawn by {}").format(maker_name(layer)) if layer.startswith(BY_HAND) else layer

    def show_only(self, layer: str) -> None:
        """Hide all layers but one."""
        names = [self.list.item(n).data(NAME) for n in range(self.list.count())]
        self._layers.hide(name for name in names if name != layer)

    def _only_current(self) -> None:
        if self.list.currentItem() is not None:
            self.show_only(self.list.currentItem().data(NAME))

    def _ticked(self, item: QListWidgetItem) -> None:
        self._layers.show(item.data(NAME), item.checkState() == Qt.CheckState.Checked)

    def _whose(self) -> str:
        study = self._session.study
        if study is None:
            return ""
        said = self.tr("Where several people labelled an event, the label shown is that of {}, else the newest one. ")
        return said.format(study.annotator) + self.tr(
            "To see somebody else's first, go on as them (name at the lower right)."
        )

    def _said(self, layer: Layer) -> str:
        """Return a layer with the counts of its labels, in words."""
        labels = [f"{text or self.tr('not labelled')}: {number(n)}" for text, n in layer.labels]
        return "\n".join([f"{self.title(layer.name)}: {number(layer.count)}", *labels])

    def _shares(self, layer: Layer) -> QPixmap:
        """Return a bar of the labels of a layer in their colours, as long as their shares."""
        picture = QPixmap(2 * SHARES)
        picture.setDevicePixelRatio(2)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        left = 0.0
        for text, n in layer.labels:
            wide = SHARES.width() * n / layer.count
            colour = theme.class_colour(self._session.position_of(text)) if text else theme.token("unlabelled")
            painter.fillRect(QRectF(left, 1, wide, SHARES.height() - 2), QColor(colour))
            left += wide
        painter.end()
        return picture
