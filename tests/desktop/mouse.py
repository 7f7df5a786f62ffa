"""The mouse on the painted pictures of Review, as real events."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
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


def at(canvas, t, row=0):
    """Where a time is on the row of a channel."""
    frame = canvas.frame
    y = frame.rect.top() + canvas.rows[row].y if hasattr(canvas, "rows") else frame.rect.center().y()
    return QPointF(frame.x(t), y)
