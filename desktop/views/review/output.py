"""A view of Review as a file for a publication: PNG, SVG or PDF of a size in millimetres, with text that can be read there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from core.jobs import NullReporter, Reporter, write_bytes_atomically
from desktop.services import theme
from desktop.views.review.printing import FONT_PX, Plates, Press, View, paint_badge, paint_view, tr

WIDTHS_MM = {"single": 85.0, "double": 180.0, "page": 174.0}
BADGE_PX = 18
PREVIEW_DOTS = 4000  # at most, on its longer side, before it is made smaller
WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


@dataclass(frozen=True)
class Wish:
    """What the file is to be.

    Attributes
    ----------
    parts : tuple of str
        ``traces``, ``spectrogram``, ``overview``, from top to bottom.
    width_mm, height_mm : float
    text_pt : float
        Size of all text on paper.
    dpi : int
        Of PNG.
    theme : str
    caption : bool
        Whether what it shows is written below.
    """

    parts: tuple[str, ...] = ("traces", "spectrogram")
    width_mm: float = 180.0
    height_mm: float = 120.0
    text_pt: float = 7.0
    dpi: int = 300
    theme: str = "light"
    caption: bool = True

    @property
    def px_per_inch(self) -> int:
        """So that the pictures' text has its size on paper."""
        return round(72 * FONT_PX / self.text_pt)

    @property
    def size_px(self) -> QSize:
        """Size in the px that pictures are painted in."""
        return QSize(*(round(mm / 25.4 * self.px_per_inch) for mm in (self.width_mm, self.height_mm)))

    @property
    def size_dots(self) -> QSize:
        """Size of a PNG."""
        return QSize(*(round(mm / 25.4 * self.dpi) for mm in (self.width_mm, self.height_mm)))


def paint(
    painter: QPainter, plates: Plates, view: View, wish: Wish, press: Press, report: Reporter | None = None
) -> None:
    """Paint a view with its badge and caption."""
    with theme.wearing(wish.theme):
        whole = QRectF(0, 0, wish.size_px.width(), wish.size_px.height())
        painter.fillRect(whole, QColor(theme.token("plot")))
        painter.setFont(plates.font)
        low = 0.0
        if wish.caption:
            room = QRectF(0, 0, whole.width() - 16, whole.height() / 2)
            text = (view.longest if "traces" in wish.parts else view).sentence
            low = QFontMetricsF(plates.font).boundingRect(room, int(WRAPPED), text).height() + 8
        top = BADGE_PX if view.simulated else 0
        view = paint_view(
            painter, plates, view, whole.adjusted(0, top, 0, -low), wish.parts, press, report or NullReporter()
        )
        if view.simulated:
            paint_badge(painter, whole.right() - 10, 1)
        if wish.caption:  # the stretch may have become another one on ECG paper
            painter.setPen(QColor(theme.token("text")))
            painter.drawText(QRectF(8, whole.bottom() - low + 2, whole.width() - 16, low), int(WRAPPED), view.sentence)


def picture(plates: Plates, view: View, wish: Wish) -> QImage:
    """Return the view as an image."""
    image = QImage(wish.size_dots, QImage.Format.Format_RGB32)
    ratio = wish.dpi / wish.px_per_inch
    painter = QPainter(image)
    painter.scale(image.width() / wish.size_px.width(), image.height() / wish.size_px.height())
    paint(painter, plates, view, wish, Press(wish.px_per_inch, ratio))
    painter.end()
    image.setDotsPerMeterX(round(wish.dpi / 0.0254))
    image.setDotsPerMeterY(round(wish.dpi / 0.0254))
    return image


def _png(plates: Plates, view: View, wish: Wish, buffer: QBuffer) -> None:
    picture(plates, view, wish).save(buffer, "PNG")


def _svg(plates: Plates, view: View, wish: Wish, buffer: QBuffer) -> None:
    device = QSvgGenerator()
    device.setOutputDevice(buffer)
    device.setSize(wish.size_px)
    device.setViewBox(QRectF(0, 0, wish.size_px.width(), wish.size_px.height()))
    device.setResolution(wish.px_per_inch)
    device.setTitle(view.name)
    device.setDescription(view.sentence)
    _draw(device, plates, view, wish)


def _pdf(plates: Plates, view: View, wish: Wish, buffer: QBuffer) -> None:
    device = QPdfWriter(buffer)
    device.setPageSize(QPageSize(QSizeF(wish.width_mm, wish.height_mm), QPageSize.Unit.Millimeter))
    device.setPageMargins(QMarginsF())
    device.setResolution(wish.px_per_inch)
    device.setTitle(view.name)
    device.setCreator("Hitscope")
    _draw(device, plates, view, wish)


def _draw(device: QSvgGenerator | QPdfWriter, plates: Plates, view: View, wish: Wish) -> None:
    painter = QPainter(device)
    paint(painter, plates, view, wish, Press(wish.px_per_inch, vector=True))
    painter.end()


# Title and encoder by the ending of the file.
FORMATS: dict[str, tuple[str, Callable[[Plates, View, Wish, QBuffer], None]]] = {
    "png": ("PNG, pixels", _png),
    "svg": ("SVG, lines", _svg),
    "pdf": ("PDF, lines", _pdf),
}


def encode(plates: Plates, view: View, wish: Wish, ending: str) -> bytes:
    """Return the file of a view."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    FORMATS[ending][1](plates, view, wish, buffer)
    buffer.close()
    return bytes(buffer.data().data())


def save(plates: Plates, view: View, wish: Wish, path: Path) -> Path:
    """Write the file of a view, of the format its name ends in (in a task); one that was there stays until it is whole.

    Raises
    ------
    InputError
        If the folder cannot be written to or the disk is full.
    """
    write_bytes_atomically(path, encode(plates, view, wish, path.suffix.lstrip(".").lower()))
    return path


def preview(plates: Plates, view: View, wish: Wish, width: int, height: int) -> QImage:
    """Return a small picture of what the file will be, to fit in a size on the screen.

    It is painted at its own size and made smaller: painted small, dense traces would look otherwise than they are saved.
    """
    dpi = min(wish.dpi, 25.4 * PREVIEW_DOTS / max(wish.width_mm, wish.height_mm))
    whole = picture(plates, view, replace(wish, dpi=max(10, int(dpi))))
    kept = Qt.AspectRatioMode.KeepAspectRatio
    return whole.scaled(width, height, kept, Qt.TransformationMode.SmoothTransformation)


def titles_of_parts() -> dict[tuple[str, ...], str]:
    """Return what can be shown, with its title."""
    return {
        ("traces", "spectrogram"): tr("Traces and spectrogram"),
        ("traces",): tr("Traces"),
        ("spectrogram",): tr("Spectrogram"),
        ("traces", "spectrogram", "overview"): tr("Traces, spectrogram and overview"),
        ("overview",): tr("Overview of the whole recording"),
    }
