"""The queue of HITS candidates: two hundred decided by keys, by mouse, taken back, undone; what cannot be decided says why."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

import resources
from core.signals import add_to_study, open_recording
from core.study import UNSURE, NewEvent, Study, label_events, new_events, remove_events
from desktop.main_window import MainWindow
from desktop.services.session import Session
from desktop.services.speaker import Silent
from desktop.widgets.parts import number, percent
from tests.desktop.conftest import settle
from tests.desktop.mouse import choose_entry, choose_tab, press_button

N = 200
KEY = Qt.Key
VERDICT_OF = {KEY.Key_A: "embolus", KEY.Key_X: "artefact", KEY.Key_G: "gaseous", KEY.Key_S: "solid", KEY.Key_U: UNSURE}
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def folder(tmp_path):
    """A study of the simulated TCD with 200 candidates, some labelled by somebody else, and an ECG."""
    rng = np.random.default_rng(7)
    with Study.create(tmp_path / "study", annotator="Ana") as study:
        tcd = add_to_study(study, resources.path("demo/tcd_simulated.wav"))
        add_to_study(study, resources.path("demo/208"))
        starts = np.sort(rng.uniform(2.0, 178.0, N)).round(3)
        said = [
            {
                "probability": round(float(p), 4),
                "hbr_db": 9.0,
                "direction": 0.9,
                "suggestion": "embolus",
                "reason": "one way",
            }
            for p in rng.permutation(np.linspace(0.01, 0.99, N))
        ]
        channel = study_channel()
        made = [NewEvent(tcd, channel, float(t), 0.05, "hits", "hits", a) for t, a in zip(starts, said, strict=True)]
        study.apply(new_events(study, made))
        study.apply(label_events(study, study.events(tcd).id[:20].tolist(), "artefact", annotator="Ben"))
    return tmp_path / "study"


def study_channel():
    return open_recording(resources.path("demo/tcd_simulated.wav")).channels[0].name


@pytest.fixture
def room(qtbot, folder):
    session = Session()
    session.settings.setValue("annotator", "Ana")
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1400, 900)
    window.show()
    session.open_study(folder)
    settle(qtbot, session)
    window.enter("review")
    settle(qtbot, session)
    made = window.rooms["review"]
    made.sound.player.open_output = lambda: Silent("no device", lambda: 0.0)
    yield made
    window.close()


def press(qtbot, room, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key where the focus is."""
    window = room.window()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and QApplication.focusWidget() is not None)
    QTest.keyClick(QApplication.focusWidget(), key, modifier)


@pytest.fixture
def queue(qtbot, room):
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, room.session)
    assert room.queue.open
    return room.queue


def own_labels(room):
    study = room.session.study
    rows = study.label_rows(room.session.events.id.tolist(), study.annotator)
    return {event: row["label"] for (event, _who), row in rows.items()}


def order_of(room, key):
    """Return the candidates in an order that is worked out here, from the study."""
    events = room.session.events
    return [int(events.id[n]) for n in sorted(range(len(events)), key=lambda n: key(events, n))]


def check_shown(room, event, place):
    """The candidate is selected, in the middle of the page as far as the recording allows, and on the card."""
    events, queue = room.session.events, room.queue
    row = int(np.flatnonzero(events.id == event)[0])
    middle = events.start_s[row] + events.duration_s[row] / 2
    assert queue.current == event
    assert room.session.selection.ids == (event,)
    assert room.start_s + room.length_s / 2 == pytest.approx(middle, abs=1e-6)
    assert queue.panel.card.place.text() == f"{place + 1} of {N}"
    assert queue.panel.list.currentIndex().row() == place
    assert room.channel_name == events.channel[row]


