"""The window fits small screens: nothing it shows asks for more room, and what is cut says so."""

import pytest
from PySide6.QtWidgets import QWidget

from desktop.models.event_model import FROM, LABEL, LENGTH, TIME
from desktop.widgets.elided import ElidedComboBox, ElidedLabel, fitted
from desktop.widgets.parts import line
from tests.desktop.conftest import make_map, settle
from tests.desktop.test_rooms import finished_training

LONG = "a name that somebody gave to a recording without a thought for small screens, " * 3


def test_every_room_fits_a_screen_of_1200_by_800(qtbot, window):
    session = window.session
    finished_training(session)
    make_map(session, LONG)
    window.inspector_dock.show()
    for room in ("review", "annotate", "train", "compress", "export"):
        window.enter(room)
        settle(qtbot, session)
        window.job_line.setText(LONG)
        window.study_name.setText(LONG)
        window.resize(1200, 800)
        qtbot.wait(20)
        assert (window.width(), window.height()) == (1200, 800), room
        assert window.room.width() >= window.room.minimumSizeHint().width(), room


@pytest.mark.parametrize("make", [line, ElidedLabel, ElidedComboBox])
def test_a_long_text_is_cut_and_told_whole_on_hover(qtbot, make):
    widget = make()
    qtbot.addWidget(widget)
    if isinstance(widget, ElidedComboBox):
        widget.addItem(LONG)
    else:
        widget.setText(LONG)
    widget.resize(120, 24)
    widget.grab()
    assert widget.toolTip() == LONG
    assert widget.minimumSizeHint().width() < 120
    widget.resize(6000, 24)
    widget.grab()
    assert widget.toolTip() == ""


def test_a_tip_of_its_own_comes_back(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setProperty("tip", "Show the jobs")
    assert fitted(widget, LONG, 60).endswith("…")
    assert widget.toolTip() == LONG
    assert fitted(widget, "short", 600) == "short"
    assert widget.toolTip() == "Show the jobs"


def test_a_narrow_table_of_events_leaves_out_columns_by_their_weight(qtbot, window):
    panel = window.rooms["review"].right
    panel.resize(260, 600)
    assert panel.table.isColumnHidden(FROM)
    assert not panel.table.isColumnHidden(TIME)
    assert not panel.table.isColumnHidden(LABEL)
    panel.resize(700, 600)
    assert not panel.table.isColumnHidden(FROM)


@pytest.mark.parametrize(("dock", "least"), [("jobs_dock", 200), ("history_dock", 220)])
def test_docks_open_high_enough_to_be_read(qtbot, window, dock, least):
    window.resize(1280, 900)
    window.toggle(getattr(window, dock))
    qtbot.wait(50)
    assert getattr(window, dock).height() >= least


def test_late_and_long_events_have_room_in_the_table(qtbot, window):
    room = window.rooms["review"]
    before = room.table.columnWidth(TIME)
    window.session.add_event(1, "MLII", 36_000.0, 72.0)
    settle(qtbot, window.session)
    metrics = room.table.fontMetrics()
    assert room.table.columnWidth(TIME) > before
    assert room.table.columnWidth(TIME) > metrics.horizontalAdvance("10:00:00.00")
    assert room.table.isColumnHidden(LENGTH) or room.table.columnWidth(LENGTH) > metrics.horizontalAdvance("72.0 s")
