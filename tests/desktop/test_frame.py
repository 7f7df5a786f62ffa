"""The frame around the rooms: what is remembered, who edits, the history, undo in flight, jobs that others run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QPushButton

import resources
from core.errors import StudyError
from core.jobs import JobSpec, works
from core.study import NewEvent, Study, new_events
from desktop.main_window import MainWindow
from desktop.services.guard import show_faults
from desktop.services.session import Session
from desktop.services.tasks import TaskPool, TaskReporter
from tests.desktop.conftest import press, settle


def another(qtbot):
    """A window of the next start, without a study."""
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    return window


def test_the_study_remembers_what_was_open(qtbot, window, study_folder):
    room = window.rooms["review"]
    room.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    room.set_length(5.0)
    room.go_to(20.0)
    settle(qtbot, window.session)
    window.enter("train")
    window.close()
    again = another(qtbot)
    again.session.open_study(study_folder)
    settle(qtbot, again.session)
    assert again.room is again.rooms["train"]
    press(qtbot, again, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, again.session)
    shown = again.rooms["review"]
    assert shown.opened.id == again.session.recordings[1].id
    assert (shown.start_s, shown.length_s) == (20.0, 5.0)
    again.close()


def test_a_damaged_memory_of_the_layout_is_no_obstacle(qtbot, study_folder):
    (study_folder / "window.json").write_text("{half", encoding="utf-8")
    window = another(qtbot)
    window.session.open_study(study_folder)
    settle(qtbot, window.session)
    assert window.room is window.rooms["review"]
    window.close()


def test_the_start_page_offers_recent_studies(qtbot, window, study_folder):
    window.close()
    again = another(qtbot)
    assert again.stack.currentWidget() is again.start
    buttons = [b for b in again.start.findChildren(QPushButton) if str(study_folder) in b.text()]
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    settle(qtbot, again.session)
    assert again.session.study.folder == study_folder
    again.close()


def test_from_recordings_to_a_study_without_one(qtbot, monkeypatch, tmp_path):
    window = another(qtbot)
    path = str(resources.path("demo/S001R04.edf"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([path], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "Étude neuve"))
    qtbot.mouseClick(
        next(b for b in window.start.findChildren(QPushButton) if b.text().startswith("Open recordings")),
        Qt.MouseButton.LeftButton,
    )
    qtbot.waitUntil(lambda: len(window.session.recordings) == 1, timeout=20_000)
    settle(qtbot, window.session)
    assert window.room is window.rooms["review"]
    assert window.rooms["review"].recording is not None
    window.close()


def test_another_annotator_has_labels_of_their_own(qtbot, window, monkeypatch):
    session = window.session
    event, me = int(session.events.id[session.events.label == ""][0]), session.study.annotator
    session.label([event], "N")
    settle(qtbot, session)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Ben", True))
    qtbot.mouseClick(window.annotator, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    assert session.study.annotator == "Ben"
    assert "Ben" in window.annotator.text()
    session.label([event], "V")
    settle(qtbot, session)
    rows = session.study.label_rows([event])
    assert {who: row["label"] for (_, who), row in rows.items()} == {me: "N", "Ben": "V"}


def test_history_shows_before_and_after_and_selects_the_events(qtbot, window):
    session = window.session
    ids = session.events.id[:3].tolist()
    session.label(ids, "N")
    settle(qtbot, session)
    press(qtbot, window, Qt.Key.Key_F6)
    settle(qtbot, session)
    panel = window.history
    assert panel.isVisible()
    assert panel.edits.item(0, 1).text() == session.study.annotator
    assert "label 3 events as N" in panel.edits.item(0, 2).text()
    panel.edits.selectRow(0)
    settle(qtbot, session)
    assert set(session.selection.ids) == set(ids)
    lines = [[panel.changes.item(r, c).text() for c in range(4)] for r in range(panel.changes.rowCount())]
    assert [line[2:] for line in lines if line[1] == "label"] == [["—", "N"]] * 3
    session.undo()
    settle(qtbot, session)
    assert panel.edits.item(0, 2).text().startswith("undo")
    panel.edits.selectRow(0)
    settle(qtbot, session)
    fields = {panel.changes.item(row, 1).text() for row in range(panel.changes.rowCount())}
    assert "label" in fields
    assert "revision" not in fields  # what the study keeps for itself


def test_undo_takes_back_the_edit_that_is_still_being_saved(qtbot, window):
    session = window.session
    first, second = session.events.id[session.events.label == ""][:2].tolist()
    session.label([first], "N")
    settle(qtbot, session)
    session.label([second], "V")
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)  # at once
    settle(qtbot, session)
    labels = dict(zip(session.events.id.tolist(), session.events.label.tolist(), strict=True))
    assert (labels[first], labels[second]) == ("N", "")


def test_an_undo_that_could_not_be_written_can_be_tried_again(qtbot, window):
    session, stack = window.session, window.session.undo_stack
    events = session.events.id[session.events.label == ""][:2].tolist()
    for event, name in zip(events, "NV", strict=True):
        session.label([event], name)
        settle(qtbot, session)
    labels = lambda: [session.events.label[session.events.id == event][0] for event in events]  # noqa: E731
    for step, before, after in ((session.undo, ["N", "V"], ["N", ""]), (session.redo, ["N", ""], ["N", "V"])):
        where = stack.index()
        with pytest.MonkeyPatch.context() as full:
            full.setattr(session.study, "apply", refuse)
            step()
            settle(qtbot, session)
        assert "the disk is full" in window.message.text
        assert (labels(), stack.index()) == (before, where)
        step()
        settle(qtbot, session)
        assert labels() == after


def refuse(changeset, reason=None):
    raise StudyError("the disk is full", remedy="Free some space")


def test_removing_takes_time_in_proportion_to_what_is_selected(qtbot, window):
    """Marks go, labels of others' events go, and events that are not there any more do no harm."""
    session = window.session
    rec = session.recordings[0].id
    session.edit(
        lambda study: new_events(study, [NewEvent(rec, "MLII", t, 0.01, "mark", "annotator") for t in range(50)])
    )
    settle(qtbot, session)
    marks = session.events.id[session.events.maker == "annotator"].tolist()
    other = int(session.events.id[session.events.label == ""][0])
    session.label([other], "N")
    settle(qtbot, session)
    session.selection.set([*marks, other, 10**9])
    press(qtbot, window, Qt.Key.Key_Delete)
    settle(qtbot, session)
    assert not np.isin(marks, session.events.id).any()
    assert session.events.label[session.events.row_of([other])[0]] == ""


