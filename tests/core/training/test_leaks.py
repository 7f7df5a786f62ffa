"""What went from the test side into training labels is found; subjects kept for testing become the test side."""

import numpy as np
import pytest

from core.annotation import OnMap, propagate, to_changeset
from core.jobs import JobSpec, NullReporter
from core.study import label_events
from core.training import TrainingSpec, leaks, load_run, run_training, split_dataset, subjects_kept_apart
from tests.core.projection.spaces import EACH, TEST, cohort
from tests.core.training.test_splits import dataset

SPEC = TrainingSpec()


@pytest.fixture
def made(tmp_path):
    with (it := cohort(tmp_path / "s")).study:
        yield it


def accept(made, **how):
    """Propagate over the best map of a feature space and accept; return the projection run."""
    run, _, maps = made.maps(made.features(**how), methods=["pca"])
    classes = [c.key for c in made.study.classes()]
    on = OnMap(maps.maps[0], made.study.events(ids=maps.ids), classes)
    proposal = propagate(on.points, on.labels, on.quality, 5, 0.0, ids=on.ids)
    assert len(proposal.ids) > 10
    made.study.apply(to_changeset(made.study, proposal, classes), reason=proposal.describe(on.name(run.id, 0)))
    return run


def sides(made, test):
    """A split of the study by subject: `test` on the test side, all others to train."""
    labelled = made.study.events().label != ""
    at = np.isin(np.repeat(["A", "B", "C", "T"], EACH), test)
    return {"train": made.ids[labelled & ~at].tolist(), "validation": [], "test": made.ids[labelled & at].tolist()}


def test_subjects_that_were_kept_apart_leak_nothing(made):
    accept(made)
    assert leaks(made.study, sides(made, ["T"])) == []
    assert subjects_kept_apart(made.study, made.ids.tolist()) == {"T"}


def test_other_test_subjects_are_counted(made):
    run = accept(made)
    split = sides(made, ["A", "T"])
    (found,) = [leak for leak in leaks(made.study, split) if leak.kind == "chosen_on"]
    n_a = int((made.study.events(ids=split["test"]).recording == 1).sum())
    assert (found.n, found.of, found.run) == (n_a, len(split["test"]), run.id)
    assert f"{n_a} of {len(split['test'])} test events had a part in the maps of {run.id}" in found.what
    assert found.to_json()["n"] == n_a


def test_of_maps_without_test_subjects_all_test_events_are_counted(made):
    accept(made, test=np.zeros(100, bool))
    split = sides(made, ["T"])
    assert {leak.kind: leak.n for leak in leaks(made.study, split)}["chosen_on"] == len(split["test"])
    assert subjects_kept_apart(made.study, made.ids.tolist()) == frozenset()


def test_transductive_is_said_as_such(made):
    accept(made, transductive=True)
    split = sides(made, ["T"])
    found = {leak.kind: leak for leak in leaks(made.study, split)}
    assert "chosen_on" not in found
    assert found["transductive"].n == len(split["test"])
    assert "used transductively" in found["transductive"].what
    assert subjects_kept_apart(made.study, made.ids.tolist()) == frozenset()


def test_subjects_that_another_map_has_seen_are_not_kept_apart(made):
    accept(made, test=np.zeros(100, bool))
    accept(made)  # those of T keep the labels of the first map
    assert subjects_kept_apart(made.study, made.ids.tolist()) == frozenset()


@pytest.mark.parametrize("through", ["origin", "donor"])
def test_labels_that_came_by_way_of_test_events_are_counted(made, through):
    study, (first, second, third) = made.study, made.ids[[1, 3, 5]].tolist()  # unlabelled, of the subject A
    of_test, of_train = int(made.ids[TEST][0]), int(made.ids[0])
    origin = of_test if through == "origin" else of_train
    between = int(made.ids[TEST][1])
    givers = {"origins": [origin] * 2, "donors": [between, between] if through == "donor" else [origin, origin]}
    study.apply(label_events(study, [between], "class 0", source="propagated", origins=[origin], donors=[origin]))
    study.apply(label_events(study, [first, second], "class 0", source="propagated", **givers))
    study.apply(label_events(study, [third], "class 0", source="propagated", origins=[origin], donors=[first]))
    split = {"train": [of_train, first, second, third], "validation": [], "test": [of_test, between]}
    (found,) = leaks(study, split)
    assert (found.kind, found.events, found.of) == ("descends", (first, second, third), 4)
    assert leaks(study, {**split, "test": [int(made.ids[TEST][5])]}) == []


