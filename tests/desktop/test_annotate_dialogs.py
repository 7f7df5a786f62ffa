"""The dialogs that make features and maps: everything that is registered, the same jobs as by the command line, nothing unsaid."""

import argparse
import math

import pytest
import wfdb
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

import resources
from core.cli.commands import features as features_command
from core.cli.commands import project as project_command
from core.events import make_events
from core.jobs import JobSpec, NullReporter, write_json
from core.pretraining import OBJECTIVES, FeaturesSpec, run_features
from core.projection import METHODS, plan_grid, run_projection
from core.signals import add_to_study
from core.study import Study
from desktop.services import theme
from desktop.views.annotate.features_dialog import FeaturesDialog
from desktop.views.annotate.maps_dialog import MapsDialog
from tests.desktop.conftest import press, settle


@pytest.fixture
def room(open_window, tmp_path):
    """The Annotate room of beats of the subjects P1, P2 and nobody known."""
    signal = wfdb.rdrecord(str(resources.path("demo/208")), sampto=60 * 360).p_signal
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        for n, subject in enumerate(("P1", "P2", None)):
            part = signal[n * 20 * 360 : (n + 1) * 20 * 360]
            wfdb.wrsamp(f"r{n}", 360, ["mV"] * 2, ["MLII", "V1"], part, fmt=["16"] * 2, write_dir=str(tmp_path))
            study.apply(make_events(study, add_to_study(study, tmp_path / f"r{n}.hea", subject=subject), "beats"))
    return open_window(tmp_path / "s", "annotate", (1200, 800)).rooms["annotate"]


def asked(qtbot, room, kind):
    """Open a dialog, settled, and what it will tell."""
    room.making.learn() if kind is FeaturesDialog else room.making.project()
    (dialog,) = (d for d in room.window().findChildren(kind) if d.isVisible())
    settle(qtbot, room.session)
    told = []
    dialog.wanted.disconnect()
    dialog.wanted.connect(lambda *what: told.append(what))
    return dialog, told


@pytest.fixture
def features(qtbot, room):
    return asked(qtbot, room, FeaturesDialog)


def choose(dialog, objective):
    dialog.objective.setCurrentIndex(dialog.objective.findData(objective))


def type_in(field, text):
    field.lineEdit().setText(text)


def by_command(command, *arguments):
    """The options of a command line."""
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return parser.parse_args([str(one) for one in arguments])


def make(room, params, seed=0, kind="features", parent=None):
    """Run the job of parameters to its end; return its run."""
    study, job = room.session.study, {"features": run_features, "projection": run_projection}[kind]
    run = study.new_run(kind, f"made {kind}", params, parent=parent, seed=seed)
    result = job(JobSpec(kind, params, str(run.folder), str(study.folder), seed), NullReporter())
    write_json(run.folder / "result.json", result)
    study.sync_runs()
    return study.run(run.id)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_objective_starts_with_what_the_dialog_proposes(qtbot, room, objective):
    if OBJECTIVES[objective].from_run:
        earlier = make(room, {"kinds": ["beat"], "objective": "pca", "n_latent": 3})
    dialog, told = asked(qtbot, room, FeaturesDialog)
    choose(dialog, objective)
    assert dialog.start.isEnabled(), dialog.estimate.text()
    assert dialog.estimate.text().startswith(f"{len(room.session.events)} events, window 1.50 s, 1 × 187 samples")
    dialog.start.click()
    ((kind, params, seed),) = told
    run = {"run": earlier.id} if OBJECTIVES[objective].from_run else {}
    assert (kind, seed) == ("beat", 0)
    assert params == {"kinds": ["beat"], "objective": objective, **run}
    made = make(room, params, seed)
    assert made.summary["n"] == len(room.session.events)
    if run:
        assert made.summary["dim"] == 3


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_starts_with_what_the_dialog_proposes(qtbot, room, method):
    run = make(room, {"kinds": ["beat"], "objective": "pca", "n_latent": 3})
    dialog, told = asked(qtbot, room, MapsDialog)
    for key, box in dialog.methods.items():
        box.setChecked(key == method and box.isEnabled())
    if not dialog.methods[method].isEnabled():  # an extra that is not installed
        assert "pip install" in dialog.methods[method].toolTip()
        return
    assert dialog.start.isEnabled(), dialog.estimate.text()
    dialog.start.click()
    ((features, params, seed),) = told
    assert (features, params["methods"]) == (run.id, [method])
    cells = plan_grid(
        len(room.session.events), {name: value for name, value in params.items() if name != "metric"}, NullReporter()
    )
    made = make(room, {"features": features, **params, "iterations": 20}, seed, "projection", features)
    assert len(made.summary["maps"]) == len(cells) > 0


