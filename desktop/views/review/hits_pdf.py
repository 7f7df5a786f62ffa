"""The HITS report on paper: the same page as its HTML, figures as lines, on sheets that say what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLineF, QMarginsF, QObject, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QPen,
    QPyTextObject,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from desktop.services import theme
from desktop.views.review.printing import tr

PX_PER_INCH = 96
MARGIN_MM, FOOT_PX = 16.0, 24.0
BODY_PX = 12
LAYOUT = re.compile(r"<style media=.*?</style>", re.DOTALL)  # for browsers alone
FIGURE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


class Figures(QPyTextObject):
    """Draws the figures of a page in its text: Qt's rich text knows no drawings in HTML, only pictures."""

    def __init__(self, parent: QObject, drawings: list[str]) -> None:
        super().__init__(parent)
        self._drawn = [QSvgRenderer(QByteArray(svg.encode())) for svg in drawings]

    def intrinsicSize(self, document: QTextDocument, _at: int, format: QTextFormat) -> QSizeF:
        """Return how large a figure is: as wide as the sheet at most."""
        size = QSizeF(self._of(format).defaultSize())
        return size * min(1.0, document.textWidth() / max(size.width(), 1.0))

    def drawObject(
        self, painter: QPainter, rect: QRectF, _document: QTextDocument, _at: int, format: QTextFormat
    ) -> None:
        """Draw a figure."""
        self._of(format).render(painter, rect)

    def _of(self, format: QTextFormat) -> QSvgRenderer:
        return self._drawn[int(format.toImageFormat().name().removeprefix("figure:"))]


def pages_of(html: str, size: QSizeF) -> QTextDocument:
    """Return a report laid out on sheets of a size, px, that is free of the foot."""
    drawings: list[str] = []

    def placed(found: re.Match[str]) -> str:
        drawings.append(found.group())
        return f'<p><img src="figure:{len(drawings) - 1}"></p>'

    document = QTextDocument()
    font = QFont("Helvetica")
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(BODY_PX)
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    text = FIGURE.sub(placed, LAYOUT.sub("", html))
    # Figures must be there before the page is laid out; their places are known only then.
    document.documentLayout().registerHandler(QTextFormat.ObjectTypes.ImageObject, Figures(document, drawings))
    document.setPageSize(size)
    document.setHtml(text)
    return document


def paint_sheet(painter: QPainter, document: QTextDocument, number: int, foot: str) -> None:
    """Paint a sheet, from 0, and what stands at its foot."""
    size = document.pageSize()
    whole = QRectF(0, number * size.height(), size.width(), size.height())
    painter.save()
    painter.translate(0, -whole.top())
    painter.setClipRect(whole)
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = whole
    context.palette.setColor(QPalette.ColorRole.Text, QColor(theme.TOKENS["light"]["text"]))
    document.documentLayout().draw(painter, context)
    painter.restore()
    painter.save()
    font = QFont(document.defaultFont())
    font.setPixelSize(BODY_PX - 2)
    painter.setFont(font)
    painter.setPen(QPen(QColor(theme.TOKENS["light"]["line"]), 0.7))
    painter.drawLine(QLineF(0, size.height() + 6, size.width(), size.height() + 6))
    painter.setPen(QColor(theme.TOKENS["light"]["muted"]))
    below = QRectF(0, size.height() + 8, size.width(), FOOT_PX - 8)
    of = tr("page {} of {}").format(number + 1, document.pageCount())
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, foot)
    painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, of)
    painter.restore()


def hits_pdf(html: str, title: str, simulated: bool, paper: QPageSize.PageSizeId = QPageSize.PageSizeId.A4) -> bytes:
    """Return a report as PDF (in a task).

    Parameters
    ----------
    html : str
        As `core.reports.hits_html` gives it.
    title : str
        Stands at the foot of each sheet.
    simulated : bool
        Whether each sheet is to say that data are simulated.
    paper : QPageSize.PageSizeId
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageLayout(
        QPageLayout(QPageSize(paper), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)
    )
    writer.setResolution(PX_PER_INCH)
    writer.setTitle(title)
    writer.setCreator("Hitscope")
    document = pages_of(html, QSizeF(writer.width(), writer.height() - FOOT_PX))
    painter = QPainter(writer)
    try:
        for number in _sheets(document, writer):
            paint_sheet(painter, document, number, foot_of(title, simulated))
    finally:
        painter.end()
    buffer.close()
    return bytes(buffer.data().data())


def foot_of(title: str, simulated: bool) -> str:
    """Return what stands at the foot of each sheet."""
    return tr("{} · SIMULATED DATA").format(title) if simulated else title


def _sheets(document: QTextDocument, writer: QPdfWriter) -> Iterator[int]:
    for number in range(document.pageCount()):
        if number:
            writer.newPage()
        yield number
