"""A search sees validation events only, is the same again, and goes on where it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError, JobCancelled
from core.study import Study
from core.training import SearchSpec, TrainingSpec, load_dataset, search
from core.training.data import only
from core.training.search_space import with_values
from core.training.splits import fold_split
from tests.core.training.cohort import BASE, cohort, experiment
from tests.core.training.test_training import StopAfter

pytest.importorskip("optuna")
SPEC = TrainingSpec.from_json({**BASE, "max_epochs": 1})
SPACE = {
    "lr": {"low": 1e-4, "high": 0.1, "log": True},
    "batch_size": {"low": 8, "high": 24, "whole": True, "step": 8},
    "model.dropout": {"low": 0.0, "high": 0.5},
    "loss": {"choices": [{"name": "ce"}, {"name": "gce", "q": 0.7}]},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search") / "s"
    with cohort(folder) as study:
        dataset = load_dataset(study, SPEC)
    return folder, dataset, fold_split(dataset, SPEC, 3, 0, 0)


def test_the_events_of_the_test_side_play_no_part(made, tmp_path):
    _, dataset, split = made
    wanted = SearchSpec(trials=4, space=SPACE)
    y, x = dataset.y.copy(), tuple(view.copy() for view in dataset.x)
    y[split.test] = 1 - y[split.test]
    for view in x:
        view[split.test] = 1e6
    corrupted = replace(dataset, y=y, x=x)
    for inner in (1, 2):
        found = [
            search(data, split, SPEC, replace(wanted, inner=inner), 0, tmp_path / f"{inner} {number}")
            for number, data in enumerate((dataset, corrupted))
        ]
        assert found[0].trials == found[1].trials
        assert found[0].values == found[1].values
    y[split.validation] = 1 - y[split.validation]
    other = search(replace(dataset, y=y), split, SPEC, wanted, 0, tmp_path / "validation")
    assert [t["mcc"] for t in other.trials] != [t["mcc"] for t in found[0].trials]


def test_only_some_events_are_there_and_nothing_of_the_others(made):
    _, dataset, split = made
    seen = only(dataset, split.train)
    assert len(seen.windows.x) == len(seen.windows.spans_s) == len(seen.y) == len(split.train)
    assert not set(seen.ids.tolist()) & set(dataset.ids[split.test].tolist())


def test_the_best_trial_is_chosen_and_its_values_are_used(made, tmp_path):
    _, dataset, split = made
    found = search(dataset, split, SPEC, SearchSpec(trials=6, space=SPACE), 0, tmp_path)
    assert len(found.trials) == 6
    assert found.mcc == max(trial["mcc"] for trial in found.trials)
    assert found.values == next(trial["values"] for trial in found.trials if trial["mcc"] == found.mcc)
    assert found.training == with_values(SPEC, found.values)
    assert found.training.model["dropout"] == found.values["model.dropout"]
    for trial in found.trials:
        assert 1e-4 <= trial["values"]["lr"] <= 0.1
        assert trial["values"]["batch_size"] in (8, 16, 24)
        assert trial["values"]["loss"] in SPACE["loss"]["choices"]
    assert len({trial["values"]["lr"] for trial in found.trials}) == 6


STOPPED = SearchSpec(trials=4, inner=2, space=SPACE)


@pytest.fixture(scope="module")
def whole(made, tmp_path_factory):
    _, dataset, split = made
    return search(dataset, split, SPEC, STOPPED, 0, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("stop", [0, 3, 6])
def test_a_search_that_was_stopped_ends_as_if_it_had_not_been(made, whole, tmp_path, stop):
    _, dataset, split = made
    wanted = STOPPED
    with pytest.raises(JobCancelled):
        search(dataset, split, SPEC, wanted, 0, tmp_path / "halves", StopAfter(stop))
    log = tmp_path / "halves" / "trials.jsonl"
    with log.open("a") as file:
        file.write('{"number": 9, "par')  # as a crash leaves it
    got = search(dataset, split, SPEC, wanted, 0, tmp_path / "halves")
    assert got == whole
    again = search(dataset, split, SPEC, wanted, 0, tmp_path / "halves", StopAfter(0))  # nothing is left to train
    assert again == whole
    assert [p.name for p in (tmp_path / "halves").iterdir()] == ["trials.jsonl"]


def test_trials_of_another_search_are_not_taken(made, tmp_path):
    _, dataset, split = made
    wanted = SearchSpec(trials=2, space=SPACE)
    search(dataset, split, SPEC, wanted, 0, tmp_path)
    other = search(dataset, split, SPEC, wanted, 1, tmp_path)
    assert other == search(dataset, split, SPEC, wanted, 1, tmp_path / "fresh")


def test_a_trial_that_fails_is_noted_and_avoided(made, tmp_path):
    _, dataset, split = made
    wanted = SearchSpec(trials=6, space={"lr": {"choices": [0.01, 1e30]}})
    found = search(dataset, split, SPEC, wanted, 0, tmp_path)
    failed = [trial for trial in found.trials if trial["mcc"] is None]
    assert failed
    assert all(trial["values"]["lr"] == 1e30 and trial["why"] for trial in failed)
    assert found.values == {"lr": 0.01}
    with pytest.raises(InputError, match="all 2 trials of the search failed"):
        search(dataset, split, SPEC, SearchSpec(trials=2, space={"lr": {"choices": [1e30, 1e31]}}), 0, tmp_path / "all")


def test_a_nested_experiment_tests_what_was_chosen_without_the_test_side(made, tmp_path):
    folder, _, _ = made
    params = {
        "base": {**BASE, "max_epochs": 1},
        "seeds": [0],
        "protocol": {"k": 3},
        "search": {"trials": 2, "inner": 2, "space": {"lr": {"low": 1e-3, "high": 0.1, "log": True}}},
    }
    result = experiment(folder, tmp_path / "x", params)
    assert [entry["fold"] for entry in result["searches"]] == [0, 1, 2]
    for entry, cell in zip(result["searches"], result["cells"], strict=True):
        card = json.loads((tmp_path / "x" / cell["folder"] / "model.json").read_text())
        assert card["training"]["lr"] == entry["values"]["lr"]
    with Study.open(folder, readonly=True) as study:
        assert len(study.events()) == result["variants"]["base"]["pooled"]["n"]
    assert np.isfinite(result["variants"]["base"]["pooled"]["mcc"])
