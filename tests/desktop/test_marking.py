"""Marks by mouse and by keys, on the canvases themselves; each change is undone and redone. Overlapping events stay reachable."""

import pytest
from PySide6.QtCore import QPointF, Qt

from core.errors import StudyError
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import at, click, drag

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


@pytest.fixture
def review(qtbot, window):
    window.enter("review")
    settle(qtbot, window.session)
    room = window.rooms["review"]
    room.layers.hide(["annotations"])  # the marks alone
    room.go_to(20.0)
    settle(qtbot, window.session)
    return room


def marks(session):
    events = session.events
    return events.take(events.maker == "annotator")


def place(session):
    (mark,) = zip(marks(session).start_s.tolist(), marks(session).duration_s.tolist(), strict=True)
    return mark


def undone_and_redone(qtbot, session, read):
    """Undo and redo the last edit; return what was before."""
    after = read()
    session.undo()
    settle(qtbot, session)
    before = read()
    assert before != after
    session.redo()
    settle(qtbot, session)
    assert read() == after
    return before


@pytest.mark.parametrize("name", ["traces", "spectrogram"])
def test_ctrl_and_drag_draws_a_mark(qtbot, window, review, name):
    session, canvas = window.session, getattr(review, name)
    drag(canvas, at(canvas, 22.0, row=-1), at(canvas, 24.0, row=-1), CONTROL)
    settle(qtbot, session)
    mark = marks(session)
    assert (mark.start_s[0], mark.duration_s[0]) == (pytest.approx(22.0, abs=0.05), pytest.approx(2.0, abs=0.05))
    assert mark.channel[0] == ("V1" if name == "traces" else "MLII")
    assert mark.attributes[0] == {"by": session.study.annotator}
    assert session.selection.ids == (int(mark.id[0]),)
    assert undone_and_redone(qtbot, session, lambda: len(marks(session))) == 0


def test_times_are_stored_to_the_microsecond(qtbot, window, review):
    session = window.session
    review.marks.add(1.9999999999999996, 0.30000000000000004)
    settle(qtbot, session)
    assert place(session) == (2.0, 0.3)
    mark = int(marks(session).id[0])
    for start, length in ((22.500000000000004, 0.3), (22.499999999999996, 1.1234564)):
        review.marks.put(mark, start, length)
        settle(qtbot, session)
    assert place(session) == (22.5, 1.123456)


@pytest.mark.parametrize("name", ["traces", "spectrogram"])
def test_a_selected_mark_is_dragged_and_its_edges_too(qtbot, window, review, name):
    session, canvas = window.session, getattr(review, name)
    review.marks.add(23.0, 2.0)
    settle(qtbot, session)
    drag(canvas, at(canvas, 24.0), at(canvas, 26.0))
    settle(qtbot, session)
    assert place(session) == (pytest.approx(25.0, abs=0.05), pytest.approx(2.0))
    assert undone_and_redone(qtbot, session, lambda: place(session)) == (23.0, 2.0)
    start = place(session)[0]
    drag(canvas, at(canvas, start), at(canvas, start - 1))
    settle(qtbot, session)
    assert place(session) == (pytest.approx(start - 1, abs=0.05), pytest.approx(3.0, abs=0.05))
    undone_and_redone(qtbot, session, lambda: place(session))
    start, length = place(session)
    drag(canvas, at(canvas, start + length), at(canvas, start + length + 1))
    settle(qtbot, session)
    assert place(session) == (pytest.approx(start), pytest.approx(length + 1, abs=0.05))
    undone_and_redone(qtbot, session, lambda: place(session))
    assert session.undo_stack.undoText().startswith("change the length")


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_dragged_stays_where_it_was_dropped_until_it_is_known_there(qtbot, window, review, monkeypatch, fails):
    session, pointing = window.session, review.pointing
    review.marks.add(23.0, 2.0)
    settle(qtbot, session)
    if fails:
        monkeypatch.setattr(session.study, "apply", lambda *_: (_ for _ in ()).throw(StudyError("the disk is full")))
    drag(review.traces, at(review.traces, 24.0), at(review.traces, 26.0))
    assert place(session) == (23.0, 2.0)
    assert pointing.preview.start_s == pytest.approx(25.0, abs=0.05)
    seen = []
    session.events_changed.connect(lambda _ids: seen.append(pointing.preview is not None))
    settle(qtbot, session)
    assert pointing.preview is None
    assert place(session)[0] == pytest.approx(23.0 if fails else 25.0, abs=0.05)
    assert seen == ([] if fails else [True])


def test_a_narrow_mark_can_still_be_moved(qtbot, window, review):
    session, canvas = window.session, review.traces
    review.marks.add(23.0, 8 / canvas.frame.px_per_s)
    settle(qtbot, session)
    middle = at(canvas, 23.0) + QPointF(4, 0)
    drag(canvas, middle, middle + QPointF(40, 0))
    settle(qtbot, session)
    assert place(session) == (
        pytest.approx(23.0 + 40 / canvas.frame.px_per_s, abs=1e-6),
        pytest.approx(8 / canvas.frame.px_per_s, abs=1e-6),
    )