def test_two_hundred_are_decided_by_keys_with_corrections_undo_and_redo(qtbot, room, queue):
    session, expected = room.session, {}
    order = order_of(room, lambda e, n: e.start_s[n])
    check_shown(room, order[0], 0)
    keys = list(VERDICT_OF)
    for place in range(150):
        assert queue.current == order[place]
        key = keys[place * 7 % len(keys)]
        press(qtbot, room, key)
        expected[order[place]] = VERDICT_OF[key]
        if place % 50 == 10:  # a slip: back to it, and said otherwise
            press(qtbot, room, KEY.Key_P)
            assert queue.current == order[place]
            press(qtbot, room, KEY.Key_X)
            expected[order[place]] = "artefact"
        if place % 50 == 20:  # taken back: it is shown again
            press(qtbot, room, KEY.Key_Backspace)
            assert queue.current == order[place]
            press(qtbot, room, KEY.Key_U)
            expected[order[place]] = UNSURE
        if place % 50 == 30:
            press(qtbot, room, KEY.Key_Z, CONTROL)
            settle(qtbot, session)
            assert order[place] not in own_labels(room)
            check_shown(room, order[place], place)
            press(qtbot, room, KEY.Key_Z, CONTROL | SHIFT)
            settle(qtbot, session)
            assert own_labels(room)[order[place]] == VERDICT_OF[key]
            assert queue.current == order[place]
            press(qtbot, room, KEY.Key_N)
    settle(qtbot, session)
    assert own_labels(room) == expected
    assert queue.panel.progress.format() == f"150 of {N} decided"

    choose_entry(queue.panel.order, "Most suspicious first")
    rest = [event for event in order_of(room, lambda e, n: -e.attributes[n]["probability"]) if event not in expected]
    settle(qtbot, session)
    for event in rest:
        assert queue.current == event
        press(qtbot, room, KEY.Key_A)
        expected[event] = "embolus"
    settle(qtbot, session)
    assert own_labels(room) == expected
    assert len(expected) == N
    assert queue.current == rest[-1]  # the last one stays
    counts = queue.panel.counts.text()
    for verdict in set(expected.values()):
        assert f"{verdict}&nbsp;<b>{list(expected.values()).count(verdict)}</b>" in counts
    assert {c.key for c in session.classes} >= {"embolus", "artefact", "gaseous", "solid", UNSURE}
    others = session.study.label_rows(session.events.id.tolist(), "Ben")
    assert {row["label"] for row in others.values()} == {"artefact"}
    assert len(others) == 20


def test_a_verdict_and_its_new_class_are_one_step_of_undo(qtbot, room, queue):
    session, first = room.session, queue.current
    press(qtbot, room, KEY.Key_G)
    settle(qtbot, session)
    assert session.undo_stack.count() == 1
    assert "gaseous" in {c.key for c in session.classes}
    assert queue.model.data(queue.model.index(0, 4)) == "gaseous"
    press(qtbot, room, KEY.Key_Z, CONTROL)
    settle(qtbot, session)
    assert "gaseous" not in {c.key for c in session.classes}
    assert queue.current == first
    assert queue.panel.card.verdict.text() == "undecided"


def test_by_mouse(qtbot, room):
    session = room.session
    before = room.length_s
    choose_tab(room.tabs, "HITS queue")
    settle(qtbot, session)
    queue, buttons = room.queue, room.queue.panel.buttons
    assert room.length_s == 3.0
    choose_entry(queue.panel.order, "Least sure first")
    settle(qtbot, session)
    order = order_of(room, lambda e, n: (abs(e.attributes[n]["probability"] - 0.5), e.start_s[n]))
    check_shown(room, order[0], 0)
    for name in ("embolus", "artefact", "solid", "gaseous", UNSURE):
        press_button(buttons[name])
    settle(qtbot, session)
    assert [own_labels(room)[event] for event in order[:5]] == ["embolus", "artefact", "solid", "gaseous", UNSURE]
    check_shown(room, order[5], 5)
    press_button(buttons["next"])
    press_button(buttons["previous"])
    press_button(buttons["previous"])
    check_shown(room, order[4], 4)
    press_button(buttons["back"])
    settle(qtbot, session)
    assert order[4] not in own_labels(room)
    table = queue.panel.list
    press_button(table.viewport(), table.visualRect(queue.model.index(2, 1)).center())
    check_shown(room, order[2], 2)
    press_button(buttons["play"])
    assert room.sound.player.playing
    start = session.events.start_s[session.events.id == order[2]][0]
    assert room.sound._span == pytest.approx((start - 0.5, start + 0.55))
    press_button(buttons["play"])
    assert not room.sound.player.playing
    middle = room.start_s + room.length_s / 2
    choose_tab(room.tabs, "Events")
    settle(qtbot, session)
    assert room.length_s == before
    assert room.start_s + room.length_s / 2 == pytest.approx(middle, abs=before)


