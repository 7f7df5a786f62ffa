import math

import numpy as np
import pytest
import torch

from core.errors import InputError, JobCancelled, JobError
from core.jobs import NullReporter
from core.models import count_parameters
from core.pretraining import (
    OBJECTIVES,
    Autoencoder,
    AutoencoderSettings,
    fit_autoencoder,
    objective_options,
    train_autoencoder,
)


@pytest.mark.parametrize(("size", "n"), [(20, 131_839), (28, 160_959)])
def test_published_parameter_counts(size, n):
    assert count_parameters(Autoencoder((1, size, size), 32, bounded=True)) == n


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
    for side in ("train_loss", "validation_loss"):
        assert len(summary[side]) == summary["epochs"]
        assert summary[side][-1] < summary[side][0]
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
    with pytest.raises(InputError, match="batch_size must be a whole number of at least 2"):
        train_autoencoder(signals()[0], batch_size=1)
    with pytest.raises(JobError, match="Lower the learning rate"):
        train_autoencoder(signals()[0], lr=1e30, epochs=2)


class StopsIn(NullReporter):
    """Is asked to stop after so many batches; keeps the figures."""

    def __init__(self, batches=math.inf):
        self.left, self.figures = batches, {}

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise JobCancelled("stopped as asked")

    def metrics(self, step, **values):
        self.figures[step] = values


# In the first epoch, in the third, and in the last, which the reference does again for its latents.
@pytest.mark.parametrize(("preset", "batches"), [(None, 1), (None, 5), ("reference", 5)])
def test_resumed_is_the_same_as_uninterrupted(tmp_path, preset, batches):
    x = signals(32)[0][:, :, ::2]
    given = {} if preset is None else {"preset": preset}
    settings = objective_options("autoencoder", {**given, "epochs": 3, "batch_size": 16, "n_latent": 4})
    whole, summary = train_autoencoder(x, seed=3, **settings)
    with pytest.raises(JobCancelled):
        train_autoencoder(x, seed=3, folder=tmp_path, report=StopsIn(batches), **settings)
    again, resumed = train_autoencoder(x, seed=3, folder=tmp_path, **settings)
    np.testing.assert_array_equal(whole, again)
    assert summary == resumed
    np.testing.assert_array_equal(train_autoencoder(x, seed=3, folder=tmp_path, **settings)[0], whole)


def test_both_losses_are_told_as_they_come():
    seen = StopsIn()
    _, summary = train_autoencoder(signals()[0], epochs=3, report=seen)
    assert sorted(seen.figures) == [1, 2, 3]
    for name in ("train_loss", "validation_loss"):
        assert [seen.figures[n][name] for n in (1, 2, 3)] == summary[name]


def test_it_stops_early_and_takes_the_best_epoch():
    x = np.random.default_rng(0).standard_normal((40, 1, 16)).astype(np.float32)
    _, summary = train_autoencoder(x, epochs=40, lr=0.02, patience=2, batch_size=8)
    assert summary["epochs"] == summary["best_epoch"] + 2 < 40
    assert summary["best_epoch"] == 1 + int(np.argmin(summary["validation_loss"]))


def test_a_small_study_is_validated_by_statistics_that_keep_up():
    # With 0.01 the running statistics of so few batches are those of the beginning, and so is the loss.
    losses = [
        min(train_autoencoder(signals(100)[0], epochs=6, batch_size=16, **how)[1]["validation_loss"])
        for how in ({}, {"momentum": 0.01})
    ]
    assert losses[0] < 0.6 * losses[1]


@pytest.mark.parametrize("bounded", [False, True])
def test_rows_that_are_not_to_be_learnt_from_change_nothing(bounded):
    x, _ = signals(60)
    fit = np.arange(60) % 3 != 0
    other = x.copy()
    other[~fit] = 1e3
    settings = AutoencoderSettings(n_latent=4, epochs=2, bounded=bounded)
    first, second = (fit_autoencoder(each, settings, fit=fit) for each in (x, other))
    assert first.summary() == second.summary()
    for a, b in zip(first.model.state_dict().values(), second.model.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_reference_preset_is_as_published():
    settings = objective_options("autoencoder", {"preset": "reference"})
    told = {"lr": 0.05, "batch_size": 32, "epochs": 50, "momentum": 0.99, "bounded": True, "validation": 0.0}
    assert told.items() <= settings.items()
    model = Autoencoder((1, 20, 20), 32, settings["bounded"], settings["initial"], settings["momentum"])
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {(layer.momentum, layer.eps) for layer in norms} == {(0.99, 1e-3)}
    assert not model.to_latent.bias.any()
    assert float(model.to_latent.weight.detach().std()) == pytest.approx(math.sqrt(2 * 2 / (576 + 32)), rel=0.05)
    assert 0 <= float(model(torch.rand(4, 1, 20, 20)).detach().min()) <= 1


def test_reference_latents_are_those_of_the_training():
    x = np.random.default_rng(0).random((40, 1, 16, 16)).astype(np.float32)
    settings = objective_options("autoencoder", {"preset": "reference", "epochs": 2, "n_latent": 4})
    taken, summary = train_autoencoder(x, **settings)
    later, _ = train_autoencoder(x, **{**settings, "latents": "evaluation"})
    assert summary["best_epoch"] == 2
    assert summary["validation_loss"] == []
    assert np.isfinite(taken).all()
    assert np.abs(taken - later).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("autoencoder", {"latents": "training"}, "does not stop early"),
        ("autoencoder", {"epoch": 3}, "has no epoch"),
        ("autoencoder", {"epochs": 0}, "epochs must be"),
        ("autoencoder", {"preset": "best"}, "Known presets: reference"),
        ("pca", {"preset": "reference"}, "Known presets: none"),
        ("pca", {"epochs": 3}, "It knows n_latent"),
        ("encoder", {}, "run must be the id of a"),
        ("divination", {}, "Known objectives"),
    ],
)
def test_impossible_options_say_why(name, given, message):
    with pytest.raises(InputError, match=message):
        objective_options(name, given)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_every_objective_says_what_it_is_and_its_presets_are_possible(name):
    entry = OBJECTIVES[name]
    assert entry.title
    assert entry.help
    for preset in entry.presets:
        assert objective_options(name, {"preset": preset})
    assert callable(entry.load())
