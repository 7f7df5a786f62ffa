"""`hitscope runs export`: what TensorBoard and MLflow find is what the run's folder holds, and no names of people."""

import errno
import importlib.util
import json
import struct

import pytest

from core.errors import InputError, JobCancelled
from core.jobs import JobSpec, LocalJob, NullReporter, write_json
from core.study import Study
from core.training import TRACKERS, export_tracks, run_experiment, run_training, tracks_of
from tests.core.training.cohort import BASE, cohort


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folders of a run that is done, and of an experiment."""
    folder = tmp_path_factory.mktemp("tracked") / "s"
    with cohort(folder) as study:
        run = study.new_run("training", "t", BASE | {"max_epochs": 3}, seed=4)
        variants = {"plain": {}, "at twice the rate": {"lr": 0.02}}
        many = {"base": BASE, "variants": variants, "seeds": [0], "protocol": {"name": "holdout"}}
        experiment = study.new_run("experiment", "e", many)
    job = LocalJob(run.job())
    job.start(lambda message: None)
    assert job.wait(120) == 0
    write_json(experiment.folder / "result.json", run_experiment(experiment.job(), NullReporter()))
    return run.folder, experiment.folder


def needs(name):
    return pytest.mark.skipif(
        importlib.util.find_spec(TRACKERS[name].package) is None, reason=f"needs hitscope[{name}]"
    )


def result_of(folder):
    return json.loads((folder / "result.json").read_text())


def test_a_track_is_what_the_folder_holds(done):
    (track,) = tracks_of(done[0])
    result = result_of(done[0])
    assert [epoch["loss/train"] for epoch in track.epochs] == [epoch["train_loss"] for epoch in result["history"]]
    assert [epoch["lr"] for epoch in track.epochs] == [0.01] * len(track.epochs)
    assert track.times == sorted(track.times)
    test = result["metrics"]["test"]
    assert track.figures["test/mcc"] == test["mcc"]
    assert [track.figures["test/mcc_low"], track.figures["test/mcc_high"]] == test["mcc_interval"]
    assert track.figures["test/per_class/fast/recall"] == test["per_class"]["fast"]["recall"]
    assert {
        "model.name": "cnn_transformer",
        "lr": 0.01,
        "seed": 4,
        "batch_size": 32,
    }.items() <= track.parameters.items()
    assert track.facts["labels_sha256"] == result["data"]["label_hash"]
    assert "Ana" not in str(track)  # whose labels, and whose events
    assert track.study == "s"


def test_an_experiment_is_its_pooled_figures_and_its_cells(done):
    whole, *cells = tracks_of(done[1])
    result = result_of(done[1])
    assert whole.figures["pooled/plain/mcc"] == result["variants"]["plain"]["pooled"]["mcc"]
    assert not whole.epochs
    assert len(cells) == 2
    assert all(cell.name.startswith(f"{done[1].name}/") and cell.epochs for cell in cells)
    assert {cell.parameters["lr"] for cell in cells} == {0.01, 0.02}


def test_a_run_that_was_stopped_tells_its_epochs(done, tmp_path):
    class Stop(NullReporter):
        def metrics(self, step, **values):
            (tmp_path / "log.jsonl").write_text(
                json.dumps({"type": "metrics", "step": 1, "time": 5.0, "values": values})
            )
            raise JobCancelled("stop")

    spec = JobSpec("training", BASE, str(tmp_path), str(done[0].parents[1]), 0)
    spec.save(tmp_path / "spec.json")
    with pytest.raises(JobCancelled):
        run_training(spec, Stop())
    (track,) = tracks_of(tmp_path)
    assert (len(track.epochs), track.times, track.figures) == (1, [5.0], {})
    assert track.parameters["optimiser"] == "adam"


def events_of(folder):
    """The events of a folder as TensorBoard reads them: length, checksum, event, checksum."""
    from tensorboardX.proto.event_pb2 import Event

    (file,) = folder.glob("events.out.tfevents.*")
    data, at = file.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield Event.FromString(data[at + 12 : at + 12 + length])
        at += 16 + length


@needs("tensorboard")
def test_tensorboard(done, run, tmp_path):
    status, out, err = run("runs", "export", *done, "--to", "tensorboard", "--out", tmp_path, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert len(told["runs"]) == 4
    assert told["look"] == f"tensorboard --logdir {tmp_path}"
    result, found, tags = result_of(done[0]), {}, set()
    for event in events_of(tmp_path / done[0].name):
        for value in event.summary.value:
            tags.add(value.tag)
            found.setdefault(value.tag, []).append((event.step, value.simple_value, event.wall_time))
    losses = [(n, pytest.approx(epoch["train_loss"], rel=1e-6)) for n, epoch in enumerate(result["history"], 1)]
    assert [row[:2] for row in found["loss/train"]] == losses
    assert found["test/mcc_low"][0][1] == pytest.approx(result["metrics"]["test"]["mcc_interval"][0], rel=1e-6)
    assert {"_hparams_/experiment", "_hparams_/session_start_info", "lr", "mcc/validation"} <= tags


@needs("tensorboard")
def test_a_run_that_is_there_is_replaced_only_if_asked_and_a_full_disk_leaves_the_old_one(done, tmp_path, monkeypatch):
    (name,) = export_tracks([done[0]], "tensorboard", tmp_path)
    (old,) = (tmp_path / name).iterdir()
    before = old.read_bytes()
    with pytest.raises(InputError, match="such a file already"):
        export_tracks([done[0]], "tensorboard", tmp_path)

    def full(event):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("core.training.tracker_tensorboard._record", full)
        with pytest.raises(InputError, match="No space left on device") as caught:
            export_tracks([done[0]], "tensorboard", tmp_path, replace=True)
    assert "What was there before is unchanged. Free some disk space" in str(caught.value)
    assert old.read_bytes() == before
    assert list((tmp_path / name).iterdir()) == [old]
    export_tracks([done[0]], "tensorboard", tmp_path, replace=True)
    assert len(list((tmp_path / name).iterdir())) == 1


@needs("mlflow")
@pytest.mark.filterwarnings("ignore")  # of MLflow's own making
def test_mlflow(done, run, tmp_path):
    status, _, err = run("runs", "export", *done, "--to", "mlflow", "--out", tmp_path)
    assert status == 0, err
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("s").experiment_id
    runs = {one.data.tags["hitscope.run"]: one for one in client.search_runs([experiment])}
    assert len(runs) == 4
    result, one = result_of(done[0]), runs[done[0].name]
    assert one.info.status == "FINISHED"
    assert one.data.params["model.name"] == "cnn_transformer"
    assert one.data.metrics["test/mcc_high"] == result["metrics"]["test"]["mcc_interval"][1]
    losses = client.get_metric_history(one.info.run_id, "loss/train")
    assert [(m.step, m.value) for m in losses] == [(n, e["train_loss"]) for n, e in enumerate(result["history"], 1)]
    status, _, err = run("runs", "export", done[0], "--to", "mlflow", "--out", tmp_path)
    assert (status, "there already" in err) == (1, True)
    assert run("runs", "export", done[0], "--to", "mlflow", "--out", tmp_path, "--replace")[0] == 0
    assert len(client.search_runs([experiment])) == 4


@pytest.mark.parametrize("to", TRACKERS)
def test_a_library_that_is_missing_is_named_with_how_to_install_it(done, run, tmp_path, monkeypatch, to):
    monkeypatch.setattr("core.training.tracking.find_spec", lambda name: None)
    status, _, err = run("runs", "export", done[0], "--to", to, "--out", tmp_path / "o")
    assert status == 1
    assert f"pip install 'hitscope[{to}]'" in err
    assert not (tmp_path / "o").exists()


def test_what_has_nothing_to_tell_is_named(done, run, tmp_path, monkeypatch):
    with Study.open(done[0].parents[1], annotator="Ana") as study:
        new = study.new_run("training", "new", BASE)
    monkeypatch.setattr("core.training.tracking.find_spec", lambda name: object())
    status, _, err = run("runs", "export", new.folder, "--to", "tensorboard", "--out", tmp_path)
    assert (status, "no epoch and no figures" in err) == (1, True)
    assert run("runs", "export", tmp_path, "--to", "tensorboard", "--out", tmp_path)[0] == 1
