"""Views and reports on paper and in files: the right size, lines as lines, names as text, simulated data called so."""

import itertools
import re
import zlib

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QProgressDialog, QPushButton

from core.study import edit_events
from desktop.services import theme
from desktop.views.review.export_dialog import ExportDialog
from desktop.views.review.output import Wish, picture, preview, save
from desktop.views.review.printing import Plates, view_of
from desktop.views.review.report import around_events, event_lines, whole_recording
from desktop.views.review.report_dialog import ReportDialog
from tests.desktop.conftest import settle

ECG, TCD = 0, 1
KEPT, SMOOTH = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation


@pytest.fixture
def room(qtbot, window):
    made = window.rooms["review"]
    made.set_length(5.0)
    settle(qtbot, window.session)
    return made


@pytest.fixture
def plates(qapp):
    made = Plates()
    yield made
    made.throw_away()


def show(qtbot, room, row):
    room.recordings.setCurrentRow(row)
    settle(qtbot, room.session)


def wait(qtbot, session):
    qtbot.waitUntil(lambda: not session.background.busy and not session.tasks.busy, timeout=20_000)
    qtbot.wait(20)


def inflated(pdf: bytes) -> bytes:
    """All that the streams of a PDF hold."""
    found = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S)
    return b"".join(zlib.decompressobj().decompress(part) for part in found if part[:1] == b"\x78")