def test_keys_hold_only_while_it_is_open_and_help_says_so(qtbot, room):
    window = room.window()

    def keys():
        listed = {a.shortcut: a.title for a in window._actions_now() if a.shortcut}
        assert len(listed) == len([a for a in window._actions_now() if a.shortcut])
        return listed

    before = keys()
    assert before["Q"] == "Open or close the HITS queue"
    assert "A" not in before
    press(qtbot, room, KEY.Key_A)
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, room.session)
    during = keys()
    assert (during["A"], during["N"]) == ("Decide: embolus", "Next undecided candidate")
    for name, made in room.queue.panel.buttons.items():
        key = made.text().split()[-1]
        assert window.actions_of.qt(f"review.hits_{name}").shortcut() == QKeySequence(key)
    press(qtbot, room, KEY.Key_Space)
    assert room.sound.player.playing
    press(qtbot, room, KEY.Key_N)  # nobody hears the one before
    assert not room.sound.player.playing
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, room.session)
    assert not own_labels(room)
    assert keys() == before
    assert window.actions_of.qt("review.go_to").shortcut() == QKeySequence("G")
    press(qtbot, room, KEY.Key_X)
    settle(qtbot, room.session)
    assert not own_labels(room)


def test_what_others_said_is_not_shown(qtbot, room):
    session, first = room.session, int(room.session.events.id[0])
    assert room.events.shown.labels[1] == ["artefact", ""]
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, session)
    assert room.events.shown.labels[1] == [""]
    assert room.model.labelled == 0
    assert room.queue.model.n_decided == 0
    inspector = room.window().inspector
    assert "not labelled" in inspector.facts.text()
    assert "artefact" not in inspector.history.text()
    press(qtbot, room, KEY.Key_S)
    settle(qtbot, session)
    assert own_labels(room) == {first: "solid"}
    assert sorted(room.events.shown.labels[1]) == ["", "solid"]
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, session)
    assert sorted(room.events.shown.labels[1]) == ["", "artefact", "solid"]


def test_that_others_gave_a_label_where_the_own_is_propagated_is_not_told(qtbot, room):
    session, (first, second) = room.session, room.session.events.id[:2].tolist()
    session.edit(lambda study: label_events(study, [first], "solid", "propagated"))  # Ben said artefact of both
    settle(qtbot, session)
    press(qtbot, room, KEY.Key_Q)
    settle(qtbot, session)
    seen = session.seen(session.events.take(session.events.row_of([first, second])))
    assert seen.label.tolist() == ["solid", ""]
    assert seen.label_source.tolist() == ["propagated", ""]


def test_one_that_is_picked_elsewhere_is_shown_and_digits_count_as_verdicts(qtbot, room, queue):
    session = room.session
    press(qtbot, room, KEY.Key_A)
    settle(qtbot, session)
    third = queue.model.event_at(2)
    session.selection.set((third,))
    assert queue.current == third
    press(qtbot, room, KEY.Key_0)
    settle(qtbot, session)
    assert own_labels(room)[third] == UNSURE
    assert queue.panel.card.verdict.text().endswith(f" {UNSURE}")
    removed = queue.model.event_at(5)
    session.edit(lambda study: remove_events(study, [removed]))
    settle(qtbot, session)
    assert len(queue.model) == N - 1
    assert queue.current == third
    assert queue.model.n_decided == 2


