"""What the window offers for training is what a specification takes."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from core.features import default_representation
from core.jobs import write_bytes_atomically, write_json
from core.models import MODELS, build
from core.training import COMPUTING, LEARNING, OPTIMISING, RECIPES, SIDES, TARGETS, TrainingSpec, trust_of
from core.training.spec import OPTIMISERS

SIZES = {"n_outputs": 3, "n_chans": 1, "n_times": 128, "n_spec_chans": 1, "n_freqs": 32, "n_frames": 25}


@pytest.mark.parametrize("key", RECIPES)
def test_every_recipe_is_a_specification_and_builds(key):
    recipe = RECIPES[key].fields
    views = [default_representation(name) for name in MODELS[recipe["model"]["name"]].representations]
    spec = TrainingSpec.from_json({**recipe, "representation": views if len(views) > 1 else views[0]})
    model = build(**spec.model, **sizes_for(spec.model["name"]))
    if spec.guidance is not None:
        parts = model.parts(*(torch.randn(2, *shape) for shape in ((1, 128), (1, 32, 25))))
        assert set(parts.auxiliary) == set(spec.guidance["auxiliary"])


def sizes_for(name):
    if len(MODELS[name].representations) > 1:
        return SIZES
    wanted = ("n_chans", "n_times") if name == "cnn_transformer" else ("n_chans", "n_freqs", "n_frames")
    return {"n_outputs": 3} | {size: SIZES[size] for size in wanted}


def test_options_are_fields_of_a_specification_with_its_defaults():
    spec, known = TrainingSpec(), {field.name for field in fields(TrainingSpec)}
    for options in (SIDES, TARGETS, LEARNING, OPTIMISING, COMPUTING):
        assert set(options) <= known
        for name, option in options.items():
            assert option.default == getattr(spec, name), name
            for value in option.choices:
                assert getattr(TrainingSpec(**{name: value}), name) == value
    assert tuple(OPTIMISING["optimiser"].choices) == OPTIMISERS


class TestTrust:
    @staticmethod
    def folder(tmp_path, model):
        from safetensors.torch import save

        write_bytes_atomically(tmp_path / "model.safetensors", save(model.state_dict()))
        write_json(tmp_path / "model.json", {"model": model.spec, "classes": ["a", "b", "c"]})
        return tmp_path

    def test_weights_are_those_of_the_model_and_sum_to_1(self, tmp_path):
        model = build("late_fusion", preset="quick", **SIZES)
        trust = trust_of(self.folder(tmp_path, model))
        np.testing.assert_allclose(trust.weights, model.weights().detach().numpy(), rtol=1e-6)
        np.testing.assert_allclose(trust.weights.sum(axis=0), 1.0)
        assert trust.members == tuple(model.members)
        assert trust.constrained

    def test_published_weights_are_as_they_are(self, tmp_path):
        model = build("late_fusion", preset="quick", constrained=False, **SIZES)
        trust = trust_of(self.folder(tmp_path, model))
        assert not trust.constrained
        np.testing.assert_allclose(trust.weights, model.scales.detach().numpy())

    def test_another_model_trusts_nobody(self, tmp_path):
        model = build("cnn2d", preset="quick", **sizes_for("cnn2d"))
        assert trust_of(self.folder(tmp_path, model)) is None
