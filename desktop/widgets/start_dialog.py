"""A dialog that asks how a job is to be made: what is asked scrolls, what will be made and the buttons stay in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop.widgets.parts import give_role, label

WIDTH, HEIGHT = 620, 760  # px, where the screen has them


class StartDialog(QDialog):
    """Enter starts, Esc cancels. What derives from it fills `content`, calls `tell`, and says in `emit_wanted` what is wanted."""

    def __init__(self, title: str, text: str, start: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        column = QVBoxLayout(self)
        column.addWidget(label(text, "muted", wrap=True))
        inside = QWidget()
        self.content = QVBoxLayout(inside)
        self.content.setContentsMargins(0, 0, 8, 0)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self._scroll, 1)
        self.estimate = label("", wrap=True)
        column.addWidget(self.estimate)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.addButton(start, QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("role", "primary")
        self.buttons.accepted.connect(self._start)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.start.setDefault(True)  # not before: a button without a dialog is forgotten when the focus moves on
        room = self.screen().availableSize()
        self.resize(min(WIDTH, room.width() - 40), min(HEIGHT, room.height() - 60))

    def tell(self, text: str, problem: str = "") -> None:
        """Say what will be made; with a problem, say that instead, and do not let it be started."""
        said = problem or text
        self.estimate.setText(said[:1].upper() + said[1:])
        give_role(self.estimate, "problem" if problem else "")
        self.start.setEnabled(not problem)
        self.start.setToolTip(problem)
        self.start.setAccessibleDescription(problem or text)

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        if (there := self.focusWidget()) is not None:
            self._scroll.ensureWidgetVisible(there)
        return moved

    def _start(self) -> None:
        self.emit_wanted()
        self.accept()

    def emit_wanted(self) -> None:
        """Tell what is wanted."""
        raise NotImplementedError
