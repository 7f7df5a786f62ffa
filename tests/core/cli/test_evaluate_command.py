"""`hitscope evaluate`: figures of a run on other data, as far as its signal contract lets them in."""

import json

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef

from core.jobs import JobSpec, NullReporter, write_json
from core.study import Study, edit_recording, label_events
from core.training import TrainingSpec, load_dataset, load_run, run_training
from tests.core.training.cohort import BASE, EACH, FS, cohort

SPEC = TrainingSpec.from_json(BASE)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study with a run in it, and its windows."""
    folder = tmp_path_factory.mktemp("evaluate") / "s"
    with cohort(folder) as study:
        run = study.new_run("training", "t", BASE)
        result = run_training(JobSpec("training", run.params, str(run.folder), str(folder), 0), NullReporter())
        write_json(run.folder / "result.json", result)
        dataset = load_dataset(study, SPEC)
    return run.folder, folder, dataset, result


@pytest.fixture(scope="module")
def other(trained, tmp_path_factory):
    """A study of other people, of whom the last has the name of one who was trained on; and that name."""
    run, _, dataset, _ = trained
    name = dataset.subject[dataset.ids == load_run(run).splits["train"][0]][0]
    folder = tmp_path_factory.mktemp("other") / "s"
    cohort(folder, subjects=("U", "V", "W", "X", "Y", name), seed=9).close()
    return folder, name


def told(run, *arguments):
    status, out, err = run("evaluate", *arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def saved(tmp_path, dataset, rows=slice(None), **change):
    arrays = {"x": dataset.raw[rows], "fs": float(FS), "y": np.array(dataset.classes)[dataset.y[rows]], "units": ["mV"]}
    arrays |= change
    path = tmp_path / "windows.npz"
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    return path


def test_other_people(run, trained, other):
    folder, (study_, name) = trained[0], other
    got = told(run, folder, study_)
    with Study.open(study_, readonly=True) as study:
        data = load_dataset(study, SPEC)
    trained_run = load_run(folder)
    number = [trained_run.classes.index(name) for name in data.classes]
    y = np.array(number)[data.y]
    assert got["metrics"]["mcc"] == pytest.approx(matthews_corrcoef(y, trained_run.predict(data.raw).argmax(axis=1)))
    assert (got["n"], got["metrics"]["interval_over"], got["metrics"]["n_subjects"]) == (96, "subjects", 6)
    assert {"curves", "calibration", "subjects", "per_class"} <= set(got["metrics"])
    assert got["seen"] == {"events": EACH, "subjects": [name]}
    assert got["unseen"]["n"] == 96 - EACH


def test_its_own_study_is_warned_of_and_what_is_left_are_the_test_figures(run, trained):
    folder, study, _, result = trained
    for given in ((folder, study), (folder.name, study)):
        got = told(run, *given)
        n = result["split"]["train"] + result["split"]["validation"]
        assert got["seen"]["events"] == n
        assert any("figures of all events say little about new patients" in w for w in got["warnings"])
        assert got["unseen"]["n"] == result["split"]["test"]
        assert got["unseen"]["mcc"] == result["metrics"]["test"]["mcc"]
        assert got["unseen"]["confusion"] == result["metrics"]["test"]["confusion"]
    status, out, _ = run("evaluate", folder, study)
    assert status == 0
    assert f"all events: n = {n + got['unseen']['n']}" in out
    assert "note:" in out


def test_windows_it_was_trained_on_are_known_without_a_study(run, trained, tmp_path):
    folder, _, dataset, result = trained
    got = told(run, folder, saved(tmp_path, dataset))
    assert got["seen"]["events"] == result["split"]["train"] + result["split"]["validation"]
    assert got["unseen"]["mcc"] == result["metrics"]["test"]["mcc"]
    assert got["simulated"] is None


def test_arrays_by_number_in_other_units(run, trained, tmp_path):
    folder, _, dataset, _ = trained
    plain = told(run, folder, saved(tmp_path, dataset))
    scaled = saved(tmp_path, dataset, x=dataset.raw * 1000, y=dataset.y, units=["uV"])
    assert told(run, folder, scaled)["metrics"]["confusion"] == plain["metrics"]["confusion"]
    unsaid = told(run, folder, saved(tmp_path, dataset, units=None))
    assert any("does not say its units" in w for w in unsaid["warnings"])


def test_another_rate_is_resampled_when_asked(run, trained, tmp_path):
    from scipy.signal import resample_poly

    folder, _, dataset, _ = trained
    path = saved(tmp_path, dataset, x=resample_poly(dataset.raw, 2, 1, axis=-1), fs=2.0 * FS)
    status, _, err = run("evaluate", folder, path)
    assert (status, "the windows are at 128 Hz, the run's at 64 Hz" in err, "--resample" in err) == (1, True, True)
    got = told(run, folder, path, "--resample")
    assert any("resampled from 128 to 64 Hz" in w for w in got["warnings"])
    plain = told(run, folder, saved(tmp_path, dataset))
    assert got["metrics"]["mcc"] == pytest.approx(plain["metrics"]["mcc"], abs=0.15)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": ["II"]}, "the channels are others: II"),
        ({"x": np.zeros((96, 2, 32), np.float32), "channels": ["II", "I"]}, "2 channels, the run takes 1"),
        ({"x": np.zeros((96, 1, 30), np.float32)}, "30 samples at 64 Hz, the run takes 32"),
        ({"x": np.zeros((96, 32), np.float32)}, "x is of shape"),
        ({"x": np.full((96, 1, 32), np.nan, np.float32)}, "no window is without missing samples"),
        ({"units": ["Hz"]}, "cannot be converted"),
        ({"y": np.array(["fast", "medium"] * 48)}, "none of the run's classes: medium"),
        ({"y": np.full(96, 2)}, "none of the run's classes: 2"),
        ({"y": np.zeros(5, int)}, "hold 96, 5 and 96 events"),
        ({"y": None}, "holds no y"),
    ],
)
def test_what_does_not_fit_the_run_is_refused(run, trained, tmp_path, change, message):
    folder, _, dataset, _ = trained
    status, _, err = run("evaluate", folder, saved(tmp_path, dataset, **change))
    assert status == 1
    assert message in err


def test_channels_in_another_order_are_refused(trained):
    from dataclasses import replace

    from core.errors import InputError
    from core.training.evaluation import _check_channels

    two = replace(load_run(trained[0]), card={"channels": ["I", "Q"]})
    with pytest.raises(InputError, match=r"in another order: Q, I.*Give I, Q, in this order"):
        _check_channels(two, np.zeros((3, 2, 4)), {"channels": np.array(["Q", "I"])}, "x.npz")


def test_missing_samples_and_one_class_are_said(run, trained, tmp_path):
    folder, _, dataset, _ = trained
    x, rows = dataset.raw.copy(), np.flatnonzero(dataset.y == 0)
    x[rows[0], 0, 3] = np.nan
    got = told(run, folder, saved(tmp_path, dataset, rows, x=x[rows]))
    assert got["n"] == len(rows) - 1
    assert any(w.startswith("1 of 48 windows hold missing samples") for w in got["warnings"])
    assert any("All events are of one class" in w for w in got["warnings"])


def test_propagated_labels_score_nothing(run, trained, tmp_path):
    folder = trained[0]
    with cohort(tmp_path / "s", seed=5, each=8) as study:
        ids = study.events().id.tolist()
        study.apply(edit_recording(study, 1, subject="Z"))
        study.apply(label_events(study, ids[:4], "slow", source="propagated", origins=[ids[9]] * 4))
    assert told(run, folder, tmp_path / "s")["n"] == 6 * 8 - 4


def test_what_is_no_run_or_no_data(run, trained, tmp_path):
    folder, study, _, _ = trained
    for arguments, message in (
        (("nowhere", study), "there is no trained model of this name"),
        ((folder, tmp_path / "x.csv"), "neither a study nor an .npz file"),
        ((folder, tmp_path / "x.npz"), "cannot be read"),
    ):
        status, _, err = run("evaluate", *arguments)
        assert status == 1
        assert message in err
