"""`kill -9` of the window at random moments while labelling: no acknowledged label is lost, and the next start says so."""

import os
import random
import signal
import subprocess
import sys

from core.study import Study

KILLS = 20

# Labels by the window's own keys as fast as it will take them; prints each label once the window shows "Saved".
LABELLER = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtTest import QTest
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[2])
from desktop.app import create_app
from desktop.main_window import MainWindow
from desktop.services.session import Session
app = create_app()
session = Session()
window = MainWindow(session)
window.show()
state = {"n": int(sys.argv[3])}
def begin():
    told = window.message.isVisible() and "are kept" in window.message.text
    print("recovered" if told else "clean", flush=True)
    QTimer.singleShot(100, label_next)  # once the window is active: shortcuts work in an active window only
def label_next():
    ids = session.events.id[session.events.recording == 1].tolist()
    event = ids[state["n"] % len(ids)]
    session.selection.set((event,))
    state["n"] += 1
    shown = session.events.label[session.events.row_of([event])[0]]
    # Always another class than the one shown: the same again would change nothing, and nothing would be saved.
    QTest.keyClick(window, str(session.position_of(shown) % 3 + 1))
def acknowledged(_when):
    event = session.selection.ids[0]
    row = session.events.row_of([event])[0]
    print(event, session.events.label[row], flush=True)
    label_next()
session.saved.connect(acknowledged)
session.study_changed.connect(begin)
session.open_study(sys.argv[1])
app.exec()
"""


def test_kill_9_of_the_window_loses_no_acknowledged_label(study_folder, tmp_path):
    with Study.open(study_folder, annotator="Ana") as study:
        assert len(study.classes()) >= 3
    rng = random.Random(2026)
    expected, told = {}, []
    for round_ in range(KILLS):
        window = subprocess.Popen(
            [sys.executable, "-c", LABELLER, str(study_folder), str(tmp_path / "s"), str(rng.randrange(1000))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told.append(window.stdout.readline().strip())
        lines = [window.stdout.readline() for _ in range(rng.randrange(1, 25))]
        os.kill(window.pid, signal.SIGKILL)
        lines += window.communicate()[0].splitlines()
        for line in lines:
            event, label = line.strip().split(" ", 1)
            expected[int(event)] = label
        with Study.open(study_folder, readonly=True) as study:
            table = study.events(ids=expected)
            shown = dict(zip(table.id.tolist(), table.label, strict=True))
            lost = {e: (shown[e], label) for e, label in expected.items() if shown[e] != label}
            # The commit under way when the signal came may stand without its acknowledgement: the newest change, only.
            newest = set(study.changeset(study.history(1)[0].id).event_ids)
            assert set(lost) <= newest, f"round {round_}: {lost}"
            expected |= {event: shown[event] for event in lost}
    assert told == ["clean"] + ["recovered"] * (KILLS - 1)
    assert len(expected) > KILLS
