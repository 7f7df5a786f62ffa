"""Small parts of the window's language: titles, cards, badges, buttons, empty rooms, message bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime

from PySide6.QtCore import QDateTime, QElapsedTimer, QLocale, Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError
from core.signals import Channel
from desktop.widgets.elided import ElidedLabel

NOTHING = "–"  # where there is no value


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label; `role` is one of the style sheet's."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def give_role(widget: QWidget, role: str) -> None:
    """Dress a widget that is there already in another role of the style sheet."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def line(text: str = "", role: str = "") -> ElidedLabel:
    """Return a label of one line that is cut where there is no room; its tooltip then says all of it."""
    made = ElidedLabel(text)
    made.setProperty("role", role)
    return made


def button(text: str, run: Callable[[], object], *, primary: bool = False, tip: str = "") -> QPushButton:
    """Return a button."""
    made = QPushButton(text)
    made.setProperty("role", "primary" if primary else "")
    made.setToolTip(tip)
    made.setAccessibleName(text)
    made.clicked.connect(lambda _checked=False: run())
    return made


def spin(low: float, high: float, value: float, decimals: int, suffix: str) -> QDoubleSpinBox:
    """Return a box for a number with its unit."""
    made = QDoubleSpinBox()
    made.setDecimals(decimals)
    made.setRange(low, high)
    made.setValue(value)
    made.setSuffix(suffix)
    return made


def fill_form(form: QFormLayout, rows: Iterable[tuple[str, QWidget]]) -> None:
    """Add rows to a form; what a widget is called is read aloud too. A row without a title belongs to the one above it."""
    for title, widget in rows:
        if title:
            widget.setAccessibleName(title)
        form.addRow(title, widget)


def card(title: str = "") -> tuple[QFrame, QVBoxLayout]:
    """Return a card and its layout."""
    frame = QFrame()
    frame.setProperty("role", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(12, 10, 12, 12)
    layout.setSpacing(8)
    if title:
        layout.addWidget(line(title, "title"))
    return frame, layout


def badge(text: str) -> QLabel:
    """Return a badge such as ``simulated``."""
    made = label(text, "badge")
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
    return made


def number(value: float, decimals: int = 0) -> str:
    """Return a number as the user's locale writes it."""
    return QLocale().toString(round(float(value), decimals) + 0.0, "f", decimals)


def percent(share: float) -> str:
    """Return a probability in percent, never as certain; a dash for none."""
    if not math.isfinite(share):
        return NOTHING
    if 0 <= share < 0.005 or 0.995 < share <= 1:
        return "< 1 %" if share < 0.5 else "> 99 %"
    return f"{number(100 * share)} %"


def decimals_for(value: float, figures: int = 4) -> int:
    """Return how many decimals, 9 at most, tell a number with so many significant digits; 0 of zero and of none."""
    if not value or not math.isfinite(value):
        return 0
    return min(max(figures - 1 - math.floor(math.log10(abs(value))), 0), 9)


def unit_of(channel: Channel) -> str:
    """Return the unit of a channel; ``a.u.`` for what has none, which files write as 1 or leave out."""
    return "a.u." if channel.unit.strip() in ("", "1") else channel.unit


def interval(value: float, low_high: list[float] | tuple[float, float], decimals: int = 3) -> str:
    """Return ``0.912 [0.880, 0.941]``."""
    low, high = low_high
    return f"{number(value, decimals)} [{number(low, decimals)}, {number(high, decimals)}]"


def clock(seconds: float, decimals: int = 1) -> str:
    """Return a time in a recording as ``1:02:03.4`` or ``2:03.4``."""
    ticks = round(abs(seconds) * 10**decimals)
    whole, rest = divmod(ticks, 10**decimals)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    head = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    tail = f"{QLocale().decimalPoint()}{rest:0{decimals}d}" if decimals else ""
    return ("−" if seconds < 0 and ticks else "") + head + tail


def local_time(at: str) -> str:
    """Return a UTC time (ISO 8601) as the user's clock and locale write it."""
    return QLocale().toString(QDateTime(datetime.fromisoformat(at).astimezone()), QLocale.FormatType.ShortFormat)


def middle_column(parent: QWidget, width: int) -> QVBoxLayout:
    """Return a column of a width in the middle of a widget, in which long lines wrap."""
    row, column = QHBoxLayout(parent), QWidget()
    column.setFixedWidth(width)
    row.addStretch(1)
    row.addWidget(column)  # with an alignment instead, Qt would forget that wrapped text needs height
    row.addStretch(1)
    return QVBoxLayout(column)


class EmptyState(QWidget):
    """A room with nothing in it yet: what it is for and the one next step."""

    def __init__(
        self, title: str, text: str, action: str = "", run: Callable[[], object] | None = None, width: int = 560
    ) -> None:
        super().__init__()
        column = middle_column(self, width)
        column.addStretch(2)
        for widget in (label(title, "title"), label(text, "muted", wrap=True)):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(widget)
        if action and run is not None:
            column.addSpacing(8)
            column.addWidget(button(action, run, primary=True), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)


class MessageBar(QFrame):
    """What happened, what was kept, what to do. Of a long message the first lines are shown; all of it can be copied.

    A notice goes away when there was time to read it, or sooner when the work goes on; an error stays until somebody puts it away.
    """

    MAX_LINES = 8
    READING_MS, LETTER_MS = 6000, 40
    GLANCE_MS = 2000  # what an edit says of itself is said just before it is saved

    def __init__(self) -> None:
        super().__init__()
        self._message = ""
        self._shown = QElapsedTimer()
        self._read = QTimer(self, singleShot=True)
        self._read.timeout.connect(self._pass)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 6, 8, 6)
        self._text = label("", wrap=True)
        self._layout.addWidget(self._text, 1)
        self._layout.addWidget(button(self.tr("Copy"), self._copy, tip=self.tr("Copy this message")))
        self._layout.addWidget(button(self.tr("Close"), self.dismiss))
        self.setAccessibleName(self.tr("Message"))
        self.hide()

    def show_error(self, error: Exception) -> None:
        """Show an error in its own words."""
        known = isinstance(error, HitscopeError)
        self._show(str(error) if known else f"{type(error).__name__}: {error}", "error")

    def show_notice(self, text: str, *, lasting: bool = False) -> None:
        """Show something that is not an error; a lasting one is put away by whoever showed it, or by the user."""
        self._show(text, "notice")
        if not lasting:
            self._read.start(self.READING_MS + self.LETTER_MS * len(text))

    def dismiss(self) -> None:
        """Put the message away."""
        self._read.stop()
        self.hide()

    def go_on(self) -> None:
        """Something else succeeded: a notice of before is no longer of interest."""
        if self._read.isActive() and self._shown.elapsed() > self.GLANCE_MS:
            self.dismiss()

    def _pass(self) -> None:
        if self.underMouse():  # somebody reads it, or is about to copy it
            self._read.start(self.READING_MS)
        else:
            self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._message

    def _show(self, text: str, role: str) -> None:
        self._message = text
        self._read.stop()
        self._shown.start()
        lines = text.splitlines()
        more = len(lines) - self.MAX_LINES
        if more > 0:
            lines[self.MAX_LINES :] = [self.tr("… and {} more; Copy takes them all.").format(number(more))]
        self._text.setText("\n".join(lines))
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._message)
