"""Asks what file a view is to become, and shows what it will look like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.services.session import Session
from desktop.views.review.output import FORMATS, WIDTHS_MM, Wish, picture, preview, save, titles_of_parts
from desktop.views.review.printing import Plates, View
from desktop.widgets.parts import label, spin

PREVIEW_PX = (480, 400)
FOLDER = "export_folder"  # of the settings: where the last file went


class ExportDialog(QDialog):
    """A view as PNG, SVG or PDF of a size in millimetres; the preview follows every change."""

    def __init__(self, session: Session, view: View, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export view"))
        self._session, self._view = session, view
        self._painting, self._drawing, self._again, self._closed = 0, False, False, False
        self.parts, self.format, self.width_box = QComboBox(), QComboBox(), QComboBox()
        for parts, title in titles_of_parts().items():
            self.parts.addItem(title, parts)
        for ending, (title, _) in FORMATS.items():
            self.format.addItem(self.tr(title), ending)
        for key, title in (
            ("double", self.tr("Double column")),
            ("single", self.tr("Single column")),
            ("page", self.tr("Page of A4")),
        ):
            self.width_box.addItem(self.tr("{}, {} mm").format(title, f"{WIDTHS_MM[key]:g}"), WIDTHS_MM[key])
        self.width_box.addItem(self.tr("Another width"))
        self.width, self.height = spin(40, 600, WIDTHS_MM["double"], 0, " mm"), spin(20, 600, 120, 0, " mm")
        self.text = spin(4, 16, 7, 1, " pt")
        self.dpi, self.theme, self.caption = QSpinBox(), QComboBox(), QCheckBox(self.tr("Write below what it shows"))
        self.dpi.setRange(72, 1200)
        self.dpi.setSingleStep(50)
        self.dpi.setValue(300)
        self.dpi.setSuffix(self.tr(" dots per inch"))
        for key, title in (
            ("light", self.tr("Light, for print")),
            ("dark", self.tr("Dark, for slides")),
            ("high contrast", self.tr("High contrast")),
        ):
            self.theme.addItem(title, key)
        self.caption.setChecked(True)
        self._lay_out()
        self._connect()
        self._changed()

    def _lay_out(self) -> None:
        form, row, column = QFormLayout(), QHBoxLayout(), QVBoxLayout(self)
        named = (
            (self.tr("Show"), self.parts), (self.tr("Format"), self.format), (self.tr("Column"), self.width_box),
            (self.tr("Width"), self.width), (self.tr("Height"), self.height), (self.tr("Text"), self.text),
            (self.tr("Resolution"), self.dpi), (self.tr("Colours"), self.theme), ("", self.caption),
        )  # fmt: skip
        for title, widget in named:
            widget.setAccessibleName(title or self.caption.text())
            form.addRow(title, widget)
        self.preview, self.size = QLabel(), label("", "muted", wrap=True)
        self.preview.setFixedSize(*PREVIEW_PX)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setAccessibleName(self.tr("Preview"))
        left = QVBoxLayout()
        left.addLayout(form)
        left.addWidget(self.size)
        left.addStretch(1)
        row.addLayout(left)
        row.addSpacing(12)
        row.addWidget(self.preview)
        column.addLayout(row)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = self.buttons.addButton(self.tr("Save…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.save_button.setProperty("role", "primary")
        copy = self.buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip(self.tr("Put it on the clipboard as pixels"))
        copy.clicked.connect(self._copy)
        self.buttons.accepted.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self.width_box.activated.connect(self._column_chosen)
        self.width.valueChanged.connect(self._name_column)
        for box in (self.parts, self.format, self.theme):
            box.currentIndexChanged.connect(lambda _n: self._changed())
        for box in (self.width, self.height, self.text, self.dpi):
            box.valueChanged.connect(lambda _value: self._changed())
        self.caption.toggled.connect(lambda _on: self._changed())

    def _column_chosen(self, row: int) -> None:
        width = self.width_box.itemData(row)
        if width is not None:
            self.height.setValue(self.height.value() * width / self.width.value())
            self.width.setValue(width)
        else:
            self.width.setFocus()
            self.width.selectAll()

    def _name_column(self, width: float) -> None:
        known = self.width_box.findData(width)
        self.width_box.setCurrentIndex(known if known >= 0 else self.width_box.count() - 1)

    @property
    def wish(self) -> Wish:
        """What is asked for."""
        return Wish(
            tuple(self.parts.currentData()), self.width.value(), self.height.value(), self.text.value(), self.dpi.value(),
            self.theme.currentData(), self.caption.isChecked(),
        )  # fmt: skip

    def _changed(self) -> None:
        wish, pixels = self.wish, self.format.currentData() == "png"
        self.dpi.setEnabled(pixels)
        dots = wish.size_dots
        self.size.setText(
            self.tr("{} × {} px").format(dots.width(), dots.height())
            if pixels
            else self.tr("Lines stay lines; the spectrogram is a picture in it.")
        )
        self._preview()

    def _preview(self) -> None:
        """Draw the preview anew; what changes while it is being drawn, the next one shows."""
        if self._drawing:
            self._again = True
            return
        self._drawing, self._again = True, False
        ratio = self.devicePixelRatioF()

        def show(image: QImage) -> None:
            image.setDevicePixelRatio(ratio)
            self.preview.setPixmap(QPixmap.fromImage(image))
            go_on()

        def failed(error: Exception) -> None:
            self._session.failed.emit(error)
            go_on()

        def go_on() -> None:
            self._drawing = False
            if self._again and not self._closed:
                self._preview()

        self._paint(preview, *(round(n * ratio) for n in PREVIEW_PX), done=show, failed=failed)

    def _paint(
        self,
        paint: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Paint in a task, with plates of its own: several may be at work at a time."""
        plates = Plates()
        self._painting += 1

        def ended(tell: Callable[[Any], None], result: Any) -> None:
            plates.throw_away()
            self._painting -= 1
            tell(result)
            self._let_go()

        self._session.tasks.submit(
            None, paint, plates, self._view, self.wish, *arguments,
            done=partial(ended, done), failed=partial(ended, failed),
        )  # fmt: skip

    def _copy(self) -> None:
        def put(image: QImage) -> None:
            QApplication.clipboard().setImage(image)
            self._session.told.emit(self.tr("The picture is on the clipboard."))

        self._paint(picture, done=put, failed=self._session.failed.emit)

    def _ask(self) -> None:
        ending = self.format.currentData()
        path = ask_path(self, self._session, suggested_name(self._view), ending, self.tr(FORMATS[ending][0]))
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write the file in the background; an error leaves the dialog open."""
        self.save_button.setEnabled(False)

        def done(written: Path) -> None:
            self._session.told.emit(self.tr("Saved as {}.").format(written))
            self.accept()

        def failed(error: Exception) -> None:
            self.save_button.setEnabled(True)
            self.size.setText(str(error))
            self._session.failed.emit(error)

        self._paint(save, path, done=done, failed=failed)

    def done(self, result: int) -> None:
        super().done(result)
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        """Delete the dialog once it is closed and nothing is being painted for it any more."""
        if self._closed and not self._painting:
            self.deleteLater()


def suggested_name(view: View) -> str:
    """Return a name for a file of a view: its recording and when it starts."""
    when = view.scale.text(view.start_s, 0).replace(":", ".")
    return f"{view.name} {when}"


def ask_path(parent: QWidget, session: Session, name: str, ending: str, title: str) -> Path | None:
    """Ask for the name of a file; None if there is to be none. The folder is remembered."""
    folder = Path(str(session.settings.value(FOLDER) or Path.home()))
    said, _ = QFileDialog.getSaveFileName(
        parent, parent.tr("Save as"), str(folder / f"{name}.{ending}"), f"{title} (*.{ending})"
    )
    if not said:
        return None
    path = Path(said)
    if path.suffix.lower() != f".{ending}":
        path = path.with_name(f"{path.name}.{ending}")
    session.settings.setValue(FOLDER, str(path.parent))
    return path
