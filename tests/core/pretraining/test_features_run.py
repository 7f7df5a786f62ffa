"""Features runs on real beats: what is kept, what may be learnt from whom, and new events placed."""

import json
from dataclasses import replace

import numpy as np
import pytest

import resources
from core.errors import InputError, JobCancelled
from core.events import make_events
from core.features import FeatureSpace, WindowSpec, gather_windows
from core.jobs import JobSpec, NullReporter
from core.pretraining import OBJECTIVES, embed_events, embed_new, encoder_of, measures_of, run_features
from core.signals import add_to_study
from core.study import Study, label_events
from core.training import run_training

QUICK = {"autoencoder": {"epochs": 2, "n_latent": 6}, "pca": {"n_latent": 6}, "handcrafted": {}}
WINDOW = {"n_times": 40, "fs": 100.0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Beats of three short recordings cut from one, of the subjects P1, P2 and nobody known."""
    import wfdb

    folder = tmp_path_factory.mktemp("features")
    signal = wfdb.rdrecord(str(resources.path("demo/208")), sampto=60 * 360, channels=[0])
    with Study.create(folder / "s") as study:
        for n, subject in enumerate(("P1", "P2", None)):
            part = signal.p_signal[n * 20 * 360 : (n + 1) * 20 * 360]
            wfdb.wrsamp(f"r{n}", 360, ["mV"], ["MLII"], part, fmt=["16"], write_dir=str(folder))
            number = add_to_study(study, folder / f"r{n}.hea", subject=subject)
            study.apply(make_events(study, number, "beats"))
        yield study


def learn(study, seed=0, **params):
    given = {"window": WINDOW, **params}
    given = {name: value for name, value in given.items() if value is not None}
    run = study.new_run("features", "f", given, seed=seed)
    result = run_features(JobSpec("features", given, str(run.folder), str(study.folder), seed), NullReporter())
    return FeatureSpace.load(run.folder), run, result


@pytest.mark.parametrize("objective", sorted(QUICK))
def test_a_run_keeps_how_it_was_made_and_an_encoder_without_pickle(study, objective):
    space, run, result = learn(study, objective=objective, **QUICK[objective])
    ids = study.events().id
    assert space.ids.tolist() == ids.tolist()
    assert space.vectors.shape == (len(ids), len(space.names)) == (result["n"], result["dim"])
    assert np.isfinite(space.vectors).all()
    assert (space.spec["window"]["fs"], space.spec["window"]["channels"]) == (100.0, ["MLII"])
    assert space.spec["options"].keys() == OBJECTIVES[objective].options.keys()
    assert len(space.spec["events_sha256"]) == 64
    assert space.spec["environment"]["numpy"] == np.__version__
    assert not space.test.any()
    assert {path.suffix for path in run.folder.iterdir()} <= {".json", ".npy", ".safetensors", ".lock", ".jsonl"}
    again, _, _ = learn(study, objective=objective, **QUICK[objective])
    np.testing.assert_array_equal(again.vectors, space.vectors)


@pytest.mark.parametrize("objective", sorted(QUICK))
def test_new_events_are_placed_where_they_would_have_fallen(study, objective):
    space, run, _ = learn(study, objective=objective, **QUICK[objective])
    some = space.ids[3:9].tolist()
    placed = embed_events(study, run.folder, some)
    assert placed.ids.tolist() == some
    np.testing.assert_allclose(placed.vectors, space.vectors[3:9], rtol=1e-4, atol=1e-4)
    windows = gather_windows(study, some, encoder_of(run.folder).intake.window)
    attributes = measures_of(study.events(ids=some))
    np.testing.assert_array_equal(embed_new(run.folder, windows, attributes), placed.vectors)
    with pytest.raises(InputError, match="units: µV here, mV there"):
        embed_new(run.folder, replace(windows, units=("µV",)))
    with pytest.raises(InputError, match="samples: 30 here, 40 there"):
        embed_new(run.folder, replace(windows, x=windows.x[:, :, :30]))


@pytest.mark.parametrize("objective", sorted(QUICK))
def test_nothing_is_learnt_from_test_subjects_unless_transductive(study, objective, monkeypatch):
    from core.pretraining import run as module

    held = {"objective": objective, "held_out": {"subjects": ["P1"]}, **QUICK[objective]}
    first, run, result = learn(study, **held)
    mine = np.isin(first.ids, study.events(recording_id=1).id)
    np.testing.assert_array_equal(first.test, mine)
    np.testing.assert_array_equal(first.usable(), ~mine)
    assert first.spec["held_out"] == {"subjects": ["P1"], "recordings": []}
    assert first.spec["learnt_from"] == {"subjects": ["P2"], "recordings": [3]}
    assert result["n_test"] == mine.sum()
    assert any("for testing: those of P1" in note for note in result["warnings"])
    assert any("is not known: each counts as a subject of its own" in note for note in result["warnings"])
    assert embed_events(study, run.folder, first.ids.tolist()).test.tolist() == mine.tolist()

    gather = module.gather_windows

    def louder(*args, **kwargs):
        windows = gather(*args, **kwargs)
        windows.x[windows.subject == "P1"] *= -5
        return windows

    monkeypatch.setattr(module, "gather_windows", louder)
    second, other, _ = learn(study, **held)
    for name in ("model.safetensors", "encoder.json"):
        assert (run.folder / name).read_bytes() == (other.folder / name).read_bytes()
    np.testing.assert_allclose(second.vectors[~mine], first.vectors[~mine], rtol=1e-5, atol=1e-5)
    assert np.abs(second.vectors[mine] - first.vectors[mine]).max() > 1e-3
    loose, third, said = learn(study, **held, transductive=True)
    assert (third.folder / "model.safetensors").read_bytes() != (run.folder / "model.safetensors").read_bytes()
    assert loose.test.tolist() == mine.tolist()
    assert loose.usable().all()
    assert any(note.startswith("Transductive: ") for note in said["warnings"])


def test_a_run_that_was_stopped_goes_on_to_the_same_features(study):
    whole, _, _ = learn(study, objective="autoencoder", epochs=3, n_latent=4, seed=2)

    class Stopped(NullReporter):
        def metrics(self, step, **values):
            if step == 2:
                raise JobCancelled("stopped as asked")

    params = {"window": WINDOW, "objective": "autoencoder", "epochs": 3, "n_latent": 4}
    run = study.new_run("features", "f", params, seed=2)
    job = JobSpec("features", params, str(run.folder), str(study.folder), 2)
    with pytest.raises(JobCancelled):
        run_features(job, Stopped())
    assert not (run.folder / "features.json").exists()
    run_features(job, NullReporter())
    np.testing.assert_array_equal(FeatureSpace.load(run.folder).vectors, whole.vectors)


def test_a_share_of_the_subjects_is_drawn_by_its_seed(study):
    drawn = [
        learn(study, objective="pca", held_out={"share": 0.3, "seed": s})[0].spec["held_out"] for s in (1, 1, 2, 3)
    ]
    assert drawn[0] == drawn[1]
    assert len({json.dumps(who) for who in drawn}) > 1
    assert all(len(who["subjects"]) + len(who["recordings"]) == 1 for who in drawn)


def test_features_of_an_earlier_features_run(study):
    ids = study.events(recording_id=2).id.tolist() + study.events(recording_id=3).id.tolist()
    held = {"held_out": {"subjects": ["P2"]}}
    space, run, _ = learn(study, objective="autoencoder", ids=ids, **QUICK["autoencoder"], **held)
    use = {"objective": "encoder", "run": run.id}
    got, second, _ = learn(study, **use, window=None)
    np.testing.assert_allclose(got.vectors[np.isin(got.ids, ids)], space.vectors, rtol=1e-4, atol=1e-4)
    assert got.spec["held_out"] == {"subjects": ["P2"], "recordings": []}  # as the earlier run held out
    assert got.spec["learnt_from"] == {"subjects": [], "recordings": [3]}
    assert got.spec["window"] == space.spec["window"]
    third, _, _ = learn(study, objective="encoder", run=second.id, window=None)  # it is an encoder itself
    np.testing.assert_array_equal(third.vectors, got.vectors)
    assert learn(study, **use, held_out={"subjects": ["P1"]})[0].test.sum() == len(study.events(recording_id=1))
    with pytest.raises(InputError, match=r"3 cannot be held out: the encoder of .* was learnt from their events"):
        learn(study, **use, held_out={"recordings": [3]})
    assert learn(study, **use, held_out={"recordings": [3]}, transductive=True)[0].usable().all()
    with pytest.raises(InputError, match="another window: n_times = 40, not 50"):
        learn(study, **use, window={"n_times": 50})
    with pytest.raises(InputError, match="another representation"):
        learn(study, **use, representation={"name": "log_spectrogram", "nfft": 16})


def test_features_of_a_trained_model(study):
    events = study.events()
    study.apply(label_events(study, events.id[::2].tolist(), "a"))
    study.apply(label_events(study, events.id[1::2].tolist(), "b"))
    model = {"name": "cnn_transformer", "d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_conv": 1}
    params = {"window": WINDOW, "model": {**model, "n_projection": 4}, "max_epochs": 1}
    params |= {"representation": {"name": "raw"}, "split_by": "recording"}
    run = study.new_run("training", "t", params)
    run_training(JobSpec("training", params, str(run.folder), str(study.folder)), NullReporter())
    space, mine, _ = learn(study, objective="encoder", run=run.id, window=None)
    assert space.vectors.shape == (len(events), 8)
    assert space.test.sum() == len(study.events(ids=json.loads((run.folder / "splits.json").read_text())["test"]))
    windows = gather_windows(study, events.id, WindowSpec(**WINDOW))
    direct = embed_new(run.folder, windows)
    np.testing.assert_allclose(space.vectors, direct, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(embed_new(mine.folder, windows), direct)  # kept whole: the model may be deleted
    with pytest.raises(InputError, match="cannot be held out"):
        learn(study, objective="encoder", run=run.id, held_out=space.spec["learnt_from"])


def test_hbr_and_what_else_was_measured_are_features(tmp_path):
    with Study.create(tmp_path / "s") as study:
        number = add_to_study(study, resources.path("demo/tcd_device_event_05.wav"))
        study.apply(make_events(study, number, "windows", length_s=0.25))
        study.apply(make_events(study, number, "hits"))
        space, _, result = learn(study, objective="handcrafted", window={"n_times": 256})
        hits = study.events(kind="hits")
    names = list(space.names)
    assert len(hits) == 5
    known = space.vectors[:, names.index("event hbr_db known")]
    np.testing.assert_array_equal(known == 1, np.isin(space.ids, hits.id))
    assert result["unknown"]["event hbr_db"] == len(space.ids) - len(hits)
    assert any(name.startswith("forward") for name in names)  # I and Q are one signal


def test_a_run_without_an_encoder_is_not_used(study):
    old = study.new_run("features", "old", {})
    FeatureSpace(np.arange(3), np.ones((3, 2), np.float32), {}).save(old.folder)
    with pytest.raises(InputError, match="keeps no encoder"):
        learn(study, objective="encoder", run=old.id)
    _, run, _ = learn(study, objective="pca", n_latent=2)
    (run.folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(InputError, match="no encoder can be read here"):
        encoder_of(run.folder)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"objective": "divination"}, "Known objectives"),
        ({"kinds": ["x"]}, "no such event"),
        ({"objective": "pca", "epochs": 3}, "no epochs"),
        ({"objective": "handcrafted", "representation": {"name": "log_spectrogram"}}, "samples themselves"),
        ({"objective": "encoder", "run": "features-none"}, "no run features-none"),
        ({"held_out": {"subjects": ["P9"]}}, "no event here is of P9"),
        ({"transductive": "yes"}, "transductive must be true or false"),
    ],
)
def test_impossible_runs_say_why(study, params, message):
    with pytest.raises(InputError, match=message):
        learn(study, **params)
