"""What a recording is and whose, a copy that names nobody, and montages of one's own."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QMenu, QPushButton

import resources
from core.errors import InputError
from core.signals import Derivation, Montage, open_recording, saved_montages
from desktop.views.review.about_recording import AboutRecording, without_names
from desktop.views.review.formulas import problem_of, understood, written
from desktop.views.review.montage_dialog import NAME, PROBLEM, SUM, MontageDialog
from tests.desktop.conftest import settle

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"


@pytest.fixture
def review(qtbot, window, tmp_path):
    """Review with an EEG and a sleep recording whose header names somebody."""
    window.enter("review")
    settle(qtbot, window.session)
    eeg = shutil.copy(resources.path("demo/S001R04.edf"), tmp_path / "Größe.edf")
    room = window.rooms["review"]
    room.library.add([str(RECORDINGS / "short_psg.edf"), str(eeg)])
    settle(qtbot, window.session)
    assert window.session.recordings[-1].name == "Größe"
    return room


def choose(qtbot, window, review, name):
    names = [entry.name for entry in window.session.recordings]
    review.recordings.setCurrentRow(names.index(name))
    settle(qtbot, window.session)
    return window.session.recordings[names.index(name)]


@pytest.fixture
def about(qtbot, window, review):
    choose(qtbot, window, review, "short_psg")
    window.rooms["review"].setFocus()
    qtbot.keyClick(window, Qt.Key.Key_I)
    dialog = window.findChild(AboutRecording)
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=10_000)
    return dialog


def texts(dialog):
    return {
        dialog.form.itemAt(row, dialog.form.ItemRole.LabelRole).widget().text(): dialog.form.itemAt(
            row, dialog.form.ItemRole.FieldRole
        )
        .widget()
        .text()
        for row in range(dialog.form.rowCount())
    }


def test_it_says_what_the_file_holds_and_hides_who_the_person_is(qtbot, window, about):
    said = texts(about)
    assert said["File"].endswith("short_psg.edf")
    assert said["Lasts"].startswith("5:00")
    assert said["Gaps"] == "none"
    assert about.channels.rowCount() == 7
    assert [about.channels.item(0, n).text() for n in range(4)] == ["EEG Fpz-Cz", "eeg", "100", "µV"]
    identifying = open_recording(RECORDINGS / "short_psg.edf").identifying
    secret = identifying["patient name"]
    shown = lambda: " ".join(w.text() for w in about.findChildren(type(about.values)))  # noqa: E731
    assert "patient name" in shown()
    assert secret not in shown()
    qtbot.mouseClick(about.reveal, Qt.MouseButton.LeftButton)
    assert secret in about.values.text()
    qtbot.mouseClick(about.reveal, Qt.MouseButton.LeftButton)
    assert secret not in shown()


def test_names_in_the_notes_are_hidden_too():
    recording = open_recording(RECORDINGS / "short_psg.edf")
    named = replace(recording, note="EEG of Åsa Öst, room 5", identifying={"patient name": "Åsa Öst", "sex": "F"})
    assert without_names(named) == "EEG of ▒▒▒, room 5"


def test_annotations_are_counted(qtbot, window, review):
    entry = choose(qtbot, window, review, "Größe")
    review.library.about()
    dialog = window.findChild(AboutRecording)
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=10_000)
    counts = [a.text for a in open_recording(entry.path).annotations]
    said = texts(dialog)["Annotations"]
    assert said.startswith(f"{len(counts)}: ")
    assert f"T0 ({counts.count('T0')})" in said


def test_gaps_of_single_channels_are_told_and_do_not_count_as_samples(qtbot, window, review):
    review.library.add([str(RECORDINGS / "NLA168.TX4")])
    settle(qtbot, window.session)
    choose(qtbot, window, review, "NLA168")
    review.library.about()
    dialog = window.findChild(AboutRecording)
    qtbot.waitUntil(lambda: dialog.channels.rowCount() == 6, timeout=10_000)
    common, first, second = texts(dialog)["Gaps"].splitlines()
    assert common == "of all channels: none"
    assert first.startswith("I1, Q1: 29.3 s without samples: ")
    assert second.startswith("I2, Q2: ")
    assert "within about 0.1 s" in texts(dialog)["Notes"]
    assert not dialog.copy.isEnabled()
    assert "format dwl cannot be written without names; those that can: edf, wfdb, wav" in dialog.copy.toolTip()
    samples = [dialog.channels.item(row, 4).text().replace("\u202f", "").replace(",", "") for row in (0, 4)]
    assert samples == ["83200 of 229550", "9920"]


def test_whose_it_is_is_corrected_there_and_undone(qtbot, window, about):
    session = window.session
    about.subject.setFocus()
    qtbot.keyClicks(about.subject, "Ünal 7")
    qtbot.keyClick(about.subject, Qt.Key.Key_Return)
    settle(qtbot, session)
    entry = lambda: next(e for e in session.recordings if e.name == "short_psg")  # noqa: E731
    assert entry().subject == "Ünal 7"
    about.session_name.setText("2")
    about.session_name.editingFinished.emit()
    settle(qtbot, session)
    assert (entry().subject, entry().session) == ("Ünal 7", "2")
    session.undo()
    session.undo()
    settle(qtbot, session)
    assert (entry().subject, entry().session) == (None, None)


def test_a_copy_that_names_nobody_is_written_and_said_where(qtbot, window, about, tmp_path, monkeypatch):
    target = tmp_path / "Kopie ohne Namen.edf"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_a, **_k: (str(target), ""))
    qtbot.mouseClick(about.copy, Qt.MouseButton.LeftButton)
    about.accept()  # closing does not stop it
    qtbot.waitUntil(lambda: not window.session.background.busy, timeout=20_000)
    assert str(target) in window.message.text
    assert "Removed: " in window.message.text
    assert "patient name" in window.message.text
    assert "start date (now 01.01.85)" in window.message.text
    assert "Kept: time of day of the start, " in window.message.text
    assert not open_recording(target).identifying
    again = InputError  # a file of that name is there now
    window.rooms["review"].library.about()
    dialog = [d for d in window.findChildren(AboutRecording) if d.isVisible()][-1]
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=10_000)
    told = []
    window.session.failed.connect(told.append)
    dialog.write_copy(str(target))
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert isinstance(told[0], again)
    assert dialog.copy.isEnabled()


def test_it_is_in_the_menu_of_the_list(window, review):
    menu = QMenu()
    review.library.fill_menu(menu)
    assert "About this recording… (I)" in [action.text() for action in menu.actions()]


# Formulas


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("Fp1 - F7", (("Fp1", 1), ("F7", -1))),
        ("Cz − 0.5 A1 − 0,5*A2", (("Cz", 1), ("A1", -0.5), ("A2", -0.5))),
        ('"EEG Fp1-REF" + 2·"5"', (("EEG Fp1-REF", 1), ("5", 2))),
        ("-II + I", (("II", -1), ("I", 1))),
        ("Größe", (("Größe", 1),)),
    ],
)
def test_formulas_are_understood_and_written_so_that_they_are_again(text, weights):
    assert understood(text) == weights
    assert understood(written(Derivation("x", weights))) == weights


@pytest.mark.parametrize("text", ["", "Fp1 F7", "Fp1 -", "Fp1 - Fp1", "3", "Fp1 - * F7"])
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(InputError):
        understood(text)


def test_a_channel_that_is_lacking_is_named():
    recording = open_recording(resources.path("demo/S001R04.edf"))
    assert "Q9" in problem_of("x", "Fp1 − Q9", recording)
    assert problem_of("x", "Fp1 − F7", recording) == ""
    assert problem_of("x", recording.channels[0].name, recording) == ""


# The editor


@pytest.fixture
def editor(qtbot, window, review):
    choose(qtbot, window, review, "Größe")
    review.menus.own_montages.make()
    return window.findChild(MontageDialog)


def save_button(editor):
    return editor.buttons.button(QDialogButtonBox.StandardButton.Save)


def test_a_montage_starts_from_another_is_mended_saved_used_and_listed(qtbot, window, review, editor):
    assert not save_button(editor).isEnabled()
    titles = [editor.start.itemText(n) for n in range(editor.start.count())]
    n = next(n for n, title in enumerate(titles) if title.startswith("Longitudinal"))
    editor.start.setCurrentIndex(n)
    editor.start.activated.emit(n)
    rows = editor.table.rowCount()
    assert rows > 10
    editor.table.item(0, SUM).setText("Fp1 − Q9")
    assert "Q9" in editor.table.item(0, PROBLEM).text()
    assert not save_button(editor).isEnabled()
    editor.table.item(0, SUM).setText("Fp1 − 0.5 F7 − 0.5 F3")
    editor.name.setText("Schläfen")
    assert save_button(editor).isEnabled()
    qtbot.mouseClick(save_button(editor), Qt.MouseButton.LeftButton)
    settle(qtbot, window.session)
    settle(qtbot, window.session)
    (kept,) = saved_montages(window.session.study)
    assert kept.name == "Schläfen"
    assert len(kept.derivations) == rows
    assert review.bar.signal.text().startswith("Schläfen")
    assert review.recording.channels[0].name == "Fp1-F7"
    menu = QMenu()
    review.menus.own_montages.fill_menu(menu)
    (action,) = [a for a in menu.actions() if a.text() == "Schläfen"]
    assert action.isChecked()
    assert action.isEnabled()
    review.derived.use_montage("recorded")
    settle(qtbot, window.session)
    action.trigger()
    settle(qtbot, window.session)
    assert review.derived.montage.name == "Schläfen"
    review.menus.own_montages.remove(kept)
    settle(qtbot, window.session)
    assert saved_montages(window.session.study) == []
    assert "Schläfen was removed" in window.message.text


def test_a_derivation_is_made_by_keys_alone(qtbot, window, review, editor):
    names = [channel.name for channel in review.opened.stored.channels]
    editor.channel.setFocus()
    editor.channel.setCurrentIndex(0)
    qtbot.keyClick(editor, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    editor.table.setCurrentItem(None)
    editor.table.setCurrentCell(0, SUM)
    insert = next(b for b in editor.findChildren(QPushButton) if b.text() == "Sum it")
    qtbot.keyClick(insert, Qt.Key.Key_Space)
    editor.channel.setFocus()
    qtbot.keyClick(editor.channel, Qt.Key.Key_Down)
    editor.weight.setValue(-0.5)
    qtbot.keyClick(insert, Qt.Key.Key_Space)
    assert understood(editor.table.item(0, SUM).text()) == ((names[0], 1.0), (names[1], -0.5))
    assert editor.table.item(0, NAME).text()
    editor.name.setText("meine")
    assert save_button(editor).isEnabled()
    editor.table.selectRow(0)
    qtbot.keyClick(editor, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert editor.table.rowCount() == 0
    assert not save_button(editor).isEnabled()
    editor.reject()


def test_one_that_does_not_fit_what_is_shown_is_greyed_with_the_reason(qtbot, window, review):
    choose(qtbot, window, review, "Größe")
    review.menus.own_montages.keep(Montage("nur hier", (Derivation("a", (("Fp1", 1.0), ("F7", -1.0))),)))
    settle(qtbot, window.session)
    review.derived.use_montage("recorded")
    settle(qtbot, window.session)
    choose(qtbot, window, review, "short_psg")
    menu = QMenu()
    review.menus.own_montages.fill_menu(menu)
    (action,) = [a for a in menu.actions() if a.text() == "nur hier"]
    assert not action.isEnabled()
    assert "Fp1" in action.toolTip()
