"""What the Annotate room promises of previews, studies, predictions and selections."""

import shutil
import sqlite3

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLabel, QPushButton

from core.jobs import write_json
from core.study import UNSURE
from desktop.services import theme
from desktop.widgets.map import class_codes, class_palette
from tests.desktop.conftest import make_map, press, settle


def preview(qtbot, annotate):
    """Ask for a preview and wait for it; return the ids that it would label."""
    annotate.proposing.preview()
    settle(qtbot, annotate.session)
    assert annotate.proposal is not None
    return annotate.proposal.proposal.ids.tolist()


def shown(session, event):
    row = session.events.row_of([event])[0]
    return session.events.label[row], session.events.label_source[row]


def test_accept_keeps_labels_given_after_the_preview(qtbot, annotate):
    session = annotate.session
    first, second, *others = preview(qtbot, annotate)
    old = annotate.proposal
    session.label([first], "by hand")
    session.edit(old.changeset)  # queued behind the label, as a quick Accept is
    settle(qtbot, session)
    assert shown(session, first) == ("by hand", "human")
    assert {shown(session, event)[1] for event in (second, *others)} == {"propagated"}


def test_changed_labels_and_sliders_make_the_preview_stale_until_a_new_one_is_there(qtbot, annotate):
    session, bar = annotate.session, annotate.bar
    first, *_ = preview(qtbot, annotate)
    before = len(session.study.history(100))
    said = []
    show = bar.show_preview
    bar.show_preview = lambda n, **how: (show(n, **how), said.append(bar.accept_button.isEnabled()))
    session.label([first], "by hand")
    settle(qtbot, session)
    assert said == [False, True]
    assert bar.accept_button.isEnabled()
    assert first not in annotate.proposal.proposal.ids
    bar.tau.setValue(bar.tau.value() + 10)
    assert not bar.accept_button.isEnabled()
    assert "out of date" in bar.preview_button.text()
    annotate.proposing.accept()
    settle(qtbot, session)
    assert len(session.study.history(100)) == before + 1  # the label by hand alone
    qtbot.waitUntil(bar.accept_button.isEnabled, timeout=10_000)
    annotate.proposing.accept()
    settle(qtbot, session)
    source = annotate.session.study.history(1)[0].reason
    assert source.startswith(f"LQ-KNN on {annotate.run_id}, map 0, k = 10, τ = 0.2: ")


def test_the_reason_is_that_of_the_preview(qtbot, annotate):
    preview(qtbot, annotate)
    annotate.bar.blockSignals(True)  # the bar says something else, whoever moved it
    annotate.bar.k.setValue(33)
    annotate.bar.resting.stop()
    annotate.bar.blockSignals(False)
    annotate.proposing.accept()
    settle(qtbot, annotate.session)
    assert "k = 10" in annotate.session.study.history(1)[0].reason


def test_sliders_by_keys_renew_the_trade_off_and_the_preview(qtbot, annotate):
    read = []
    show = annotate.bar.show_curve
    annotate.bar.show_curve = lambda curve: (read.append({c.k for c in curve}), show(curve))
    preview(qtbot, annotate)
    for _ in range(3):
        press(qtbot, annotate.bar.k, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: len(read) > 0, timeout=10_000)
    settle(qtbot, annotate.session)
    assert len(read) == 1  # once, when the slider rests
    assert 13 in read[0]
    assert annotate.proposal.source.params["k"] == 13


def test_a_preview_put_away_does_not_come_back(qtbot, annotate):
    annotate.proposing.preview()
    annotate.proposing.discard()
    settle(qtbot, annotate.session)
    assert annotate.proposal is None


def copy_of(study_folder, qtbot, session):
    """Close the study, copy it without its runs, and open the copy: the same ids, another study."""
    other = study_folder.parent / "other"
    session.close_study()
    shutil.copytree(study_folder, other)
    with sqlite3.connect(other / "study.sqlite") as database:
        database.execute("DELETE FROM runs")
    database.close()
    session.open_study(study_folder)
    settle(qtbot, session)
    return other


def test_nothing_of_a_study_survives_in_another(qtbot, window, annotate, study_folder):
    session = window.session
    other = copy_of(study_folder, qtbot, session)
    window.enter("annotate")
    settle(qtbot, session)
    first = annotate.run_id
    preview(qtbot, annotate)
    old = annotate.proposal
    session.open_study(other)
    settle(qtbot, session)
    assert (annotate.maps, annotate.run_id, annotate.proposal) == (None, None, None)
    assert not annotate.bar.accept_button.isEnabled()
    assert annotate.strip.runs.count() == 0
    before = session.study.history(1)
    annotate.proposing.proposal, annotate.proposing.stale = old, False
    annotate.proposing.accept()
    settle(qtbot, session)
    assert session.study.history(1) == before
    run = make_map(session, "map of the other")
    settle(qtbot, session)
    assert annotate.run_id == run.id != first
    preview(qtbot, annotate)
    assert annotate.proposal.source.run_id == run.id


