"""What keeps the Annotate room quick with a hundred thousand events: counted, not timed (`tests/benchmarks/bench_annotate.py`)."""

import gc
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.study import EventTable, label_events
from desktop.models.annotate_model import COLUMNS
from desktop.models.named import Named
from desktop.views.annotate.colouring import Scene
from desktop.views.annotate.export_dialog import LabelsDialog
from tests.desktop.conftest import settle


@pytest.fixture
def asked(annotate, monkeypatch):
    """The keys of the tasks that were asked for since."""
    keys, submit = [], annotate.session.tasks.submit

    def listen(key, *arguments, **named):
        keys.append(key)
        submit(key, *arguments, **named)

    monkeypatch.setattr(annotate.session.tasks, "submit", listen)
    return keys


def colour_by(annotate, name):
    box = annotate.strip.colour
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())


def test_labels_become_numbers_once_for_each_change_of_labels(qtbot, annotate, monkeypatch):
    session, read, named = annotate.session, [], Scene._named

    def count(scene, name):
        read.append(name)
        return named(scene, name)

    monkeypatch.setattr(Scene, "_named", count)
    session.label(annotate.maps.ids[:3].tolist(), "V")
    settle(qtbot, session)
    annotate.proposing.preview()
    settle(qtbot, session)
    for _ in range(3):
        colour_by(annotate, "kind")
        colour_by(annotate, "label")
    session.selection.set(annotate.maps.ids[:9])
    assert sorted(read) == ["kind", "label"]


def test_what_is_stale_is_read_when_labels_change_not_with_every_selection(qtbot, annotate, asked):
    session, ids = annotate.session, annotate.maps.ids
    for event in ids[:5].tolist():
        session.selection.set([event])
    settle(qtbot, session)
    assert "annotate lineage" in asked
    assert "annotate stale" not in asked
    session.label(ids[:1].tolist(), "V")
    settle(qtbot, session)
    assert asked.count("annotate stale") == 1


def test_who_labelled_is_read_only_where_it_is_seen(qtbot, annotate, asked):
    session, ids = annotate.session, annotate.maps.ids
    session.label(ids[:1].tolist(), "V")
    settle(qtbot, session)
    assert "annotate annotators" not in asked
    colour_by(annotate, "annotator")
    settle(qtbot, session)
    assert session.study.annotator in annotate.strip.names.text()
    assert asked.count("annotate annotators") == 1
    session.label(ids[1:2].tolist(), "V")
    settle(qtbot, session)
    assert asked.count("annotate annotators") == 2


def test_a_room_that_is_not_seen_takes_up_the_selection_when_it_is(qtbot, window, annotate, monkeypatch):
    session, review, told = window.session, window.rooms["review"], []
    select = review.right.select
    monkeypatch.setattr(review.right, "select", lambda ids: (told.append(len(ids)), select(ids)))
    for n in (5, 7):
        session.selection.set(annotate.maps.ids[:n])
    assert told == []
    window.enter("review")
    settle(qtbot, session)
    assert told[0] == 7
    rows = {index.row() for index in review.table.selectionModel().selectedRows()}
    assert set(review.model.ids[sorted(rows)].tolist()) == set(annotate.maps.ids[:7].tolist())


def test_a_commit_is_taken_up_in_the_thread_that_wrote_it(qtbot, annotate, monkeypatch):
    session, threads, updated = annotate.session, [], EventTable.updated

    def note(*arguments):
        threads.append(threading.current_thread())
        return updated(*arguments)

    monkeypatch.setattr(EventTable, "updated", note)
    first, second = annotate.maps.ids[:2].tolist()
    session.label([first], "V")
    session.label([second], "N")  # while the first may still be on its way
    settle(qtbot, session)
    session.undo()
    settle(qtbot, session)
    assert len(threads) == 3
    assert threading.main_thread() not in threads
    assert session.events.label.tolist() == session.study.events().label.tolist()


def test_garbage_is_not_collected_while_labels_are_written_and_is_afterwards(qtbot, annotate):
    session, on = annotate.session, []

    def build(study):
        on.append(gc.isenabled())
        return label_events(study, annotate.maps.ids[:2].tolist(), "V")

    def fail(_study):
        on.append(gc.isenabled())
        raise ValueError("on purpose")

    session.edit(build)
    settle(qtbot, session)
    session.edit(fail)
    settle(qtbot, session)
    assert on == [False, False]
    assert gc.isenabled()


