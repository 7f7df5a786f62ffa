"""HITS candidates are the same from the command line and from the window, and what the detector says stays to be read."""

import json

import pytest

import resources
from core.cli import main
from core.events import EVENT_MAKERS, EventMaker, Made, MadeEvent
from core.signals import add_to_study
from core.study import Study
from desktop.main_window import MainWindow
from desktop.services.session import Session
from desktop.widgets.parts import MessageBar
from tests.desktop.conftest import settle

ALIKE = ("channel", "start_s", "duration_s", "kind", "label")


@pytest.fixture
def opened(qtbot, tmp_path):
    """Return a function that opens a window on a study of one demo recording, in Review."""
    windows = []

    def make(name):
        with Study.create(tmp_path / "study", annotator="Ana") as study:
            add_to_study(study, resources.path(f"demo/{name}"))
        window = MainWindow(Session())
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        window.session.open_study(tmp_path / "study")
        settle(qtbot, window.session)
        window.enter("review")
        settle(qtbot, window.session)
        return window

    yield make
    for window in windows:
        window.close()


@pytest.mark.parametrize("name", ["tcd_simulated.wav", "tcd_device_event_01.wav"])
def test_window_and_command_line_find_the_same(qtbot, opened, capsys, name):
    assert main(["detect", str(resources.path(f"demo/{name}")), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    window = opened(name)
    window.actions_of.qt("review.find_hits").trigger()
    settle(qtbot, window.session)
    events = window.session.events
    found = [
        dict(zip(ALIKE, place, strict=True)) | said
        for *place, said in zip(
            events.channel, events.start_s, events.duration_s, events.kind, [None] * len(events), events.attributes,
            strict=True,
        )
    ]  # fmt: skip
    assert len(found) > 0
    assert sorted(found, key=str) == sorted(printed["events"], key=str)
    assert set(events.maker) == {"hits"}


def test_what_the_detector_says_of_a_recording_stays_whole_until_it_is_put_away(qtbot, opened, monkeypatch):
    window = opened("tcd_device_event_01.wav")
    monkeypatch.setattr(MessageBar, "READING_MS", 1)
    monkeypatch.setattr(MessageBar, "LETTER_MS", 0)
    monkeypatch.setattr(MessageBar, "GLANCE_MS", 0)
    notes = ("12 % of the signal is clipped: the machine was overloaded", "3.0 % of the signal is missing")
    made = [MadeEvent("", 1.0, 0.02, "hits")]
    monkeypatch.setitem(EVENT_MAKERS, "hits", EventMaker("HITS candidates (Doppler)", "", lambda r: Made(made, notes)))
    window.resize(900, 700)
    window.actions_of.qt("review.find_hits").trigger()
    settle(qtbot, window.session)
    window.session.label(window.session.events.id.tolist(), "embolus")  # the work goes on
    settle(qtbot, window.session)
    bar = window.message
    assert bar.isVisible()
    assert bar.text.splitlines()[1:] == [f"{note}." for note in notes]
    shown = bar._text
    assert shown.text() == bar.text
    assert shown.height() >= shown.heightForWidth(shown.width())
