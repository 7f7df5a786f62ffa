"""What a clinician stumbled over in Review, and what is so now."""

import numpy as np
import pytest

from tests.desktop.conftest import settle


@pytest.fixture
def review(qtbot, window):
    window.enter("review")
    settle(qtbot, window.session)
    return window.rooms["review"]


@pytest.fixture
def told(window):
    said = []
    window.session.told.connect(said.append)
    return said


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
