"""What goes wrong while training: each is said clearly, with what to do, and nothing is lost."""

import errno
import json
import os
import signal
import sys

import numpy as np
import pytest

from core.cli import main
from core.errors import InputError, MissingFileError
from core.jobs import JobSpec, LocalJob, NullReporter, run_child, works
from core.study import Study, label_events
from core.training import run_experiment, run_training
from tests.core.training.cohort import BASE, cohort

JOBS = {"training": "core.training:run_training"}


@pytest.fixture
def made(tmp_path):
    """A function that makes the study, labels it otherwise if asked to, and closes it."""

    def make(relabel=None, **how):
        with cohort(tmp_path / "s", **how) as study:
            if relabel is not None:
                events = study.events()
                labels = relabel(events)
                study.apply(label_events(study, events.id.tolist(), labels))
        return tmp_path / "s"

    return make


def train(study, out, params=BASE, seed=0):
    return run_training(JobSpec("training", params, str(out), str(study), seed), NullReporter())


def one_apart(events):
    return ["odd", *events.label[1:].tolist()]


def of_one_class_each(events):
    return ["slow" if number <= 5 else "fast" for number in events.recording.tolist()]


def test_a_class_with_one_event(made, tmp_path):
    study = made(one_apart)
    with pytest.raises(InputError, match="class odd has 1 event that can score a model, too few") as caught:
        train(study, tmp_path / "o")
    assert "leave the class out" in caught.value.remedy
    result = train(study, tmp_path / "o", BASE | {"classes": ["slow", "fast"]})  # which helps
    assert result["data"]["n"] == 95


def test_a_class_whose_windows_are_missing_samples(made, tmp_path):
    study = made(
        lambda events: ["odd" if n == 1 else label for n, label in zip(events.recording, events.label, strict=True)],
        lost=(1,),
    )
    with pytest.raises(InputError, match=r"class odd has 0 events.*16 of 96 events.*touch missing samples"):
        train(study, tmp_path / "o")
    result = train(study, tmp_path / "o", BASE | {"classes": ["slow", "fast"]})
    assert np.isfinite(result["metrics"]["test"]["mcc"])


def test_windows_that_are_missing_samples_are_left_out_and_counted(made, tmp_path):
    result = train(made(lost=(2,)), tmp_path / "o")
    assert result["data"]["rejected"] == 16
    assert result["warnings"] == ["16 of 96 events are left out: their windows touch missing samples."]
    assert all(np.isfinite(list(epoch.values())).all() for epoch in result["history"])


def test_no_window_is_whole(made, tmp_path):
    with pytest.raises(InputError, match=r"all 96 events are left out.*missing samples \(NaN\)"):
        train(made(lost=range(1, 7)), tmp_path / "o")


def test_subjects_of_one_class_each(made, tmp_path):
    study = made(of_one_class_each)
    with pytest.raises(
        InputError, match=r"side would hold one class only.*6 of 6 subjects have events of one"
    ) as caught:
        train(study, tmp_path / "o")
    assert "split by time" in caught.value.remedy
    # The class that one subject has is then in that subject's blocks of time.
    assert train(study, tmp_path / "o", BASE | {"split_by": "time"})["split"]["unit"] == "time block"


def in_folds(study, out, k):
    params = {"base": BASE, "variants": {"a": {}}, "seeds": [0], "protocol": {"name": "kfold", "k": k}}
    return run_experiment(JobSpec("experiment", params, str(out), str(study), 0), NullReporter())


def test_a_fold_of_one_class_counts_only_in_what_is_pooled(made, tmp_path):
    study = made(
        lambda events: ["fast" if n == 1 else label for n, label in zip(events.recording, events.label, strict=True)]
    )
    result = in_folds(study, tmp_path / "e", 6)
    scores = [cell["mcc"] for cell in result["cells"]]
    assert (len(scores), scores.count(None)) == (6, 1)
    assert result["variants"]["a"]["folds"]["mcc"]["n"] == 5
    assert result["variants"]["a"]["pooled"]["n"] == 96
    assert "No test event of class slow: the figures say nothing about it." in result["warnings"]


def test_folds_none_of_which_can_be_judged(made, tmp_path):
    with pytest.raises(InputError, match=r"no cell could be trained: .*no event of class fast is left to train on"):
        in_folds(made(of_one_class_each), tmp_path / "e", 3)


@pytest.mark.parametrize(("gone", "message"), [("r2.hea", "no longer there"), ("r2.dat", "r2.dat is missing")])
def test_a_recording_that_vanished(made, tmp_path, gone, message):
    study = made()
    kept = (tmp_path / gone).read_bytes()
    (tmp_path / gone).unlink()
    with pytest.raises(MissingFileError, match=message) as caught:
        train(study, tmp_path / "o")
    assert gone in str(caught.value)
    with Study.open(study, readonly=True) as reading:
        assert (reading.events().label != "").sum() == 96
    (tmp_path / gone).write_bytes(kept)
    train(study, tmp_path / "o")