class Counted(np.ndarray):
    """Ids that count how often all of them are listed."""

    listed = 0

    def tolist(self):
        Counted.listed += 1
        return super().tolist()


def test_the_export_looks_through_the_events_once_however_many_are_on_the_map(qtbot, annotate, monkeypatch):
    session = annotate.session
    monkeypatch.setattr(session, "events", replace(session.events, id=session.events.id.view(Counted)))
    monkeypatch.setattr(Counted, "listed", 0)
    annotate.exporting.ask()
    (dialog,) = annotate.window().findChildren(LabelsDialog)
    assert Counted.listed <= 2
    labelled = session.events.id[session.events.label != ""]
    assert dialog.ids() == np.intersect1d(labelled, annotate.maps.ids).tolist()
    dialog.close()


def test_the_bus_gives_numbers_to_who_computes(annotate):
    bus, heard = annotate.session.selection, []
    bus.changed.connect(lambda ids, _origin: heard.append(ids))
    bus.set(np.array([7, 3]), annotate)
    bus.set((7, 3))
    assert heard == [(7, 3)]
    assert bus.ids == (7, 3)
    assert all(type(event) is int for event in bus.ids)
    assert bus.array.tolist() == [7, 3]
    assert bus.origin is annotate
    with pytest.raises(ValueError, match="read-only"):
        bus.array[0] = 1


def test_all_rows_of_the_table_are_chosen_as_one(qtbot, annotate):
    annotate.show_table()
    table = annotate.table
    table.setCurrentIndex(table.model().index(4, 0))
    table.selectAll()
    here = table.ids[table.currentIndex().row()]
    assert annotate.session.selection.ids[0] == here
    assert sorted(annotate.session.selection.ids) == sorted(table.ids)


@pytest.mark.parametrize("title", ["Recording", "Label", "By", "Predicted"])
def test_columns_of_text_sort_as_their_text_reads(qtbot, annotate, title):
    annotate.knowing.predictions = {int(event): "vNF"[row % 3] for row, event in enumerate(annotate.maps.ids[::2])}
    annotate._recolour()
    annotate.show_table()
    table, column = annotate.table, [c.title for c in COLUMNS].index(title)
    for order, reverse in ((Qt.SortOrder.AscendingOrder, False), (Qt.SortOrder.DescendingOrder, True)):
        table.sortByColumn(column, order)
        model = table.model()
        texts = [model.index(row, column).data() for row in range(model.rowCount())]
        key = [(text not in ("–", "—", "·", ""), text.casefold()) for text in texts]
        assert key == sorted(key, reverse=reverse)
        assert len(set(texts)) > 1 or title == "Recording"


def test_a_click_on_a_header_sorts_once(qtbot, annotate):
    annotate.show_table()
    model, resets = annotate.table.model(), []
    model.modelReset.connect(lambda: resets.append(1))
    annotate.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    assert len(resets) == 1


def test_texts_as_numbers():
    texts = Named.of(["b", "", "A", "b", "a"])
    assert texts.counts == {"b": 2, "": 1, "A": 1, "a": 1}
    assert texts.having("b").tolist() == [True, False, False, True, False]
    assert not texts.having("c").any()
    assert texts.ranks().tolist() == [3, 0, 1, 3, 2]
    named = Named.by([1, 2, 9, 3], {1: "x", 2: "y", 3: "x"})
    assert [named.names[code] for code in named.codes] == ["x", "y", "", "x"]
    assert named.counts == {"x": 2, "y": 1, "": 1}
    assert Named.of([]).ranks().tolist() == []


def test_a_scene_knows_which_events_are_gone(annotate):
    scene = annotate.scene()
    left = scene.events.take(scene.events.id != scene.shown.ids[0])
    fewer = Scene(scene.shown, left, scene.positions, scene.recordings)
    assert fewer.there.tolist() == [False] + [True] * (len(scene.shown.ids) - 1)
    gone = int(scene.labels.having("")[0])
    assert fewer.unlabelled == scene.unlabelled - gone
    assert len(fewer.facts().rows) == len(scene.facts().rows) - 1
    none = Scene(scene.shown, EventTable.from_rows([]), {}, {})
    assert not none.there.any()
    assert none.unlabelled == 0
    assert none.recording_ids == set()
