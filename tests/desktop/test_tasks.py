"""Tasks and the recordings they read: nothing that writes is dropped, nothing stays behind, nobody waits for a hash."""

import gc
import os
import threading
import weakref

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent
from shiboken6 import isValid

from core.errors import JobCancelled
from core.signals import add_to_study
from core.study import Study
from desktop.services.recordings import KEPT
from desktop.services.session import Session
from desktop.services.tasks import TaskPool, TaskReporter
from desktop.views.review.report import write_report
from tests.desktop.conftest import settle


@pytest.fixture
def pool(qapp):
    made = TaskPool(1)
    yield made
    made.close()


@pytest.fixture
def session(qtbot, tmp_path):
    """A session with five short recordings."""
    made, study = Session(), Study.create(tmp_path / "study", annotator="Ana")
    for n in range(5):
        soundfile.write(tmp_path / f"{n}.wav", np.sin(np.arange(2000) / (5 + n)), 1000)
        add_to_study(study, tmp_path / f"{n}.wav")
    made.use(study)
    yield made
    made.close_study()


def test_what_has_no_key_is_never_superseded(qtbot, pool):
    wait, seen = threading.Event(), []
    pool.submit(None, wait.wait)  # the only thread is busy: the others queue
    for n in range(3):
        pool.submit(None, lambda n=n: n, done=seen.append)
        pool.submit("page", lambda n=n: f"page {n}", done=seen.append)
    wait.set()
    qtbot.waitUntil(lambda: not pool.busy)
    assert seen == [0, 1, 2, "page 2"]


@pytest.mark.parametrize("ends", ["done", "failed", "superseded", "closed"])
def test_a_reporter_ends_with_its_task(qtbot, qapp, pool, ends):
    report, wait = TaskReporter(pool), threading.Event()

    def work(report):
        wait.wait(5)
        if ends == "failed":
            raise ValueError

    pool.submit("work", work, report, failed=lambda _error: None)
    if ends == "superseded":
        pool.submit("work", int)
    wait.set()
    if ends == "closed":
        pool.close()
    else:
        qtbot.waitUntil(lambda: not pool.busy)
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(report)


def test_the_last_recordings_stay_open_and_those_that_are_held(session):
    held = session.recording(1)
    others = [weakref.ref(session.recording(n)) for n in (2, 3, 4, 5)]
    gc.collect()
    assert [ref() is not None for ref in others] == [False] + [True] * KEPT
    assert session.recording(1) is held  # not opened a second time while it is shown
    session.close_study()
    gc.collect()
    assert all(ref() is None for ref in others)


class Slow:
    """Stands in the way of hashing, as a large file on a slow disk does."""

    def __init__(self, monkeypatch):
        self.began, self.go_on = threading.Event(), threading.Event()

        def content_hashes(path, report=None):
            self.began.set()
            while not self.go_on.wait(0.01):
                report.check()
            return ("another content",)

        monkeypatch.setattr("core.signals.in_study.content_hashes", content_hashes)


def touch(session, recording_id):
    os.utime(session.study.recording(recording_id).path, (1, 1))


def test_a_recording_that_is_hashed_keeps_no_other_waiting(qtbot, session, monkeypatch):
    slow, errors = Slow(monkeypatch), []
    touch(session, 1)
    report = TaskReporter(session)
    session.tasks.submit("one", session.recording, 1, report, failed=errors.append)
    assert slow.began.wait(30)
    opened = threading.Thread(target=session.recording, args=(2,))
    opened.start()
    opened.join(30)
    assert not opened.is_alive()
    report.cancel()
    qtbot.waitUntil(lambda: not session.tasks.busy, timeout=20_000)
    assert isinstance(errors[0], JobCancelled)


def test_a_study_is_closed_while_a_recording_is_hashed(session, monkeypatch):
    slow = Slow(monkeypatch)
    touch(session, 1)
    session.tasks.submit("one", session.recording, 1)  # as the inspector does: nobody can stop it by hand
    session.tasks.submit("two", session.recording, 1)  # and one that waits for it
    assert slow.began.wait(30)
    session.close_study()  # which waits for threads: the first ends because it is told to, the second never begins
    assert not slow.go_on.is_set()
    assert session.study is None


def test_two_reports_are_both_written(qtbot, window, tmp_path, monkeypatch):
    from desktop.views.review.printing import view_of
    from desktop.views.review.report_dialog import ReportDialog

    window.enter("review")
    settle(qtbot, window.session)
    room, wait = window.rooms["review"], threading.Event()

    def slowly(*arguments):
        wait.wait(5)
        return write_report(*arguments)

    monkeypatch.setattr("desktop.views.review.report_dialog.write_report", slowly)
    qtbot.waitUntil(lambda: not window.session.background.busy, timeout=20_000)
    paths = [tmp_path / f"{name}.pdf" for name in "abc"]
    for path in paths:
        ReportDialog(window.session, view_of(room), "", room).write(path)
    wait.set()
    qtbot.waitUntil(lambda: not window.session.background.busy, timeout=30_000)
    assert [path.exists() for path in paths] == [True] * 3
