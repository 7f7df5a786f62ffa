import numpy as np
import pytest
import torch

import resources
from core.errors import InputError, JobError
from core.events import make_events
from core.features import FeatureSpace
from core.jobs import JobSpec, NullReporter
from core.models import count_parameters
from core.pretraining import OBJECTIVES, Autoencoder, run_features, train_autoencoder
from core.signals import add_to_study
from core.study import Study


def test_published_parameter_count_of_the_autoencoder():
    assert count_parameters(Autoencoder((1, 20, 20), 32, bounded=True)) == 131_839


@pytest.mark.parametrize("shape", [(1, 187), (2, 60), (1, 32, 39), (3, 9, 17)])
def test_reconstruction_has_the_shape_of_the_input(shape):
    model = Autoencoder(shape, 8)
    x = torch.randn(2, *shape)
    assert model(x).shape == x.shape
    assert model.embed(x).shape == (2, 8)


def signals(n=80):
    rng = np.random.default_rng(0)
    t = np.arange(64) / 64
    kind = rng.integers(0, 2, n)
    return (np.sin(2 * np.pi * (3 + 5 * kind)[:, None] * t + rng.uniform(0, 0.5, (n, 1)))[:, None]).astype(
        np.float32
    ), kind


def test_autoencoder_learns_and_repeats():
    x, kind = signals()
    vectors, summary = train_autoencoder(x, n_latent=8, epochs=8, seed=1)
    again, _ = train_autoencoder(x, n_latent=8, epochs=8, seed=1)
    np.testing.assert_array_equal(vectors, again)
    assert summary["validation_loss"][-1] < summary["validation_loss"][0]
    centres = [vectors[kind == c].mean(axis=0) for c in (0, 1)]
    nearer = np.linalg.norm(vectors - centres[0], axis=1) > np.linalg.norm(vectors - centres[1], axis=1)
    assert (nearer == (kind == 1)).mean() > 0.95


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((50, 1, 32), np.float32),
        np.ones((3, 1, 32), np.float32),
        np.where(np.arange(1600).reshape(50, 1, 32) == 7, np.nan, 1).astype(np.float32),
    ],
)
def test_nothing_to_learn_from_is_said(x):
    with pytest.raises(InputError, match="to learn features from"):
        train_autoencoder(x)


def test_what_cannot_learn_is_said():
    with pytest.raises(InputError, match="batches of one window"):
        train_autoencoder(signals()[0], batch_size=1)
    with pytest.raises(JobError, match="Lower the learning rate"):
        train_autoencoder(signals()[0], lr=1e30, epochs=2)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_features_run_of_real_beats(tmp_path, objective):
    with Study.create(tmp_path / "s") as study:
        number = add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, number, "annotations", mapping="aami"))
        ids = study.events().id[::40].tolist()
        params = {"ids": ids, "objective": objective, "n_latent": 6} | (
            {"epochs": 2} if objective == "autoencoder" else {}
        )
        run = study.new_run("features", "f", params)
        result = run_features(JobSpec("features", params, str(run.folder), str(study.folder)), NullReporter())
    space = FeatureSpace.load(run.folder)
    assert space.ids.tolist() == ids
    assert space.vectors.shape == (len(ids), 6) == (result["n"], result["dim"])
    assert space.spec["window"]["fs"] == 125.0
    assert np.isfinite(space.vectors).all()


@pytest.mark.parametrize(
    ("params", "message"), [({"objective": "divination"}, "Known objectives"), ({"kinds": ["x"]}, "no such event")]
)
def test_impossible_runs_say_why(tmp_path, params, message):
    with Study.create(tmp_path / "s") as study:
        add_to_study(study, resources.path("demo/208"))
        with pytest.raises(InputError, match=message):
            run_features(JobSpec("features", params, str(tmp_path), str(study.folder)), NullReporter())