def test_the_map_that_was_open_is_open_again(qtbot, window, annotate, study_folder):
    session, first = window.session, annotate.run_id
    make_map(session, "newer")
    annotate.choosing.choose_run(first)
    settle(qtbot, session)
    window._keep_state()
    session.change_annotator("Ben")  # another opening of the same study
    settle(qtbot, session)
    assert annotate.run_id == annotate.choosing.maps_of == first


def model_of(session, kind, classes, place, created):
    """A finished model that puts every beat of the map into the class at `place` of its own list."""
    study = session.study
    run = study.new_run(kind, f"{kind} {created}", {})
    ids = session.events.id[session.events.recording == 1]
    probabilities = np.tile(np.eye(len(classes))[place], (len(ids), 1))
    np.savez(run.folder / "predictions.npz", ids=ids, probabilities=probabilities)
    write_json(run.folder / "model.json", {"classes": classes})
    write_json(run.folder / "result.json", {})
    with sqlite3.connect(study.folder / "study.sqlite") as database:
        database.execute("UPDATE runs SET created = ? WHERE id = ?", (created, run.id))
    database.close()
    session.take_up_runs()
    return run


def test_predictions_wear_the_colour_of_their_class(qtbot, annotate):
    session = annotate.session
    annotate.strip.colour.setCurrentIndex(annotate.strip.colour.findData("prediction"))
    position = {c.key: c.position for c in session.classes}
    first, second, third = sorted(position, key=position.get)
    expected = lambda key: class_palette()[class_codes([key], position)][0].tolist()  # noqa: E731
    painted = lambda: class_palette()[np.unique(annotate.canvas.picture.codes)].tolist()  # noqa: E731
    model_of(session, "training", [third, first], 0, "2026-01-02T00:00:00.000+00:00")
    settle(qtbot, session)
    assert painted() == [expected(third)]
    # An older compression is not the newest model, although compressions are listed after trainings.
    model_of(session, "compression", [first, second], 1, "2026-01-01T00:00:00.000+00:00")
    settle(qtbot, session)
    assert painted() == [expected(third)]
    failed = model_of(session, "training", [first, second], 0, "2026-01-04T00:00:00.000+00:00")
    session.study.set_run_status(failed.id, "running")
    (failed.folder / "result.json").unlink()
    model_of(session, "compression", ["no such class", second], 1, "2026-01-03T00:00:00.000+00:00")
    settle(qtbot, session)
    assert painted() == [expected(second)]
    model_of(session, "training", ["no such class", second], 0, "2026-01-05T00:00:00.000+00:00")
    settle(qtbot, session)
    assert painted() == [expected("")]  # a class that the study does not have


def test_damaged_predictions_are_said(qtbot, window, annotate):
    run = model_of(annotate.session, "training", ["N", "V"], 0, "2026-01-02T00:00:00.000+00:00")
    (run.folder / "predictions.npz").write_bytes(b"PK nonsense")
    annotate.knowing.model = ""
    annotate.session.take_up_runs()
    settle(qtbot, annotate.session)
    assert "cannot be read" in window.message.text


def test_the_button_adds_a_class_as_the_menu_does(qtbot, window, annotate, monkeypatch):
    triggered = []
    window.actions_of.qt("edit.add_class").triggered.connect(lambda *_: triggered.append(1))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" noise ", True))
    (add,) = (b for b in annotate.classes.findChildren(QPushButton) if "Add a class" in b.text())
    qtbot.mouseClick(add, Qt.MouseButton.LeftButton)
    settle(qtbot, annotate.session)
    assert len(triggered) == 1
    assert annotate.session.classes[-1].key == "noise"
    assert any("noise" in annotate.classes.list.item(n).text() for n in range(annotate.classes.list.count()))


