"""Messages come, are read, and go."""

import pytest
from PySide6.QtWidgets import QInputDialog

from core.errors import InputError
from core.study import Study
from desktop.widgets.parts import MessageBar
from tests.desktop.conftest import settle


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(MessageBar, "READING_MS", 60)
    monkeypatch.setattr(MessageBar, "LETTER_MS", 0)


def test_a_notice_goes_away_and_an_error_stays(qtbot, quick, monkeypatch):
    bar = MessageBar()
    qtbot.addWidget(bar)
    read = [True]
    monkeypatch.setattr(bar, "underMouse", lambda: read[0])
    bar.show_notice("There is no class 9 yet.")
    qtbot.wait(150)
    assert bar.isVisible()  # while the mouse is over it
    read[0] = False
    qtbot.waitUntil(lambda: not bar.isVisible())
    bar.show_notice("Making the demo study…", lasting=True)
    qtbot.wait(150)
    assert bar.isVisible()
    bar.show_notice("There is no class 9 yet.")
    bar.show_error(InputError("the file cannot be read"))  # the clock of the notice before it is stopped
    qtbot.wait(150)
    assert bar.isVisible()
    bar.dismiss()
    assert not bar.isVisible()


def test_an_edit_clears_notices_of_before(qtbot, window, monkeypatch):
    session = window.session
    ids = session.events.id[:1].tolist()
    session.told.emit("1 event found.")
    session.label(ids, "N")
    settle(qtbot, session)
    assert window.message.isVisible()  # said with the edit, or so shortly before that nobody has read it
    monkeypatch.setattr(MessageBar, "GLANCE_MS", 0)
    qtbot.wait(10)
    session.label(ids, "V")
    settle(qtbot, session)
    assert not window.message.isVisible()


def test_another_study_clears_what_was_said_of_the_one_before(qtbot, window, tmp_path):
    assert not window.open_study(str(tmp_path))
    assert "no study" in window.message.text
    assert window.message.isVisible()
    with Study.create(tmp_path / "other") as other:
        pass
    window.open_study(str(other.folder))
    settle(qtbot, window.session)
    assert not window.message.isVisible()


@pytest.mark.parametrize(
    ("name", "said"), [("N", "“N” already: its key is"), ("n", "“N” already"), ("Unsure", "key is 0")]
)
def test_a_class_that_is_there_is_not_added_again(qtbot, window, monkeypatch, name, said):
    before = window.session.classes
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (f" {name} ", True))
    window.add_class()
    settle(qtbot, window.session)
    assert window.session.classes == before
    assert said in window.message.text
