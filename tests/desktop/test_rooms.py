"""Each room by mouse and by keys, on real beats and the simulated recording."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from core.jobs import append_line, write_json
from desktop.widgets.parts import number
from tests.desktop.conftest import press, settle


def drag(qtbot, canvas, start, stop, modifier=Qt.KeyboardModifier.NoModifier, steps=6):
    """Drag the mouse over a picture, in its pixels."""
    points = [start + (stop - start) * n / steps for n in range(steps + 1)]
    walk(qtbot, canvas, [QPoint(round(p.x()), round(p.y())) for p in points], modifier)


def walk(qtbot, viewport, points, modifier=Qt.KeyboardModifier.NoModifier):
    """Press at the first point, move over the others, let go at the last."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    def send(kind, point, button, buttons):
        at = QPointF(point)
        event = QMouseEvent(kind, at, QPointF(viewport.mapToGlobal(point)), button, buttons, modifier)
        QApplication.sendEvent(viewport, event)

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    send(QEvent.Type.MouseMove, points[0], none, none)
    send(QEvent.Type.MouseButtonPress, points[0], left, left)
    for point in points[1:]:
        qtbot.wait(15)  # pyqtgraph passes on a hundred moves a second at most
        send(QEvent.Type.MouseMove, point, none, left)
    send(QEvent.Type.MouseButtonRelease, points[-1], left, none)


def test_review_by_mouse(qtbot, window, review):
    session = window.session
    assert review.recording.path.stem == "208"
    before = review.start_s
    review.go_to(20.0)
    settle(qtbot, session)
    middle = review.traces.frame.rect.center()
    drag(qtbot, review.traces, middle + QPointF(60, 0), middle - QPointF(60, 0))
    settle(qtbot, session)
    assert review.start_s > 20.0 > before
    n = len(session.events)
    left, right = middle - QPointF(50, 0), middle + QPointF(50, 0)
    drag(qtbot, review.traces, left, right, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, session)
    assert len(session.events) == n + 1
    mark = session.events.take(session.events.row_of(session.selection.ids))
    assert mark.kind[0] == "mark"
    assert review.start_s < mark.start_s[0] < review.start_s + review.length_s
    session.undo_stack.undo()
    settle(qtbot, session)
    assert len(session.events) == n
    row = review.model.row_of(int(session.events.id[3]))
    index = review.model.index(row, 0)
    qtbot.mouseClick(review.table.viewport(), Qt.MouseButton.LeftButton, pos=review.table.visualRect(index).center())
    assert session.selection.ids == (int(session.events.id[3]),)
    assert str(session.events.id[3]) in window.inspector.title.text()


