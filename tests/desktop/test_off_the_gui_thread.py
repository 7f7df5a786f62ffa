"""What reads files or takes long runs in tasks; the window shows it when it is known."""

import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu

import resources
from core.errors import InputError
from core.study import RecordingEntry
from desktop.views.review import own_montages
from desktop.views.review.annotation_dialog import Choice
from desktop.widgets.two_lines import BADGES
from tests.desktop.conftest import settle


@pytest.fixture
def review(qtbot, window, tmp_path):
    window.enter("review")
    room = window.rooms["review"]
    room.add_recordings([shutil.copy(resources.path("demo/S001R04.edf"), tmp_path)])
    settle(qtbot, window.session)
    return room


def offered(room):
    """What the montage menu offers, by title."""
    menu = room.bar.montage.menu()
    menu.aboutToShow.emit()
    return {action.text(): action.isEnabled() for action in menu.actions() if action.text()}


def in_gui(thread=None):
    return (thread or threading.current_thread()) is threading.main_thread()


def test_the_montage_menu_opens_without_reading_or_computing(qtbot, window, review, monkeypatch):
    assert offered(review)["As recorded"]
    where = []
    for name in ("saved_montages", "applicable", "apply_montage"):
        real = getattr(own_montages, name)
        monkeypatch.setattr(own_montages, name, lambda *a, real=real: (where.append(in_gui()), real(*a))[1])
    before = offered(review)
    assert where == []
    review.menus.mark_bad("Fp1", True)  # another set of electrodes: looked at anew
    settle(qtbot, window.session)
    assert where
    assert not any(where)
    assert offered(review).keys() == before.keys()


def test_files_are_looked_for_in_tasks_and_the_list_says_which_are_gone(qtbot, window, review, monkeypatch):
    real, where = RecordingEntry.missing, []
    monkeypatch.setattr(RecordingEntry, "missing", property(lambda e: (where.append(in_gui()), real.fget(e))[1]))
    path = Path(review.chosen.path)
    path.rename(path.with_suffix(".gone"))
    window.session.study_changed.emit()
    settle(qtbot, window.session)
    badges = [review.left.list.item(n).data(BADGES) for n in range(3)]
    assert ["missing" in badge for badge in badges] == [False, False, True]
    assert where
    assert not any(where)


def test_recordings_that_a_file_might_replace_are_looked_at_in_a_task(qtbot, window, review, tmp_path, monkeypatch):
    where, real = [], Path.samefile
    monkeypatch.setattr(Path, "samefile", lambda *a: (where.append(in_gui()), real(*a))[1])
    (tmp_path / "there.csv").write_text("")
    errors = []
    window.session.failed.connect(errors.append)
    monkeypatch.setattr(type(review.exchange), "_may_replace", lambda *_: True)
    review.marks.add(1.0, 1.0)
    settle(qtbot, window.session)
    ids = (int(window.session.events.id[-1]),)
    review.exchange.write(Choice(ids, "csv", tmp_path / "there.csv"))
    settle(qtbot, window.session)
    assert where
    assert not any(where)
    assert errors == []
    review.exchange.write(Choice(ids, "csv", Path(review.chosen.path)))
    settle(qtbot, window.session)
    assert isinstance(errors[0], InputError)


def entries(room, channel):
    menu = QMenu(room)
    room.menus.fill_channel(menu, channel)
    return {action.text(): action for action in menu.actions()}


def test_of_a_derivation_the_electrodes_are_marked_bad(qtbot, window, review, told):
    session, entry = window.session, review.chosen
    review.derived.use_montage("longitudinal")
    settle(qtbot, session)
    name = review.channel_name
    assert name == "Fp1-F7"
    review.toggle_bad()
    settle(qtbot, session)
    assert told[-1] == "Fp1-F7 is made of Fp1 and F7: right-click it to say which one is bad."
    assert not session.study.recording(entry.id).bad_channels
    shown = entries(review, name)
    assert "Mark as bad" not in shown
    assert "Mark Fp1 as bad" in shown
    shown["Mark F7 as bad"].trigger()
    settle(qtbot, session)
    assert list(session.study.recording(entry.id).bad_channels) == ["F7"]
    assert "Fp1-F7" not in [channel.name for channel in review.recording.channels]
    entries(review, review.channel_name)["F7 is not bad after all"].trigger()  # though nothing shown is made of it
    settle(qtbot, session)
    assert not session.study.recording(entry.id).bad_channels
    assert review.recording.channels[0].name == "Fp1-F7"


def test_of_a_common_reference_the_one_electrode_is_marked_bad(qtbot, window, review):
    review.derived.use_montage("average")
    settle(qtbot, window.session)
    (electrode,) = review.opened.electrodes[review.channel_name]
    review.toggle_bad()
    settle(qtbot, window.session)
    assert list(window.session.study.recording(review.chosen.id).bad_channels) == [electrode]
