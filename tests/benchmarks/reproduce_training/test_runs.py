"""What the reproduction of training promises: nothing is done twice or lost, and the test side chooses nothing."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobCancelled
from core.jobs import NullReporter
from tests.benchmarks.reproduce_training import events, hits, runs, splits
from tests.benchmarks.reproduce_training.__main__ import main
from tests.benchmarks.reproduce_training.cache import Cache
from tests.benchmarks.reproduce_training.eeg import eeg
from tests.benchmarks.reproduce_training.labels import given
from tests.benchmarks.reproduce_training.stages import STAGES, Asked
from tests.benchmarks.reproduce_training.trials import TRIALS
from tests.benchmarks.reproduce_training.work import WhileNeeded, work_through

SMALL = {
    "late_fusion": {
        "raw": {"d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_projection": 4},
        "log_spectrogram": {"n_filters": 2},
    },
    "intermediate_fusion": {
        "d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_projection": 4, "n_filters": 2, "d_common": 8,
        "guided": True,
    },
}  # fmt: skip
FIT = {"max_epochs": 2, "patience": 2, "batch_size": 16, "lr": 0.01}


def tones(data: Path, wrong_from: int = 10**9) -> dict[str, np.ndarray]:
    """Return noise with a slow or a fast tone, 40 units of 3 events; classes are turned round from a row on."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    at = np.where(y, 0.05, 0.2)[:, None] * np.arange(178)
    x = np.sin(2 * np.pi * at) + 0.5 * rng.standard_normal((120, 178))
    wrong = np.arange(120) >= wrong_from
    return {
        "x": x[:, None].astype(np.float32),
        "y": np.where(wrong, 1 - y, y),
        "unit": (np.arange(120) // 3).astype(str),
    }


def in_order(y: np.ndarray, unit: np.ndarray) -> splits.Three:
    return splits.Three(*np.split(np.arange(120), [60, 90]))


@pytest.fixture(autouse=True)
def small_set(monkeypatch):
    monkeypatch.setitem(events.SETS, "tones", (tones, ("slow", "fast"), 173.61, "esr"))
    monkeypatch.setitem(splits.SPLITS, "in order", in_order)


@pytest.fixture
def run():
    name = "late_fusion"
    return runs.Run({"name": "tones"}, {"how": "in order"}, name, SMALL[name], FIT, 0)


class StopsAfter(NullReporter):
    """Ends training in the way of a kill: after so many epochs, before the next batch."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def metrics(self, step: int, **values: float) -> None:
        self.epochs -= 1

    def check(self) -> None:
        if self.epochs <= 0:
            raise JobCancelled("stopped by the test")


@pytest.mark.parametrize("name", SMALL)
def test_a_stopped_training_goes_on_to_the_same_end(tmp_path, run, name):
    guidance = {"auxiliary": {"raw": 1.0}, "dec": 0.1, "dec_from": 1} if name == "intermediate_fusion" else None
    fit = FIT | {"max_epochs": 4, "patience": 4, "guidance": guidance}
    run = replace(run, model=name, options=SMALL[name], fit=fit)
    whole, broken = Cache(tmp_path / "whole"), Cache(tmp_path / "broken")
    runs.carry_out(run, whole, tmp_path)
    with pytest.raises(JobCancelled):
        runs.carry_out(run, broken, tmp_path, StopsAfter(2))
    assert not broken.has(run.key)
    runs.carry_out(run, broken, tmp_path)
    (one, told), (other, told_other) = whole.read(run.key), broken.read(run.key)
    assert told_other["resumed_from"] == 2
    assert told["history"] == told_other["history"]
    assert one.keys() == other.keys()
    for key, array in one.items():
        np.testing.assert_array_equal(array, other[key])
    assert not broken.under_way(run.key).exists()


def test_what_is_finished_is_not_done_again(tmp_path, run):
    cache, done = Cache(tmp_path), []

    def do(one, cache, data, report):
        done.append(one.seed)
        cache.keep(one.key, {}, {})

    wanted = [replace(run, seed=seed) for seed in (1, 2)]
    assert work_through(wanted, cache, tmp_path, do, NullReporter()) == 2
    assert work_through([*wanted, replace(run, seed=3)], cache, tmp_path, do, NullReporter()) == 1
    assert done == [1, 2, 3]


def test_a_half_written_part_is_not_taken_for_whole(tmp_path, run):
    (tmp_path / f"{run.key}.part.npz").write_bytes(b"half")
    assert not Cache(tmp_path).has(run.key)


def test_a_killed_process_lets_go_of_its_part(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from tests.benchmarks.reproduce_training.cache import Cache\n"
        "with Cache(Path(sys.argv[1])).claimed('part') as mine: print(mine, flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )
    with process:
        assert process.stdout.readline() == "True\n"
        with Cache(tmp_path).claimed("part") as mine:
            assert not mine
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Cache(tmp_path).claimed("part") as mine:
        assert mine


def test_a_worker_stops_when_nobody_waits_for_it(monkeypatch):
    needed = WhileNeeded()
    needed.check()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with pytest.raises(JobCancelled):
        needed.check()


def test_the_labels_of_the_test_side_change_no_choice(tmp_path, run):
    found = []
    for wrong_from in (120, 90):  # the truth, and every label of the test side turned round
        other = replace(run, data={"name": "tones", "wrong_from": wrong_from})
        cache = Cache(tmp_path / str(wrong_from))
        runs.carry_out(other, cache, tmp_path)
        found.append(cache.read(other.key))
    (one, told), (other, told_other) = found
    assert (one["y"] == 1 - other["y"]).all()
    np.testing.assert_array_equal(one["p.model"], other["p.model"])
    for key in ("history", "best_epoch", "stages", "validation_mcc", "weights"):
        assert told[key] == told_other[key], key


def test_trials_never_predict_the_test_side(tmp_path, run):
    assert TRIALS
    assert not any(cell.run.judged for cell in TRIALS)
    trial = replace(run, judged=False)
    runs.carry_out(trial, Cache(tmp_path), tmp_path)
    arrays, about = Cache(tmp_path).read(trial.key)
    assert arrays == {}
    assert about["validation_mcc"].keys() == {"model", "raw", "log_spectrogram"}


def test_wrong_labels_reach_training_and_validation_but_not_the_test_side(tmp_path, run):
    noisy = replace(run, labels={"share": 1.0}, fit=FIT | {"max_epochs": 8, "patience": 8})
    runs.carry_out(noisy, Cache(tmp_path), tmp_path)
    arrays, about = Cache(tmp_path).read(noisy.key)
    np.testing.assert_array_equal(arrays["y"], tones(tmp_path)["y"][90:])
    learnt = about["validation_mcc"]["log_spectrogram"]
    judged = runs.score(arrays["y"], arrays["p.log_spectrogram"])
    assert learnt > 0.5 > -0.5 > judged


def test_whatever_decides_a_training_is_in_its_key(run):
    others = [
        replace(run, seed=1), replace(run, fit=FIT | {"lr": 0.02}), replace(run, labels={"share": 0.1}),
        replace(run, split={"how": "random", "seed": 0}), replace(run, every={"0": 2}), replace(run, judged=False),
        replace(run, data={"name": "tones", "wrong_from": 60}), replace(run, options={}),
    ]  # fmt: skip
    assert len({run.key, *(other.key for other in others)}) == 1 + len(others)


def test_every_training_of_every_stage_has_a_key_of_its_own():
    cells = [cell for make in STAGES.values() for cell in make(Asked())]
    assert len({cell.run.key for cell in cells}) == len(cells)
    assert all(cell.run.judged for cell in cells)


def test_between_the_protocols_one_thing_is_changed_at_a_time():
    asked = Asked(seeds=2, folds=3)
    by_arm = {
        c.arm: c.run for name in ("reference", "honest", "between") for c in STAGES[name](asked) if c.who == "late"
    }
    published = by_arm["random, window"]
    for arm, same in (("random, kept", "split"), ("grouped, window", "data")):
        assert replace(by_arm[arm], seed=0).fit == published.fit
        differs = {k for k in ("data", "split") if getattr(by_arm[arm], k).keys() != getattr(published, k).keys()}
        assert same not in differs
    assert by_arm["random, kept"].data == by_arm["grouped, kept"].data
    assert by_arm["grouped, window"].split == by_arm["grouped, kept"].split


class TestSplits:
    y = np.random.default_rng(0).integers(0, 2, 300)
    unit = (np.arange(300) // 5).astype(str)

    def test_grouped_keeps_units_whole_and_tests_each_event_once(self):
        tested = []
        for fold in range(5):
            sides = splits.split(self.y, self.unit, "grouped", fold=fold, folds=5)
            units = [set(self.unit[rows]) for rows in (sides.train, sides.validation, sides.test)]
            assert not units[0] & units[1]
            assert not (units[0] | units[1]) & units[2]
            tested += sides.test.tolist()
        assert sorted(tested) == list(range(300))

    def test_at_random_no_event_is_on_two_sides(self):
        sides = splits.split(self.y, self.unit, "random", seed=3)
        rows = np.concatenate([sides.train, sides.validation, sides.test])
        assert sorted(rows.tolist()) == list(range(300))
        assert len(sides.test) == pytest.approx(30, abs=1)
        assert sides.test.tolist() != splits.split(self.y, self.unit, "random", seed=4).test.tolist()

    def test_thinning_takes_every_so_manyth_of_a_class(self):
        rows = splits.thinned(np.arange(300), self.y, {0: 10})
        assert (self.y[rows] == 1).sum() == (self.y == 1).sum()
        assert (self.y[rows] == 0).sum() == -(-(self.y == 0).sum() // 10)


class TestLabels:
    y = np.arange(3000) % 3

    def test_the_share_asked_for_is_wrong(self):
        wrong = given(self.y, 3, seed=0, share=0.2) != self.y
        assert wrong.mean() == pytest.approx(0.2, abs=0.03)
        assert (given(self.y, 3, seed=0) == self.y).all()

    def test_raters_give_shares_or_their_majority(self):
        soft = given(self.y, 3, seed=0, raters=3, error=0.3, soft=True)
        np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
        assert set(np.unique(np.round(3 * soft))) == {0, 1, 2, 3}
        hard = given(self.y, 3, seed=0, raters=3, error=0.3, soft=False)
        np.testing.assert_array_equal(hard, soft.argmax(axis=1))


class TestSets:
    def test_eeg_loses_or_keeps_its_amplitude(self, tmp_path):
        x = np.random.default_rng(0).normal(0, 50, (4, 178)).astype(np.int16)
        x[1] = 2 * x[0]
        np.savez(tmp_path / "esr.npz", X=x, y=np.array([1, 2, 3, 4]), segment=np.array(list("SNFO")))
        scaled, kept = (eeg(tmp_path, scaling)["x"] for scaling in ("window", "kept"))
        assert scaled.min(axis=-1).max() == 0
        assert scaled.max(axis=-1).min() == 1
        np.testing.assert_allclose(scaled[0], scaled[1], atol=1e-6)
        np.testing.assert_allclose(kept[1], 2 * kept[0], rtol=1e-6)
        assert eeg(tmp_path, "kept")["y"].tolist() == [0, 1, 1, 1]

    def test_simulated_hits_say_so_and_are_of_all_kinds(self, tmp_path):
        made = hits.hits(tmp_path, patients=2, seconds=40)
        assert made["x"].shape[1:] == (2, 1400)
        assert len(made["x"]) == len(made["y"]) > 5
        assert all(unit.startswith("simulated") for unit in made["unit"])


def test_the_page_is_written_from_whatever_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--stages", "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "p.md")])
    main()
    page = (tmp_path / "p.md").read_text(encoding="utf-8")
    assert page.count("Not run yet.") == 7
    assert "| EEG as published: MCC of the 2D CNN | 92.8 or more | not run yet |" in page


def test_a_finished_part_is_on_the_page(tmp_path, monkeypatch):
    cache, rng = Cache(tmp_path / "c"), np.random.default_rng(0)
    for cell in STAGES["reference"](Asked()):
        if cell.draw > 1:
            continue
        y = np.arange(50) % 2
        sure = np.where(y == 0, 0.9, 0.1) if cell.who == "late" else rng.random(50)
        p = np.stack([sure, 1 - sure], axis=1)
        names = ("model", "raw", "log_spectrogram") if cell.who == "late" else ("model",)
        about = {"validation_mcc": dict.fromkeys(names, 0.5), "environment": {"commit": "abc"}, "processor_seconds": 1}
        about |= {"weights": {"members": ["raw", "log_spectrogram"], "by_class": [[0.4, 0.6], [0.6, 0.4]]}}
        arrays = {"y": y, "unit": np.arange(50).astype(str)} | {f"p.{name}": p for name in names}
        cache.keep(cell.run.key, arrays, about)
    monkeypatch.setattr(sys, "argv", ["x", "--stages", "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "p.md")])
    main()
    page = (tmp_path / "p.md").read_text(encoding="utf-8")
    assert (
        "| EEG as published: MCC of the 2D CNN | 92.8 or more | 100.00 ± 0.00 [100.00, 100.00], n = 2 | met |" in page
    )
    assert "| reference | 4 of 10 |" in page
    assert page.count("Not run yet.") == 6