@pytest.mark.parametrize("preset", [None, "reference"])
def test_a_features_job_is_that_of_the_command_line(features, preset):
    dialog, told = features
    if preset:
        dialog.box.preset.setCurrentIndex(dialog.box.preset.findData(preset))
        dialog.box.preset.activated.emit(dialog.box.preset.currentIndex())
        assert dialog.options["epochs"].value() == 50
        assert dialog.options["bounded"].value() is True
        assert dialog.options["latents"].value() == "training"
    type_in(dialog.options["epochs"], "7")
    type_in(dialog.options["lr"], "3e-3")
    dialog.options["initial"].set_value("default")
    type_in(dialog.windows.window_form.fields["n_times"], "200")
    dialog.windows.seen.fields["name"].set_value("log_spectrogram")
    type_in(dialog.windows.seen.fields["hop"], "8")
    dialog.held_out.form.fields["how"].set_value("share")
    type_in(dialog.held_out.form.fields["seed"], "5")
    dialog.held_out.transductive.setChecked(True)
    type_in(dialog.seed.fields["seed"], "11")
    assert dialog.start.isEnabled(), dialog.estimate.text()
    dialog.start.click()
    ((kind, params, seed),) = told
    line = by_command(
        features_command, "study", "--kind", "beat", *(["--preset", preset] if preset else []),
        "--option", "epochs=7", "--option", "lr=3e-3", "--option", "initial=default",
        "--window", '{"n_times": 200, "fs": 125.0, "channels": ["MLII"]}',
        "--representation", '{"name": "log_spectrogram", "preset": "ecg", "hop": 8}',
        "--held-out-share", "0.2", "--held-out-seed", "5", "--transductive", "--seed", "11",
    )  # fmt: skip
    assert params == features_command.parameters(line)
    assert (kind, seed) == ("beat", line.seed)
    assert FeaturesSpec.from_json(params).options["epochs"] == 7


def test_test_subjects_are_chosen_by_name_or_by_recording(features):
    dialog, told = features
    choose(dialog, "pca")
    box = dialog.held_out
    assert "Whose 1 of the recordings are is not known" in box._about.text()
    box.form.fields["how"].set_value("chosen")
    assert not dialog.start.isEnabled()
    assert "choose at least one" in dialog.estimate.text()
    units = box.form.fields["units"]
    assert [units.item(n).text().split(" (")[0] for n in range(units.count())] == ["P1", "P2", "r2"]
    units.set_value(["P2", 3])
    assert "of the events are for testing" in dialog.estimate.text()
    dialog.start.click()
    line = by_command(
        features_command, "s", "--kind", "beat", "--objective", "pca", "--held-out", "P2", "--held-out-recording", "3"
    )
    assert told[0][1] == features_command.parameters(line)
    assert told[0][1]["held_out"] == {"subjects": ["P2"], "recordings": [3]}


