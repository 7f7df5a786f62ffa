"""Experiments in Train, by mouse and by keys: folds, variants, search; stopped and resumed; a training opened as a run."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.jobs import JobSpec
from core.training import ExperimentSpec, Fold, Leak, SplitReview, read_pooled, trainings_of
from desktop.views.train import search_box
from desktop.views.train.folds import last_training
from desktop.views.train.folds_page import FOLD, MCC, REMARK, VARIANT
from desktop.views.train.guard_folds import merged
from desktop.views.train.search_box import SearchBox
from desktop.views.train.words import variant_name
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import choose_entry, choose_tab, press_button
from tests.desktop.test_train_paths import make_bursts

CONTROL = Qt.KeyboardModifier.ControlModifier
KFOLD, HOLDOUT = "folds: each event is tested once", "repeated splits: test events are drawn anew"
TRANSFORMER, CNN2D = "1D CNN-Transformer on the raw signal", "2D CNN on the log-spectrogram"


@pytest.fixture
def room(qtbot, open_window, tmp_path):
    window = open_window(make_bursts(tmp_path), "train", (1400, 900))
    made = window.rooms["train"]
    made.recipe.field("max_epochs").set_value(1)
    settle(qtbot, window.session)
    return made


def experiments(room):
    return room.session.study.runs("experiment")


def wait_until_done(qtbot, room):
    """Wait until the experiment is done and shown; return it."""

    def done():
        assert not [job.error for job in room.session.jobs.jobs if job.status == "failed"]
        return [run.status for run in experiments(room)] == ["done"] and not room.queue.busy

    qtbot.waitUntil(done, timeout=240_000)
    settle(qtbot, room.session)
    return experiments(room)[0]


def titles(room):
    """The pages that can be seen."""
    return [room.pages.tabText(n) for n in range(room.pages.count()) if room.pages.isTabVisible(n)]


def texts(table, column):
    return [table.item(row, column).text() for row in range(table.rowCount())]


def where(table, row):
    return table.visualItemRect(table.item(row, FOLD)).center()


def test_variants_on_folds_by_mouse(qtbot, room):
    session, recipe, page = room.session, room.recipe, room.folds
    assert not recipe.folded.isVisible()
    choose_entry(recipe.model, TRANSFORMER)
    choose_entry(recipe.validation.form.fields["name"], KFOLD)
    recipe.validation.form.fields["k"].set_value(2)
    press_button(recipe.validation.variants.keep)
    choose_entry(recipe.model, CNN2D)
    settle(qtbot, session)
    assert recipe.trainings.text() == "4 trainings: 2 variants × 2 folds × 1 seed"
    assert "72 events of 3 people" in recipe.guard_box.sides.text()
    assert "2 folds with seed 0" in recipe.words.text()
    press_button(recipe.start_button)
    qtbot.waitUntil(lambda: any(row["status"] == "done" for row in page.rows), timeout=120_000)
    assert room.pages.currentWidget() is page
    assert "of 4 trainings done" in page.headline.text()
    run = wait_until_done(qtbot, room)
    assert list(run.params["variants"]) == run.summary["order"] == ["cnn_transformer quick", "cnn2d quick"]
    assert [entry["against"] for entry in run.summary["differences"]] == ["cnn_transformer quick"]
    assert texts(page.cells, VARIANT) == ["cnn_transformer quick"] * 2 + ["cnn2d quick"] * 2
    assert all("[" in said for said in texts(page.cells, MCC))
    assert "n = 144" in page.headline.text()
    assert page.differences.item(0, 0).text() == "cnn2d quick − cnn_transformer quick"
    assert titles(room) == ["Folds", "Figures", "ROC", "Compare"]
    look_at_variant(qtbot, room, run)
    look_at_training(qtbot, room, run)
    use_it_again(qtbot, room, run)


def look_at_variant(qtbot, room, run):
    """Figures are of the variant that is chosen, over all folds."""
    table = room.folds.variants
    press_button(table.viewport(), table.visualItemRect(table.item(1, 0)).center())
    settle(qtbot, room.session)
    result = room.showing.result
    assert result.ids.tolist() == read_pooled(run.folder, 1)["ids"].tolist()
    assert "cnn2d quick" in room.head.state.text()
    choose_tab(room.pages, "Figures")
    assert room.figures.people.rowCount() == 6
    choose_tab(room.pages, "Folds")


def look_at_training(qtbot, room, run):
    """A training opens as a run, which cannot be compressed; the experiment stays chosen."""
    cells = room.folds.cells
    press_button(cells.viewport(), where(cells, 3))
    QTest.mouseDClick(cells.viewport(), Qt.MouseButton.LeftButton, pos=where(cells, 3))
    settle(qtbot, room.session)
    assert room.pages.currentWidget() is room.overview
    assert room.head.name.text() == "cnn2d quick, fold 2"
    assert titles(room) == ["Folds", "Run", "Figures", "ROC", "Errors", "Compare"]
    row = room.folds.rows[3]
    assert len(room.showing.result.rows("test")) == row["n_test"]
    assert room.confusion.rowCount() == 2
    assert room.curves.n_epochs == 1
    assert [one.id for one in room.runs.chosen_runs()] == [run.id]
    assert not room.to_compress.isEnabled()
    assert room.remember()["run"] == run.id
    for name in ("compress", "export"):  # they take runs, and there is none
        room.window().enter(name)
        settle(qtbot, room.session)
        assert room.window().rooms[name]._empty is not None
    room.window().enter("train")


def use_it_again(qtbot, room, run):
    """The recipe becomes that of the experiment: same variants, same folds."""
    recipe = room.recipe
    recipe.use_recipe("hybrid")
    choose_entry(recipe.validation.form.fields["name"], "one split: one training")
    assert recipe.experiment() is None
    recipe.use_run(run)
    settle(qtbot, room.session)
    wanted = ExperimentSpec.from_json(recipe.experiment())
    before = ExperimentSpec.from_json(run.params)
    assert list(wanted.variants) == list(before.variants)
    assert [wanted.training(name) for name in wanted.variants] == [
        replace(before.training(n), annotator=None) for n in before.variants
    ]
    assert (wanted.protocol, wanted.seeds) == (before.protocol, before.seeds)


def test_a_search_is_stopped_and_resumed_by_keys(qtbot, room):
    pytest.importorskip("optuna")
    session, recipe, page = room.session, room.recipe, room.folds
    recipe.model.setCurrentIndex(recipe.model.findData("cnn_transformer"))
    protocol = recipe.validation.form.fields["name"]
    protocol.setFocus()
    while protocol.currentText() != HOLDOUT:
        qtbot.keyClick(protocol, Qt.Key.Key_Down)
    recipe.validation.form.fields["repeats"].set_value(3)
    press(qtbot, recipe.validation.search.tick, Qt.Key.Key_Space)
    recipe.validation.search.form.fields["trials"].set_value(1)
    settle(qtbot, session)
    assert recipe.trainings.text() == "6 trainings: 3 splits × (1 seed + 1 trial)"
    press(qtbot, room, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: any(row["status"] == "done" for row in page.rows), timeout=120_000)
    press(qtbot, room, Qt.Key.Key_Period, CONTROL)
    qtbot.waitUntil(lambda: not room.queue.busy, timeout=60_000)
    settle(qtbot, session)
    (run,) = experiments(room)
    assert run.status == "cancelled"
    kept = [path.stat().st_mtime_ns for path in sorted(run.folder.glob("cells/*/*/result.json"))]
    assert 0 < len(kept) < 3
    assert sum(row["status"] == "done" for row in page.rows) == len(kept)
    assert room.head.resume.isVisible()
    room.resume_run()
    run = wait_until_done(qtbot, room)
    assert [path.stat().st_mtime_ns for path in sorted(run.folder.glob("cells/*/*/result.json"))][: len(kept)] == kept
    assert len(run.summary["searches"]) == 3
    assert all(said.startswith("lr ") for said in texts(page.cells, REMARK))
    page.cells.setFocus()
    page.cells.setCurrentCell(1, FOLD)
    assert "learning rate " in page.notes.text()
    assert "best of 1 trials" in page.notes.text()
    qtbot.keyClick(page.cells, Qt.Key.Key_Return)
    settle(qtbot, session)
    assert room.run.params["lr"] == pytest.approx(run.summary["searches"][1]["values"]["lr"])
    press(qtbot, room, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    assert room.pages.currentWidget() is page
    failed_fold_says_why(qtbot, room, run)


def failed_fold_says_why(qtbot, room, run):
    """A fold that failed stands in the table with its reason."""
    cells = [dict(cell) for cell in run.summary["cells"]]
    cells[2] = {"variant": cells[2]["variant"], "fold": 2, "seed": 0, "status": "failed", "why": "one class is missing"}
    room.folds.show_run(replace(run, id="other", summary={**run.summary, "cells": cells}))
    assert room.folds.cells.item(2, REMARK).text() == "failed: one class is missing"
    assert "1 of 3 trainings failed" in room.folds.headline.text()
    room.folds.cells.setCurrentCell(2, FOLD)
    assert not room.folds.open.isEnabled()
    assert "one class is missing" in room.folds.notes.text()


def test_what_cannot_be_is_named_before_the_start(qtbot, room):
    recipe, validation = room.recipe, room.recipe.validation
    validation.form.fill({"name": "kfold", "k": 1})
    assert "Folds: must be" in recipe.why.text()
    validation.form.fill({"k": 7})
    settle(qtbot, room.session)
    assert "7 folds need as many subjects" in recipe.why.text()
    assert not recipe.start_button.isEnabled()
    validation.form.fill({"k": 3})
    validation.search.tick.setChecked(True)
    settle(qtbot, room.session)
    assert recipe.problem() == ""
    validation.search.ranges["lr"].fill({"low": 0.1, "high": 0.01})
    assert "Learning rate, To" in recipe.why.text()
    validation.search.ticks["lr"].setChecked(False)
    assert "tick at least one field" in recipe.why.text()
    validation.search.tick.setChecked(False)
    assert recipe.problem() == ""
    recipe.validation.variants.add({"model": {"name": "cnn2d", "preset": "quick"}, "lr": 0.1})
    recipe.validation.variants.add({"model": {"name": "cnn2d", "preset": "quick"}, "lr": 0.2})
    recipe.validation.variants.list.item(1).setText(recipe.validation.variants.list.item(0).text())
    assert "two are called" in recipe.why.text()
    recipe.validation.variants.list.item(1).setText("a/b")
    assert "variants must be" in recipe.why.text()
    recipe.validation.variants.list.setCurrentRow(1)
    press(qtbot, recipe.validation.variants.list, Qt.Key.Key_Delete)
    assert recipe.problem() == ""


def test_several_seeds_are_of_each_fold(qtbot, room):
    recipe, asked = room.recipe, []
    recipe.start_experiment.disconnect()
    recipe.start_experiment.connect(lambda params, name, seed: asked.append((params["seeds"], name, seed)))
    recipe.validation.form.fill({"name": "kfold", "k": 3})
    recipe.forms["seeds"].fill({"seed": 4, "n_seeds": 2})
    settle(qtbot, room.session)
    assert recipe.trainings.text() == "6 trainings: 3 folds × 2 seeds"
    recipe.start_button.click()
    assert asked == [([4, 5], "cnn2d quick", 4)]


def test_without_optuna_the_window_says_how_to_install_it(qtbot, monkeypatch):
    monkeypatch.setattr(search_box, "can_search", lambda: False)
    box = SearchBox()
    qtbot.addWidget(box)
    box.tick.setChecked(True)
    assert not box.tick.isEnabled()
    assert "pip install" in box.help.text()
    assert box.value() is None
    assert not box.problems()


def test_how_many_trainings_a_search_is():
    search = {"trials": 4, "inner": 3, "space": {"lr": {"low": 1e-4, "high": 1e-2}}}
    spec = {"variants": {"a": {}, "b": {}}, "seeds": [0, 1], "protocol": {"name": "kfold", "k": 5}, "search": search}
    assert trainings_of(ExperimentSpec.from_json(spec)) == 2 * 5 * (2 + 4 * 3)


def test_the_first_variant_stays_the_first_on_the_way_to_the_job(tmp_path):
    spec = JobSpec("experiment", {"variants": {"z": {}, "a": {}}}, str(tmp_path))
    assert list(JobSpec.load(spec.save(tmp_path / "job.json")).params["variants"]) == ["z", "a"]


def test_a_variant_is_called_by_what_it_differs_in():
    base = {"model": {"name": "cnn2d", "preset": "quick"}, "max_epochs": 1}
    assert variant_name(base, {}) == "cnn2d quick"
    taken = {"cnn2d quick": base}
    assert variant_name({**base, "lr": 0.01}, taken) == "cnn2d quick lr 0.01"
    assert variant_name({**base, "sampling": "balanced"}, taken) == "cnn2d quick 2"


def test_epochs_are_of_the_training_at_work():
    history = [{"step": step} for step in (0, 1, 2, 0, 1)]
    assert last_training(history) == [{"step": 0}, {"step": 1}]
    assert last_training([]) == []


def test_what_leaks_in_several_folds_is_said_once():
    side = {"n": 2, "classes": {"a": 2}, "subjects": {"P": 2}}
    sides = dict.fromkeys(("train", "validation", "test"), side)

    def fold(number, *leaks):
        return Fold(number, None, SplitReview("subject", sides, leaks, (), ""))

    leaks = [Leak("duplicate", (n,), 2, f"{n} is twice.", severity="block") for n in (1, 2)]
    asked = Leak("subjects", (7,), 2, "P is on both.", severity="ask")
    found = merged([fold(0, leaks[0]), fold(1, asked, leaks[1]), Fold(2, None, None, "too few")])
    assert [(leak.severity, leak.events) for leak in found.leaks] == [("block", (1, 2)), ("ask", (7,))]
    assert found.leaks[0].what.startswith("2 of 2 folds")
    assert found.leaks[1].what == "Fold 2: P is on both."
    assert found.warnings == ("Fold 3 cannot be split: too few",)
    assert merged([Fold(0, None, None, "too few")]) is None
