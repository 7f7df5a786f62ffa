"""What goes wrong while training, as the window tells it: before Start where it can be known, clearly, and nothing is lost."""

import os
import shutil
import signal
import sys

import pytest
from PySide6.QtCore import Qt

from core.errors import InputError
from core.study import label_events
from core.training import TrainingSpec
from tests.core.training.cohort import BASE, cohort
from tests.desktop.conftest import settle
from tests.desktop.mouse import press_button

MANY = {"max_epochs": 40, "patience": 40}


@pytest.fixture
def enter(qtbot, open_window, tmp_path):
    """A function that makes a study of six subjects, labelled otherwise if asked to, and opens it in Train."""

    def do(relabel=None, **how):
        with cohort(tmp_path / "s", **how) as study:
            if relabel is not None:
                events = study.events()
                study.apply(label_events(study, events.id.tolist(), relabel(events)))
        room = open_window(tmp_path / "s", "train", (1300, 860)).rooms["train"]
        room.told = []
        room.session.failed.connect(lambda error: room.told.append(str(error)))
        settle(qtbot, room.session)
        return room

    return do


def start(room, **change):
    """Begin a small run, as the recipe would."""
    params = TrainingSpec.from_json({**BASE, **change}).to_json()
    room.start(params, "small", 0)
    return room.showing.job


def failed(qtbot, room):
    """Wait until a run has failed; return what the window said."""
    qtbot.waitUntil(lambda: bool(room.told), timeout=40_000)
    qtbot.waitUntil(lambda: not room.queue.busy)
    settle(qtbot, room.session)
    assert len(room.told) == 1
    assert "Everything else is as it was" in room.told[0]
    assert "Traceback" not in room.told[0]
    assert not room.head.cancel.isVisible()
    return room.told[0]


def done(qtbot, room):
    run = room.run.id
    qtbot.waitUntil(lambda: room.session.study.run(run).status == "done" and not room.queue.busy, timeout=40_000)
    settle(qtbot, room.session)
    return room.session.study.run(run).summary


def labels_of(room):
    return (room.session.events.label != "").sum()


def test_a_class_with_one_event_is_left_out_and_who_ticks_it_is_told_why_not(qtbot, enter):
    room = enter(lambda events: ["odd", *events.label[1:].tolist()])
    data, said = room.recipe.data, room.recipe.guard_box.sides
    assert data.chosen_classes == ["fast", "slow"]
    assert room.recipe.start_button.isEnabled()
    data.classes.item(2).setCheckState(Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: "class odd has 1 event that can score a model" in said.text())
    assert "leave the class out" in said.text()
    assert not room.recipe.start_button.isEnabled()


def test_sides_of_one_class_are_said_before_start(qtbot, enter):
    room = enter(lambda events: ["slow" if number <= 5 else "fast" for number in events.recording.tolist()])
    said = room.recipe.guard_box.sides
    qtbot.waitUntil(lambda: "one class only" in said.text())
    assert "6 of 6 subjects have events of one class only" in said.text()
    assert "split by time" in said.text()
    assert not room.recipe.start_button.isEnabled()


def test_missing_samples_are_counted_in_the_result(qtbot, enter):
    room = enter(lost=(2,))
    start(room)
    assert "16 of 96 events are left out: their windows touch missing samples." in done(qtbot, room)["warnings"]
    assert "16 of 96 events are left out" in room.overview.facts.text()


def test_a_recording_that_vanished(qtbot, enter, tmp_path):
    room = enter()
    (tmp_path / "r2.hea").rename(tmp_path / "elsewhere.hea")
    start(room)
    said = failed(qtbot, room)
    assert "r2.hea" in said
    assert "Relink it" in said
    assert labels_of(room) == 96
    (tmp_path / "elsewhere.hea").rename(tmp_path / "r2.hea")
    press_button(room.head.resume)
    assert done(qtbot, room)["data"]["n"] == 96


def test_a_disk_that_is_full_when_a_run_begins(qtbot, enter, monkeypatch):
    room = enter()

    def full(path, value):
        raise InputError("could not be written (No space left on device)", subject=path, remedy="Free some disk space")

    with monkeypatch.context() as patch:
        patch.setattr("core.jobs.local.append_line", full)
        start(room)
        said = failed(qtbot, room)
    assert "No space left on device" in said
    assert "Free some disk space" in said
    assert labels_of(room) == 96
    press_button(room.head.resume)
    assert done(qtbot, room)["data"]["n"] == 96


def test_a_file_that_cannot_be_written_at_the_end_of_a_run(qtbot, enter):
    room = enter()
    job = start(room, **MANY)
    # Nothing can be put in the place of a folder that is not empty.
    (job.run.folder / "predictions.npz").mkdir()
    (job.run.folder / "predictions.npz" / "in the way").write_text("")
    said = failed(qtbot, room)
    assert "predictions.npz" in said
    assert "could not be written" in said
    shutil.rmtree(job.run.folder / "predictions.npz")
    press_button(room.head.resume)
    assert len(done(qtbot, room)["history"]) == 40
    assert "Resumed after epoch 40" in (job.run.folder / "log.jsonl").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_worker_that_is_killed_can_be_resumed_and_ends_with_the_same_figures(qtbot, enter):
    room = enter()
    start(room, **MANY)
    expected = done(qtbot, room)
    job = start(room, **MANY)

    def kill(step, values):
        if step == 2:  # the first epoch has its checkpoint
            os.kill(job._job.pid, signal.SIGKILL)

    job.metrics.connect(kill)
    said = failed(qtbot, room)
    assert "ended unexpectedly (signal 9)" in said
    assert "Its checkpoints are kept; resume to go on" in said
    assert room.session.study.run(job.run.id).status == "interrupted"
    assert room.run.id == job.run.id
    press_button(room.head.resume)
    got = done(qtbot, room)
    for what in ("metrics", "history", "best_epoch", "split", "seed"):
        assert got[what] == expected[what], what
    assert "Resumed after epoch" in (job.run.folder / "log.jsonl").read_text()
    assert room.curves.n_epochs == 40