def test_features_that_no_detector_gave_are_a_dash(qtbot, room, queue):
    card = queue.panel.card
    assert card.hbr.text() == "9.0 dB"
    assert card.duration.text() == "50 ms"
    assert card.values["direction"].text() == "+0.90 towards"
    assert card.values["kurtosis"].text() == "–"
    assert card.reason.text() == "Detector says embolus: one way"
    recording = room.recording_id
    channel = room.channel_name
    odd = {"probability": None, "hbr_db": "?", "direction": None, "velocity_cm_s": -31.2, "time_in_cycle_s": 0.251}
    session = room.session
    session.edit(lambda study: new_events(study, [NewEvent(recording, channel, 1.0, 0.02, "hits", "hits", odd)]))
    settle(qtbot, session)
    queue.use_order("time")
    assert card.place.text() == f"1 of {N + 1}"
    assert (card.hbr.text(), card.chance.text(), card.values["direction"].text()) == ("–", "–", "unknown (mono)")
    assert (card.values["velocity_cm_s"].text(), card.values["time_in_cycle_s"].text()) == ("-31 cm/s", "0.25 s")
    assert card.bar.isHidden()


def test_without_candidates_a_button_finds_them(qtbot, room, queue):
    session = room.session
    ids = session.events.id.tolist()
    session.remove_events(ids)
    settle(qtbot, session)
    panel = queue.panel
    assert room.length_s == 10.0
    (find,) = [b for b in panel._empty.findChildren(QPushButton) if b.isVisible()]
    assert find.text() == "Find HITS candidates"
    press(qtbot, room, KEY.Key_A)
    press(qtbot, room, KEY.Key_N)
    press(qtbot, room, KEY.Key_Backspace)
    press_button(find)
    qtbot.waitUntil(lambda: len(queue.model) > 0)
    settle(qtbot, session)
    assert room.length_s == 3.0
    assert panel._pages.currentIndex() == 0
    assert queue.model.n_decided == 0


def test_a_recording_without_doppler_says_so(qtbot, room, queue):
    room.recordings.setCurrentRow(1)
    settle(qtbot, room.session)
    text = [w.text() for w in queue.panel._empty.findChildren(type(queue.panel.card.place))]
    assert any("no Doppler channel" in t for t in text)
    assert not queue.panel._empty.findChildren(QPushButton)
    assert room.length_s == 10.0
    press(qtbot, room, KEY.Key_A)
    press(qtbot, room, KEY.Key_Space)  # nothing to play
    assert not room.sound.player.playing
    room.recordings.setCurrentRow(0)
    settle(qtbot, room.session)
    assert len(queue.model) == N
    assert room.length_s == 3.0


def test_a_study_that_is_open_elsewhere_is_only_looked_at(qtbot, room, folder):
    session, said = room.session, []
    session.close_study()
    with Study.open(folder, annotator="Dr Other"):
        session.open_study(folder)
        settle(qtbot, session)
        session.told.connect(said.append)
        press(qtbot, room, KEY.Key_Q)
        settle(qtbot, session)
        queue = room.queue
        first = queue.current
        assert first is not None
        assert not queue.panel.buttons["embolus"].isEnabled()
        press(qtbot, room, KEY.Key_A)
        assert "read-only" in said[-1]
        assert queue.current == first
        press(qtbot, room, KEY.Key_N)
        assert queue.current != first
        settle(qtbot, session)
        assert queue.model.n_decided == 0
        session.close_study()


def test_it_is_as_it_was_when_the_study_is_opened_again(qtbot, room, queue, folder):
    queue.use_order("doubtful")
    press(qtbot, room, KEY.Key_A)
    settle(qtbot, room.session)
    room.window().close()
    again = MainWindow(Session())
    qtbot.addWidget(again)
    again.show()
    again.session.open_study(folder)
    settle(qtbot, again.session)
    shown = again.rooms["review"]
    assert shown.queue.open
    assert (shown.queue.model.order, shown.queue.model.n_decided) == ("doubtful", 1)
    assert shown.length_s == 3.0
    shown.queue.toggle()
    settle(qtbot, again.session)
    assert shown.length_s == 10.0
    again.close()


def test_ten_thousand_are_listed_as_they_are_seen(qtbot, room, queue):
    session, recording, channel = room.session, room.recording_id, room.channel_name
    made = [
        NewEvent(recording, channel, 2 + n * 0.017, 0.01, "hits", "hits", {"probability": n % 97 / 97})
        for n in range(9800)
    ]
    session.edit(lambda study: new_events(study, made))
    settle(qtbot, session)
    asked = []
    plain = queue.model.data
    queue.model.data = lambda index, role=0: (asked.append(index.row()), plain(index, role))[1]
    queue.use_order("suspicious")
    press(qtbot, room, KEY.Key_A)
    settle(qtbot, session)
    assert len(queue.model) == 10_000
    assert len(set(asked)) < 200
    assert queue.panel.progress.format() == f"1 of {number(10_000)} decided"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "< 1 %"), (0.034, "3 %"), (0.5, "50 %"), (0.9951, "> 99 %"), (1.0, "> 99 %"), (np.nan, "–")],
)
def test_no_probability_is_certain(share, text):
    assert percent(share) == text