def of_subjects(*names, each=24, **columns):
    """A dataset of events far apart, of both classes in turn."""
    begins = np.arange(each * len(names)) * 10.0
    recording = np.repeat(np.arange(len(names)) + 1, each)
    return dataset(
        np.column_stack([begins, begins + 1]), subject=np.repeat(names, each), recording=recording, **columns
    )


@pytest.mark.parametrize("seed", range(4))
def test_subjects_kept_apart_are_the_test_side(seed):
    data = of_subjects("A", "B", "C", "T", "")
    split = split_dataset(data, SPEC, seed, {"T", 5})
    assert set(data.recording[split.test].tolist()) == {4, 5}
    assert not {4, 5} & set(data.recording[[*split.train, *split.validation]].tolist())
    assert any(note.startswith("Test side: T, recording 5, the test subjects") for note in split.warnings)


@pytest.mark.parametrize("names", [("A", "T"), ("A", "T", "T2")])
def test_what_is_left_of_one_subject_is_split_by_time(names):
    data = of_subjects(*names, each=60)
    split = split_dataset(data, SPEC, 0, {"T", "T2"})
    assert set(data.subject[split.test].tolist()) == set(names) - {"A"}
    assert set(data.subject[split.train].tolist()) == set(data.subject[split.validation].tolist()) == {"A"}
    assert split.unit == "time block"
    assert any("the same people are on both" in note for note in split.warnings)


def test_a_split_that_contradicts_is_made_and_says_so():
    data = of_subjects("A", "B", "C", "T")
    split = split_dataset(data, TrainingSpec(split_by="time"), 0, {"T"})
    assert set(data.subject[split.test].tolist()) > {"T"}
    assert any("not the test side: a split by time was asked for" in note for note in split.warnings)
    one = of_subjects("A", "B", "C", "T", y=np.where(np.arange(96) < 72, np.arange(96) % 2, 0))
    said = split_dataset(one, SPEC, 0, {"T"}).warnings
    assert any("not the test side: they have labels of 1 class to score" in note for note in said)


def test_without_subjects_kept_apart_the_split_is_as_ever():
    data = of_subjects("A", "B", "C", "T")
    assert split_dataset(data, SPEC, 3, {"X"}).to_json(data) == split_dataset(data, SPEC, 3).to_json(data)


def test_a_run_takes_the_subjects_that_were_kept_apart_and_says_what_leaks(tmp_path):
    made = cohort(tmp_path / "s", real=True)
    with made.study as study:
        accept(made)
        params = {"window": {"n_times": 16}, "model": {"name": "cnn_transformer", "preset": "quick"}, "max_epochs": 1}
        results = []
        for more in ({}, {"split_by": "time"}):
            run = study.new_run("training", "t", {**params, **more})
            spec = JobSpec("training", run.params, str(run.folder), str(study.folder), seed=1)
            results.append((run_training(spec, NullReporter()), load_run(run.folder).splits))
        subject = dict(zip(made.ids.tolist(), np.repeat(["A", "B", "C", "T"], EACH), strict=True))
    (clean, split), (leaky, by_time) = results
    assert {subject[event] for event in split["test"]} == {"T"}
    assert clean["leaks"] == []
    (found,) = (leak for leak in leaky["leaks"] if leak["kind"] == "chosen_on")
    assert found["n"] == sum(subject[event] != "T" for event in by_time["test"]) > 0
    assert found["what"] in leaky["warnings"]
    assert any("not the test side: a split by time" in note for note in leaky["warnings"])
