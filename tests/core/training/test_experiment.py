"""Variants on the same folds with the same seeds: each event predicted by models that did not see its subject, resumable."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import InputError, JobCancelled
from core.jobs import NullReporter, read_json
from core.study import Study, label_events
from core.training import ExperimentSpec, load_dataset, load_run, mcc, read_figures, read_pooled
from core.training.experiment_table import Cell
from core.training.metrics_mcc import confusion
from core.training.splits import fold_split, inner_splits
from tests.core.training.cohort import BASE, EACH, SUBJECTS, cohort, experiment
from tests.core.training.test_splits import dataset as plain_dataset
from tests.core.training.test_training import StopAfter

ROOT = Path(__file__).parents[3]
PARAMS = {
    "base": BASE,
    "variants": {"plain": {}, "GCE 0.7": {"loss": {"name": "gce", "q": 0.7}}},
    "seeds": [0, 7],
    "protocol": {"name": "kfold", "k": 3},
}
N = EACH * len(SUBJECTS)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment") / "s"
    cohort(folder).close()
    return folder


@pytest.fixture(scope="module")
def done(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("done") / "x"
    return folder, experiment(study, folder, PARAMS)


def lasting(result):
    """A result without how long it took."""
    if isinstance(result, dict):
        return {name: lasting(value) for name, value in result.items() if name != "seconds"}
    return [lasting(value) for value in result] if isinstance(result, list) else result


def test_each_event_is_predicted_once_for_each_seed_by_a_model_that_did_not_see_its_subject(study, done):
    folder, result = done
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    with Study.open(study, readonly=True) as reading:
        recording = {int(i): int(r) for i, r in zip(reading.events().id, reading.events().recording, strict=True)}
    for number, variant in enumerate(PARAMS["variants"]):
        pooled = read_pooled(folder, number)
        for seed in PARAMS["seeds"]:
            ids = pooled["ids"][pooled["seed"] == seed]
            assert sorted(ids.tolist()) == sorted(recording)
        for cell in (cell for cell in result["cells"] if cell["variant"] == variant):
            run = load_run(folder / cell["folder"])
            test = {recording[i] for i in run.splits["test"]}
            learnt = {recording[i] for i in run.splits["train"] + run.splits["validation"]}
            assert not test & learnt
            of_cell = (pooled["fold"] == cell["fold"]) & (pooled["seed"] == cell["seed"])
            assert set(pooled["ids"][of_cell].tolist()) == set(run.splits["test"])
            assert cell["n_test"] == len(run.splits["test"])
    assert len(result["cells"]) == 2 * 3 * 2
    tested = [set(fold["sides"]["test"]["subjects"]) for fold in result["folds"]]
    assert set.union(*tested) == set(SUBJECTS)
    assert sum(map(len, tested)) == len(SUBJECTS)


def test_the_table_is_made_of_the_cells(done):
    folder, result = done
    for number, (variant, entry) in enumerate(result["variants"].items()):
        own = [cell for cell in result["cells"] if cell["variant"] == variant]
        values = [cell["mcc"] for cell in own]
        told = entry["folds"]["mcc"]
        assert (told["n"], told["mean"], told["std"]) == (
            6,
            pytest.approx(np.mean(values)),
            pytest.approx(np.std(values, ddof=1)),
        )
        pooled = read_pooled(folder, number)
        table = confusion(pooled["y_true"], pooled["probabilities"].argmax(axis=1), 2)
        assert entry["pooled"]["confusion"] == table.tolist()
        assert entry["pooled"]["mcc"] == pytest.approx(float(mcc(table)))
        assert (entry["pooled"]["n"], entry["pooled"]["interval_over"]) == (N, "subjects")
        assert len(read_figures(folder)[variant]["subjects"]) == len(SUBJECTS)
    (difference,) = result["differences"]
    one, other = (result["variants"][name] for name in PARAMS["variants"])
    assert (difference["variant"], difference["against"]) == ("GCE 0.7", "plain")
    assert difference["pooled"]["difference"] == pytest.approx(other["pooled"]["mcc"] - one["pooled"]["mcc"])
    assert (difference["pooled"]["test"], difference["pooled"]["n_units"]) == ("permutation", len(SUBJECTS))
    assert difference["folds"]["mean"] == pytest.approx(other["folds"]["mcc"]["mean"] - one["folds"]["mcc"]["mean"])
    assert difference["pooled"]["p_holm"] == difference["pooled"]["p"]


def test_the_same_specification_gives_the_same_figures(study, done, tmp_path):
    again = experiment(study, tmp_path / "again", PARAMS)
    assert lasting(again) == lasting(done[1])
    other = experiment(study, tmp_path / "other", {**PARAMS, "variants": {"plain": {}}, "seeds": [0]}, seed=1)
    assert other["folds"][0]["sha256"] != done[1]["folds"][0]["sha256"]


def test_cells_that_are_done_are_kept(study, done, tmp_path):
    folder = tmp_path / "x"
    report = StopAfter(40)
    with pytest.raises(JobCancelled):
        experiment(study, folder, PARAMS, report=report)
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*/*/result.json")}
    assert 0 < len(kept) < 12
    result = experiment(study, folder, PARAMS)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert lasting(result) == lasting(done[1])
    assert not list(folder.glob("cells/*/*/checkpoint*"))


@pytest.mark.parametrize("checks", [3, 20, 36])
def test_an_experiment_that_is_killed_goes_on_where_it_was(study, done, tmp_path, checks):
    folder = tmp_path / "x"
    command = [
        sys.executable,
        "-m",
        "tests.core.training.cohort",
        str(study),
        str(folder),
        json.dumps(PARAMS),
        str(checks),
    ]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=240)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    kept = len(list(folder.glob("cells/*/*/result.json")))
    counted = Counting()
    result = experiment(study, folder, PARAMS, report=counted)
    assert lasting(result) == lasting(done[1])
    # Cells that were done are not done again, and of the one under way only its last epoch.
    logged = [len((folder / cell["folder"] / "log.jsonl").read_text().splitlines()) for cell in result["cells"]]
    epochs = [cell["epochs"] for cell in result["cells"]]
    assert counted.epochs <= sum(epochs) - sum(epochs[:kept])
    assert sum(logged) <= sum(epochs) + 1


class Counting(NullReporter):
    """Counts epochs."""

    epochs = 0

    def metrics(self, step, **values):
        """Count."""
        self.epochs += 1


def test_labels_that_changed_since_are_trained_anew(tmp_path):
    params = {**PARAMS, "variants": {"plain": {}}, "seeds": [0]}
    with cohort(tmp_path / "s") as study:
        first = experiment(tmp_path / "s", tmp_path / "x", params)
        ids = study.events().id
        study.apply(label_events(study, [int(ids[0])], "slow" if study.events().label[0] == "fast" else "fast"))
        second = experiment(tmp_path / "s", tmp_path / "x", params)
    assert second["data"]["label_hash"] != first["data"]["label_hash"]
    fresh = experiment(tmp_path / "s", tmp_path / "y", params)
    assert lasting(second) == lasting(fresh)


def test_repeated_holdout(study, tmp_path):
    params = {**PARAMS, "variants": {"plain": {}}, "seeds": [3], "protocol": {"name": "holdout", "repeats": 3}}
    result = experiment(study, tmp_path / "x", params)
    assert len({fold["sha256"] for fold in result["folds"]}) > 1
    pooled = read_pooled(tmp_path / "x", 0)
    assert result["variants"]["plain"]["pooled"]["n"] == len(np.unique(pooled["ids"])) <= len(pooled["ids"])


def test_a_fold_that_cannot_be_split_fails_alone(tmp_path):
    """Only one subject has a third class: where it is tested, nothing of it is left to train on."""
    with cohort(tmp_path / "s") as study:
        events = study.events()
        study.apply(label_events(study, events.id[events.recording == 1][:5].tolist(), "third"))
    result = experiment(tmp_path / "s", tmp_path / "x", {**PARAMS, "variants": {"plain": {}}, "seeds": [0]})
    failed = [cell for cell in result["cells"] if cell["status"] == "failed"]
    assert len(failed) >= 1
    assert all("no event of class third is left to train on" in cell["why"] for cell in failed)
    assert result["variants"]["plain"]["n_cells"] == 3 - len(failed) > 0
    assert [fold["fold"] for fold in result["folds"] if "why" in fold] == [cell["fold"] for cell in failed]
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_diverging_cell_fails_alone(study, tmp_path):
    params = {**PARAMS, "variants": {"plain": {}, "wild": {"lr": 1e30}}, "seeds": [0]}
    result = experiment(study, tmp_path / "x", params)
    assert {cell["status"] for cell in result["cells"] if cell["variant"] == "wild"} == {"failed"}
    assert result["variants"]["wild"]["pooled"] is None
    assert result["variants"]["plain"]["n_cells"] == 3
    assert result["differences"] == []


def test_a_fold_of_one_class_counts_in_what_is_pooled_but_has_no_mcc(tmp_path):
    metrics = {"test": {"per_class": {"a": {"n": 5}, "b": {"n": 0}}, "mcc": 0.0}}
    assert Cell("v", 0, 0, tmp_path, {"metrics": metrics}).figure("mcc") is None
    metrics["test"]["per_class"]["b"]["n"] = 2
    assert Cell("v", 0, 0, tmp_path, {"metrics": metrics}).figure("mcc") == 0.0


def of_subjects(n=8, each=10, **columns):
    begins = np.arange(n * each) * 10.0
    return plain_dataset(
        np.column_stack([begins, begins + 1]),
        subject=np.repeat([f"P{i}" for i in range(n)], each),
        recording=np.repeat(np.arange(n), each),
        **columns,
    )


@pytest.mark.parametrize("seed", range(3))
def test_folds_test_every_event_once_and_keep_subjects_whole(seed):
    data, spec = of_subjects(), ExperimentSpec().training("base")
    folds = [fold_split(data, spec, 4, fold, seed) for fold in range(4)]
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(80))
    for fold in folds:
        sides = [set(data.subject[rows].tolist()) for rows in (fold.train, fold.validation, fold.test)]
        assert not (sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2])


def test_a_subject_of_one_class_is_tested_all_the_same():
    y = np.arange(80) % 2
    y[:10] = 0
    data, spec = of_subjects(y=y), ExperimentSpec().training("base")
    folds = [fold_split(data, spec, 8, fold, 0) for fold in range(8)]
    (alone,) = (fold for fold in folds if set(data.subject[fold.test]) == {"P0"})
    assert any("No test event of class b" in note for note in alone.warnings)


def test_too_many_folds_are_refused():
    data, spec = of_subjects(4), ExperimentSpec().training("base")
    with pytest.raises(InputError, match=r"5 folds need as many subjects.*there are 4"):
        fold_split(data, spec, 5, 0, 0)
    with pytest.raises(InputError, match="leaves less than two subjects"):
        [fold_split(of_subjects(3), spec, 2, fold, 0) for fold in range(2)]


def test_propagated_labels_are_tested_nowhere_and_their_descendants_not_trained_on():
    scored = np.ones(80, bool)
    scored[5:10] = False
    origin = np.full(80, -1)
    origin[5:10] = 15  # an event of P1
    data = of_subjects(scored=scored, origin=origin)
    spec = replace(ExperimentSpec().training("base"), validation=0.2)
    for fold in range(4):
        split = fold_split(data, spec, 4, fold, 0)
        assert not set(range(5, 10)) & {*split.test, *split.validation}
        if 15 in [*split.test, *split.validation]:
            assert not set(range(5, 10)) & set(split.train)
    for split in inner_splits(data, spec, 4, 0):
        assert not len(split.test)
        assert not set(range(5, 10)) & set(split.validation)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variants": {}}, "no variant"),
        ({"variants": {"../up": {}}}, "variants must be a table of tables, named by letters"),
        ({"variants": {"x": {"lr": 0}}}, "variant x: lr must be a number above 0"),
        ({"variants": {"x": {"split_by": "time"}}}, "variant x: split_by cannot differ between variants"),
        ({"seeds": [1, 1]}, "seeds must be a list of different whole numbers"),
        ({"seeds": []}, "at least one"),
        ({"protocol": {"name": "loo"}}, "name must be one of kfold, holdout"),
        ({"protocol": {"k": 1}}, "k must be a whole number of at least 2"),
        ({"base": {"colour": 1}}, "has no colour"),
        ({"search": {"space": {}}}, "space must be a table of tables"),
        ({"search": {"space": {"lr": {"low": 1}}}}, "variant base: search of lr: this is neither a range nor a list"),
        ({"search": {"space": {"lr": {"low": 0, "high": 1}}}}, "variant base: lr must be a number above 0"),
        ({"search": {"space": {"test": {"choices": [0.1, 0.2]}}}}, "test cannot be searched"),
        ({"search": {"space": {"guidance.dec": {"choices": [0, 1]}}}}, "variant base: guidance is no table"),
        ({"folds": 3}, "an experiment has no folds"),
    ],
)
def test_what_an_experiment_cannot_be_is_said(change, message):
    with pytest.raises(InputError, match=message):
        ExperimentSpec.from_json(change)


def test_whose_labels_a_study_notes_are_those_of_the_base():
    assert ExperimentSpec.from_json({"annotator": "Ana"}).base == {"annotator": "Ana"}
    assert ExperimentSpec.from_json({"annotator": "Ana", "base": {"annotator": "Ben"}}).base == {"annotator": "Ben"}
    spec = ExperimentSpec.from_json(PARAMS)
    assert ExperimentSpec.from_json(spec.to_json()) == spec


TOML = """
name = "two losses"
seed = 0
lr = 0.01
max_epochs = 1
threads = 1
window = {n_times = 32}
model = {name = "cnn_transformer", d_model = 8, n_heads = 2, d_hidden = 8, n_layers = 1, n_conv = 2}

