"""What a clinician stumbled over in Review, and what is so now."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QPushButton

import resources
from core.errors import HitscopeError
from core.signals import add_to_study
from core.study import Study
from desktop.main_window import MainWindow
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.about_recording import facts_of, megabytes
from desktop.views.review.channel_groups import group_after
from desktop.views.review.pictures.gutter import LEGEND_PX, LEGEND_TOP
from desktop.views.review.pictures.rows import amount
from tests.desktop.conftest import settle


def unlabelled(session):
    events = session.events
    return events.id[(events.recording == 1) & (events.label == "")].tolist()


def drawn(session):
    return int((session.events.maker == "annotator").sum())


# A stretch and a selection


def test_a_digit_labels_the_event_that_was_selected_after_the_stretch(qtbot, window, review):
    session = window.session
    review.pointing.choose((1.0, 2.0))
    event = unlabelled(session)[0]
    review.right.chosen.emit([event])
    assert review.pointing.stretch is None
    window.label_selected(1)
    settle(qtbot, session)
    assert session.events.label[session.events.row_of([event])[0]] == session.classes[0].key
    assert drawn(session) == 0


def test_a_click_on_an_event_lets_go_of_the_stretch_and_a_right_click_on_the_stretch_keeps_it(qtbot, window, review):
    events = review.session.events
    start = float(events.start_s[events.recording == 1][3])
    review.go_to(start - 1.0)
    settle(qtbot, window.session)
    review.pointing.choose((start - 0.1, start + 0.1))
    review.events.hold(start, "")
    assert review.pointing.stretch is not None
    review.events.pick(start, "")
    assert window.session.selection.ids
    assert review.pointing.stretch is None


def test_a_stretch_that_was_chosen_later_is_what_a_digit_marks(qtbot, window, review):
    session = window.session
    review.right.chosen.emit(unlabelled(session)[:1])
    review.pointing.choose((review.start_s + 1.0, review.start_s + 2.0))
    window.label_selected(1)
    settle(qtbot, session)
    assert drawn(session) == 1


@pytest.mark.parametrize("mark", [lambda w, r: r.marks.add_here(), lambda w, r: w.label_selected(1)])
def test_a_stretch_off_the_page_marks_nothing_and_says_so(qtbot, window, review, told, mark):
    session = window.session
    review.pointing.choose((1.0, 2.0))
    review.go_to(60.0)
    mark(window, review)
    settle(qtbot, session)
    assert drawn(session) == 0
    assert "not on this page" in told[-1]
    assert np.allclose(review.pointing.stretch, (1.0, 2.0))


# Many channels


def test_groups_follow_each_other_and_the_last_may_be_smaller():
    order = tuple(range(10))
    assert group_after(order, (0, 1, 2, 3), 4, 1) == (4, 5, 6, 7)
    assert group_after(order, (4, 5, 6, 7), 4, 1) == (8, 9)
    assert group_after(order, (8, 9), 4, 1) == (8, 9)
    assert group_after(order, (8, 9), 4, -1) == (4, 5, 6, 7)
    assert group_after(order, (2, 5), 4, -1) == (0, 1, 2, 3)
    assert group_after(order, (), 4, 1) == (0, 1, 2, 3)


def test_sixty_four_channels_are_shown_in_groups_and_it_says_which(qtbot, window, review):
    review.add_recordings([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, window.session)
    title = review.left.buttons.title
    n = len(review.recording.channels)
    assert n > 32
    assert title.text() == f"Channels 1–32 of {n} shown"
    review.left.buttons.next.click()
    assert title.text() == f"Channels 33–{n} of {n} shown"
    review.left.buttons.previous.click()
    assert title.text() == f"Channels 1–32 of {n} shown"
    review.left.buttons.all.click()
    assert title.text() == f"Channels: all {n} shown"
    review.left.buttons.none.click()
    settle(qtbot, window.session)
    assert title.text() == f"0 of {n} channels shown"
    review.left.buttons.rows.setValue(8)
    settle(qtbot, window.session)
    assert [row.channel for row in review.traces.rows] == list(range(8))
    review.groups.step(1)
    kept = review.remember()["looks"][str(review.recording_id)]
    review.appearance.start(review.recording.channels, (), kept)
    assert review.channels == tuple(range(8, 16))
    assert review.appearance.group == 8


def test_paper_shows_as_many_leads_as_there_is_room_for(qtbot, window, review):
    window.resize(1280, 800)
    review.add_recordings([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, window.session)
    before = review.channels
    review.toggle_paper()
    settle(qtbot, window.session)
    assert all(row.height >= 11.0 * review.px_per_mm for row in review.traces.rows)
    assert 0 < len(review.channels) < len(before)
    review.toggle_paper()
    assert review.channels == before


# Annotations that came with a recording


def test_annotations_that_came_with_a_recording_are_offered_and_not_taken_unasked(qtbot, window, review):
    session, panel = window.session, review.right
    assert not panel.take.isVisibleTo(panel)  # some of 208's were taken
    review.add_recordings([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, session)
    own = session.events.recording == review.recording_id
    assert not own.any()
    n = len(review.recording.annotations)
    assert n > 1
    assert panel.take.isVisibleTo(panel)
    assert panel.take.text() == f"Take the {n} annotations"
    panel.take.click()
    settle(qtbot, session)
    assert int((session.events.recording == review.recording_id).sum()) == n
    assert not panel.take.isVisibleTo(panel)
    session.undo()
    settle(qtbot, session)
    assert panel.take.isVisibleTo(panel)


# Velocities


def test_the_first_time_velocity_is_wanted_it_is_asked_what_it_rests_on(qtbot, window, review):
    review.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    asked = []

    def answer():
        dialog = QApplication.activeModalWidget()
        asked.append(dialog)
        dialog.emission.setValue(2.5)
        dialog.angle.setValue(30)
        dialog.accept()

    QTimer.singleShot(200, answer)
    review.asking.velocity()
    assert review.spectral.look.velocity
    assert review.spectral.look.probe == "2.5 MHz, 30°"
    review.asking.velocity()
    assert not review.spectral.look.velocity
    review.asking.velocity()
    assert review.spectral.look.velocity
    assert len(asked) == 1


# Paper and page lengths


def test_paper_stays_with_the_recording_it_was_put_under(qtbot, window, review):
    review.set_length(20.0)
    review.toggle_paper()
    settle(qtbot, window.session)
    on_paper = review.length_s
    assert on_paper != 20.0
    assert review.remember()["length_s"] == 20.0
    review.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    assert not review.appearance.look.paper
    assert review.length_s == 20.0
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    assert review.appearance.look.paper
    assert review.length_s == pytest.approx(on_paper, rel=0.05)
    assert review.bar.page_box.currentText() == "25 mm/s"
    review.toggle_paper()
    assert review.length_s == 20.0


def test_an_odd_page_length_is_an_entry_like_the_others(qtbot, window, review):
    box, n = review.bar.page_box, review.bar.page_box.count()
    review.set_length(3.7)
    assert box.currentText() == "3.7 s"
    review.set_length(7.2)
    assert box.currentText() == "7.2 s"
    assert box.count() == n + 1
    review.set_length(10.0)
    assert box.currentText() == "10 s"
    assert box.count() == n


# A file that goes while it is shown


def test_a_file_that_has_gone_is_told_of_once_and_the_page_stays_dimmed(qtbot, window, review, tmp_path):
    session, errors = window.session, []
    session.failed.connect(errors.append)
    for suffix in (".hea", ".dat"):
        shutil.copy(resources.path(f"demo/208{suffix}"), tmp_path / f"gone{suffix}")
    with (tmp_path / "gone.dat").open("r+b") as samples:  # another content than 208's
        samples.write(b"\x01\x02\x03")
    (tmp_path / "gone.hea").write_text((tmp_path / "gone.hea").read_text().replace("208", "gone"))
    review.add_recordings([str(tmp_path / "gone.hea")])
    settle(qtbot, session)
    assert review.entry.name == "gone"
    page = review.traces.drawn_page.page
    (tmp_path / "gone.dat").unlink()
    for _ in range(3):
        review.go_to(review.start_s + 200.0)
        settle(qtbot, session)
        qtbot.wait(250)
    assert [e.what for e in errors] == ["the file is no longer there"]
    assert errors[0].subject.endswith("gone.dat")
    assert "Find moved recordings" in errors[0].remedy
    assert review.traces.drawn_page.page is page
    assert review.traces.dimmed
    assert review.status.text() == "This page has not been read"
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    review.recordings.setCurrentRow(review.recordings.count() - 1)  # still known as an open recording
    settle(qtbot, session)
    page = review.opening.stack.currentWidget()
    said = " ".join(text.text() for text in page.findChildren(QLabel))
    assert "gone.dat" in said
    assert "no longer there" in said or "is missing" in said  # as the samples, or the header, are read first
    assert [b.text() for b in page.findChildren(QPushButton)] == ["Find moved recordings…"]
    assert review.left.buttons.title.text() == "Channels"
    assert not review.right.take.isVisible()


# What a study remembers


def test_a_study_remembers_which_pictures_and_tab_were_shown(qtbot, window, review):
    session, folder = window.session, window.session.study.folder
    review.second.toggle()
    review.second.zoom(0.5)
    span = review.second.span
    review.show_spectrogram(False)
    review.tabs.setCurrentWidget(review.measures.panel)
    settle(qtbot, session)
    window._keep_state()
    review.second.toggle()
    review.show_spectrogram(True)
    review.tabs.setCurrentIndex(0)
    session.open_study(folder)
    settle(qtbot, session)
    assert review.second.shown
    assert review.second.span == pytest.approx(span)
    assert not review.spectrogram.isVisibleTo(review)
    assert review.tabs.currentWidget() is review.measures.panel


# Narrow windows


@pytest.mark.parametrize(("wide", "open_"), [(1280, False), (1600, True)])
def test_the_inspector_starts_closed_in_a_narrow_window_until_the_user_opens_it(qtbot, window, wide, open_):
    window.close()
    session = Session()
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.resize(wide, 800)
    made.show()
    assert made.inspector_dock.isVisible() == open_
    made.toggle(made.inspector_dock)
    made.close()
    again = MainWindow(Session())
    qtbot.addWidget(again)
    again.resize(wide, 800)
    again.show()
    assert again.inspector_dock.isVisible() != open_
    again.close()


def test_a_long_message_fits_into_a_low_window(qtbot, window, review):
    window.resize(1280, 660)
    review.second.toggle()
    window.message.show_error(HitscopeError("\n".join(f"line {n}" for n in range(30))))
    settle(qtbot, window.session)
    assert window.height() == 660
    assert window.minimumSizeHint().height() <= 660


# Scales and names


@pytest.mark.parametrize(
    ("value", "text"),
    [(2e12, "2×10¹² a.u."), (1e6, "1×10⁶ a.u."), (500.0, "500 a.u."), (0.001, "0.001 a.u."), (5e-5, "5×10⁻⁵ a.u.")],
)
def test_large_and_small_amounts_are_written_in_powers(value, text):
    assert amount(value, "a.u.") == text


def painted_in(canvas, left, right):
    """Return the colours of a strip of a canvas, from one x to another."""
    image = canvas.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(left, right) for y in range(image.height())}


def test_equal_scales_are_written_once(qtbot, window, review):
    first, second = review.traces.rows
    assert first.bar == second.bar
    image = review.traces.grab().toImage()
    x = round(review.traces.frame.rect.left()) - 6
    background = QColor(theme.token("plot")).name()
    marked = [y for y in range(image.height()) if image.pixelColor(x, y).name() != background]
    assert len(marked) == pytest.approx(first.bar_px, abs=2)


def test_overlaid_traces_have_a_legend_that_chooses_channels(qtbot, window, review):
    review.appearance.toggle_overlaid()
    settle(qtbot, window.session)
    canvas = review.traces
    colours = {QColor(theme.token(row.colour)).name() for row in canvas.rows}
    assert len(colours) == 2
    assert colours <= painted_in(canvas, 0, 30)
    names = [row.name for row in canvas.rows]
    top = canvas.frame.rect.top()
    assert [canvas.channel_at(QPointF(20, top + LEGEND_TOP - 4 + n * LEGEND_PX)) for n in range(2)] == names


# What is said


def test_a_time_outside_the_recording_is_told_and_moves_nothing(qtbot, window, review, told, monkeypatch):
    review.go_to(30.0)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("9:00:00", True))
    review.asking.time()
    assert review.start_s == 30.0
    assert told[-1].startswith("9:00:00 lies outside the recording, which goes from 0:00.0 to 30:0")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("1:00", True))
    review.asking.time()
    assert review.start_s == 60.0


def test_one_recording_and_one_event_are_said_as_one(qtbot, window, tmp_path):
    window.session.use(Study.create(tmp_path / "small", annotator="Ana"))
    assert window.counts.text() == "0 recordings · 0 events · 0 labelled"
    add_to_study(window.session.study, resources.path("demo/208"))
    window.session.recordings_added()
    settle(qtbot, window.session)
    window.session.add_event(window.session.recordings[0].id, "MLII", 1.0, 1.0)
    settle(qtbot, window.session)
    assert window.counts.text() == "1 recording · 1 event · 0 labelled"
    assert window.rooms["review"].right.count.text() == "1 event, 0 labelled"


def test_the_size_of_a_recording_is_that_of_all_its_files(window):
    facts = facts_of(window.session, 1)
    files = [resources.path(f"demo/208{suffix}") for suffix in (".hea", ".dat")]
    assert facts.size >= sum(file.stat().st_size for file in files)
    assert facts.n_files >= 2
    assert megabytes(12_300_000) == "12.3 MB"
    assert megabytes(52_000) == "0.052 MB"
    assert megabytes(412) == "0.000412 MB"


def test_the_line_says_what_a_square_of_the_paper_stands_for(qtbot, window, review):
    assert "quare" not in review.status.text()
    review.toggle_paper()
    settle(qtbot, window.session)
    assert review.status.text().startswith("Small square: 40 ms × 0.10 mV (MLII)")
    review.add_recordings([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, window.session)
    review.use_paper(50.0)
    settle(qtbot, window.session)
    row = review.traces.rows[0]
    tall = review.px_per_mm / row.px_per_unit
    assert review.status.text().startswith("Small square: 20 ms × ")
    assert float(review.status.text().split()[5]) == pytest.approx(tall, rel=0.06)
    assert "µV" in review.status.text()


# A file of annotations only


@pytest.mark.parametrize("wanted", [True, False])
def test_a_hypnogram_that_is_added_is_offered_to_the_recording_that_is_shown(
    qtbot, window, review, wanted, monkeypatch
):
    session, asked = window.session, []
    answer = lambda _self, name, paths: asked.append((name, len(paths))) or wanted  # noqa: E731
    monkeypatch.setattr(type(review.library), "may_import", answer)
    hypnogram = Path(__file__).parents[1] / "data" / "recordings" / "SC4001EC-Hypnogram.edf"
    before, n = len(session.events), len(session.recordings)
    errors = []
    session.failed.connect(errors.append)
    review.add_recordings([str(hypnogram)])
    settle(qtbot, session)
    assert asked == [("208", 1)]
    assert not errors
    assert len(session.recordings) == n
    assert (len(session.events) > before) == wanted
