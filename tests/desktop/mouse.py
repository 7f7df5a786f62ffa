"""The mouse on the painted pictures of Review, and on menus, boxes and tabs, as real events."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def send(canvas, kind, at, button, modifier):
    down = LEFT if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    QApplication.sendEvent(canvas, QMouseEvent(kind, at, canvas.mapToGlobal(at), button, down, modifier))


def drag(canvas, start, stop, modifier=NONE):
    """Drag the mouse over a canvas in steps."""
    send(canvas, QEvent.Type.MouseButtonPress, start, LEFT, modifier)
    for share in (0.2, 0.5, 0.8, 1.0):
        send(canvas, QEvent.Type.MouseMove, start + share * (stop - start), Qt.MouseButton.NoButton, modifier)
    send(canvas, QEvent.Type.MouseButtonRelease, stop, LEFT, modifier)


def click(canvas, at):
    send(canvas, QEvent.Type.MouseButtonPress, at, LEFT, NONE)
    send(canvas, QEvent.Type.MouseButtonRelease, at, LEFT, NONE)


def wheel(canvas, where, turns=1, modifier=NONE):
    """Turn the wheel at a point of a canvas."""
    QApplication.sendEvent(
        canvas,
        QWheelEvent(
            where, canvas.mapToGlobal(where), QPoint(), QPoint(0, 120 * turns), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def at(canvas, t, row=0):
    """Where a time is on the row of a channel."""
    frame = canvas.frame
    y = frame.rect.top() + canvas.rows[row].y if hasattr(canvas, "rows") else frame.rect.center().y()
    return QPointF(frame.x(t), y)


def press_button(widget, where=None):
    """Click a widget with the left button."""
    QTest.mouseClick(widget, LEFT, pos=widget.rect().center() if where is None else where)


def choose_in(menu, title):
    """Click the entry of that title of a menu, or of a menu bar, that is open."""
    action = next(a for a in menu.actions() if a.text() == title)
    press_button(menu, menu.actionGeometry(action).center())
    return action


def choose_from_bar(window, title, entry):
    """Open a menu of the menu bar and choose an entry of it."""
    menu = choose_in(window.menuBar(), title).menu()
    assert menu.isVisible()
    choose_in(menu, entry)


def choose_tab(tabs, title):
    """Click the tab of that title."""
    bar = tabs.tabBar()
    press_button(bar, bar.tabRect([bar.tabText(n) for n in range(bar.count())].index(title)).center())


def choose_entry(box, entry):
    """Open a box of choices and click one of them."""
    press_button(box)
    shown, index = box.view().viewport(), box.model().index(box.findText(entry), 0)
    box.view().scrollTo(index)
    where = box.view().visualRect(index).center()
    QTest.mouseMove(shown, where)  # a release without a move may be that of the click that opened it
    press_button(shown, where)
    assert box.currentText() == entry