def test_review_by_keys(qtbot, window, review):
    session = window.session
    press(qtbot, review, Qt.Key.Key_PageDown)
    assert review.start_s == pytest.approx(10.0)
    press(qtbot, review, Qt.Key.Key_Left)
    assert review.start_s == pytest.approx(9.0)
    press(qtbot, review, Qt.Key.Key_End)
    assert review.start_s == pytest.approx(review.recording.duration - 10.0)
    press(qtbot, review, Qt.Key.Key_Home)
    assert review.start_s == 0.0
    press(qtbot, review, Qt.Key.Key_N)
    press(qtbot, review, Qt.Key.Key_N)
    assert session.selection.ids == (int(review.model.ids[1]),)
    press(qtbot, review, Qt.Key.Key_1)
    settle(qtbot, session)
    first = next(c.key for c in session.classes if c.position == 1)
    assert session.events.label[session.events.row_of(session.selection.ids)[0]] == first
    press(qtbot, review, Qt.Key.Key_Delete)
    settle(qtbot, session)
    own = session.study.label_rows(session.selection.ids, session.study.annotator)
    assert own == {}
    press(qtbot, review, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(review.filter, "imported")
    labelled = (session.events.recording == review.recording_id) & (session.events.label_source == "imported")
    assert len(review.model.ids) == labelled.sum()


def test_review_shows_doppler_on_both_sides_and_finds_hits(qtbot, window, review):
    session = window.session
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    assert review.simulated.isVisible()
    axis = review.spectrogram.frequency
    assert axis.low_hz < -2000 < 2000 < axis.high_hz
    assert not review.spectrogram.empty
    n, n_hits = len(session.events), int((session.events.kind == "hits").sum())
    session.remove_events(session.events.id[session.events.kind == "hits"][:10])
    settle(qtbot, session)
    review.find("hits")
    settle(qtbot, session)
    assert len(session.events) == n
    assert session.undo_stack.undoText().startswith("hits: 10 events")
    assert f"{number(n_hits)} found, {number(n_hits - 10)} were there already" in window.message.text
    review.find("hits")
    settle(qtbot, session)
    assert len(session.events) == n
    assert f"{number(n_hits)} were there already" in window.message.text
    assert session.undo_stack.count() == 2
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    review.find("hits")
    settle(qtbot, session)
    assert "HITS need Doppler: I/Q" in window.message.text


def test_events_can_be_found_in_another_study_opened_during_a_search(qtbot, window, review, study_folder):
    session = window.session
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    said = []
    review.finder.finding.connect(said.append)
    review.find("windows")
    session.open_study(study_folder)
    qtbot.waitUntil(lambda: said == [True, False])  # whichever of the two was done first
    settle(qtbot, session)
    n = len(session.events)
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    review.find("windows")
    settle(qtbot, session)
    assert said == [True, False, True, False]
    assert len(session.events) > n


def test_annotate_lasso_label_undo_redo_by_mouse(qtbot, window, annotate):
    session, canvas = window.session, annotate.canvas
    qtbot.mouseClick(annotate.tools.tools["lasso"], Qt.MouseButton.LeftButton)
    assert canvas.tool == "lasso"
    area = canvas.rect().adjusted(2, 2, -2, -2)
    corners = [area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft()]
    walk(qtbot, canvas, [*corners, corners[0]])
    assert len(session.selection.ids) == len(annotate.maps.ids)
    before = session.events.label.copy()
    item = annotate.classes.list.item(0)
    rect = annotate.classes.list.visualItemRect(item)
    qtbot.mouseClick(annotate.classes.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    settle(qtbot, session)
    rows = session.events.row_of(annotate.maps.ids)
    assert len(set(session.events.label[rows])) == 1
    assert len(session.study.history(1)) == 1
    assert session.undo_stack.count() == 1  # a lasso is one step
    session.undo_stack.undo()
    settle(qtbot, session)
    assert (session.events.label == before).all()
    session.undo_stack.redo()
    settle(qtbot, session)
    assert len(set(session.events.label[rows])) == 1


def test_annotate_preview_accept_undo_by_keys(qtbot, window, annotate):
    session = window.session
    labelled = (session.events.label != "").sum()
    press(qtbot, annotate, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, session)
    n = len(annotate.proposal.keys)
    assert n > 20
    assert (session.events.label != "").sum() == labelled  # a preview changes nothing
    assert str(n) in annotate.bar.preview_button.text().replace(",", "")
    control = Qt.KeyboardModifier.ControlModifier
    press(qtbot, annotate, Qt.Key.Key_Return, control | Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session)
    assert (session.events.label != "").sum() == labelled + n
    assert "LQ-KNN" in session.study.history(1)[0].reason
    press(qtbot, annotate, Qt.Key.Key_N)
    assert session.selection.ids == (int(annotate.maps.ids[0]),)
    press(qtbot, window, Qt.Key.Key_Z, control)
    settle(qtbot, session)
    assert (session.events.label != "").sum() == labelled


def finished_training(session):
    """A training run as the worker leaves it, over the real labelled beats."""
    events = session.events
    events = events.take((events.recording == 1) & (events.label_source == "imported"))
    classes = ["N", "V", "F"]
    y = np.array([classes.index(text) for text in events.label])
    wrong = np.arange(len(y)) % 5 == 0
    predicted = np.where(wrong, (y + 1) % 3, y)
    counts = [[int(((y == a) & (predicted == b)).sum()) for b in range(3)] for a in range(3)]
    test = {"n": len(y), "mcc": 0.7, "mcc_interval": [0.6, 0.8], "interval_over": "events"}
    test |= {"f1": dict.fromkeys(classes, 0.8), "classes": classes, "confusion": counts, "accuracy": 0.8}
    run = session.study.new_run("training", "cnn2d (quick)", {}, seed=3)
    side = np.full(len(y), "test")
    np.savez(run.folder / "predictions.npz", ids=events.id, y_true=y, probabilities=np.eye(3)[predicted], split=side)
    epoch = {"train_loss": 1.0, "validation_loss": 1.0, "validation_mcc": 0.5}
    summary = {
        "metrics": {"validation": test, "test": test},
        "history": [epoch, epoch],
        "parameters": 98_000,
        "best_epoch": 1,
        "epochs": 2,
    }
    summary |= {"seconds": 3, "data": {"simulated": False}, "warnings": ["little about new patients"]}
    summary["split"] = {"unit": "time block", "train": 10, "validation": 5, "test": len(y)}
    write_json(run.folder / "result.json", summary)
    session.take_up_runs()
    return session.study.run(run.id), events.id, y, predicted


def test_train_recipe_figures_and_confusion(qtbot, window):
    session = window.session
    run, ids, y, predicted = finished_training(session)
    window.enter("train")
    settle(qtbot, session)
    room = window.rooms["train"]
    assert "0.700" in room.overview.mcc.text()
    assert "little about new patients" in room.overview.facts.text()
    table = room.confusion
    for row in range(3):  # the names of rows and columns are those of what their cells select
        for column in range(3):
            rect = table.visualItemRect(table.item(row, column))
            qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
            chosen = np.array(session.selection.ids)
            if len(chosen):
                assert set(chosen) == set(ids[(y == row) & (predicted == column)].tolist())
                labels = session.events.label[session.events.row_of(chosen)]
                assert table.verticalHeaderItem(row).text() == f"is {labels[0]}"
            assert table.item(row, column).text().startswith(f"{len(chosen)}\n")
    room.recipe.model.setCurrentIndex(room.recipe.model.findData("cnn_transformer"))
    params = room.recipe.params()
    assert params["representation"] == {"name": "raw"}
    assert params["classes"] == room.recipe.chosen_classes
    assert "blocks of time" in room.recipe.guard.text()
    started = []
    room.recipe.start.disconnect()
    room.recipe.start.connect(lambda p, name, seed: started.append((p, name, seed)))
    press(qtbot, room, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert started == [(params, "cnn_transformer (quick)", 0)]
    assert run.id == room.run.id


def test_compress_and_export_show_what_runs_left(qtbot, window):
    session = window.session
    parent, ids, _, _ = finished_training(session)
    run = session.study.new_run("compression", "pttq of cnn2d", {}, parent=parent.id)
    operations = {"multiplies": 100, "additions": 900, "loads": 9, "macs": 1000}
    account = {"energy_saved": 0.8, "bits": 8192, "bits_full": 81920, "best_encoding": "bitmask_sign"}
    account |= {"operations": operations, "operations_full": operations}
    layer = {
        "name": "encoder.1.0.weight",
        "shape": [8, 4, 3, 3],
        "sparsity": 0.83,
        "w_p": 0.2,
        "w_n": 0.1,
        "low": -0.1,
        "high": 0.1,
    }
    layer |= {"counts": [1, 5, 1], "edges": [-0.3, -0.1, 0.1, 0.3]}
    event = int(ids[4])
    differ = [{"event": event, "true": "N", "full": "N", "compressed": "V"}]
    detail = {"layers": [layer], "accounts": {"operations": account, "talk": account}, "disagreements": differ}
    write_json(run.folder / "compression.json", detail)
    test = parent.summary["metrics"]["test"]
    summary = {
        "metrics": {"validation": test, "test": test},
        "full": test,
        "delta_mcc": -0.01,
        "delta_mcc_interval": [-0.03, 0.01],
        "sparsity": 0.83,
    }
    write_json(run.folder / "result.json", summary | {"account": account, "scheme": "pttq"})
    session.take_up_runs()
    window.enter("compress")
    settle(qtbot, session)
    room = window.rooms["compress"]
    cells = [room.model.data(room.model.index(row, 4)) for row in range(room.model.rowCount())]
    assert "80.0 %" in cells
    room.disagreements.setCurrentRow(0)
    assert session.selection.ids == (event,)
    assert "full N ✔, compressed V ✖" in room.disagreements.item(0).text()
    assert "n = " in room.facts.text()
    room.scheme.setCurrentIndex(room.scheme.findData("ttq"))
    started_run_is_shown(qtbot, session, room, run, detail, summary | {"account": account, "scheme": "ttq"})
    run = room.run
    assert room.params()["scheme_params"] == {"t": 0.05}
    assert [spin.isVisible() for _, spin in room.scheme_params] == [True, False]
    press(qtbot, room, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, session)
    export = window.rooms["export"]
    assert window.room is export
    assert export.choice.currentData() == run.id
    checks = [
        {"name": "archive", "passed": True, "detail": "15 files"},
        {"name": "classes", "passed": False, "detail": "some differ"},
    ]
    done = session.study.new_run("export", "b.zip", {"run": run.id, "path": "/tmp/b.zip"}, parent=run.id)
    write_json(done.folder / "result.json", {"checks": checks, "sha256": "ab" * 32, "bytes": 2048, "ok": False})
    session.take_up_runs()
    settle(qtbot, session)
    assert "1 of 2 checks passed" in export.checks_text.text()
    assert export.checks.item(1).text().startswith("✖")
    qtbot.mouseClick(export.again, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    assert "no such bundle" in window.message.text
    assert export.checks_text.text() == "b.zip could not be verified now."


def started_run_is_shown(qtbot, session, room, before, detail, result):
    """A compression just started is shown, empty; when it is done, with its figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.jobs, "start", lambda run: SimpleNamespace(run=run))
        room.start()
    settle(qtbot, session)
    assert room.run.id != before.id
    assert room.name.text().startswith("ttq")
    assert not room.export.isEnabled()
    assert room.disagreements.count() == 0
    write_json(room.run.folder / "compression.json", detail)
    write_json(room.run.folder / "result.json", result)
    session.take_up_runs()
    settle(qtbot, session)
    assert room.export.isEnabled()
    assert room.disagreements.count() == 1


def test_train_hands_the_chosen_run_to_compress(qtbot, window):
    session = window.session
    older, *_ = finished_training(session)
    newer, *_ = finished_training(session)
    window.enter("compress")
    window.enter("train")
    settle(qtbot, session)
    for run in (older, newer, older):
        window.rooms["train"].choose(run)
        qtbot.mouseClick(window.rooms["train"].to_compress, Qt.MouseButton.LeftButton)
        settle(qtbot, session)
        assert window.room.id == "compress"
        assert window.room.params()["run"] == run.id
        window.enter("train")


def test_a_stopped_run_shows_the_epochs_of_its_log(qtbot, window):
    session = window.session
    run = session.study.new_run("training", "half way", {})
    scores = (0.1, 0.9, 0.9, 0.4)
    lines = [
        {"type": "metrics", "step": n, "values": {"train_loss": 1.0, "validation_loss": 1 / n, "validation_mcc": mcc}}
        for n, mcc in enumerate(scores, 1)
    ]
    for line in ({"type": "started"}, *lines, {"type": "cancelled", "what": "stopped as asked"}):
        append_line(run.folder / "log.jsonl", line)
    session.take_up_runs()
    window.enter("train")
    settle(qtbot, session)
    window.rooms["train"].choose(session.study.run(run.id))
    settle(qtbot, session)
    curves = window.rooms["train"].curves
    assert curves.n_epochs == 4
    assert curves._best.getData()[0].tolist() == [3]  # of equal scores, the one of lower loss, as training keeps


def test_next_goes_on_where_a_removed_event_stood(qtbot, window, review):
    session = window.session
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    ids = review.model.ids.tolist()
    session.selection.set([ids[5]])
    press(qtbot, window, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session)
    press(qtbot, review, Qt.Key.Key_N)
    settle(qtbot, session)
    assert session.selection.ids == (ids[6],)
    press(qtbot, review, Qt.Key.Key_P)
    settle(qtbot, session)
    assert session.selection.ids == (ids[4],)