def test_a_maps_job_is_that_of_the_command_line(qtbot, annotate):
    dialog, told = asked(qtbot, annotate, MapsDialog)
    dialog.axes["perplexities"].setText("10; 20")
    dialog.axes["learning_rates"].setText("auto, 200")
    type_in(dialog.further.fields["iterations"], "300")
    dialog.further.fields["metric"].set_value("sqeuclidean")
    assert dialog.estimate.text() == "9 maps of 370 events: 3330 points."
    dialog.start.click()
    ((run, params, _seed),) = told
    line = by_command(
        project_command, "run", "--perplexity", "10", "20", "--learning-rate", "auto", "200", "--iterations", "300",
        "--metric", "sqeuclidean",
    )  # fmt: skip
    assert {"features": run, **params} == project_command.parameters(line, run)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("epochs", "", "whole number of at least 1"),
        ("epochs", "2.5", "whole number of at least 1, not 2.5"),
        ("lr", "0", "above 0"),
        ("lr", "fast", "a number above 0, not 'fast'"),
        ("validation", "0.9", "at most 0.5"),
        ("n_times", "5000", "longer than r0 (20 s)"),
        ("n_times", "5", "too small"),
        ("fs", "-1", "above 0"),
        ("seed", "x", "whole number"),
    ],
)
def test_a_wrong_value_is_marked_and_cannot_be_started(features, field, text, said):
    dialog, told = features
    forms = (dialog.box.form, dialog.windows.window_form, dialog.seed)
    (form,) = (form for form in forms if field in form.fields)
    before = form.fields[field].lineEdit().text()
    type_in(form.fields[field], text)
    rows = [row for one in (*forms, dialog.windows.seen) for row in one.rows.values() if row.said]
    assert len(rows) == 1
    assert said in rows[0].said
    assert rows[0].field.accessibleDescription()
    assert said in dialog.estimate.text()
    assert said in dialog.start.toolTip()
    assert not dialog.start.isEnabled()
    dialog.start.click()
    press_return(dialog)
    assert told == []
    assert dialog.isVisible()
    type_in(form.fields[field], before)
    assert dialog.start.isEnabled()
    assert dialog.start.toolTip() == ""
    assert not rows[0].said


def press_return(dialog):
    QTest.keyClick(dialog, Qt.Key.Key_Return)


def test_what_should_be_known_of_a_job_is_told_when_it_is_done(qtbot, room):
    params = {"kinds": ["beat"], "objective": "pca", "n_latent": 3, "held_out": {"subjects": ["P2"]}}
    room.making.start_features("beat", params, seed=4)
    qtbot.waitUntil(lambda: not room.session.jobs.running, timeout=120_000)
    settle(qtbot, room.session)
    (run,) = room.choosing.features()
    assert (run.params, run.seed, run.status) == (params, 4, "done")
    assert "are for testing: those of P2" in room.window().message.text


def test_latents_of_training_do_not_go_with_an_early_stop(features):
    dialog, _ = features
    dialog.options["latents"].set_value("training")
    assert "does not stop early" in dialog.box.form.rows["latents"].said
    assert not dialog.start.isEnabled()
    type_in(dialog.options["validation"], "0")
    assert dialog.start.isEnabled()


def test_an_encoder_is_not_offered_where_there_is_none(features):
    dialog, _ = features
    choose(dialog, "encoder")
    assert not dialog.options["run"].isEnabled()
    assert "No finished run has an encoder" in dialog.options["run"].toolTip()
    assert not dialog.start.isEnabled()
    assert "there is none that fits" in dialog.estimate.text()


def test_a_lost_recording_is_said(qtbot, room, tmp_path):
    room.session._open.clear()
    (tmp_path / "r1.hea").unlink()
    dialog, _ = asked(qtbot, room, FeaturesDialog)
    assert not dialog.start.isEnabled()
    assert "r1" in dialog.estimate.text()


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("perplexities", "30, many", "Perplexity many is not possible"),
        ("perplexities", "0.5", "Perplexity 0.5 is not possible"),
        ("perplexities", "", "Perplexity of nothing is not possible"),
        ("perplexities", "124", "Learning rate"),
        ("learning_rates", "-1", "Learning rate -1 is not possible"),
    ],
)
def test_a_wrong_axis_is_marked_and_cannot_be_started(qtbot, annotate, option, text, said):
    dialog, told = asked(qtbot, annotate, MapsDialog)
    before = dialog.estimate.text()
    dialog.methods["pca"].setChecked(False)
    dialog.axes[option].setText(text)
    assert dialog._rows[option].said
    assert not dialog.start.isEnabled()
    if text != "124":
        assert said in dialog.estimate.text()
    else:
        assert "124: left out, needs more events than the 370" in dialog._rows[option].said
        assert "no map of this grid" in dialog.estimate.text().lower()
    dialog.axes[option].setText(", ".join(str(v) for v in METHODS["tsne"].grid[option].values))
    dialog.methods["pca"].setChecked(True)
    assert dialog.start.isEnabled()
    assert dialog.estimate.text() == before
    assert told == []