def test_unsure_has_a_look_of_its_own_and_takes_no_digit(qtbot, window, annotate, monkeypatch):
    session, strip = annotate.session, annotate.classes.list
    texts = lambda: [strip.item(n).text() for n in range(strip.count())]  # noqa: E731
    unlabelled = [i for i in annotate.maps.ids.tolist() if shown(session, i)[0] == ""]
    assert any(text.startswith("0  ?  unsure") for text in texts())
    session.selection.set(unlabelled[:2])
    press(qtbot, annotate, Qt.Key.Key_0)
    settle(qtbot, session)
    session.selection.set(unlabelled[2:3])
    place = next(n for n, text in enumerate(texts()) if text.startswith("0  ?"))
    rect = strip.visualItemRect(strip.item(place))
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    settle(qtbot, session)
    assert {shown(session, i) for i in unlabelled[:3]} == {(UNSURE, "human")}
    assert next(text for text in texts() if text.startswith("0  ?")).endswith("3")
    highest = max(c.position for c in session.classes)
    names = iter([" Unsure ", "noise"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (next(names), True))
    window.add_class()
    assert "key is 0" in window.message.text
    window.add_class()
    settle(qtbot, session)
    assert [c.position for c in session.classes if c.key == "noise"] == [highest + 1]
    assert [c.key for c in session.classes].count(UNSURE) == 1
    canvas = annotate.canvas
    rows = np.isin(canvas.ids, unlabelled[:3])
    assert set(canvas.ids[canvas.picture.marks["question"]].tolist()) == set(unlabelled[:3])
    grey = [int(theme.token("muted")[i : i + 2], 16) for i in (1, 3, 5)]
    assert (class_palette()[canvas.picture.codes[rows]] == grey).all()


def test_nothing_is_proposed_as_unsure_or_over_it(qtbot, annotate):
    session = annotate.session
    unsure, *_ = preview(qtbot, annotate)
    session.label([unsure], UNSURE)
    settle(qtbot, session)
    assert unsure not in annotate.proposal.proposal.ids
    assert UNSURE not in annotate.proposal.keys


def test_unsure_is_not_offered_for_training(qtbot, window):
    session = window.session
    events = session.events
    session.label(events.id[(events.recording == 1) & (events.label == "")][:30].tolist(), UNSURE)
    settle(qtbot, session)
    window.enter("train")
    settle(qtbot, session)
    recipe = window.rooms["train"].recipe
    offered = {recipe.classes.item(n).data(Qt.ItemDataRole.UserRole) for n in range(recipe.classes.count())}
    assert offered == {c.key for c in session.classes} - {UNSURE}
    labelled = (session.events.kind == "beat") & (session.events.label != "") & (session.events.label != UNSURE)
    assert f"({labelled.sum()} labelled)" in recipe.kind.currentText().replace(",", "")


@pytest.mark.parametrize("mode", ["replace", "add", "subtract", "intersect"])
def test_a_lasso_of_many_events_joins_the_selection_in_each_mode(annotate, mode):
    n = 100_000
    annotate.session.selection.set(range(n))
    annotate._select(np.arange(0, 2 * n, 4), mode)
    expected = {
        "replace": tuple(range(0, 2 * n, 4)),
        "add": (*range(n), *range(n, 2 * n, 4)),
        "subtract": tuple(i for i in range(n) if i % 4),
        "intersect": tuple(range(0, n, 4)),
    }
    assert annotate.session.selection.ids == expected[mode]


def test_the_bar_says_what_a_ring_is_while_there_are_rings(qtbot, annotate):
    legend = annotate.bar.legend
    assert not legend.isVisible()
    preview(qtbot, annotate)
    assert legend.isVisible()
    assert legend.text() == "rings: proposed, filled: labelled"
    annotate.proposing.discard()
    assert not legend.isVisible()


def test_one_event_is_one_event(annotate):
    selection, text = annotate.session.selection, annotate.classes.selection.text
    selection.set(annotate.maps.ids[:1])
    assert text() == "1 event selected. Press a class key."
    selection.set(annotate.maps.ids[:3])
    assert text() == "3 events selected. Press a class key."
    selection.set(())
    assert text() == ""


def test_local_quality_has_a_scale(annotate):
    strip = annotate.strip
    assert not strip.scale.isVisible()
    strip.colour.setCurrentIndex(strip.colour.findData("local quality"))
    assert strip.scale.isVisible()
    assert {"0 torn apart", "1 kept"} <= {text.text() for text in strip.scale.findChildren(QLabel)}
    strip.colour.setCurrentIndex(0)
    assert not strip.scale.isVisible()


def test_the_map_wears_the_theme(qtbot, window, annotate):
    window.set_theme("dark")
    settle(qtbot, window.session)
    canvas = annotate.canvas
    corner = lambda: canvas.grab().toImage().pixelColor(2, 2).name()  # noqa: E731
    assert corner() == theme.token("plot")
    window.set_theme("light")
    assert corner() == theme.token("plot")


def test_the_chosen_map_is_remembered_and_a_preview_hides_the_rings_of_a_selection(qtbot, window, annotate):
    session = window.session
    assert annotate.remember() == {"run": annotate.run_id, "map": 0}
    annotate.restore({"run": annotate.run_id, "map": 99})
    settle(qtbot, session)
    assert annotate.which == annotate.maps.best
    session.selection.set(annotate.maps.ids[:20].tolist())
    assert len(annotate.canvas.picture.selected) == 20
    annotate.proposing.preview()
    settle(qtbot, session)
    assert len(annotate.canvas.picture.selected) == 0
    annotate.proposing.discard()
    assert len(annotate.canvas.picture.selected) == 20
