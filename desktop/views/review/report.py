"""The page report: pages of a recording as a PDF to print, each with its scales, and the list of their events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QIODevice, QLineF, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen

from core.jobs import Reporter, write_bytes_atomically
from core.study import EventTable
from desktop.services import theme
from desktop.views.review.printing import FONT_PX, Plates, Press, View, fitting_s, paint_badge, paint_view, tr
from desktop.widgets.parts import number

TEXT_PT = 8.0
PX_PER_INCH = round(72 * FONT_PX / TEXT_PT)
MARGIN_MM = 12.0
HEAD_PX, FOOT_PX, ROW_PX = 40.0, 22.0, 16.0
PAPERS = {"A4": QPageSize.PageSizeId.A4, "Letter": QPageSize.PageSizeId.Letter}
Span = tuple[float, float]
LEFT, RIGHT = (
    Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
)


@dataclass(frozen=True)
class Plan:
    """What a report holds.

    Attributes
    ----------
    view : View
    table : EventTable
        Of the study.
    study, subject, date : str
        For the head of each page; no other field of a file's header gets there.
    spans : sequence of (start_s, length_s)
        A page each.
    parts : tuple of str
        ``traces``, and ``spectrogram`` if wanted.
    listed : bool
        Whether the events of the pages are listed at the end.
    paper : str
        One of `PAPERS`.
    landscape : bool
    """

    view: View
    table: EventTable
    study: str
    subject: str
    date: str
    spans: Sequence[Span]
    parts: tuple[str, ...] = ("traces", "spectrogram")
    listed: bool = True
    paper: str = "A4"
    landscape: bool = True

    @property
    def layout(self) -> QPageLayout:
        """The paper and its margins."""
        turned = QPageLayout.Orientation.Landscape if self.landscape else QPageLayout.Orientation.Portrait
        margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
        return QPageLayout(QPageSize(PAPERS[self.paper]), turned, margins, QPageLayout.Unit.Millimeter)

    @property
    def area(self) -> QRectF:
        """What may be painted on, px from the upper left margin."""
        whole = self.layout.paintRectPixels(PX_PER_INCH)
        return QRectF(0, 0, whole.width(), whole.height())

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """Rows of the table with the events of the pages, by time."""
        events = self.view.events
        if events is None or not self.listed or not self.spans:
            return np.empty(0, np.intp)
        found = [events.within(start, start + length) for start, length in self.spans]
        return events.rows[np.unique(np.concatenate(found))]

    @property
    def rows_per_page(self) -> int:
        """How many events a page of the list holds."""
        return int((self.area.height() - HEAD_PX - FOOT_PX - ROW_PX) // ROW_PX)

    @property
    def n_lists(self) -> int:
        """How many pages the list of events takes."""
        return -(-len(self.rows) // self.rows_per_page)

    @property
    def n_pages(self) -> int:
        """How many pages there are in all."""
        return len(self.spans) + self.n_lists


def whole_recording(view: View, plates: Plates, width_px: float, length_s: float) -> list[Span]:
    """Return pages over a whole recording; on ECG paper as long as the paper."""
    length = fitting_s(plates, view.at(0.0, length_s), width_px, Press(PX_PER_INCH, vector=True))
    n = max(1, int(np.ceil(view.opened.recording.duration / length - 1e-9)))
    return [(k * length, length) for k in range(n)]


def around_events(view: View, around_s: float) -> list[Span]:
    """Return a page for each selected event of the recording, with what surrounds it."""
    events = view.events
    if events is None:
        return []
    chosen = np.flatnonzero(np.isin(events.ids, view.selected))
    return [
        (max(0.0, start - around_s), length + 2 * around_s)
        for start, length in zip(events.start_s[chosen].tolist(), events.length_s[chosen].tolist(), strict=True)
    ]


def write_report(plan: Plan, plates: Plates, path: Path, report: Reporter) -> Path:
    """Write a report as PDF (in a task); a file that was there stays until the new one is whole.

    Raises
    ------
    InputError
        If the folder cannot be written to or the disk is full.
    JobCancelled
        If asked to stop; nothing is written then.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(plan.layout)
    writer.setResolution(PX_PER_INCH)
    writer.setTitle(plan.view.name)
    writer.setCreator("Hitscope")
    painter = QPainter(writer)
    try:
        with theme.wearing("light"):
            _paint_pages(painter, writer, plan, plates, report)
    finally:
        painter.end()
    buffer.close()
    write_bytes_atomically(path, bytes(buffer.data().data()))
    return path


