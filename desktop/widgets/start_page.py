"""The first page: open recordings, open a study, try the demo, or go on where one was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.widgets.parts import button, card, label, middle_column

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

WIDTH = 620


class StartPage(QWidget):
    """What one sees without a study."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.setAccessibleName(self.tr("Start page"))
        outer = middle_column(self, WIDTH)
        outer.addStretch(2)
        title = label("Hitscope", "title")
        text = label(
            self.tr(
                "From raw TCD, ECG and EEG recordings to a compressed model that runs on a device. "
                "A study is a folder that keeps labels, runs and bundles; recordings stay where they are."
            ),
            "muted",
            wrap=True,
        )
        for widget in (title, text):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            outer.addWidget(widget)
        outer.addSpacing(12)
        outer.addWidget(self._buttons(), 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addSpacing(20)
        self._offer, self._offered = card()
        self._offer.hide()
        outer.addWidget(self._offer)
        self._recent, self._list = card(self.tr("Recent studies"))
        outer.addWidget(self._recent)
        outer.addStretch(3)
        self.refresh()

    def _buttons(self) -> QWidget:
        row, window = QWidget(), self._window
        layout = QHBoxLayout(row)
        layout.addWidget(button(self.tr("Open recordings…"), window.open_recordings, primary=True))
        layout.addWidget(button(self.tr("Open study…"), window.choose_study, tip="Ctrl+Shift+O"))
        layout.addWidget(button(self.tr("New study…"), window.new_study, tip="Ctrl+N"))
        layout.addWidget(button(self.tr("Try the demo"), window.open_demo))
        return row

    def offer(self, text: str, run: Callable[[], object]) -> None:
        """Offer to do something in a new study: it needs a folder of its own first."""
        while self._offered.count():
            self._offered.takeAt(0).widget().deleteLater()
        said = self.tr(
            "A study keeps what you mark in recordings, in a folder of its own; the recordings stay where they are."
        )
        for widget in (label(text, "title", wrap=True), label(said, "muted", wrap=True)):
            self._offered.addWidget(widget)
        take = button(self.tr("Choose an empty folder for the study…"), run, primary=True)
        self._offered.addWidget(take)
        self._offer.show()
        take.setFocus()

    def refresh(self) -> None:
        """List the studies opened last that are still there."""
        self._offer.hide()
        while self._list.count() > 1:
            self._list.takeAt(1).widget().deleteLater()
        folders = self._window.session.recent()
        for folder in folders:
            name = Path(folder).name
            made = button(f"{name}   —   {folder}", lambda f=folder: self._window.open_study(f), tip=folder)
            made.setProperty("role", "line")
            self._list.addWidget(made)
        self._recent.setVisible(bool(folders))
