"""Looks: tokens for light, dark and high contrast, class colours and shapes, and the style sheet made from them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

import resources

TOKENS: dict[str, dict[str, str]] = {
    "light": {
        "background": "#f4f5f7", "surface": "#ffffff", "raised": "#eceef2", "text": "#1b1f24", "muted": "#565e69",
        "line": "#c9ced6", "accent": "#1f5fbf", "on-accent": "#ffffff", "good": "#16702f", "warn": "#8a5a00", "bad": "#b3261e",
        "chosen": "#d3e3fa", "on-chosen": "#1b1f24",
        "plot": "#ffffff", "plot-grid": "#e3e6eb", "trace": "#1b3a5c", "unlabelled": "#8a919c",
        "trace-1": "#1b3a5c", "trace-2": "#7a2f5f", "trace-3": "#0b5d4e", "trace-4": "#7a4a00",
        "trace-5": "#4b3b8f", "trace-6": "#8c2f1b", "trace-7": "#2f5d12", "trace-8": "#4a4f57",
    },
    "dark": {
        "background": "#15181d", "surface": "#1d2127", "raised": "#282d35", "text": "#e6e9ee", "muted": "#a3abb8",
        "line": "#3a414c", "accent": "#6ea8fe", "on-accent": "#0b1626", "good": "#57c271", "warn": "#e3b341", "bad": "#ff7b72",
        "chosen": "#2b456b", "on-chosen": "#ffffff",
        "plot": "#101318", "plot-grid": "#262b33", "trace": "#9cc7f0", "unlabelled": "#7d8590",
        "trace-1": "#9cc7f0", "trace-2": "#e9a8cf", "trace-3": "#86d9c0", "trace-4": "#e8c27a",
        "trace-5": "#c0b2f0", "trace-6": "#f0a894", "trace-7": "#b4d98a", "trace-8": "#c4c9d1",
    },
    "high contrast": {
        "background": "#000000", "surface": "#000000", "raised": "#1c1c1c", "text": "#ffffff", "muted": "#e0e0e0",
        "line": "#ffffff", "accent": "#ffd500", "on-accent": "#000000", "good": "#5dff8b", "warn": "#ffd500", "bad": "#ff8a80",
        "chosen": "#5c4f00", "on-chosen": "#ffffff",
        "plot": "#000000", "plot-grid": "#3c3c3c", "trace": "#ffffff", "unlabelled": "#b0b0b0",
        "trace-1": "#ffffff", "trace-2": "#ffb3e6", "trace-3": "#8effd2", "trace-4": "#ffdd66",
        "trace-5": "#d0c4ff", "trace-6": "#ffb8a6", "trace-7": "#ccff99", "trace-8": "#d9d9d9",
    },
}  # fmt: skip

# Okabe and Ito (2008), told apart by every kind of colour vision; black and white left out, darkened where too pale.
CLASS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#3a9bd4", "#8f6bb3", "#7f7f7f", "#bf5a44")
CLASS_SHAPES = ("●", "▲", "■", "◆", "▼", "★", "✚", "✖", "⬟")
PLOT_SYMBOLS = ("o", "t1", "s", "d", "t", "star", "+", "x", "p")

CIVIDIS = (
    (0, 32, 76), (0, 48, 111), (57, 75, 107), (92, 99, 109), (124, 123, 120), (158, 147, 118), (194, 173, 106), (231, 203, 79),
    (255, 234, 70),
)  # fmt: skip

_current = "light"
_worn = threading.local()


class _Signals(QObject):
    changed = Signal()


_signals = _Signals()
changed = _signals.changed  # another theme is in use


def use(name: str) -> None:
    """Dress the application in a theme."""
    global _current
    _current = name if name in TOKENS else "light"
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
        app.setPalette(_palette())
        app.setStyleSheet(style_sheet())
    changed.emit()


def name() -> str:
    """Return the name of the theme in use."""
    return _current


def token(key: str) -> str:
    """Return a colour of the theme in use, ``#rrggbb``."""
    return TOKENS[getattr(_worn, "theme", _current)][key]