[experiment]
seeds = [0]
protocol = {name = "kfold", k = 2}
[experiment.variants]
plain = {}
robust = {loss = {name = "gce", q = 0.7}}
"""


def test_an_experiment_from_the_terminal(study, tmp_path, capsys):
    path = tmp_path / "two.toml"
    path.write_text(TOML)
    assert main(["train", str(path), "--study", str(study), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["variants"]) == {"plain", "robust"}
    folder = Path(told["run"])
    assert folder.name.startswith("experiment-")
    assert read_json(folder / "result.json")["cells"] == told["cells"]
    with Study.open(study, readonly=True) as reading:
        (entry,) = [run for run in reading.runs("experiment") if run.id == folder.name]
        dataset = load_dataset(reading, ExperimentSpec.from_json(entry.params).training("plain"))
    assert (entry.status, entry.name) == ("done", "two losses")
    assert len(dataset.ids) == told["data"]["n"]
    assert main(["train", str(path), "--study", str(study)]) == 0
    out = capsys.readouterr().out
    assert "robust − plain:" in out
    assert "over 2 folds × 1 seeds" in out


def test_a_wrong_variant_is_said_before_there_is_a_run(study, tmp_path, capsys):
    path = tmp_path / "wrong.toml"
    path.write_text(TOML.replace("q = 0.7", "q = 7"))
    assert main(["train", str(path), "--study", str(study)]) == 1
    assert "variant robust: q must be" in capsys.readouterr().err
    path.write_text(TOML.replace("[experiment]", "[experiment]\ncolour = 1"))
    assert main(["train", str(path), "--study", str(study)]) == 1
    assert "has no colour" in capsys.readouterr().err