def test_the_command_says_it_as_json_too(made, tmp_path, capsys):
    study = made(one_apart)
    (tmp_path / "spec.toml").write_text(
        'window = {n_times = 32}\nmodel = {name = "cnn_transformer", d_model = 8, n_heads = 2}\n'
    )
    assert main(["train", str(tmp_path / "spec.toml"), "--study", str(study), "--json"]) == 1
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert said["what"].startswith("class odd has 1 event")
    assert (said["kept"], said["remedy"]) == (
        "Events and labels are as they were",
        "Label more of them, or leave the class out",
    )
    assert "Traceback" not in told.err
    with Study.open(study, annotator="Ana") as again:
        (run,) = again.runs("training")
        assert run.status == "failed"


class Full:
    """A disk that is full from the n-th write on, until it is emptied."""

    def __init__(self, monkeypatch):
        self.left, self.count, self._sync = None, 0, os.fsync
        monkeypatch.setattr("core.jobs.files.os.fsync", self.sync)

    def sync(self, number):
        self.count += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        self._sync(number)


def test_a_disk_that_is_full_at_any_moment(made, tmp_path, monkeypatch):
    """Whatever file it hits is named; started again when there is room, the run ends as if nothing had been."""
    study, disk = made(), Full(monkeypatch)
    expected = train(study, tmp_path / "whole")
    assert disk.count >= 9  # checkpoints, review, weights, card, split, predictions, figures
    for moment in range(disk.count):
        out, disk.left = tmp_path / str(moment), moment
        with pytest.raises(InputError, match="No space left on device") as caught:
            train(study, out)
        assert str(out) in caught.value.subject
        assert caught.value.remedy.startswith("Free some disk space")
        assert not list(out.rglob("*.part"))
        disk.left = None
        again = train(study, out)
        for what in ("metrics", "history", "best_epoch", "split"):
            assert again[what] == expected[what], (moment, what)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a file that is always full is Linux's")
def test_a_log_that_cannot_be_written_stops_no_job(made, tmp_path, capsys):
    study, out = made(), tmp_path / "o"
    out.mkdir()
    (out / "log.jsonl").symlink_to("/dev/full")
    assert run_child(JobSpec("training", BASE, str(out), str(study), 0), JOBS, listen=False) == 0
    said = [json.loads(line)["type"] for line in capsys.readouterr().out.splitlines()]
    assert said[0] == "started"
    assert said[-1] == "result"
    with pytest.raises(InputError, match=r"log\.jsonl: could not be written \(No space left on device\)"):
        LocalJob(JobSpec("training", BASE, str(out), str(study), 0)).start(print)
    assert not works(out)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_worker_that_is_killed_can_be_resumed_and_ends_with_the_same_figures(made, tmp_path, capsys, monkeypatch):
    study = made()
    toml = 'window = {n_times = 32}\nmodel = {name = "cnn_transformer", d_model = 8, n_heads = 2, n_layers = 1}\nthreads = 1\n'
    (tmp_path / "spec.toml").write_text(toml + "max_epochs = 30\npatience = 30\n")
    command = ["train", str(tmp_path / "spec.toml"), "--study", str(study), "--json"]
    assert main(command) == 0
    expected = json.loads(capsys.readouterr().out)
    read = LocalJob._parse

    def killing(line):
        message = read(line)
        if message["type"] == "metrics" and message["step"] == 2:
            os.kill(jobs[-1].pid, signal.SIGKILL)
        return message

    jobs, start = [], LocalJob.start
    with monkeypatch.context() as patch:
        patch.setattr(LocalJob, "_parse", staticmethod(killing))
        patch.setattr(LocalJob, "start", lambda self, take: (jobs.append(self), start(self, take)))
        assert main(command) == 1
    said = capsys.readouterr()
    folder = jobs[-1].spec.folder
    told = json.loads(said.out)
    assert "ended unexpectedly (signal 9). Its checkpoints are kept" in told["what"]
    assert told["remedy"] == f"Go on with: hitscope resume {folder}"
    with Study.open(study, readonly=True) as reading:
        assert reading.run(folder.name).status == "interrupted"
    assert not (folder / "result.json").exists()
    assert main(["resume", str(folder), "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    for what in ("metrics", "history", "best_epoch", "split", "seed"):
        assert got[what] == expected[what], what
    assert "Resumed after epoch" in (folder / "log.jsonl").read_text()
