"""The public code's form of the schemes gives the public code's numbers."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.compression import compress, ternarize
from core.compression.registry import make_scheme
from core.errors import InputError

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
SCALES = {"w_p": 0.9, "w_n": 0.6}
VALUES = {"ttq": "", "attq": "_reference", "pttq": "_q"}


def load(name):
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file}


def scheme_of(name, *numbers):
    names = {"ttq": ("t",), "attq": ("t_min", "t_max"), "pttq": ("t_min", "t_max", "alpha")}[name]
    made = make_scheme(name, as_published=True, **dict(zip(names, map(float, numbers), strict=True)))
    for scale, value in SCALES.items():
        getattr(made, scale).data.fill_(value)
    return made


@pytest.mark.parametrize("name", sorted(VALUES))
@pytest.mark.parametrize("kind", ["linear", "conv1d", "conv2d"])
def test_golden_values_and_gradients(kind, name):
    g = load(f"ternary_{kind}")
    number = r"(-?[\d.]+)"
    pattern = {"ttq": rf"ttq_t{number}", "attq": rf"attq_{number}_{number}", "pttq": rf"pttq_{number}_{number}_(\d+)"}
    found = [match for key in g if (match := re.fullmatch(pattern[name] + VALUES[name], key))]
    assert found
    for match in found:
        stem = match.string.removesuffix(VALUES[name]) if VALUES[name] else match.string
        scheme, w = scheme_of(name, *match.groups()), torch.tensor(g["w"], requires_grad=True)
        q = scheme(w)
        np.testing.assert_allclose(q.detach(), g[match.string], rtol=1e-5)
        q.backward(torch.tensor(g["grad_q"]))
        through = g[f"{stem}_gradw_reference" if name == "attq" else f"{stem}_gradw"]
        np.testing.assert_allclose(w.grad, through, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(scheme.w_p.grad, g[f"{stem}_gradwp"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(scheme.w_n.grad, g[f"{stem}_gradwn_reference"], rtol=1e-4, atol=1e-6)
        if name == "pttq":
            slopes = g[f"{stem}_grad_tmin_tmax_alpha_reference"][:2]
            np.testing.assert_allclose([scheme.t_min.grad, scheme.t_max.grad], slopes, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("ttq", {"t": 0.05}),
        ("attq", {"t_min": -1.0, "t_max": 1.0}),
        ("pttq", {"t_min": 0.5, "t_max": 0.5, "alpha": 1000.0}),
    ],
)
def test_golden_five_steps_of_training(name, params):
    g = load(f"steps_{name}")
    model = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
    model.load_state_dict({k.removeprefix("w0_"): torch.tensor(v) for k, v in g.items() if k.startswith("w0_")})
    model = compress(model, name, ["0.weight"], as_published=True, **params)
    chain = model[0].parametrizations.weight
    scheme, x, y = chain[0], torch.tensor(g["X"]), torch.tensor(g["Y"])
    optimiser = torch.optim.Adamax(model.parameters(), lr=0.01)
    for step in range(5):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        assert loss.item() == pytest.approx(g["loss"][step], rel=1e-5)
        np.testing.assert_allclose(model[0].weight.detach(), g["hist_wq"][step], rtol=1e-5)
        np.testing.assert_allclose(chain.original.detach(), g["hist_wfp"][step], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose([scheme.w_p.item(), scheme.w_n.item()], g["hist_sf"][step], rtol=1e-5)
        if name == "pttq":
            np.testing.assert_allclose([scheme.t_min.item(), scheme.t_max.item()], g["hist_t"][step], rtol=1e-5)


def test_zeros_come_from_underflow_and_are_gone_in_float64():
    """Reference specification 4: t = 4.5, α = 1000, σ = 0.03: 87.6 % zeros, 0 % in float64, all by the threshold."""
    torch.manual_seed(0)
    w = 0.03 * torch.randn(100_000)
    params = {"t_min": 4.5, "t_max": 4.5, "alpha": 1000.0}
    zeros = [
        float((ternarize(x, "pttq", as_published=published, **params) == 0).double().mean())
        for x, published in ((w, True), (w.double(), True), (w, False))
    ]
    assert zeros[0] == pytest.approx(0.876, abs=0.003)
    assert zeros[1] == 0
    assert zeros[2] > 0.999


def test_published_thresholds_ignore_the_loss_and_the_corrected_ones_follow_it():
    w, x = torch.randn(60), torch.randn(60)
    gradients = {}
    for published in (True, False):
        for sign in (1.0, -1.0):
            scheme = make_scheme("pttq", as_published=published, t_min=0.5, t_max=0.5, alpha=20.0)
            (sign * x * scheme(w)).sum().backward()
            gradients[published, sign] = scheme.t_max.grad.item()
    assert gradients[True, 1.0] == gradients[True, -1.0]
    assert gradients[False, 1.0] == pytest.approx(-gradients[False, -1.0])


def test_only_the_three_have_a_published_form():
    with pytest.raises(InputError, match="Known schemes: pttq, ttq, attq"):
        ternarize(torch.randn(5), "twn", as_published=True)