def boxes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page, mm."""
    found = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(float(w) / 72 * 25.4, float(h) / 72 * 25.4) for w, h in found]


class TestView:
    def test_png_has_the_pixels_of_its_millimetres(self, room, plates, tmp_path):
        path = save(plates, view_of(room), Wish(width_mm=85, height_mm=60, dpi=300), tmp_path / "a.png")
        image = QImage(str(path))
        assert (image.width(), image.height()) == (round(85 / 25.4 * 300), round(60 / 25.4 * 300))
        assert image.dotsPerMeterX() == pytest.approx(300 / 0.0254, abs=1)

    def test_svg_holds_lines_and_names_as_text(self, room, plates, tmp_path):
        svg = save(plates, view_of(room), Wish(parts=("traces",), width_mm=180), tmp_path / "a.svg").read_text()
        assert re.search(r'<svg width="(180|179\.\d+|180\.\d+)mm"', svg)
        for channel in room.recording.channels:
            assert f">{channel.name}</text>" in svg
        longest = max(re.findall(r'<polyline[^>]*points="([^"]*)"', svg), key=len).split()
        assert len(longest) > 500, "a trace is one line of many points, not a picture"
        assert "<image" not in svg

    def test_lines_of_svg_stay_inside_the_page(self, room, plates, tmp_path):
        room.amplify(30.0)  # far beyond the rows, and SVG does not clip
        wish = Wish(parts=("traces",), caption=False)
        svg = save(plates, view_of(room), wish, tmp_path / "a.svg").read_text()
        points = [
            tuple(map(float, p.split(",")))
            for m in re.findall(r'<polyline[^>]*points="([^"]*)"', svg)
            for p in m.split()
        ]
        assert all(0 <= x <= wish.size_px.width() and -1 <= y <= wish.size_px.height() for x, y in points)

    def test_preview_looks_like_what_is_saved(self, room, plates):
        view, wish = view_of(room), Wish(parts=("traces",), dpi=150)
        saved = picture(plates, view, wish).scaled(480, 400, KEPT, SMOOTH)
        assert preview(plates, view, wish, 480, 400) == saved
        assert preview(plates, view, Wish(width_mm=600, height_mm=20, dpi=1200), 480, 400).width() == 480

    def test_what_is_cut_is_named_and_is_no_plateau(self, qtbot, room, plates, tmp_path):
        wish = Wish(parts=("traces",))
        fitted = save(plates, view_of(room), wish, tmp_path / "a.svg").read_text()
        assert "beyond the picture" not in fitted
        room.amplify(4.0)
        settle(qtbot, room.session)
        assert room.status.text() == "MLII and V1 reach beyond the picture: − makes traces smaller"
        svg = save(plates, view_of(room), wish, tmp_path / "b.svg").read_text()
        assert "MLII and V1 reach beyond the picture" in svg.split("</desc>")[1]
        traces = [points.split() for points in re.findall(r'<polyline[^>]*points="([^"]*)"', svg)]
        heights = [[float(p.split(",")[1]) for p in points] for points in traces if len(points) > 20]
        top = min(map(min, heights))
        assert not any(a == b == top for ys in heights for a, b in itertools.pairwise(ys))

    def test_spectrogram_is_one_embedded_picture(self, qtbot, room, plates, tmp_path):
        show(qtbot, room, TCD)
        svg = save(plates, view_of(room), Wish(), tmp_path / "a.svg").read_text()
        assert svg.count("<image") == 1

    def test_pdf_has_its_size_and_no_picture_of_traces(self, room, plates, tmp_path):
        pdf = save(
            plates, view_of(room), Wish(parts=("traces",), width_mm=85, height_mm=60), tmp_path / "a.pdf"
        ).read_bytes()
        assert pdf.startswith(b"%PDF")
        assert boxes(pdf) == [(pytest.approx(85, abs=0.4), pytest.approx(60, abs=0.4))]
        assert b"/Subtype /Image" not in pdf
        assert inflated(pdf).count(b" l\n") > 500

    def test_simulated_data_say_so(self, qtbot, room, plates, tmp_path):
        wish = Wish(caption=False)
        assert "simulated" not in save(plates, view_of(room), wish, tmp_path / "a.svg").read_text().split("</desc>")[1]
        show(qtbot, room, TCD)
        svg = save(plates, view_of(room), wish, tmp_path / "b.svg").read_text().split("</desc>")[1]
        assert ">simulated</text>" in svg, "the badge is there without the caption too"

    def test_print_is_light_and_the_window_stays_dark(self, qtbot, room, plates):
        theme.use("dark")
        settle(qtbot, room.session)
        image = picture(plates, view_of(room), Wish(parts=("traces",), dpi=100))
        assert image.pixelColor(2, 2).lightnessF() > 0.9
        assert theme.name() == "dark"
        assert theme.token("plot") == theme.TOKENS["dark"]["plot"]

    def test_ecg_paper_is_true_to_scale(self, room, plates, tmp_path):
        room.use_paper(25.0)
        wish = Wish(parts=("traces",), width_mm=180)
        svg = save(plates, view_of(room), wish, tmp_path / "a.svg").read_text()
        assert "25 mm/s, 10 mm/mV" in svg
        upright = [
            float(points.split()[0].split(",")[0])
            for points in re.findall(r'<polyline[^>]*points="([^"]*)"', svg)
            if len({p.split(",")[0] for p in points.split()}) == 1 and len(points.split()) == 2
        ]
        steps = sorted(
            {round(b - a, 1) for a, b in zip(sorted(upright), sorted(upright)[1:], strict=False) if b - a > 1}
        )
        assert steps[0] == pytest.approx(wish.px_per_inch / 25.4, abs=0.2), "lines a millimetre apart"


class TestDialog:
    def test_key_opens_it_and_it_writes(self, qtbot, window, room, tmp_path):
        room.setFocus()
        window.activateWindow()
        qtbot.waitUntil(lambda: room.hasFocus() and window.isActiveWindow())
        qtbot.keyClick(room, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: any(isinstance(w, ExportDialog) for w in QApplication.topLevelWidgets()))
        (dialog,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, ExportDialog))
        settle(qtbot, room.session)
        assert not dialog.preview.pixmap().isNull()
        dialog.format.setCurrentIndex(dialog.format.findData("pdf"))
        dialog.write(tmp_path / "view.pdf")
        wait(qtbot, room.session)
        assert (tmp_path / "view.pdf").read_bytes().startswith(b"%PDF")

    def test_column_keeps_the_shape(self, qtbot, room):
        dialog = ExportDialog(room.session, view_of(room), room)
        before = dialog.height.value() / dialog.width.value()
        dialog._column_chosen(dialog.width_box.findData(85.0))
        assert dialog.wish.width_mm == 85
        assert dialog.wish.height_mm / 85 == pytest.approx(before, abs=0.01)
        dialog.width.setValue(100)
        assert dialog.width_box.currentData() is None
        settle(qtbot, room.session)
        dialog.reject()
        settle(qtbot, room.session)

    def test_what_cannot_be_written_is_said_and_nothing_is_lost(self, qtbot, room, tmp_path):
        told = []
        room.session.failed.connect(told.append)
        dialog = ExportDialog(room.session, view_of(room), room)
        (tmp_path / "file").write_text("kept")
        dialog.write(tmp_path / "file" / "view.png")  # a file where a folder should be
        settle(qtbot, room.session)
        assert "could not be written" in str(told[0])
        assert dialog.save_button.isEnabled()
        assert (tmp_path / "file").read_text() == "kept"
        dialog.reject()
        settle(qtbot, room.session)


class TestReport:
    def test_pages_of_the_whole_recording(self, qtbot, room, tmp_path):
        dialog = ReportDialog(room.session, view_of(room), "MIT-BIH 208", room)
        dialog.pages.setCurrentIndex(2)
        dialog.length.setValue(600)
        dialog.spectrogram.setChecked(False)
        plan = dialog.plan()
        assert len(plan.spans) == 4, "half an hour, ten minutes each, and what is left"
        assert plan.n_lists == -(-len(plan.rows) // plan.rows_per_page) > 0
        path = tmp_path / "report.pdf"
        dialog.write(path)
        wait(qtbot, room.session)
        pdf = path.read_bytes()
        assert boxes(pdf) == [(pytest.approx(297, abs=0.5), pytest.approx(210, abs=0.5))] * plan.n_pages

    def test_selected_events_a_page_each(self, qtbot, room):
        events = room.session.events
        room.session.selection.set(tuple(events.id[events.recording == room.recording_id][:3].tolist()), room)
        view = view_of(room)
        spans = around_events(view, 2.0)
        assert len(spans) == 3
        assert all(length >= 4.0 for _, length in spans)
        assert spans[1][0] == pytest.approx(view.events.start_s[1] - 2.0)

    def test_ecg_paper_takes_as_many_pages_as_it_needs(self, room, plates):
        room.use_paper(25.0)
        spans = whole_recording(view_of(room), plates, 1000.0, 60.0)
        assert all(length == pytest.approx(spans[0][1]) for _, length in spans)
        assert spans[0][1] < 15, "some 25 cm of paper at 25 mm/s"
        assert spans[-1][0] + spans[-1][1] >= room.recording.duration

    def test_cancelled_report_leaves_no_file(self, qtbot, window, room, tmp_path):
        told = []
        room.session.told.connect(told.append)
        dialog = ReportDialog(room.session, view_of(room), "", room)
        dialog.pages.setCurrentIndex(2)
        dialog.length.setValue(2)
        dialog.write(tmp_path / "report.pdf")
        (progress,) = room.findChildren(QProgressDialog)
        progress.findChild(QPushButton).click()
        wait(qtbot, room.session)
        assert told == ["The report was not written."]
        assert list(tmp_path.glob("*report*")) == []

    def test_events_are_listed_with_label_hbr_and_comment(self, qtbot, room, tmp_path):
        show(qtbot, room, TCD)
        room.set_length(20.0)
        session = room.session
        first = int(session.events.id[np.flatnonzero(session.events.recording == room.recording_id)[0]])
        session.label((first,), "gaseous")
        room.session.edit(lambda study: edit_events(study, [first], comment="after the valve"))
        settle(qtbot, session)
        plan = ReportDialog(session, view_of(room), "S-01", room).plan()
        lines = event_lines(plan, plan.rows)
        hbr = session.events.attributes[int(np.flatnonzero(session.events.id == first)[0])]["hbr_db"]
        assert lines[0][5:] == ["gaseous", f"{hbr:.1f}", "after the valve"]
        assert len(lines) == len(plan.rows) > 3
