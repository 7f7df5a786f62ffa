"""The gutter of a page: names of the traces, their scales, and the legend of traces laid over each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from desktop.services import theme
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.rows import Row
from desktop.widgets.parts import number

LEAST_ROW_PX = 11  # rows that are lower share a name with their neighbours
MOST_BARS = 3  # of low rows; where scales differ more, the chosen channel's is shown
TALL_ROW_PX = 30  # rows that are taller state their scale under their name
LEFT = 8
LEGEND_TOP, LEGEND_PX = 16.0, 14.0  # px to the first line of the legend, and from line to line
SWATCH_PX = 12
BAR_PX = 10  # of the gutter at its right: for the bars of scales


def overlaid(rows: Sequence[Row]) -> bool:
    """Whether rows lie over each other."""
    return len(rows) > 1 and rows[0].y == rows[1].y


def legend_row(rows: Sequence[Row], y: float) -> Row:
    """Return the row whose line of the legend is at a height, px from the top of the page."""
    return rows[int(min(max((y - LEGEND_TOP) / LEGEND_PX + 0.7, 0), len(rows) - 1))]


def scale_of(row: Row) -> tuple[str, int]:
    """Return what tells scales apart as they are drawn."""
    return row.bar, round(row.bar_px)


def paint_gutter(painter: QPainter, frame: Frame, rows: Sequence[Row], chosen: str) -> None:
    """Paint names and scales of rows left of the page; of equal scales that follow each other, one bar is enough."""
    if overlaid(rows):
        names = _paint_legend(painter, frame, rows, chosen)
        _paint_common_bars(painter, frame, rows, chosen, names)
    else:
        names = _paint_names(painter, frame, rows, chosen)
        if rows and rows[0].height < TALL_ROW_PX:
            _paint_low_bars(painter, frame, rows, chosen, names)
    painter.setPen(QPen(QColor(theme.token("line")), 0))
    painter.drawLine(QLineF(frame.rect.left(), frame.rect.top(), frame.rect.left(), frame.rect.bottom()))


def _paint_names(painter: QPainter, frame: Frame, rows: Sequence[Row], chosen: str) -> list[QRectF]:
    """Paint the names of rows, of tall ones with their scales; return where names stand."""
    metrics, shown_to, said, names = painter.fontMetrics(), -1e9, None, []
    for row in rows:
        y = frame.rect.top() + row.y
        if row.y - shown_to < LEAST_ROW_PX:
            continue
        shown_to = row.y
        if row.name == chosen:
            painter.fillRect(QRectF(0, y - row.height / 2 + 1, 3, row.height - 2), QColor(theme.token("accent")))
        tall = row.height >= TALL_ROW_PX
        base = y + (0 if tall else metrics.ascent() / 2 - 1)
        names.append(_paint_name(painter, frame, row, LEFT, base))
        if not tall:
            continue
        painter.setPen(QColor(theme.token("muted")))
        if row.bad:
            bad = QCoreApplication.translate("pictures", "bad")
            painter.drawText(QPointF(LEFT, y + metrics.ascent() + 1), bad)
        elif scale_of(row) != said and LEFT + metrics.horizontalAdvance(row.bar) < frame.rect.left() - BAR_PX:
            said = scale_of(row)
            painter.drawText(QPointF(LEFT, y + metrics.ascent() + 1), row.bar)
            _paint_bar(painter, frame, y + row.bar_px / 2, row.bar_px)
    return names


def _paint_name(painter: QPainter, frame: Frame, row: Row, x: float, base: float) -> QRectF:
    """Paint the name of a channel, struck out where it is bad; return where it stands."""
    metrics = painter.fontMetrics()
    name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, int(frame.rect.left() - x - 14))
    painter.setPen(QColor(theme.token("muted" if row.bad else "text")))
    painter.drawText(QPointF(x, base), name)
    tall, wide = metrics.ascent() - 2, metrics.horizontalAdvance(name)
    if row.bad:
        middle = base - metrics.ascent() / 2 + 1
        painter.drawLine(QLineF(x, middle, x + wide, middle))
    return QRectF(x, base - tall, wide, tall)


def _paint_legend(painter: QPainter, frame: Frame, rows: Sequence[Row], chosen: str) -> list[QRectF]:
    """Paint the colours and names of traces that lie over each other; of more than have room, how many there are."""
    fitting = max(1, int((frame.rect.height() - LEGEND_TOP - 30) / LEGEND_PX))
    named, names = rows if len(rows) <= fitting else rows[: fitting - 1], []
    for n, row in enumerate(named):
        base = frame.rect.top() + LEGEND_TOP + n * LEGEND_PX
        middle = base - painter.fontMetrics().ascent() / 2 + 1
        if row.name == chosen:
            painter.fillRect(QRectF(0, middle - LEGEND_PX / 2, 3, LEGEND_PX), QColor(theme.token("accent")))
        painter.setPen(QPen(QColor(theme.token("muted" if row.bad else row.colour)), 3))
        painter.drawLine(QLineF(LEFT, middle, LEFT + SWATCH_PX, middle))
        names.append(_paint_name(painter, frame, row, LEFT + SWATCH_PX + 5, base))
    if len(named) < len(rows):
        painter.setPen(QColor(theme.token("muted")))
        more = QCoreApplication.translate("pictures", "and {} more").format(number(len(rows) - len(named)))
        painter.drawText(QPointF(LEFT, frame.rect.top() + LEGEND_TOP + len(named) * LEGEND_PX), more)
    return names


def _scales(rows: Sequence[Row], chosen: str) -> list[Row]:
    """Return the last row of each scale; of more than can be shown, the chosen channel's."""
    bars = {scale_of(row): row for row in rows if not row.bad}
    of_chosen = [row for row in rows if row.name == chosen]
    return list(bars.values()) if len(bars) <= MOST_BARS else of_chosen[:1]