def _paint_pages(painter: QPainter, writer: QPdfWriter, plan: Plan, plates: Plates, report: Reporter) -> None:
    inner = plan.area.adjusted(0, HEAD_PX, 0, -FOOT_PX)
    rows, n_pages = plan.rows, plan.n_pages
    for n in range(n_pages):
        report.check()
        report.progress(n, n_pages, tr("page {} of {}").format(n + 1, n_pages))
        if n:
            writer.newPage()
        painter.setFont(plates.font)
        if n < len(plan.spans):
            view = paint_view(
                painter,
                plates,
                plan.view.at(*plan.spans[n]),
                inner,
                plan.parts,
                Press(PX_PER_INCH, vector=True),
                report,
            )
            times, how = view.times, view.how
        else:
            first = (n - len(plan.spans)) * plan.rows_per_page
            _paint_list(painter, plan, rows[first : first + plan.rows_per_page], inner)
            times = tr("events {} to {} of {}").format(first + 1, min(first + plan.rows_per_page, len(rows)), len(rows))
            how = plan.view.how
        _paint_frame(painter, plan, plates.font, times, how, tr("page {} of {}").format(n + 1, n_pages))
    report.progress(n_pages, n_pages)


def _paint_frame(painter: QPainter, plan: Plan, font: QFont, times: str, how: str, page: str) -> None:
    """Paint the head and the foot of a page."""
    area, view = plan.area, plan.view
    bold = QFont(font)
    bold.setBold(True)
    bold.setPixelSize(FONT_PX + 2)
    if view.simulated:
        painter.setFont(font)
        paint_badge(painter, area.right(), 1)
    painter.setFont(bold)
    painter.setPen(QColor(theme.token("text")))
    painter.drawText(QRectF(0, 0, area.width(), 18), LEFT, f"{plan.study} · {view.name}")
    painter.setFont(font)
    subject = tr("subject {}").format(plan.subject) if plan.subject else tr("subject not named")
    painter.drawText(QRectF(0, 18, area.width(), 16), LEFT, f"{subject} · {times}")
    painter.drawText(QRectF(0, 18, area.width(), 16), RIGHT, tr("printed {}").format(plan.date))
    painter.setPen(QPen(QColor(theme.token("line")), 0.7))
    foot = area.bottom() - FOOT_PX + 4
    painter.drawLines([QLineF(0, HEAD_PX - 4, area.right(), HEAD_PX - 4), QLineF(0, foot, area.right(), foot)])
    painter.setPen(QColor(theme.token("text")))
    below = QRectF(0, foot + 2, area.width(), 16)
    said = painter.fontMetrics().elidedText(how, Qt.TextElideMode.ElideRight, int(area.width() - 110))
    painter.drawText(below, LEFT, said)
    painter.drawText(below, RIGHT, page)


def _paint_list(painter: QPainter, plan: Plan, rows: npt.NDArray[np.intp], rect: QRectF) -> None:
    """Paint a page of the list of events."""
    metrics = painter.fontMetrics()
    columns = (  # title, share of the width, alignment
        (tr("Event"), 6, RIGHT), (tr("Time"), 11, RIGHT), (tr("Length (ms)"), 9, RIGHT), (tr("Channel"), 12, LEFT),
        (tr("Kind"), 12, LEFT), (tr("Label"), 14, LEFT), (tr("HBR (dB)"), 8, RIGHT), (tr("Comment"), 28, LEFT),
    )  # fmt: skip
    lines = [[title for title, _, _ in columns], *event_lines(plan, rows)]
    for n, line in enumerate(lines):
        painter.setPen(QColor(theme.token("text" if n else "muted")))
        left, top = rect.left(), rect.top() + n * ROW_PX
        for text, (_, share, align) in zip(line, columns, strict=True):
            wide = rect.width() * share / 100
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(wide - 10))
            painter.drawText(QRectF(left, top, wide - 10, ROW_PX), align, shown)
            left += wide
        painter.setPen(QPen(QColor(theme.token("plot-grid")), 0.7))
        painter.drawLine(QLineF(rect.left(), top + ROW_PX, rect.right(), top + ROW_PX))


def event_lines(plan: Plan, rows: npt.NDArray[np.intp]) -> list[list[str]]:
    """Return what the list says of events: id, time, length, channel, kind, label, HBR and comment."""
    table, lines = plan.table, []
    for row in rows.tolist():
        attributes = json.loads(table.attributes_json[row])
        hbr, time = attributes.get("hbr_db"), plan.view.scale.text(float(table.start_s[row]), 2)
        lines.append(
            [
                str(int(table.id[row])), time, number(1000 * table.duration_s[row]), table.channel[row], table.kind[row],
                table.label[row], "" if hbr is None else number(hbr, 1), str(attributes.get("comment", "")),
            ]
        )  # fmt: skip
    return lines
