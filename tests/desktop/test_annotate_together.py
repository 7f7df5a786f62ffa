"""Annotate beside other things: maps that are still being made, sound, several annotators, models, several maps."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt

from core.annotation import ADJUDICATED, QUERIES, disagreements
from core.jobs import write_json
from core.study import UNSURE, label_events
from desktop.services.speaker import Silent
from tests.desktop import mouse
from tests.desktop.conftest import make_map, press, settle
from tests.desktop.test_annotate_scores import some_maps

NO_BUTTON = Qt.MouseButton.NoButton


def classes_of(session):
    return [c.key for c in session.classes if c.key != UNSURE]


def at(canvas, event):
    """Where an event is on a map."""
    (row,) = canvas.cloud.rows_of([event])
    return QPointF(*canvas.frame.to_pixels(canvas.cloud.places[row]))


def test_maps_appear_while_others_are_still_being_made(qtbot, annotate):
    session = annotate.session
    features = annotate.choosing.features()[0]
    grid = {"perplexities": [5, 8, 12, 20, 30, 40], "exaggerations": [4, 12], "iterations": 2000}
    job = session.start_job("projection", "many", {"features": features.id, **grid}, parent=features.id)
    try:
        qtbot.waitUntil(lambda: annotate.choosing.maps_of == job.run.id, timeout=120_000)
        assert job in session.jobs.running
        assert not annotate.maps.finished
        first = len(annotate.maps.maps)
        assert annotate.strip.maps.count() == min(first, 3)  # each map once
        assert "not finished" in annotate.strip.runs.currentText()
        assert annotate.canvas.ids.tolist() == annotate.maps.ids.tolist()
        annotate.proposing.preview()  # the room can be used meanwhile
        qtbot.waitUntil(lambda: annotate.proposal is not None and annotate.proposal.source.run_id == job.run.id)
        qtbot.waitUntil(lambda: len(annotate.maps.maps) > first, timeout=120_000)
        assert job in session.jobs.running
    finally:
        with qtbot.waitSignal(job.finished, timeout=60_000):
            job.cancel()
    settle(qtbot, session)


class Clock:
    """A time that stands still."""

    def __call__(self):
        return 0.0


@pytest.fixture
def played(annotate, monkeypatch):
    """What the player of the room is asked to play: the stretches, and the sound that is made of the last."""
    player, asked = annotate.pointing.card.player, []
    player.open_output = lambda: Silent("no device", Clock())
    play = player.play

    def heard(make, span, *more, **how):
        asked.append((make, span))
        return play(make, span, *more, **how)

    monkeypatch.setattr(player, "play", heard)
    yield asked
    player.stop()


def stretch_of(session, event):
    """Half a second round an event."""
    (row,) = session.events.row_of([event])
    start = float(session.events.start_s[row])
    return pytest.approx((max(0.0, start - 0.5), start + float(session.events.duration_s[row]) + 0.5))


def test_space_plays_the_event_under_the_pointer_else_the_selected_one_and_stops(qtbot, annotate, played, told):
    session, canvas = annotate.session, annotate.canvas
    player, (selected, other) = annotate.pointing.card.player, annotate.maps.ids[[3, 0]].tolist()
    press(qtbot, canvas, Qt.Key.Key_Space)
    assert played == []
    assert told[-1].startswith("Point at an event, or select one")
    session.selection.set((selected,))
    press(qtbot, canvas, Qt.Key.Key_Space)
    assert player.playing
    make, span = played[-1]
    assert span == stretch_of(session, selected)
    assert np.abs(np.concatenate(list(make(*span, 8000)))).max() > 0  # it is heard
    press(qtbot, canvas, Qt.Key.Key_Space)
    assert not player.playing
    qtbot.waitUntil(lambda: canvas.nearest.ready)
    mouse.send(canvas, QEvent.Type.MouseMove, at(canvas, other), NO_BUTTON, mouse.NONE)
    hovered = annotate.pointing.card.event_id
    assert hovered is not None
    press(qtbot, canvas, Qt.Key.Key_Space)
    assert player.playing
    assert played[-1][1] == stretch_of(session, hovered)
    assert len(played) == 2
    press(qtbot, canvas, Qt.Key.Key_Space)
    settle(qtbot, session)


def test_settling_a_disagreement_writes_the_adjudicated_label(qtbot, annotate):
    session, panel = annotate.session, annotate.agreement
    first, second = classes_of(session)[:2]
    ids = annotate.maps.ids[:6].tolist()
    said = {"Ana": [first] * 6, "Ben": [first] * 4 + [second] * 2}
    for who, labels in said.items():
        session.edit(lambda study, who=who, labels=labels: label_events(study, ids, labels, annotator=who))
    settle(qtbot, session)
    annotate.below.setCurrentWidget(panel)
    settle(qtbot, session)
    assert "Fleiss" in panel.text.text()
    rows = [panel.list.item(n).data(Qt.ItemDataRole.UserRole) for n in range(panel.list.count())]
    assert set(ids[4:]) <= set(rows)
    panel.list.setCurrentRow(rows.index(ids[5]))
    assert session.selection.ids == (ids[5],)
    panel.verdict.setCurrentIndex(panel.verdict.findData(second))
    qtbot.mouseClick(panel.settle_button, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    written = session.study.label_rows([ids[5]])
    assert written[ids[5], ADJUDICATED]["label"] == second
    assert (written[ids[5], "Ana"]["label"], written[ids[5], "Ben"]["label"]) == (first, second)
    assert [one.settled for one in disagreements(session.study, ids=[ids[5]])] == [second]
    assert f"settled: {second}" in panel.list.item(rows.index(ids[5])).text()
    session.undo()
    settle(qtbot, session)
    assert (ids[5], ADJUDICATED) not in session.study.label_rows([ids[5]])


@pytest.fixture
def disputed(qtbot, annotate):
    """The first three events of the list of disagreements, which is open."""
    session, panel = annotate.session, annotate.agreement
    first, second = classes_of(session)[:2]
    ids = annotate.maps.ids[:6].tolist()
    for who, labels in {"Ana": [first] * 6, "Ben": [first] * 3 + [second] * 3}.items():
        session.edit(lambda study, who=who, labels=labels: label_events(study, ids, labels, annotator=who))
    settle(qtbot, session)
    annotate.below.setCurrentWidget(panel)
    settle(qtbot, session)
    return [one.event for one in panel.compared.differ[:3]]


def choose(panel, event):
    rows = [panel.list.item(n).data(Qt.ItemDataRole.UserRole) for n in range(panel.list.count())]
    panel.list.setCurrentRow(rows.index(event))


def test_settling_goes_on_to_the_next_event_with_a_verdict_of_its_own(qtbot, annotate, disputed):
    session, panel = annotate.session, annotate.agreement
    said = [next(iter(one.said.values())) for one in panel.compared.differ[:3]]  # offered first
    other = next(key for key in classes_of(session) if key != said[0])
    verdicts = [other, *said[1:]]
    choose(panel, disputed[0])
    panel.verdict.setCurrentIndex(panel.verdict.findData(other))
    for event, verdict in zip(disputed, verdicts, strict=True):
        assert session.selection.ids == (event,)
        assert panel.list.currentItem().data(Qt.ItemDataRole.UserRole) == event
        assert panel.verdict.currentData() == verdict
        qtbot.mouseClick(panel.settle_button, Qt.MouseButton.LeftButton)
        settle(qtbot, session)
    rows = session.study.label_rows(disputed)
    assert [rows[event, ADJUDICATED]["label"] for event in disputed] == verdicts
    session.undo()  # what was settled last waits again, without taking the place of what is looked at
    settle(qtbot, session)
    assert (disputed[-1], ADJUDICATED) not in session.study.label_rows(disputed)


def test_a_verdict_that_is_being_chosen_stays_when_labels_change(qtbot, annotate, disputed):
    session, panel = annotate.session, annotate.agreement
    choose(panel, disputed[1])
    second = panel.verdict.itemData(panel.verdict.count() - 1)
    assert second not in (panel.verdict.itemData(0), panel.verdict.currentData())
    panel.verdict.setCurrentIndex(panel.verdict.findData(second))
    elsewhere = annotate.maps.ids[-1:].tolist()
    session.selection.set(elsewhere)
    session.label(elsewhere, second)
    settle(qtbot, session)
    assert panel.list.currentItem().data(Qt.ItemDataRole.UserRole) == disputed[1]
    assert panel.verdict.currentData() == second
    assert session.selection.ids == tuple(elsewhere)


def test_beside_kappa_stands_that_nobody_labelled_blindly(annotate, disputed):
    assert "Not blind" in annotate.agreement.text.text()


@pytest.fixture
def held(annotate, monkeypatch):
    """The answers to questions of the queue, which come when they are called."""
    tasks, waiting = annotate.session.tasks, []
    submit = tasks.submit

    def hold(key, *arguments, done=None, **named):
        if key == "annotate next":
            submit(key, *arguments, done=lambda made: waiting.append(lambda: done(made)), **named)
        else:
            submit(key, *arguments, done=done, **named)

    monkeypatch.setattr(tasks, "submit", hold)
    return waiting


def test_an_answer_about_another_map_is_no_queue_of_this_one(qtbot, annotate, held):
    session = annotate.session
    annotate.show_queue()
    settle(qtbot, session)
    make_map(session, "another")
    settle(qtbot, session)
    assert annotate.choosing.maps_of == annotate.choosing.projections()[-1].id
    selected = session.selection.ids
    held.pop()()
    assert annotate.queue.asked == []
    assert session.selection.ids == selected


def test_an_answer_of_before_somebody_labelled_is_asked_for_again(qtbot, annotate, held):
    session, queue = annotate.session, annotate.queue
    annotate.show_queue()
    settle(qtbot, session)
    session.label(annotate.maps.ids.tolist(), classes_of(session)[0])
    settle(qtbot, session)
    held.pop()()
    settle(qtbot, session)
    assert queue.asked == []
    held.pop()()
    assert "Nothing is left to ask" in queue.text.text()


def model(session, name, shares):
    """A finished model that says these shares of the first two classes of each event of the map."""
    study, ids = session.study, np.array(sorted(shares))
    run = study.new_run("training", name, {})
    first = np.array([shares[event] for event in ids.tolist()])
    np.savez(run.folder / "predictions.npz", ids=ids, probabilities=np.stack([first, 1 - first], axis=1))
    write_json(run.folder / "model.json", {"classes": classes_of(session)[:2]})
    write_json(run.folder / "result.json", {})
    session.take_up_runs()


def test_queries_that_need_models_ask_for_them_then_ask_what_these_doubt(qtbot, annotate):
    session, queue = annotate.session, annotate.queue
    events = session.events
    free = [i for i in annotate.maps.ids.tolist() if events.label[events.row_of([i])[0]] == ""]
    doubted = free[7]

    def ask(key):
        queue.query.setCurrentIndex(queue.query.findData(key))
        queue.ask()
        settle(qtbot, session)
        return [one.id for one in queue.asked]

    needing = [key for key, entry in QUERIES.items() if entry.models]
    for key in needing:
        assert ask(key) == []
        assert "Train a model first" in queue.text.text()
    model(session, "sure", dict.fromkeys(free, 0.99) | {doubted: 0.55})
    settle(qtbot, session)
    for key in needing:
        if QUERIES[key].models == 1:
            assert ask(key)[0] == doubted
            assert session.selection.ids == (doubted,)
        else:
            assert ask(key) == []
    model(session, "other", dict.fromkeys(free, 0.99) | {doubted: 0.02})
    settle(qtbot, session)
    for key in needing:
        assert ask(key)[0] == doubted
        assert queue.asked[0].why


def test_the_overview_moves_the_map(qtbot, annotate):
    canvas, overview = annotate.canvas, annotate.views.minimap
    annotate.window().resize(1400, 900)
    qtbot.waitUntil(lambda: canvas.width() >= 400)
    canvas.zoom(6)
    assert overview.isVisible()
    before, box = canvas.frame, overview.box.center()
    mouse.drag(overview, box, box + QPointF(12, -9))
    assert canvas.frame.x > before.x
    assert canvas.frame.y < before.y
    assert canvas.frame.scale == before.scale
    assert (overview.box.center() - box - QPointF(12, -9)).manhattanLength() < 1


def test_what_is_chosen_on_one_small_map_is_selected_on_all_and_in_the_study(qtbot, annotate):
    session = annotate.session
    some_maps(session, 3)
    settle(qtbot, session)
    annotate.tools.three.setChecked(True)
    settle(qtbot, session)
    annotate.tools.choose("rectangle")
    second = annotate.several.maps[1]
    qtbot.waitUntil(lambda: second.width() > 80 and second.nearest.ready)
    mouse.drag(second, QPointF(1, 1), QPointF(second.width() / 2, second.height() - 1))
    chosen = set(session.selection.ids)
    assert 0 < len(chosen) < len(annotate.maps.ids)
    for one in annotate.several.maps:
        assert set(one.cloud.ids[one.picture.selected].tolist()) == chosen
    annotate.tools.three.setChecked(False)
    assert set(annotate.canvas.cloud.ids[annotate.canvas.picture.selected].tolist()) == chosen


def test_tool_mode_and_density_hold_for_small_maps_that_come_later(qtbot, annotate):
    some_maps(annotate.session, 3)
    settle(qtbot, annotate.session)
    annotate.tools.dense.setChecked(True)
    annotate.tools.choose("brush")
    annotate.tools.mode.emit("add")
    for _ in range(2):
        annotate.tools.three.setChecked(True)
        settle(qtbot, annotate.session)
        assert [one.picture.as_density for one in annotate.several.maps] == [True] * 3
        assert {(one.tool, one.mode) for one in annotate.several.maps} == {("brush", "add")}
        annotate.tools.three.setChecked(False)
    annotate.tools.three.setChecked(True)
    annotate.tools.dense.setChecked(False)
    assert not any(one.picture.as_density for one in [*annotate.several.maps, annotate.canvas])
    settle(qtbot, annotate.session)