def _paint_common_bars(painter: QPainter, frame: Frame, rows: Sequence[Row], chosen: str, taken: list[QRectF]) -> None:
    """Paint one bar for all rows of a scale, at the bottom of the gutter, where no trace is."""
    low = frame.rect.bottom() - 4
    for row in _scales(rows, chosen):
        if _paint_scale(painter, frame, row, low - painter.fontMetrics().descent(), low, taken):
            low -= max(row.bar_px, painter.fontMetrics().height()) + 6


def _paint_low_bars(painter: QPainter, frame: Frame, rows: Sequence[Row], chosen: str, taken: list[QRectF]) -> None:
    """Paint one bar for all rows of a scale: beside the name of its last row, else that of the first row above all names."""
    ascent, above = painter.fontMetrics().ascent(), frame.rect.top() + rows[0].y - rows[0].height / 2 - 2
    for row in _scales(rows, chosen):
        y = frame.rect.top() + row.y
        beside = _paint_scale(painter, frame, row, y + ascent / 2 - 1, y + row.bar_px / 2, taken)
        if not beside and scale_of(row) == scale_of(rows[0]):
            _paint_scale(painter, frame, row, above, above, taken)


def _paint_scale(painter: QPainter, frame: Frame, row: Row, base: float, low: float, taken: list[QRectF]) -> bool:
    """Paint a scale with its text at a height, unless that would cover what is `taken`; return whether there was room."""
    metrics, right = painter.fontMetrics(), frame.rect.left() - BAR_PX
    wide, tall = metrics.horizontalAdvance(row.bar), metrics.ascent() - 2
    place = QRectF(right - wide - 1, base - tall, wide, tall)
    if place.left() < 0 or any(place.adjusted(-4, 0, 0, 0).intersects(other) for other in taken):
        return False
    taken.append(place)
    painter.setPen(QColor(theme.token("muted")))
    painter.drawText(QPointF(place.left(), base), row.bar)
    _paint_bar(painter, frame, low, row.bar_px)
    return True


def _paint_bar(painter: QPainter, frame: Frame, low: float, tall: float) -> None:
    """Paint the bar that is as tall as the amount written beside it."""
    pen = QPen(QColor(theme.token("muted")), 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(QLineF(frame.rect.left() - 6, low, frame.rect.left() - 6, low - tall))