@contextmanager
def wearing(name: str) -> Iterator[None]:
    """Take the colours of a theme in this thread alone: pictures for print are made while the window keeps its own."""
    _worn.theme = name
    try:
        yield
    finally:
        del _worn.theme


def class_colour(position: int) -> str:
    """Return the colour of the class at a position, from 1; of what is not one (unsure), a muted one."""
    if position < 1:
        return token("unlabelled")
    return CLASS_COLOURS[(position - 1) % len(CLASS_COLOURS)]


def class_shape(position: int) -> str:
    """Return the shape of the class at a position, from 1, as a character; ``?`` for what is not one (unsure)."""
    if position < 1:
        return "?"
    return CLASS_SHAPES[(position - 1) % len(CLASS_SHAPES)]


def class_icon(position: int) -> QIcon:
    """Return the shape of a class in its colour, for lists and tables."""
    return _icon(position, class_colour(position))


@cache
def _icon(position: int, colour: str) -> QIcon:
    picture = QPixmap(28, 28)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setPen(QColor(colour))
    font = painter.font()
    font.setPixelSize(13)
    painter.setFont(font)
    painter.drawText(QRect(0, 0, 14, 14), Qt.AlignmentFlag.AlignCenter, class_shape(position))
    painter.end()
    return QIcon(picture)


def cividis() -> np.ndarray:
    """Return a colour map of 256 entries, (256, 3) uint8, ordered and readable for every kind of colour vision."""
    stops = np.array(CIVIDIS)
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)


def _palette() -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, key in (
        (roles.Window, "background"), (roles.WindowText, "text"), (roles.Base, "surface"), (roles.AlternateBase, "raised"),
        (roles.Text, "text"), (roles.Button, "raised"), (roles.ButtonText, "text"), (roles.Highlight, "accent"),
        (roles.HighlightedText, "on-accent"), (roles.ToolTipBase, "raised"), (roles.ToolTipText, "text"),
        (roles.PlaceholderText, "muted"),
    ):  # fmt: skip
        palette.setColor(role, QColor(token(key)))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):  # what is off must look so
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(token("unlabelled")))
    return palette


