"""The table of events and the layers: what is listed, and what is done to many events at once."""

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu

from desktop.models.event_model import CHANNEL, COLUMNS, COMMENT, FROM, KIND, LABEL, LENGTH, TIME
from tests.desktop.conftest import press, settle

LEFT = Qt.MouseButton.LeftButton


def cell(review, row, column):
    return review.model.data(review.model.index(row, column))


def double_click(qtbot, review, row, column):
    """Double click a cell, as a person does: a click selects it first."""
    index = review.model.index(row, column)
    review.table.scrollTo(index)
    at = review.table.visualRect(index).center()
    qtbot.mouseClick(review.table.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(review.table.viewport(), LEFT, pos=at)


def events_of(session, ids):
    return session.events.take(session.events.row_of(list(ids)))


def test_the_table_says_what_an_event_is(qtbot, window, review):
    session = window.session
    first = session.events.take(session.events.recording == 1).take([0])
    row = review.model.row_of(int(first.id[0]))
    said = [cell(review, row, column) for column in range(len(COLUMNS))]
    assert said[LENGTH] == "200 ms"
    assert (said[KIND], said[CHANNEL], said[FROM]) == ("beat", "", "annotations")  # of both leads
    assert said[TIME].startswith("0:")
    tip = review.model.data(review.model.index(row, TIME), Qt.ItemDataRole.ToolTipRole)
    assert f"Event {first.id[0]}" in tip


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_every_column_sorts(qtbot, window, review, column):
    review.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    shown = [cell(review, row, column) for row in range(review.model.rowCount())]
    if column == TIME:
        ordered = window.session.events.start_s[window.session.events.row_of(review.model.ids)]
        assert (np.diff(ordered) >= 0).all()
    elif column != LENGTH:
        assert shown == sorted(shown, key=str.casefold)
    review.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    assert [cell(review, row, column) for row in range(review.model.rowCount())] == shown[::-1]


def test_a_filter_and_a_hidden_layer_say_what_they_hide(qtbot, window, review):
    session, total = window.session, review.model.rowCount()
    labelled = int((session.events.label[session.events.recording == 1] != "").sum())
    assert review.right.count.text() == f"{total} events, {labelled} labelled"
    assert not review.right.why.isVisible()
    press(qtbot, review, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(review.filter, "labelled")
    assert review.model.rowCount() == labelled
    assert f"{labelled} of {total} events shown" in review.right.count.text()
    assert review.right.hidden.text() == f"Hidden: {total - labelled} by the filter"
    review.marks.add(3.0, 1.0)
    settle(qtbot, session)
    panel = review.layers_panel
    assert [panel.list.item(n).text() for n in range(2)] == [
        f"{panel.title('annotations')}   {total}", f"Drawn by {session.study.annotator}   1",
    ]  # fmt: skip
    panel.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert f"{total} by layers (annotations)" in review.right.hidden.text()
    assert {box.id for box in review.traces.boxes} == set(session.selection.ids)
    assert len(session.events.take(session.events.recording == 1)) == total + 1  # hidden, not gone
    press(qtbot, review, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
    assert review.model.rowCount() == total + 1
    assert review.filter.text() == ""
    assert not review.right.why.isVisible()


def test_the_key_h_hides_the_layer_of_the_selected_event(qtbot, window, review):
    session, total = window.session, review.model.rowCount()
    review.marks.add(3.0, 1.0)
    settle(qtbot, session)
    press(qtbot, review, Qt.Key.Key_H)
    assert review.layers.hidden == {f"annotator: {session.study.annotator}"}
    assert review.model.rowCount() == total
    assert review.remember()["hidden"] == [f"annotator: {session.study.annotator}"]


def test_a_comment_is_written_in_its_cell(qtbot, window, review):
    session = window.session
    review.right.use_columns([TIME, LABEL, COMMENT])
    event = int(review.model.ids[4])
    double_click(qtbot, review, 4, COMMENT)
    editor = review.table.findChild(QLineEdit)
    qtbot.keyClicks(editor, "knock, 1 of 2")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    settle(qtbot, session)
    assert events_of(session, [event]).attributes[0]["comment"] == "knock, 1 of 2"
    assert cell(review, 4, COMMENT) == "knock, 1 of 2"
    review.filter.setText("comment:knock")
    assert review.model.ids.tolist() == [event]
    session.undo()
    settle(qtbot, session)
    assert "comment" not in events_of(session, [event]).attributes[0]
    session.redo()
    settle(qtbot, session)
    assert events_of(session, [event]).attributes[0]["comment"] == "knock, 1 of 2"


def test_a_double_click_elsewhere_shows_the_event(qtbot, window, review):
    row = 60
    double_click(qtbot, review, row, TIME)
    event = events_of(window.session, [review.model.ids[row]])
    assert review.start_s + review.length_s / 2 == pytest.approx(event.start_s[0])
    assert review.table.findChild(QLineEdit) is None


def test_the_arrow_keys_stay_in_the_table(qtbot, window, review):
    press(qtbot, review.filter, Qt.Key.Key_Down)
    assert window.session.selection.ids == (int(review.model.ids[0]),)
    qtbot.keyClick(review.table, Qt.Key.Key_Down)
    assert window.session.selection.ids == (int(review.model.ids[1]),)
    qtbot.keyClick(review.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert set(window.session.selection.ids) == set(review.model.ids[1:3].tolist())


def test_many_selected_rows_and_the_selection_stay_in_step(qtbot, window, review):
    session = window.session
    some = review.model.ids[[2, 3, 4, 9, 20]].tolist()
    session.selection.set(some)
    chosen = {index.row() for index in review.table.selectionModel().selectedRows()}
    assert chosen == {2, 3, 4, 9, 20}
    review.table.sortByColumn(TIME, Qt.SortOrder.DescendingOrder)
    last = review.model.rowCount() - 1
    assert {index.row() for index in review.table.selectionModel().selectedRows()} == {last - row for row in chosen}
    press(qtbot, review, Qt.Key.Key_1)
    settle(qtbot, session)
    assert len(set(events_of(session, some).label)) == 1
    assert session.selection.ids == tuple(some)
    review.table.selectionModel().select(review.model.index(0, 0), QItemSelectionModel.SelectionFlag.Clear)
    review.table.selectAll()
    assert len(session.selection.ids) == last + 1


def test_selected_events_are_changed_together_and_taken_back_together(qtbot, window, review, monkeypatch):
    session = window.session
    some = review.model.ids[:5].tolist()
    before = events_of(session, some)
    steps = session.undo_stack.count()

    def change(key, modifier=Qt.KeyboardModifier.NoModifier):
        session.selection.set(some)
        press(qtbot, review, key, modifier)
        settle(qtbot, session)

    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *a: ("look again", True))
    change(Qt.Key.Key_K)
    assert {said["comment"] for said in events_of(session, some).attributes} == {"look again"}
    assert {said["symbol"] for said in events_of(session, some).attributes} == {s["symbol"] for s in before.attributes}
    monkeypatch.setattr(QInputDialog, "getItem", lambda *a: ("ectopic", True))
    change(Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert set(events_of(session, some).kind) == {"ectopic"}
    monkeypatch.setattr(QInputDialog, "getItem", lambda *a: ("V1", True))
    change(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert set(events_of(session, some).channel) == {"V1"}
    change(Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert not np.isin(session.events.id, some).any()
    assert session.undo_stack.count() == steps + 4
    for _ in range(4):
        session.undo()
        settle(qtbot, session)
    after = events_of(session, some)
    for column in ("channel", "kind", "attributes_json", "label"):
        assert getattr(after, column).tolist() == getattr(before, column).tolist()


def test_what_detectors_found_stays_on_its_channel(qtbot, window, review, monkeypatch):
    session = window.session
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    told = []
    session.told.connect(told.append)
    monkeypatch.setattr(QInputDialog, "getItem", lambda *a: pytest.fail("nothing can be chosen"))
    session.selection.set(review.model.ids[:3].tolist())
    press(qtbot, review, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert told == ["What detectors found stays where they found it."]


def test_an_event_off_screen_of_a_narrow_panel_keeps_the_columns_that_matter(qtbot, window, review):
    review.right.resize(260, 500)
    review.right.make_room()
    assert not review.table.isColumnHidden(TIME)
    assert review.table.isColumnHidden(COMMENT)
    review.right.resize(700, 500)
    review.right.make_room()
    assert not any(review.table.isColumnHidden(column) for column in range(len(COLUMNS)))


def test_the_menu_labels_all_selected_events(qtbot, window, review):
    session = window.session
    some = review.model.ids[:3].tolist()
    session.selection.set(some)
    menu = QMenu()
    review.selected.fill_menu(menu)
    labels = next(action.menu() for action in menu.actions() if action.menu() is not None)
    next(action for action in labels.actions() if action.text().endswith("F")).trigger()
    settle(qtbot, session)
    assert set(events_of(session, some).label) == {"F"}
    menu.deleteLater()
