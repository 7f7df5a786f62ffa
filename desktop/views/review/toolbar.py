"""The toolbar of Review: where one is and how large, and in a second line what is done to the signal before it is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
)

from core.events import EVENT_MAKERS
from desktop.views.review.appearance import MICROVOLTS_PER_MM, MM_PER_MILLIVOLT, PAPER_SPEEDS
from desktop.views.review.pictures.rows import Look
from desktop.widgets.parts import badge, button, label, line, number

PROGRESS_PX = 3
PAGES_S = (1, 2, 5, 10, 20, 30, 60, 300, 600, 1800, 3600, 4 * 3600, 8 * 3600, 24 * 3600)
WHOLE = -1.0  # a page as long as the recording


def page_text(seconds: float) -> str:
    """Return a page length as people say it: ``10 s``, ``5 min``, ``8 h``."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            value = seconds / size
            return f"{number(value, 0 if value % 1 < 1e-9 else 1)} {unit}"
    return f"{number(seconds, 0 if seconds % 1 < 1e-9 else 1 if seconds >= 1 else 2)} s"


class Toolbar(QFrame):
    """Name, page length, sensitivity and what finds events; below, montage, filters, looks and sound."""

    length_chosen = Signal(float)
    paper_chosen = Signal(float)
    sensitivity_chosen = Signal(object)
    amplified = Signal(float)
    find = Signal(str)
    find_all = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        column, first, self.second = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        first.setContentsMargins(10, 5, 10, 2)
        self.second.setContentsMargins(10, 2, 10, 5 - PROGRESS_PX)
        for layout in (first, self.second):
            layout.setSpacing(6)
        self.name, self.simulated = line("", "title"), badge(self.tr("simulated"))
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Reading the recording"))
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(PROGRESS_PX)
        self.progress.setProperty("role", "thin")
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # nothing moves when it comes and goes
        self.progress.setSizePolicy(keep)
        self.progress.hide()
        self.page_box, self.scale_box = self._page_lengths(), self._scales()
        self.gain = label("", "muted")
        self.find_button = self._finders()
        first.addWidget(self.simulated)
        first.addWidget(self.name, 1)
        first.addWidget(self.page_box)
        first.addWidget(self._step("−", self.tr("Smaller traces (−)"), lambda: self.amplified.emit(0.8)))
        first.addWidget(self.scale_box)
        first.addWidget(self._step("+", self.tr("Larger traces (+)"), lambda: self.amplified.emit(1.25)))
        first.addWidget(self.gain)
        first.addWidget(self.find_button)
        self.signal = line("", "muted")
        self.signal.setProperty(
            "tip", self.tr("What is done to the signal before it is shown; what is stored never changes")
        )
        self.signal.setAccessibleName(self.tr("Montage and filters in use"))
        self.montage, self.view, self.picture = (
            self._menu_button(self.tr("Montage")), self._menu_button(self.tr("View")), self._menu_button(self.tr("Spectrogram")),
        )  # fmt: skip
        self.filters = button(
            self.tr("Filters…"), lambda: None, tip=self.tr("High, low and notch filters by kind of channel")
        )
        for widget in (self.montage, self.filters):
            self.second.addWidget(widget)
        self.second.addWidget(self.signal, 1)
        for widget in (self.view, self.picture):
            self.second.addWidget(widget)
        column.addLayout(first)
        column.addLayout(self.second)
        column.addWidget(self.progress)

    def _page_lengths(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Page length"))
        box.setToolTip(self.tr("Page length (Ctrl+Up shorter, Ctrl+Down longer, Ctrl+wheel, Alt+drag)"))
        box.setMaxVisibleItems(24)
        for seconds in PAGES_S:
            box.addItem(page_text(seconds), float(seconds))
        box.addItem(self.tr("whole recording"), WHOLE)
        box.insertSeparator(box.count())
        for speed in PAPER_SPEEDS:
            box.addItem(self.tr("{} mm/s").format(number(speed, 1 if speed % 1 else 0)), f"paper {speed}")
        box.activated.connect(lambda n: self._page_chosen(box.itemData(n)))
        return box

    def _page_chosen(self, chosen: float | str) -> None:
        if isinstance(chosen, str):
            self.paper_chosen.emit(float(chosen.split()[1]))
        else:
            self.length_chosen.emit(chosen)

    def _scales(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Sensitivity"))
        box.setToolTip(
            self.tr(
                "Sensitivity of all channels of the chosen channel's kind; the wheel over a name scales one channel"
            )
        )
        box.setMaxVisibleItems(24)
        box.setMinimumContentsLength(10)
        box.activated.connect(lambda n: self.sensitivity_chosen.emit(box.itemData(n)))
        return box

    def show_scales(self, kind: str, look: Look) -> None:
        """Offer the sensitivities of a kind of channel, and show the one in use."""
        box = self.scale_box
        box.clear()
        box.addItem(self.tr("fitted"), None)
        if kind == "ecg":
            for mm in MM_PER_MILLIVOLT:
                box.addItem(self.tr("{} mm/mV").format(number(mm, 1 if mm % 1 else 0)), 1000.0 / mm)
        elif kind in ("eeg", "eog", "emg"):
            for microvolts in MICROVOLTS_PER_MM:
                box.addItem(self.tr("{} µV/mm").format(number(microvolts)), float(microvolts))
        now = look.sensitivity.get(kind)
        box.setCurrentIndex(box.findData(now) if now is not None else 0)
        box.setEnabled(box.count() > 1)
        self.gain.setText(f"× {number(look.gain, 2 if look.gain < 10 else 0)}" if look.gain != 1.0 else "")

    def _finders(self) -> QPushButton:
        made = QPushButton(self.tr("Find events"))
        made.setProperty("role", "primary")
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        for maker, entry in EVENT_MAKERS.items():
            action = menu.addAction(self.tr(entry.title), lambda m=maker: self.find.emit(m))
            action.setToolTip(self.tr(entry.help))
            if entry.leaves_out:
                title = self.tr("{}, with those that {} too").format(
                    self.tr(entry.title), entry.leaves_out.removeprefix("that ")
                )
                menu.addAction(title, lambda m=maker: self.find_all.emit(m))
        made.setMenu(menu)
        return made

    @staticmethod
    def _menu_button(text: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setAccessibleName(text)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setProperty("role", "menu")
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        made.setMenu(menu)
        return made

    @staticmethod
    def _step(sign: str, tip: str, run: Callable[[], object]) -> QPushButton:
        made = button(sign, run, tip=tip)
        made.setAccessibleName(tip)
        made.setFixedWidth(34)
        return made

    def show_length(self, seconds: float, paper: float | None = None) -> None:
        """Show the page length, or the speed of the paper, whether the list has it or not."""
        box, data = self.page_box, float(seconds) if paper is None else f"paper {paper}"
        if box.itemData(0) != PAGES_S[0]:  # what the list did not have before
            box.removeItem(0)
        if box.findData(data) < 0:
            box.insertItem(0, page_text(seconds), float(seconds))
            data = float(seconds)
        box.setCurrentIndex(box.findData(data))

    def show_reading(self, share: float | None) -> None:
        """Show how much of a recording has been read; None when it is there."""
        bar = self.progress
        bar.setVisible(share is not None)
        bar.setUpdatesEnabled(False)  # else it is painted in here, and all that waits to be painted with it
        bar.setValue(round(1000 * (share or 0.0)))
        bar.setUpdatesEnabled(True)

    def show_finding(self, on: bool) -> None:
        """Show that events are being looked for."""
        self.find_button.setEnabled(not on)
        self.find_button.setText(self.tr("Finding…") if on else self.tr("Find events"))