def test_another_room_shows_what_others_said_and_takes_no_verdicts(qtbot, room, queue):
    session, window, first = room.session, room.window(), int(room.session.events.id[0])
    session.selection.set((first,))
    settle(qtbot, session)
    assert "not labelled" in window.inspector.facts.text()
    window.enter("train")
    settle(qtbot, session)
    assert session.veil is None
    assert "artefact" in window.inspector.facts.text()
    assert window.actions_of.qt("review.hits_embolus").shortcut() == QKeySequence()
    window.enter("review")
    settle(qtbot, session)
    assert queue.open
    assert "not labelled" in window.inspector.facts.text()
    press(qtbot, room, KEY.Key_A)
    settle(qtbot, session)
    assert own_labels(room) == {first: "embolus"}


def test_keys_mean_nothing_while_the_panels_are_hidden(qtbot, room, queue):
    session, first = room.session, queue.current
    press(qtbot, room, KEY.Key_F11)
    for key in (KEY.Key_A, KEY.Key_X, KEY.Key_Backspace):
        press(qtbot, room, key)
    settle(qtbot, session)
    assert not own_labels(room)
    assert queue.current == first
    assert room.events.shown.labels[1] == [""], "it is still decided blind"
    press(qtbot, room, KEY.Key_Q)  # shows the panel, where the queue is as it was
    settle(qtbot, session)
    assert queue.open
    assert queue.panel.isVisible()
    press(qtbot, room, KEY.Key_A)
    settle(qtbot, session)
    assert own_labels(room) == {first: "embolus"}
    press(qtbot, room, KEY.Key_Q)
    assert not queue.open


@pytest.mark.parametrize("first", [KEY.Key_X, KEY.Key_G, KEY.Key_U])
def test_classes_have_one_order_whatever_comes_first(qtbot, room, queue, first):
    session = room.session
    session.edit(lambda study: label_events(study, study.events().id.tolist(), "", annotator="Ben"))
    settle(qtbot, session)
    before = {c.key: c.position for c in session.classes}
    press(qtbot, room, first)
    settle(qtbot, session)
    new = sorted((c.position, c.key) for c in session.classes if c.key not in before and c.position)
    assert [key for _, key in new] == [key for key in ("embolus", "solid", "gaseous", "artefact") if key not in before]


def test_what_the_detector_says_is_told_in_words(qtbot, room, queue):
    session, card = room.session, queue.panel.card
    said = {
        "probability": 0.034, "hbr_db": 2.1, "ratio_db": 12.34, "direction": None, "time_in_cycle_s": None,
        "suggestion": UNSURE, "reason": "2.1 dB, an embolus 3 dB or more",
        "settings": {"gate": 0, "emission_hz": 2e6, "min_hbr_db": 3.0, "max_duration_s": 0.3},
    }  # fmt: skip
    place = (room.recording_id, room.channel_name, 1.0, 0.02, "hits", "hits")
    session.edit(lambda study: new_events(study, [NewEvent(*place, said)]))
    settle(qtbot, session)
    queue.use_order("time")
    settle(qtbot, session)
    assert (card.chance.text(), card.values["ratio_db"].text()) == ("3 %", "12.3 dB")
    assert "simulated recordings" in card.source.text()
    assert "unsure: 2.1 dB" in card.reason.text()
    facts = room.window().inspector.facts.text()
    for text in ("stands out: 12.3 dB", "direction: unknown (mono)", "P(embolus): 3 %", "in cycle: –"):
        assert text in facts
    assert "settings: gate 1, emission at 2 MHz, HBR of 3 dB or more, less than 300 ms" in facts
    assert "{" not in facts
