"""Before a run, somebody sees who is on which side and what leaks; what makes figures wrong is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.jobs import JobSpec, NullReporter, read_json
from core.study import Study, edit_recording
from core.training import TrainingSpec, load_dataset, review_split, run_training
from core.training.duplicates import hashes, twins
from core.training.review import review
from core.training.splits import Split
from tests.core.training.cohort import BASE, EACH, SUBJECTS, cohort

SPEC = TrainingSpec.from_json(BASE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "s"
    cohort(folder).close()
    return folder


@pytest.fixture(scope="module")
def twinned(tmp_path_factory):
    """A study whose subjects A and B have the same samples."""
    folder = tmp_path_factory.mktemp("twinned") / "s"
    cohort(folder, twins=True).close()
    return folder


def windows(n=200, seed=0, noise=0.5):
    rng = np.random.default_rng(seed)
    shapes = rng.standard_normal((5, 2, 40)).cumsum(axis=2)
    return (shapes[rng.integers(0, 5, n)] + noise * rng.standard_normal((n, 2, 40))).astype(np.float32)


def correlations(x):
    """Of every pair, by brute force."""
    flat = (x - x.mean(axis=2, keepdims=True)).reshape(len(x), -1).astype(float)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return flat @ flat.T


@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_twins_are_those_that_brute_force_finds(noise):
    x = windows(noise=noise)
    x[3], x[7], x[9] = x[150], 3 * x[160] + 2, x[170] + 1e-4
    of, among = np.arange(100), np.arange(100, 200)
    found = twins(x, of, among)
    alike = correlations(x)[np.ix_(of, among)]
    assert found.rows.tolist() == np.flatnonzero((alike >= 0.999).any(axis=1)).tolist()
    partner = dict(zip(found.rows.tolist(), found.partners.tolist(), strict=True))
    assert (partner[3], partner[7], partner[9]) == (150, 160, 170)
    assert found.rows[found.exact].tolist() == [3]


def test_windows_without_a_signal_and_empty_sides_are_no_twins():
    x = windows(20)
    x[[2, 15]] = 0.0
    x[3, 0, 0] = np.nan
    x[16] = x[3]
    assert not len(twins(x, np.arange(10), np.arange(10, 20)).rows)
    assert not len(twins(x, np.arange(0), np.arange(10)).rows)
    assert len(np.unique(hashes(x))) == 18


def test_a_review_says_who_is_where(plain):
    with Study.open(plain, readonly=True) as study:
        found = review_split(study, SPEC, seed=1)
        again = review_split(study, SPEC, seed=1)
    assert found == again
    assert found.unit == "subject"
    assert (found.severity, found.leaks) == ("", ())
    people = [set(side["subjects"]) for side in found.sides.values()]
    assert set().union(*people) == set(SUBJECTS)
    assert sum(map(len, people)) == len(SUBJECTS)
    assert all(n == EACH for side in found.sides.values() for n in side["subjects"].values())
    assert all(side["n"] == sum(side["classes"].values()) for side in found.sides.values())
    assert json.loads(json.dumps(found.to_json())) == found.to_json()


def split_of(dataset, **people):
    sides = [
        np.flatnonzero(np.isin(dataset.subject.astype(str), people[side])) for side in ("train", "validation", "test")
    ]
    return Split(*sides, "subject")


def test_the_same_samples_on_two_sides_block(twinned):
    with Study.open(twinned, readonly=True) as study:
        dataset = load_dataset(study, SPEC)
        apart = review(study, dataset, split_of(dataset, train=["A", "B", "C"], validation=["D"], test=["E", "F"]))
        both = review(study, dataset, split_of(dataset, train=["A", "C", "D"], validation=["E"], test=["B", "F"]))
        judged = review(study, dataset, split_of(dataset, train=["A", "C", "D"], validation=["B"], test=["E", "F"]))
    assert apart.leaks == ()
    (leak,) = both.leaks
    assert (leak.kind, leak.severity, leak.n, leak.of) == ("duplicate", "block", EACH, 2 * EACH)
    assert set(dataset.subject[np.isin(dataset.ids, leak.events)]) == {"B"}
    assert set(dataset.subject[np.isin(dataset.ids, leak.partners)]) == {"A"}
    with pytest.raises(InputError, match=r"16 of 32 test events have the same samples.*accept_leaks"):
        both.refuse_blocked()
    assert [(leak.kind, leak.severity) for leak in judged.leaks] == [("duplicate", "ask")]


def test_all_but_the_same_is_asked_about(plain):
    with Study.open(plain, readonly=True) as study:
        dataset = load_dataset(study, SPEC)
        split = split_of(dataset, train=["A", "C", "D"], validation=["B"], test=["E", "F"])
        raw = dataset.raw.copy()
        raw[split.test[:3]] = 2 * raw[split.train[5:8]] + 0.001
        found = review(study, replace(dataset, raw=raw), split)
    (leak,) = found.leaks
    assert (leak.kind, leak.severity, leak.n) == ("near_duplicate", "ask", 3)
    assert leak.partners == tuple(dataset.ids[split.train[5:8]].tolist())
    found.refuse_blocked()


def train(folder, out, **change):
    spec = JobSpec("training", {**BASE, "max_epochs": 1, **change}, str(out), str(folder), seed=seed_with_twins(folder))
    return run_training(spec, NullReporter())


def seed_with_twins(folder):
    """A seed whose split has A and B on two sides of which one is tested."""
    with Study.open(folder, readonly=True) as study:
        return next(seed for seed in range(30) if review_split(study, SPEC, seed).severity == "block")


def test_a_run_refuses_what_blocks_unless_it_is_accepted_and_then_says_so(twinned, tmp_path):
    with pytest.raises(InputError, match="the test figures would be wrong"):
        train(twinned, tmp_path / "refused")
    assert not (tmp_path / "refused" / "model.json").exists()
    result = train(twinned, tmp_path / "accepted", accept_leaks=True)
    assert result["accepted_leaks"] is True
    (leak,) = (leak for leak in result["leaks"] if leak["severity"] == "block")
    assert leak["what"] in result["warnings"]
    assert read_json(tmp_path / "accepted" / "review.json")["severity"] == "block"
    card = (tmp_path / "accepted" / "MODEL_CARD.md").read_text()
    assert "known before the run, and accepted" in card
    assert leak["what"] in card


def test_people_on_two_sides_are_asked_about_where_they_need_not_be(plain, tmp_path):
    with Study.open(plain, readonly=True) as study:
        found = review_split(study, replace(SPEC, split_by="time"), seed=0)
    leak = next(leak for leak in found.leaks if leak.kind == "subjects")
    assert leak.severity == "ask"
    assert "A split that keeps them apart is possible" in leak.what
    folder = tmp_path / "one"
    with cohort(folder / "s", subjects=("A",), each=60) as study:
        alone = review_split(study, SPEC, seed=0)
    leak = next(leak for leak in alone.leaks if leak.kind == "subjects")
    assert leak.severity == "note"
    assert leak.what.startswith("A is on the test side and on another")


def test_scaling_by_a_whole_recording_is_told(plain):
    scaled = replace(SPEC, window={"n_times": 32, "scaling": "recording"})
    with Study.open(plain, readonly=True) as study:
        by_subject = review_split(study, scaled, seed=0)
        by_time = review_split(study, replace(scaled, split_by="time"), seed=0)
        plainly = review_split(study, replace(SPEC, split_by="time"), seed=0)
    assert [(leak.kind, leak.severity, leak.n) for leak in by_subject.leaks] == [("scaled_on", "note", 0)]
    leak = next(leak for leak in by_time.leaks if leak.kind == "scaled_on")
    assert (leak.severity, leak.n) == ("ask", by_time.sides["test"]["n"])
    assert not any(leak.kind == "scaled_on" for leak in plainly.leaks)


def test_a_recording_of_nobody_known_is_listed_as_such(tmp_path):
    with cohort(tmp_path / "s") as study:
        study.apply(edit_recording(study, 2, subject=""))
        found = review_split(study, SPEC, seed=0)
    assert "recording 2" in set().union(*(side["subjects"] for side in found.sides.values()))


def test_the_card_of_a_run_says_what_it_is(plain, tmp_path):
    spec = JobSpec("training", {**BASE, "max_epochs": 1}, str(tmp_path / "r"), str(plain), seed=1)
    result = run_training(spec, NullReporter())
    card = (tmp_path / "r" / "MODEL_CARD.md").read_text()
    test = result["metrics"]["test"]
    low, high = test["mcc_interval"]
    for text in (
        f"MCC: {test['mcc']:.3f} [{low:.3f}, {high:.3f}]",
        "Trained on real recordings",
        "Split by subject",
        "48 slow",
        "of 6 recordings and 6 known subjects",
        "not a medical device",
        "less than five subjects are known on the test side",
        "Nothing that Hitscope looks for",
    ):
        assert text in card
    review_ = read_json(tmp_path / "r" / "review.json")
    for name in review_["sides"]["test"]["subjects"]:
        assert f"| {name} | {EACH} |" in card
