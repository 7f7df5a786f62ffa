"""The pictures alone, the double click, and the order of the menu."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu

from tests.desktop.conftest import press, settle


@pytest.fixture
def review(qtbot, window):
    window.resize(1280, 800)
    window.inspector_dock.show()  # which starts closed in so small a window
    window.enter("review")
    settle(qtbot, window.session)
    return window.rooms["review"]


def beside(window, review):
    return [widget.isVisible() for widget in (review.left, review.tabs, window.inspector_dock, window.history_dock)]


def test_f11_shows_the_pictures_alone_and_the_panels_again(qtbot, window, review):
    wide = review.traces.width()
    assert beside(window, review) == [True, True, True, False]
    press(qtbot, review.table, Qt.Key.Key_F11)
    settle(qtbot, window.session)
    assert beside(window, review) == [False] * 4
    assert review.traces.width() > wide + 500
    assert review.traces.hasFocus()  # keys go on to work, though the table that had it is hidden
    start = review.start_s
    qtbot.keyClick(review.traces, Qt.Key.Key_PageDown)
    assert review.start_s > start
    qtbot.keyClick(review.traces, Qt.Key.Key_F11)
    assert beside(window, review) == [True, True, True, False]


def test_another_room_and_the_next_session_have_their_panels(qtbot, window, review):
    review.focus.toggle()
    window.enter("annotate")
    assert window.inspector_dock.isVisible()
    window.enter("review")
    review.focus.toggle()
    window._keep_state()  # as it does before it is closed
    assert beside(window, review) == [True, True, True, False]


def test_a_double_click_comments_on_the_event_there(qtbot, window, review, monkeypatch):
    session = window.session
    review.layers.hide(["annotations"])
    review.marks.add(review.start_s + 2.0, 1.0)
    settle(qtbot, session)
    asked = []
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *a: (asked.append(a), ("an artefact", True))[1])
    frame, left = review.traces.frame, Qt.MouseButton.LeftButton
    for t in (review.start_s + 2.5, review.start_s + 6.0):  # the second is beside it
        at = QPointF(frame.x(t), frame.rect.top() + review.traces.rows[0].y)
        kind, none = QEvent.Type.MouseButtonDblClick, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(review.traces, QMouseEvent(kind, at, review.traces.mapToGlobal(at), left, left, none))
    settle(qtbot, session)
    assert len(asked) == 1
    marks = session.events.take(session.events.maker == "annotator")
    assert "an artefact" in marks.attributes_json[0]


def test_the_menu_of_the_room_fits_on_the_screen(window, review):
    (menu,) = [a.menu() for a in window.menuBar().actions() if a.text() == "Review"]
    assert len(menu.actions()) <= 20
    groups = {sub.title(): sub for sub in menu.findChildren(QMenu)}
    assert list(groups) == ["Move", "Look", "Signal", "Measure and listen", "Events", "HITS queue"]
    assert max(len(sub.actions()) for sub in groups.values()) <= 20
    listed = [a.objectName() for sub in (menu, *groups.values()) for a in sub.actions() if a.objectName()]
    assert sorted(listed) == sorted(a.id for a in window._actions_now() if a.menu == "Review")
    groups["Look"].aboutToShow.emit()
    assert window.actions_of.qt("review.spectrum").isEnabled()