def test_what_is_left_out_of_a_grid_is_said_at_once(qtbot, annotate):
    dialog, _ = asked(qtbot, annotate, MapsDialog)
    dialog.axes["perplexities"].setText("30, 124")
    assert dialog.start.isEnabled()
    assert "Perplexity 124 was left out: it needs more than 372 events" in dialog.estimate.text()
    assert "124: left out" in dialog._rows["perplexities"].said


@pytest.mark.parametrize("transductive", [False, True])
def test_maps_are_counted_without_test_subjects_unless_transductive(qtbot, room, transductive):
    params = {"kinds": ["beat"], "objective": "pca", "n_latent": 3, "held_out": {"subjects": ["P2"]}}
    run = make(room, {**params, "transductive": transductive})
    n = run.summary["n"] - (0 if transductive else run.summary["n_test"])
    dialog, _ = asked(qtbot, room, MapsDialog)
    dialog.axes["perplexities"].setText(f"5, {math.ceil(n / 3)}")  # the second is just too many for those left
    assert dialog.estimate.text().startswith(f"3 maps of {n} events: {3 * n} points.")
    later = f"{run.summary['n_test']} events of test subjects are placed in them afterwards"
    assert (later in dialog.estimate.text()) is not transductive
    options = {name: value for name, value in dialog.params().items() if name != "metric"}
    grid = {"features": run.id, **options, "iterations": 20}
    assert len(make(room, grid, 0, "projection", run.id).summary["maps"]) == 3


@pytest.mark.parametrize("kind", [FeaturesDialog, MapsDialog])
def test_the_keyboard_reaches_every_field_in_the_order_of_the_eye(qtbot, annotate, kind):
    dialog, told = asked(qtbot, annotate, kind)
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    seen = [dialog.focusWidget()]
    assert seen[0] is (dialog.kind if kind is FeaturesDialog else dialog.features)
    while len(seen) < 100:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        if dialog.focusWidget() is dialog.start:
            break
        seen.append(dialog.focusWidget())
    heights = [
        one.mapTo(dialog, one.rect().topLeft()).y() - seen[0].mapTo(dialog, seen[0].rect().topLeft()).y()
        for one in seen
    ]
    assert heights == sorted(heights)
    fields = [w for w in dialog.findChildren(QWidget) if w.isVisible() and w.isEnabled() and w.accessibleName()]
    assert {*fields} <= {*seen}
    buddies = {made.buddy() for made in dialog.findChildren(QLabel)}
    for one in seen:
        assert one in buddies or getattr(one, "text", str)(), one
    press(qtbot, seen[1], Qt.Key.Key_Return)
    assert len(told) == 1
    again, told = asked(qtbot, annotate, kind)
    press(qtbot, again.focusWidget(), Qt.Key.Key_Escape)
    assert not again.isVisible()
    assert told == []


@pytest.mark.parametrize("kind", [FeaturesDialog, MapsDialog])
def test_the_dialogs_fit_a_small_screen_with_large_text(qtbot, annotate, kind):
    dialog, _ = asked(qtbot, annotate, kind)
    dialog.setStyleSheet(theme.style_sheet().replace("font-size: 12px", "font-size: 24px"))
    dialog.resize(1200, 800)
    qtbot.wait(20)
    assert (dialog.width(), dialog.height()) == (1200, 800)
    assert dialog._scroll.widget().minimumSizeHint().width() <= dialog._scroll.viewport().width()
    assert dialog.rect().contains(dialog.start.geometry().translated(dialog.buttons.pos()))