def test_a_mark_dragged_past_the_end_keeps_its_length(qtbot, window, review):
    session, canvas, total = window.session, review.traces, review.recording.duration
    review.go_to(total)
    settle(qtbot, session)
    review.marks.add(total - 4, 2.0)
    settle(qtbot, session)
    drag(canvas, at(canvas, total - 3), at(canvas, total - 0.1))
    settle(qtbot, session)
    assert place(session) == (pytest.approx(total - 2.0), pytest.approx(2.0))


def test_what_a_detector_found_is_not_dragged(qtbot, window, review):
    session, canvas = window.session, review.traces
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    event = session.events.take(session.events.maker == "hits").take([2])
    session.selection.set(event.id.tolist())
    settle(qtbot, session)
    before = float(event.start_s[0])
    review.show_span(max(0.0, before - 0.5), before + 1.0)
    settle(qtbot, session)
    page, middle = review.start_s, before + float(event.duration_s[0]) / 2
    drag(canvas, at(canvas, middle), at(canvas, middle) - QPointF(60, 0))
    settle(qtbot, session)
    assert session.events.start_s[session.events.row_of(event.id)][0] == before
    assert review.start_s > page  # the page moved instead
    told = []
    session.told.connect(told.append)
    press(qtbot, review, Qt.Key.Key_Right, SHIFT)
    assert "stays where it is" in told[0]


def test_keys_make_move_and_lengthen_a_mark(qtbot, window, review):
    session = window.session
    press(qtbot, review, Qt.Key.Key_M)
    settle(qtbot, session)
    start, length = place(session)
    assert start == pytest.approx(20.0 + 0.475 * 10.0)
    assert undone_and_redone(qtbot, session, lambda: len(marks(session))) == 0
    session.selection.set(marks(session).id.tolist())
    for key, modifier, moved, longer in (
        (Qt.Key.Key_Right, SHIFT, 0.1, 0.0),
        (Qt.Key.Key_Left, SHIFT, -0.1, 0.0),
        (Qt.Key.Key_Right, ALT, 0.0, 0.1),
        (Qt.Key.Key_Left, ALT, 0.0, -0.1),
    ):
        start, length = place(session)
        press(qtbot, review, key, modifier)
        settle(qtbot, session)
        assert place(session) == (pytest.approx(start + moved), pytest.approx(length + longer))
        assert undone_and_redone(qtbot, session, lambda: place(session)) == (
            pytest.approx(start),
            pytest.approx(length),
        )


@pytest.mark.parametrize(("key", "label"), [(Qt.Key.Key_M, ""), (Qt.Key.Key_1, "first"), (Qt.Key.Key_0, "unsure")])
def test_a_stretch_becomes_a_mark_by_a_key(qtbot, window, review, key, label):
    session, canvas = window.session, review.traces
    drag(canvas, at(canvas, 22.0), at(canvas, 23.0), SHIFT)
    assert review.pointing.stretch == (pytest.approx(22.0, abs=0.05), pytest.approx(23.0, abs=0.05))
    assert not len(marks(session))
    press(qtbot, review, key)
    settle(qtbot, session)
    wanted = {c.position: c.key for c in session.classes}[1] if label == "first" else label
    assert marks(session).label.tolist() == [wanted]
    assert review.pointing.stretch is None
    assert undone_and_redone(qtbot, session, lambda: len(marks(session))) == 0


def test_clicks_go_through_the_events_that_lie_over_each_other(qtbot, window, review):
    session, canvas = window.session, review.traces
    for start, length, channel in ((21.0, 8.0, "MLII"), (23.0, 2.0, "MLII"), (22.0, 4.0, "MLII"), (23.5, 1.0, "V1")):
        review.marks.add(start, length, channel)
        settle(qtbot, session)
    long, short, middle, other = marks(session).id.tolist()
    session.selection.set(())
    here, seen = at(canvas, 24.0, row=0), []
    for _ in range(5):
        click(canvas, here)
        seen.append(session.selection.ids)
    assert seen == [(short,), (middle,), (long,), (other,), (short,)]
    click(canvas, at(canvas, 24.0, row=1))
    assert session.selection.ids == (other,)
    click(canvas, here)  # somewhere else than the click before: the shortest of that channel again
    assert session.selection.ids == (short,)
    click(canvas, here)
    press(qtbot, review, Qt.Key.Key_Delete)
    settle(qtbot, session)
    assert marks(session).id.tolist() == [long, short, other]
    assert {box.id for box in canvas.boxes} == {long, short, other}
    assert undone_and_redone(qtbot, session, lambda: marks(session).id.tolist()) == [long, short, middle, other]
    click(canvas, at(canvas, 20.2))
    assert session.selection.ids == ()


def test_shorter_events_are_drawn_over_longer_ones(qtbot, window, review):
    session = window.session
    for start, length in ((23.0, 1.0), (21.0, 8.0)):
        review.marks.add(start, length)
        settle(qtbot, session)
    session.selection.set(())
    assert [box.length_s for box in review.traces.boxes] == [8.0, 1.0]
