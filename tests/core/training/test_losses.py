"""Losses: golden values, and what holds of any scores and targets."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.training import LOSSES, TrainingSpec, losses
from core.training.losses import build_loss

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "losses.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def drawn(seed, n=7, k=4, scale=3.0):
    """Scores, class numbers, shares and class weights, float64."""
    rng = np.random.default_rng(seed)
    return (
        torch.from_numpy(rng.normal(0, scale, (n, k))),
        torch.from_numpy(rng.integers(0, k, n)),
        torch.from_numpy(rng.dirichlet(np.ones(k), n)),
        torch.from_numpy(rng.uniform(0.2, 3.0, k)),
    )


def one_hot(targets, k=4):
    return torch.nn.functional.one_hot(targets, k).double()


@pytest.mark.parametrize(("alpha", "beta", "a"), [(0.1, 1, -6), (1, 0.5, -4)])
def test_golden_symmetric_cross_entropy(golden, alpha, beta, a):
    value = losses.symmetric_cross_entropy(
        torch.tensor(golden["logits"]), torch.tensor(golden["targets"]), alpha=alpha, beta=beta, A=a
    )
    np.testing.assert_allclose(value, golden[f"sce_a{alpha}_b{beta}_A{a}"], rtol=1e-6)


def test_golden_of_soft_targets(golden):
    logits, targets = torch.tensor(golden["logits"]), torch.tensor(golden["soft_targets"])
    np.testing.assert_allclose(losses.soft_cross_entropy(logits, targets), golden["soft_ce_formula"], rtol=1e-6)
    np.testing.assert_allclose(losses.cross_entropy(logits, targets), golden["soft_ce_formula"], rtol=1e-6)
    np.testing.assert_allclose(losses.jensen_shannon(logits, targets), golden["jsd_formula"], rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), soft=st.booleans())
def test_no_loss_is_below_nothing_and_all_have_a_gradient(name, seed, soft):
    logits, targets, shares, weight = drawn(seed, scale=30.0)
    logits.requires_grad_()
    value = build_loss(name)(logits, shares if soft else targets, weight)
    value.backward()
    assert value >= -1e-9
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad != 0).any()


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), weighted=st.booleans())
def test_one_hot_shares_are_hard_labels(name, seed, weighted):
    logits, targets, _, weight = drawn(seed)
    loss, weight = build_loss(name), weight if weighted else None
    torch.testing.assert_close(loss(logits, targets, weight), loss(logits, one_hot(targets), weight))


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), soft=st.booleans())
def test_weights_of_one_change_nothing_and_a_class_without_weight_does_not_count(name, seed, soft):
    logits, targets, shares, _ = drawn(seed)
    loss, given_ = build_loss(name), shares if soft else targets
    torch.testing.assert_close(loss(logits, given_, torch.ones(4).double()), loss(logits, given_, None))
    some = torch.tensor([1.0, 1.0, 1.0, 0.0]).double()
    counted = torch.cat([targets[:6] % 3, torch.tensor([3])])
    other = logits.clone()
    other[6] = torch.tensor([5.0, -5, 2, 1]).double()
    if name != "smoothing":  # which gives some of each label to all classes
        torch.testing.assert_close(loss(logits, counted, some), loss(other, counted, some))


@pytest.mark.parametrize("name", ["gce", "js", "gjs"])
def test_weights_scale_the_losses_that_are_divided_by_the_size_of_the_batch(name):
    logits, targets, _, weight = drawn(3)
    loss = build_loss(name)
    torch.testing.assert_close(loss(logits, targets, 3 * weight), 3 * loss(logits, targets, weight))
    each = torch.stack([loss(logits[i : i + 1], targets[i : i + 1], None) for i in range(7)])
    torch.testing.assert_close(loss(logits, targets, weight), (each * weight[targets]).mean())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), soft=st.booleans())
def test_generalised_is_cross_entropy_as_q_goes_to_nothing(seed, soft):
    logits, targets, shares, _ = drawn(seed)
    given_ = shares if soft else targets
    torch.testing.assert_close(
        losses.generalized_cross_entropy(logits, given_, q=1e-6),
        losses.cross_entropy(logits, given_),
        rtol=1e-3,
        atol=1e-3,
    )


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 200))
def test_jensen_shannon_is_symmetric_and_at_most_log_2(seed, scale):
    logits, targets, shares, _ = drawn(seed, scale=scale)
    value = losses.jensen_shannon(logits, shares)
    turned = losses.jensen_shannon(shares.log(), torch.softmax(logits, dim=1))
    torch.testing.assert_close(value, turned)
    assert 0 <= value <= math.log(2) + 1e-9
    assert losses.jensen_shannon(logits, targets) <= math.log(2) + 1e-9
    assert losses.jensen_shannon(shares.log(), shares) == pytest.approx(0, abs=1e-9)


def kl(p, q):
    return (p * (p.log() - q.log())).sum(dim=1)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), skew=st.floats(0, 1))
def test_geometric_jensen_shannon_is_its_definition(seed, skew):
    logits, _, shares, _ = drawn(seed)
    value = losses.geometric_jensen_shannon(logits, shares, skew=skew, smoothing=0.05)
    t, p = 0.95 * shares + 0.05 / 4, torch.softmax(logits, dim=1)
    mean = t**skew * p ** (1 - skew)
    mean = mean / mean.sum(dim=1, keepdim=True)
    torch.testing.assert_close(value, ((1 - skew) * kl(t, mean) + skew * kl(p, mean)).mean())
    # Exchanged, with the other skew, it is the same: symmetric at one half.
    turned = losses.geometric_jensen_shannon(t.log(), p, skew=1 - skew, smoothing=1e-12)
    torch.testing.assert_close(value, turned, rtol=1e-6, atol=1e-9)
    ends = [losses.geometric_jensen_shannon(logits, shares, skew=end, smoothing=0.05) for end in (0.0, 1.0)]
    torch.testing.assert_close(ends[0], kl(t, p).mean())
    torch.testing.assert_close(ends[1], kl(p, t).mean())


def test_smoothed_labels_are_shares():
    logits, targets, _, _ = drawn(0)
    smooth = 0.8 * one_hot(targets) + 0.2 / 4
    torch.testing.assert_close(
        losses.label_smoothing(logits, targets, smoothing=0.2), losses.soft_cross_entropy(logits, smooth)
    )
    torch.testing.assert_close(
        losses.label_smoothing(logits, targets, smoothing=0.2),
        torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.2),
    )


@pytest.mark.parametrize("loss", [losses.probability_links, losses.embedding_links])
def test_links_pull_together_what_must_be_and_push_apart_what_cannot(loss):
    torch.manual_seed(0)
    ends = torch.randn(40, 3, requires_grad=True)
    must = torch.arange(20) < 10

    def distances():
        a, b = ends.detach().chunk(2)
        return (
            (torch.softmax(a, 1) - torch.softmax(b, 1)).norm(dim=1)
            if loss is losses.probability_links
            else (torch.nn.functional.normalize(a, dim=1) - torch.nn.functional.normalize(b, dim=1)).norm(dim=1)
        )

    before = distances()
    optimiser = torch.optim.Adam([ends], lr=0.05)
    for _ in range(100):
        optimiser.zero_grad()
        value = loss(*ends.chunk(2), must)
        value.backward()
        optimiser.step()
    after = distances()
    assert value < 0.05
    assert after[must].max() < 0.5 * before[must].mean()
    assert after[~must].min() > before[~must].min()
    # Where there is nothing to mend, nothing moves: alike and linked, or further apart than the margin.
    same = torch.randn(5, 3, requires_grad=True)
    loss(same, same.detach(), torch.ones(5, dtype=torch.bool)).backward()
    torch.testing.assert_close(same.grad, torch.zeros_like(same), atol=1e-6, rtol=0)
    alike = torch.ones(2, 3, requires_grad=True)
    loss(alike, alike.detach(), torch.zeros(2, dtype=torch.bool)).backward()
    assert torch.isfinite(alike.grad).all()


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ({"name": "sce", "alpha": -1}, "alpha must be a number of at least 0, not -1"),
        ({"name": "sce", "A": 0}, "A must be a number below 0, not 0"),
        ({"name": "gjs", "skew": 1.5}, "skew must be a number of at least 0 and at most 1, not 1.5"),
        ({"name": "gjs", "smoothing": 0}, "smoothing must be a number above 0 and below 1, not 0"),
        ({"name": "js", "q": 1}, "the loss js has no q"),
    ],
)
def test_options_of_losses_are_checked(loss, message):
    with pytest.raises(InputError, match=message):
        TrainingSpec(loss=loss)
