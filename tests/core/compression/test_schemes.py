import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.compression import SCHEMES, bake, compress, quantised_tensors, ternarize
from core.compression.registry import make_scheme
from core.compression.schemes import PruningTTQ, Ternarise, pruning
from core.errors import InputError
from core.models import build

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
KINDS = ["linear", "conv1d", "conv2d"]
SCALES = {"w_p": 0.9, "w_n": 0.6}


def golden(kind):
    with np.load(GOLDEN / f"ternary_{kind}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file}


def keys(arrays, pattern):
    return [(key, match) for key in arrays if (match := re.fullmatch(pattern, key))]


@pytest.mark.parametrize("kind", KINDS)
def test_golden_ttq_with_its_gradients(kind):
    g = golden(kind)
    w = torch.tensor(g["w"], requires_grad=True)
    found = keys(g, r"ttq_t([\d.]+)")
    assert found
    for key, match in found:
        t = float(match.group(1))
        np.testing.assert_allclose(ternarize(w.detach(), "ttq", t=t, **SCALES), g[key], rtol=1e-5)
        scheme = make_scheme("ttq", t=t)
        scheme.w_p.data, scheme.w_n.data = torch.tensor(0.9), torch.tensor(0.6)
        w.grad = None
        scheme(w).backward(torch.tensor(g["grad_q"]))
        np.testing.assert_allclose(w.grad, g[f"{key}_gradw"], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(scheme.w_p.grad, g[f"{key}_gradwp"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(scheme.w_n.grad, g[f"{key}_gradwn_true"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_golden_attq(kind):
    g = golden(kind)
    found = keys(g, r"attq_(-?[\d.]+)_(-?[\d.]+)_paper")
    assert found
    for key, match in found:
        params = {"t_min": float(match.group(1)), "t_max": float(match.group(2)), **SCALES}
        w = torch.tensor(g["w"])
        np.testing.assert_allclose(ternarize(w, "attq", **params), g[key], rtol=1e-5)
        stem = key.removesuffix("_paper")
        scheme = make_scheme("attq", t_min=params["t_min"], t_max=params["t_max"])
        np.testing.assert_allclose(scheme.thresholds(w), g[f"{stem}_delta"], rtol=1e-5)
        scheme(w).backward(torch.tensor(g["grad_q"]))
        np.testing.assert_allclose(scheme.w_p.grad, g[f"{stem}_gradwp"], rtol=1e-4, atol=1e-6)
        # The weight of the negative class is -w_n, not the reference's +w_n.
        np.testing.assert_allclose(scheme.w_n.grad, -g[f"{stem}_gradwn_reference"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_golden_pttq_with_threshold_gradient(kind):
    g = golden(kind)
    w, grad = torch.tensor(g["w"]), torch.tensor(g["grad_q"])
    found = keys(g, r"pttq_([\d.]+)_([\d.]+)_(\d+)_q_hard_threshold")
    assert found
    for key, match in found:
        stem = key.removesuffix("_q_hard_threshold")
        t_min, t_max, alpha = (float(match.group(n)) for n in (1, 2, 3))
        params = {"t_min": t_min, "t_max": t_max, "alpha": alpha}
        np.testing.assert_allclose(ternarize(w, "pttq", **params, **SCALES), g[key], rtol=1e-5)
        scheme = PruningTTQ(**params)
        np.testing.assert_allclose(scheme.prune(w).detach(), g[f"{stem}_prune"], rtol=1e-4, atol=1e-6)
        scheme(w).backward(grad)
        chain = g[f"{stem}_grad_tmin_tmax_chain_rule_with_upstream"]
        np.testing.assert_allclose([scheme.t_min.grad, scheme.t_max.grad], chain, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["linear", "conv2d"])
def test_golden_twn(kind):
    """The reference works row by row: row by row it is the same."""
    g = golden(kind)
    rows = torch.stack([ternarize(row, "twn") for row in torch.tensor(g["w"])])
    np.testing.assert_allclose(rows, g["twn"], rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_golden_dorefa(kind):
    g = golden(kind)
    np.testing.assert_allclose(ternarize(torch.tensor(g["w"]), "dorefa"), g["dorefa"], rtol=1e-5)


def test_scale_gradients_are_true_derivatives():
    """The loss is linear in the scales, so finite differences are exact."""
    torch.manual_seed(0)
    w, g = torch.randn(6, 5, dtype=torch.float64), torch.randn(6, 5, dtype=torch.float64)
    codes = torch.sign(torch.where(w.abs() > 0.5, w, 0.0))
    scales = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.8, 0.3)]
    assert torch.autograd.gradcheck(lambda p, n: Ternarise.apply(w, codes, p, n), scales)
    (Ternarise.apply(w, codes, *scales) * g).sum().backward()
    step = 1e-6
    for number, scale in enumerate(scales):
        moved = [s.detach() + (step if n == number else 0) for n, s in enumerate(scales)]
        there = (Ternarise.apply(w, codes, *moved) * g).sum()
        here = (Ternarise.apply(w, codes, *(s.detach() for s in scales)) * g).sum()
        assert scale.grad == pytest.approx(float((there - here) / step), rel=1e-6)


def test_threshold_gradient_is_the_derivative_of_the_pruned_loss():
    torch.manual_seed(0)
    w, g = torch.randn(40, dtype=torch.float64), torch.randn(40, dtype=torch.float64)
    scheme = PruningTTQ(0.5, 0.7, alpha=20.0).double()
    scheme(w).backward(g)

    def loss(t_max):
        mean, std = w.mean(), w.std()
        return (g * pruning(w, (mean + 0.5 * std).abs(), (mean + t_max * std).abs(), 20.0)).sum()

    numeric = (loss(0.7 + 1e-6) - loss(0.7 - 1e-6)) / 2e-6
    assert scheme.t_max.grad.item() == pytest.approx(float(numeric), rel=1e-4)


def test_a_threshold_is_kept_at_its_bound_and_comes_back():
    scheme, w = PruningTTQ(-5.0, 1.0), torch.randn(50)
    assert scheme.thresholds(w)[0] <= 0
    assert scheme.t_min.item() == pytest.approx(1e-8)
    scheme(w).sum().backward()
    assert scheme.t_min.grad != 0
    with torch.no_grad():
        scheme.t_min -= 3 * scheme.t_min.grad.sign()
    scheme(w)
    assert scheme.t_min.item() >= 0.99e-8


def test_thresholds_learn_to_keep_the_weights_that_matter():
    """The loss wants every weight at its full value, so the zero zone shrinks."""
    torch.manual_seed(0)
    w, scheme = torch.randn(400), PruningTTQ(1.0, 1.0, alpha=20.0)
    scheme.start(w)
    optimiser = torch.optim.Adam(scheme.parameters(), 0.02)
    before = float((scheme(w) == 0).float().mean())
    for _ in range(60):
        optimiser.zero_grad()
        (scheme(w) - w).square().sum().backward()
        optimiser.step()
    assert float((scheme(w) == 0).float().mean()) < before - 0.1


def test_scales_start_at_the_mean_magnitude_of_their_class():
    w = torch.tensor([-4.0, -2.0, 0.1, 1.0, 3.0])
    model = compress(_one_layer(w), "ttq", ["weight"], t=0.2)
    scheme = model.parametrizations.weight[0]
    assert (scheme.w_p.item(), scheme.w_n.item()) == (2.0, 3.0)
    layer = bake(model)[0]
    assert layer.codes.tolist() == [[-1, -1, 0, 1, 1]]
    assert layer.codes.dtype == np.int8
    np.testing.assert_allclose(model.weight.detach(), [[-3, -3, 0, 2, 2]])
    assert "codes" not in layer.to_json()


def test_a_scale_that_became_negative_is_still_known_as_ternary():
    model = compress(_one_layer(torch.tensor([-4.0, -2.0, 0.1, 1.0, 3.0])), "ttq", ["weight"], t=0.2)
    model.parametrizations.weight[0].w_n.data.fill_(-0.5)
    layer = bake(model)[0]
    assert (layer.w_p, layer.w_n) == (2.0, -0.5)
    assert list(quantised_tensors(model)) == ["weight"]


def _one_layer(w):
    model = nn.Linear(len(w), 1, bias=False)
    model.weight.data = w[None]
    return model


@pytest.mark.parametrize("name", sorted(SCHEMES))
class TestEveryScheme:
    """What compression, accounting and export rely on."""

    def test_three_values_at_most_and_the_input_untouched(self, name):
        w = torch.randn(8, 4, 3)
        before = w.clone()
        q = ternarize(w, name)
        assert q.shape == w.shape
        assert q.dtype == w.dtype
        assert len(torch.unique(q)) <= 3
        assert torch.equal(w, before)
        assert (torch.sign(q)[w > 2.5] >= 0).all()

    @pytest.mark.parametrize("layers", ["paper", "all", "all_but_ends"])
    def test_trains_bakes_and_keeps_its_answers(self, name, layers):
        torch.manual_seed(0)
        full = build(
            "cnn_transformer", n_outputs=2, n_chans=1, n_times=40, d_model=8, n_heads=2, d_hidden=6, n_layers=1
        )
        model = compress(full, name, layers)
        optimiser = torch.optim.Adam(model.parameters(), 0.01)
        for _ in range(2):
            optimiser.zero_grad()
            model(torch.randn(4, 1, 40)).square().sum().backward()
            optimiser.step()
        model.eval()
        x = torch.randn(3, 1, 40)
        with torch.no_grad():
            expected = model(x)
            info = bake(model)
            torch.testing.assert_close(model(x), expected, rtol=1e-4, atol=1e-5)
        assert set(model.state_dict()) == set(full.state_dict())
        assert {layer.name for layer in info} <= set(quantised_tensors(model))
        assert not quantised_tensors(full)
        for layer in info:
            assert sum(layer.counts) == np.prod(layer.shape)
            assert len(layer.edges) == len(layer.counts) + 1

    def test_on_a_conv2d_and_a_shared_layer(self, name):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3, padding=1)

            def forward(self, x):
                return self.conv(torch.relu(self.conv(x)))

        model = compress(Twice(), name, ["conv.weight"])
        model(torch.randn(1, 3, 8, 8)).sum().backward()
        assert len(bake(model)) == 1


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda m: compress(m, "magic"), "Known schemes"),
        (lambda m: compress(m, "ttq", "all", colour=1), "has no colour. It knows t"),
        (lambda m: compress(m, "ttq", "some"), "Choose paper"),
        (lambda m: compress(m, "ttq", ["nose.weight"]), "Its layers"),
        (lambda m: compress(nn.Linear(3, 3), "ttq", "paper"), "no paper says"),
        (lambda m: compress(nn.Linear(3, 3), "ttq", "all_but_ends"), "between its first and its last"),
        (lambda m: ternarize(torch.full((3, 3), float("nan")), "ttq"), "finite"),
        (lambda m: ternarize(torch.randn(3, 3), "twn", w_p=1.0), "no scales"),
        (lambda m: ternarize(np.ones((3, 3)), "ttq"), "weight must be a tensor of floating point"),
        (lambda m: ternarize(torch.ones(3, dtype=torch.int64), "ttq"), "weight must be"),
        (lambda m: ternarize(torch.randn(9), "ttq", t=float("nan")), "t must be a number of at least 0 and at most 1"),
        (lambda m: ternarize(torch.randn(9), "ttq", t="x"), "t must be .*, not 'x'"),
        (lambda m: ternarize(torch.randn(9), "ttq", t=-0.1), "t must be"),
        (lambda m: ternarize(torch.randn(9), "attq", t_max=float("nan")), "t_max must be"),
        (lambda m: ternarize(torch.randn(9), "pttq", alpha=-1), "alpha must be a number above 0, not -1"),
        (lambda m: ternarize(torch.randn(9), "pttq", w_p=float("nan")), "w_p must be a finite number, not nan"),
        (lambda m: compress(m, "ttq", "all", t=-1), "t must be"),
    ],
)
def test_mistakes_name_a_remedy(action, message):
    model = build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=16, n_filters=2)
    with pytest.raises(InputError, match=message):
        action(model)


def test_a_layer_of_one_value_is_refused_by_name():
    model = build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=16, n_filters=2)
    nn.init.zeros_(model.encoder[2][0].weight)
    with pytest.raises(InputError, match=r"encoder\.2\.0\.weight"):
        compress(model, "pttq")