def style_sheet() -> str:
    """Return the style sheet of the theme in use."""
    sheet = """
    * { font-size: 12px; }
    QMainWindow, QDialog { background: @background; }
    QLabel[role="title"] { font-size: 15px; font-weight: 600; }
    QLabel[role="muted"] { color: @muted; }
    QLabel[role="problem"] { color: @bad; }
    QLabel[role="drop"] { background: @surface; border: 2px dashed @accent; border-radius: 8px; padding: 24px; font-size: 15px; }
    QLabel[role="figure"] { font-size: 22px; font-weight: 600; }
    QLabel[role="badge"] { background: @warn; color: @surface; border-radius: 3px; padding: 1px 6px; font-weight: 600; }
    QFrame[role="card"] { background: @surface; border: 1px solid @line; border-radius: 6px; }
    QFrame[role="bar"] { background: @raised; border: 0; border-bottom: 1px solid @line; }
    QFrame[role="wrong"] { border: 1px solid @bad; border-radius: 4px; }
    QFrame[role="error"] { background: @surface; border: 1px solid @bad; border-left: 4px solid @bad; border-radius: 4px; }
    QFrame[role="notice"] { background: @surface; border: 1px solid @accent; border-left: 4px solid @accent; border-radius: 4px; }
    QPushButton { background: @surface; border: 1px solid @line; border-radius: 4px; padding: 5px 12px; }
    QPushButton:hover { border-color: @accent; }
    QPushButton:disabled { color: @muted; }
    QPushButton[role="primary"] { background: @accent; color: @on-accent; border-color: @accent; font-weight: 600; }
    QPushButton[role="primary"]:disabled { background: @raised; color: @muted; border-color: @line; }
    QPushButton[role="line"] { background: transparent; border: 0; text-align: left; padding: 2px 8px; }
    QToolButton[role="rail"] { border: 0; border-left: 3px solid transparent; padding: 10px 2px; color: @muted; }
    QToolButton[role="rail"]:hover { color: @text; }
    QToolButton[role="rail"]:checked { color: @accent; border-left-color: @accent; background: @surface; font-weight: 600; }
    QToolButton[role="toggle"] { background: @surface; border: 1px solid @line; border-radius: 4px; padding: 3px 6px; }
    QToolButton[role="toggle"]:hover { border-color: @accent; }
    QToolButton[role="toggle"]:checked { background: @accent; color: @on-accent; border-color: @accent; }
    QTableView, QListWidget, QTreeWidget, QPlainTextEdit { background: @surface; border: 1px solid @line; gridline-color: @line; }
    QTableView { gridline-color: @raised; }
    QListWidget::item { padding: 3px 6px; }
    QTableView::item:selected, QListWidget::item:selected { background: @chosen; color: @on-chosen; }
    QListWidget[role="ticks"]::item:selected { background: @raised; color: @text; border-left: 3px solid @accent; }
    QTableView:focus, QListWidget:focus, QPlainTextEdit:focus { border-color: @accent; }
    QPushButton:focus, QToolButton:focus { border: 1px solid @accent; }
    QSplitter::handle { background: @background; }
    QHeaderView::section { background: @raised; color: @text; border: 0; border-right: 1px solid @line; padding: 4px 6px; }
    QLineEdit { background: @surface; border: 1px solid @line; border-radius: 4px; padding: 3px 6px; }
    QLineEdit:focus { border-color: @accent; }
    QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: 0; padding: 0; }
    QComboBox, QAbstractSpinBox { min-height: 20px; }
    QProgressBar { border: 1px solid @line; border-radius: 4px; text-align: center; background: @surface; max-height: 14px; }
    QProgressBar[role="thin"] { border: 0; min-height: 3px; max-height: 3px; border-radius: 0; background: transparent; }
    QProgressBar::chunk { background: @accent; border-radius: 3px; }
    QTabWidget::pane { border: 0; }
    QTabBar { qproperty-drawBase: 0; }
    QTabBar::tab { background: transparent; color: @muted; border: 0; border-bottom: 2px solid transparent; padding: 6px 10px; }
    QTabBar::tab:hover { color: @text; }
    QTabBar::tab:selected { color: @accent; border-bottom-color: @accent; font-weight: 600; }
    QToolButton[role="menu"] { background: @surface; border: 1px solid @line; border-radius: 4px; padding: 4px 16px 4px 8px; }
    QToolButton[role="menu"]:hover { border-color: @accent; }
    QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QGroupBox::indicator {
        width: 13px; height: 13px; border: 1px solid @muted; border-radius: 3px; background: @surface; }
    QRadioButton::indicator { border-radius: 7px; }
    QCheckBox::indicator:hover, QRadioButton::indicator:hover, QAbstractItemView::indicator:hover { border-color: @accent; }
    QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {
        background: @accent; border-color: @accent; image: url("@check"); }
    QRadioButton::indicator:checked { background: @accent; border-color: @accent; image: url("@dot"); }
    QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @line; background: @raised; }
    QStatusBar { background: @raised; border-top: 1px solid @line; }
    QDockWidget::title { background: @raised; padding: 5px 8px; }
    QToolTip { background: @raised; color: @text; border: 1px solid @line; }
    """
    ink = "white" if QColor(token("on-accent")).lightnessF() > 0.5 else "dark"
    pictures = {name: resources.path(f"icons/{name}-{ink}.svg").as_posix() for name in ("check", "dot")}
    for key, value in sorted((TOKENS[_current] | pictures).items(), key=lambda item: -len(item[0])):
        sheet = sheet.replace(f"@{key}", value)
    return sheet
