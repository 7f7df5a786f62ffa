"""Deep embedded clustering against the published code and by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.models import dec_loss, kmeans_centres, soft_assignment, target_distribution

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "dec.npz"


def published_loss(q):
    """Return the loss whose target is the batch's own and lets gradients through."""
    sharp = q**2 / q.sum(dim=0)
    return dec_loss(q, sharp / sharp.sum(dim=1, keepdim=True))


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "meta"}


@pytest.mark.parametrize("alpha", [1, 2])
class TestGolden:
    def tensors(self, golden):
        return (torch.tensor(golden[name], requires_grad=True) for name in ("z", "centers"))

    def test_assignment_target_and_loss(self, golden, alpha):
        q = soft_assignment(*self.tensors(golden), alpha=float(alpha))
        p = target_distribution(q)
        np.testing.assert_allclose(q.detach(), golden[f"q_a{alpha}"], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(p, golden[f"p_a{alpha}"], rtol=1e-5, atol=1e-7)
        assert float(dec_loss(q, p).detach()) == pytest.approx(float(golden[f"loss_a{alpha}"]), rel=1e-5)

    def test_the_gradient_does_not_flow_through_the_target(self, golden, alpha):
        z, centres = self.tensors(golden)
        q = soft_assignment(z, centres, float(alpha))
        dec_loss(q, target_distribution(q)).backward()
        np.testing.assert_allclose(z.grad, golden[f"grad_z_target_detached_a{alpha}"], rtol=1e-4, atol=1e-6)
        assert torch.isfinite(centres.grad).all()

    def test_through_the_target_it_is_the_published_one(self, golden, alpha):
        z, centres = self.tensors(golden)
        q = soft_assignment(z, centres, float(alpha))
        published_loss(q).backward(retain_graph=True)
        np.testing.assert_allclose(z.grad, golden[f"grad_z_a{alpha}"], rtol=1e-4, atol=1e-6)
        # The file's gradient of the centres is that of both losses, one after the other, without a reset between.
        dec_loss(q, target_distribution(q)).backward()
        np.testing.assert_allclose(centres.grad, golden[f"grad_centers_a{alpha}"], rtol=1e-4, atol=1e-6)


def test_far_embeddings_have_finite_assignments_and_gradients():
    z = torch.full((2, 3), 1e15, requires_grad=True)
    q = soft_assignment(z, torch.eye(3))
    dec_loss(q, target_distribution(q)).backward()
    torch.testing.assert_close(q.sum(dim=1), torch.ones(2))
    assert torch.isfinite(z.grad).all()


def test_centres_are_those_of_the_clusters_and_follow_the_seed():
    rng = np.random.default_rng(0)
    truth = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    embeddings = torch.from_numpy(np.repeat(truth, 30, axis=0) + rng.normal(0, 0.1, (90, 2)).astype(np.float32))
    centres = kmeans_centres(embeddings, 3, seed=1)
    assert centres.dtype == torch.float32
    order = np.lexsort(np.round(centres.numpy()).T[::-1])
    np.testing.assert_allclose(centres[order], truth[[0, 2, 1]], atol=0.1)
    assert torch.equal(kmeans_centres(embeddings, 3, seed=1), centres)


@pytest.mark.parametrize(
    ("embeddings", "n", "message"),
    [
        (torch.zeros(2, 3), 3, "fewer centres"),
        (torch.full((5, 3), float("nan")), 2, "not finite"),
        (torch.zeros(5, 3), 0, "n must be a whole number"),
    ],
)
def test_impossible_centres_are_refused(embeddings, n, message):
    with pytest.raises(InputError, match=message):
        kmeans_centres(embeddings, n, seed=0)


def test_alpha_is_above_zero():
    with pytest.raises(InputError, match="alpha must be"):
        soft_assignment(torch.zeros(2, 3), torch.zeros(1, 3), alpha=0.0)
