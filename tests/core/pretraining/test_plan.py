"""What is said of a features job before it is started agrees with what the job does."""

import pytest
import wfdb

import resources
from core.errors import InputError
from core.events import make_events
from core.features import REPRESENTATIONS, build_representation
from core.jobs import JobSpec, NullReporter
from core.pretraining import (
    OBJECTIVES,
    REPRESENTATION,
    FeaturesSpec,
    Material,
    earlier_encoders,
    job_parameters,
    plan_features,
    representation_of,
    run_features,
)
from core.signals import add_to_study, open_from_study
from core.study import Study

WINDOW = {"n_times": 40, "fs": 100.0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Beats of the subjects P1, P2 and nobody known, in recordings of 20, 20 and 10 s; the last of another rate."""
    folder = tmp_path_factory.mktemp("plan")
    signal = wfdb.rdrecord(str(resources.path("demo/208")), sampto=50 * 360, channels=[0]).p_signal
    with Study.create(folder / "s") as study:
        for n, (subject, start, stop, fs) in enumerate((("P1", 0, 20, 360), ("P2", 20, 40, 360), (None, 40, 50, 180))):
            part = signal[start * 360 : stop * 360 : 360 // fs]
            wfdb.wrsamp(f"r{n}", fs, ["mV"], ["MLII"], part, fmt=["16"], write_dir=str(folder))
            study.apply(make_events(study, add_to_study(study, folder / f"r{n}.hea", subject=subject), "beats"))
        yield study


@pytest.fixture(scope="module")
def material(study):
    return material_of(study, study.events())


def material_of(study, events):
    recordings = {n: open_from_study(study, n) for n in set(events.recording.tolist())}
    return Material.of(events, recordings, study.recordings())


def made(study, params, seed=0):
    run = study.new_run("features", "f", params, seed=seed)
    return run, run_features(JobSpec("features", params, str(run.folder), str(study.folder), seed), NullReporter())


@pytest.mark.parametrize(
    "asked",
    [
        {"objective": "pca", "options": {"n_latent": 200}},
        {"objective": "pca", "options": {"n_latent": 3}, "held_out": {"share": 0.4, "seed": 3}},
        {"objective": "pca", "options": {"n_latent": 3}, "held_out": {"subjects": ["P2"]}, "transductive": True},
        {
            "objective": "autoencoder",
            "options": {"epochs": 1, "n_latent": 5},
            "representation": {"name": "log_spectrogram", "nfft": 16, "hop": 2},
        },
    ],
)
def test_the_plan_is_what_the_job_makes(study, material, asked):
    params = job_parameters(["beat"], window=WINDOW, **asked)
    plan = plan_features(params, material, seed=7)
    assert plan.problems == {}
    _, result = made(study, params, seed=7)
    assert (plan.n, plan.n_test, plan.width) == (result["n"], result["n_test"], result["dim"])
    assert (plan.window.n_times, plan.fs, plan.n_chans) == (40, 100.0, 1)
    for note in plan.notes:
        assert note in result["warnings"]


@pytest.mark.parametrize(
    ("asked", "where", "said"),
    [
        ({"window": {"n_times": 40}}, "window", "different sampling rates"),
        ({"window": {"n_times": 40, "fs": 100.0, "channels": ["V9"]}}, "window", "no channel 'V9'"),
        ({"held_out": {"subjects": ["P9"]}}, "held_out", "no event here is of P9"),
        ({"held_out": {"subjects": ["P1", "P2"], "recordings": [3]}}, "held_out", "nobody is left"),
        ({"representation": {"name": "log_spectrogram", "nfft": 64}}, "representation", "shorter than a frame of 64"),
        ({"objective": "autoencoder", "window": {"n_times": 7, "fs": 100.0}}, "representation", "too small"),
        ({"options": {"n_latent": 0}}, "n_latent", "whole number of at least 1"),
        ({"objective": "autoencoder", "options": {"latents": "training"}}, "latents", "does not stop early"),
    ],
)
def test_what_the_job_would_refuse_is_said_of_its_field(study, material, asked, where, said):
    asked = {"objective": "pca", "options": {}, "window": WINDOW, **asked}
    params = job_parameters(["beat"], **asked)
    assert said in plan_features(params, material).problems[where]
    with pytest.raises(InputError):
        made(study, params)


def test_a_window_longer_than_a_recording_is_said(material):
    params = job_parameters(["beat"], "pca", {}, window={"n_times": 1100, "fs": 100.0})
    assert "a window of 11 s is longer than r2 (10 s)" in plan_features(params, material).problems["window"]


def test_too_few_events_are_said(study):
    events = study.events(1)
    few = material_of(study, events.take(events.id < events.id[9]))
    params = job_parameters(["beat"], "autoencoder", {}, window=WINDOW)
    assert "9 events are too few" in plan_features(params, few).problems["kinds"]
    nothing = material_of(study, events.take(events.id < 0))
    assert "there is no such event" in plan_features(params, nothing).problems["kinds"]


def test_only_encoders_that_fit_are_offered(study, material):
    study.sync_runs()
    run, result = made(
        study, job_parameters(["beat"], "pca", {"n_latent": 3}, window=WINDOW, held_out={"subjects": ["P2"]})
    )
    from core.jobs import write_json

    write_json(run.folder / "result.json", result)
    study.sync_runs()
    recordings = list(material.recordings.values())
    (found,) = (one for one in earlier_encoders(study, recordings) if one.run.id == run.id)
    assert (found.width, found.learnt_from) == (3, {"P1", 3})
    params = job_parameters(["beat"], "encoder", {"run": run.id})
    plan = plan_features(params, material, earlier=found)
    assert (plan.problems, plan.width, plan.window.n_times) == ({}, 3, 40)
    seen = params | {"held_out": {"subjects": ["P1"]}}
    assert "P1 cannot be held out" in plan_features(seen, material, earlier=found).problems["held_out"]
    assert plan_features(seen | {"transductive": True}, material, earlier=found).problems == {}
    with Study.create(study.folder.parent / "other") as other:
        eeg = open_from_study(other, add_to_study(other, resources.path("demo/S001R04.edf")))
    assert not found.fits([eeg])


def test_what_is_as_usual_is_no_parameter():
    for name, entry in OBJECTIVES.items():
        if not entry.from_run:
            assert job_parameters(["beat"], name, entry.defaults) == {"kinds": ["beat"], "objective": name}
        for key in entry.presets:
            params = job_parameters(["beat"], name, entry.filled(key) | {"epochs": 3}, preset=key)
            assert params == {"kinds": ["beat"], "objective": name, "epochs": 3, "preset": key}
            assert FeaturesSpec.from_json(params).options == entry.filled(key) | {"epochs": 3}


def test_every_representation_is_offered_and_can_be_built():
    assert set(REPRESENTATION["name"].choices) == set(REPRESENTATIONS)
    values = {name: option.default for name, option in REPRESENTATION.items()}
    assert representation_of(values) is None
    asked = representation_of(values | {"name": "log_spectrogram", "hop": 7})
    assert asked == {"name": "log_spectrogram", "preset": "ecg", "hop": 7}
    for name in REPRESENTATION["name"].choices:
        for preset in REPRESENTATION["preset"].choices:
            asked = representation_of(values | {"name": name, "preset": preset})
            assert build_representation(asked or {"name": "raw"}).name == name
