"""What a model looked at: attributions that add up, that point at what decides, the same from the same seed."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import InputError
from core.models import build
from core.training import AUGMENTATIONS, LOSSES, SALIENCIES, SCHEDULES
from core.training.saliency import attribute

SIZES = {"n_outputs": 3, "n_chans": 1, "n_times": 128, "n_spec_chans": 1, "n_freqs": 32, "n_frames": 25}


def views(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1, 1, 128)).astype(np.float32), rng.normal(size=(1, 1, 32, 25)).astype(np.float32)


class Linear(nn.Module):
    """Scores that are weighted sums of the samples."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.arange(2 * 8, dtype=torch.float32).reshape(2, 8))

    def forward(self, x):
        return x[:, 0] @ self.weights.T


@pytest.fixture(scope="module")
def hybrid():
    torch.manual_seed(0)
    return build("intermediate_fusion", preset="quick", **SIZES)


def score(model, x, target):
    model.eval()
    with torch.inference_mode():
        return float(model(*(torch.from_numpy(view) for view in x))[0, target])


@pytest.mark.parametrize("method", SALIENCIES)
def test_every_method_of_a_linear_model_gives_weight_times_difference(method):
    x = np.random.default_rng(1).normal(size=(1, 1, 8)).astype(np.float32)
    model = Linear()
    for target in (0, 1):
        expected = (x[0, 0] - x.mean()) * model.weights[target].detach().numpy()
        np.testing.assert_allclose(attribute(model, x, target, method)[0][0], expected, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_add_up_to_what_the_event_adds_to_the_score(hybrid):
    x = views()
    base = tuple(np.full_like(view, view.mean()) for view in x)
    for target in range(3):
        parts = attribute(hybrid, x, target)
        gained = score(hybrid, x, target) - score(hybrid, base, target)
        assert sum(float(part.sum()) for part in parts) == pytest.approx(gained, abs=0.02 + 0.02 * abs(gained))


@pytest.mark.parametrize("method", SALIENCIES)
def test_every_method_has_the_shape_of_each_view_and_repeats_itself(hybrid, method):
    x = views()
    one, again, other = (attribute(hybrid, x, 1, method, seed) for seed in (0, 0, 1))
    assert [part.shape for part in one] == [view.shape[1:] for view in x]
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    drawn = any((a != b).any() for a, b in zip(one, other, strict=True))
    assert drawn == (method == "smooth_gradients")


def test_a_model_is_left_as_it_was(hybrid):
    before = {name: value.clone() for name, value in hybrid.state_dict().items()}
    hybrid.requires_grad_(True)
    attribute(hybrid, views(), 0)
    assert all(p.requires_grad and p.grad is None for p in hybrid.parameters())
    assert all((before[name] == value).all() for name, value in hybrid.state_dict().items())


def test_several_events_at_once_and_unknown_methods_are_refused(hybrid):
    x = tuple(np.repeat(view, 2, axis=0) for view in views())
    with pytest.raises(InputError, match="one event"):
        attribute(hybrid, x, 0)
    with pytest.raises(InputError, match="guessing"):
        attribute(hybrid, views(), 0, "guessing")


@pytest.mark.parametrize("table", [LOSSES, SCHEDULES, AUGMENTATIONS], ids=["losses", "schedules", "augmentations"])
def test_options_have_the_defaults_of_their_functions(table):
    for key, entry in table.items():
        parameters = inspect.signature(entry.load()).parameters
        usual = {name: p.default for name, p in parameters.items() if p.default not in (inspect.Parameter.empty, None)}
        assert {name: option.default for name, option in entry.options.items()} == usual, key
        for name, option in entry.options.items():
            assert option.title, (key, name)
            assert not option.problem(option.default), (key, name)