def test_a_locked_study_names_its_owner(qtbot, study_folder):
    with Study.open(study_folder, annotator="Dr Other"):
        window = another(qtbot)
        window.session.open_study(study_folder)
        settle(qtbot, window.session)
        assert "Dr Other" in window.message.text
        assert "Dr Other" in window.readonly.toolTip()
        run = Study.open(study_folder, readonly=True)
        run.close()
        window.session.resume("training-none")
        assert "read-only" in window.message.text
        window.close()


RUNNER = """
import sys, json
from core.jobs import JobSpec, run_child
spec = JobSpec(**json.loads(sys.argv[1]))
print("go", flush=True)
sys.exit(run_child(spec, {"selftest": "core.jobs.selftest:run_selftest"}, listen=False))
"""


def test_a_job_that_outlives_its_window_is_waited_for_and_not_started_twice(qtbot, window):
    session = window.session
    run = session.study.new_run("training", "orphan", {})
    spec = {"kind": "selftest", "params": {"steps": 100000, "pause_s": 0.01}, "out": str(run.folder)}
    child = subprocess.Popen([sys.executable, "-c", RUNNER, json.dumps(spec)], stdout=subprocess.PIPE, text=True)
    try:
        qtbot.waitUntil(lambda: works(run.folder), timeout=20_000)
        session.take_up_runs()
        assert session.study.run(run.id).status == "running"
        second = subprocess.run(
            [sys.executable, "-c", RUNNER, json.dumps(spec)], capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "at work on this run already" in second.stdout
    finally:
        child.kill()
        child.communicate()
    qtbot.waitUntil(lambda: session.study.run(run.id).status == "interrupted", timeout=10_000)


def test_closing_the_pool_stops_what_reports(qtbot):
    pool, report = TaskPool(1), TaskReporter()
    steps = []

    def work(reporter):
        while True:
            reporter.check()
            steps.append(1)

    pool.submit("endless", work, report)
    qtbot.waitUntil(lambda: bool(steps))
    pool.close()
    assert not pool.busy


def test_bundles_never_replace_each_other_in_silence(qtbot, window, monkeypatch, tmp_path):
    from tests.desktop.test_rooms import finished_training

    session = window.session
    finished_training(session)
    window.enter("export")
    settle(qtbot, session)
    room = window.rooms["export"]
    proposed = Path(room.path.text())
    assert proposed.parent == session.study.folder / "exports"
    proposed.write_bytes(b"a bundle")
    started, asked = [], []
    monkeypatch.setattr(session, "start_job", lambda *a, **k: started.append(a))
    monkeypatch.setattr(type(room), "may_replace", lambda self, path: bool(asked.append(path)))
    room.start()
    assert asked == [proposed]
    assert not started
    room.activate()
    assert Path(room.path.text()) != proposed
    room.start()
    assert started
    with Study.create(tmp_path / "other") as other:
        pass
    session.open_study(other.folder)
    settle(qtbot, session)
    assert not room.path.text().startswith(str(tmp_path / "study")) or not room.isVisible()


@pytest.mark.parametrize("kind", ["selftest"])
def test_the_lock_of_a_job_falls_with_it(tmp_path, kind):
    spec = {"kind": kind, "params": {"steps": 1}, "out": str(tmp_path / "job")}
    assert not works(Path(JobSpec(**spec).folder))
    done = subprocess.run([sys.executable, "-c", RUNNER, json.dumps(spec)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not works(tmp_path / "job")


def test_a_fault_in_an_override_is_shown_and_the_window_lives(qtbot, window, capsys, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    show_faults(window.message.show_error)
    room = window.rooms["review"]
    room._behind[lambda: iter(False)] = None  # a TypeError made in C: it would end the process
    window.enter("train")
    window.enter("review")
    assert "TypeError" in window.message.text
    assert "not iterable" in capsys.readouterr().err
    monkeypatch.setattr(type(room), "remember", lambda self: iter(False))
    folder = window.session.study.folder
    window.close()
    with Study.open(folder) as study:
        assert study.recovery is None


def test_found_events_are_removed_by_their_own_key_and_come_back(qtbot, window):
    session = window.session
    ids = session.events.id[session.events.maker != "annotator"][:3].tolist()
    labels = session.events.label[session.events.row_of(ids)].tolist()
    session.selection.set(session.events.id[session.events.label == ""][:1].tolist())
    press(qtbot, window, Qt.Key.Key_Delete)
    settle(qtbot, session)
    assert "Shift+Del" in window.message.text
    session.selection.set(ids)
    press(qtbot, window, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session)
    assert not np.isin(ids, session.events.id).any()
    session.undo()
    settle(qtbot, session)
    assert session.events.label[session.events.row_of(ids)].tolist() == labels


def test_runs_stopped_in_an_earlier_window_can_be_resumed(qtbot, window):
    session = window.session
    run = session.study.new_run("training", "half way", {})
    session.study.set_run_status(run.id, "cancelled")
    session.runs_changed.emit()
    resume = [b for b in window.jobs.findChildren(QPushButton) if b.text() == "Resume"]
    assert len(resume) == 1
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "resume", asked.append)
        qtbot.mouseClick(resume[0], Qt.MouseButton.LeftButton)
    assert asked == [run.id]
