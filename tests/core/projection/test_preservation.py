"""Trustworthiness and continuity are scikit-learn's, in less memory."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference

from core.errors import InputError
from core.projection import continuity, trustworthiness
from core.projection.preservation import sampled_rows


@pytest.mark.parametrize(("noise", "offset"), [(0.0, 0.0), (0.3, 0.0), (3.0, 0.0), (0.3, 1e6)])
def test_as_scikit_learn(noise, offset):
    rng = np.random.default_rng(0)
    high = rng.standard_normal((250, 6))
    low = high[:, :2] + noise * rng.standard_normal((250, 2))
    for k in (1, 7, 40):
        expected = reference(high, low, n_neighbors=k)
        np.testing.assert_allclose(trustworthiness(high + offset, low, k), expected, rtol=1e-12)
        np.testing.assert_allclose(continuity(high, low, k), reference(low, high, n_neighbors=k), rtol=1e-12)


def test_a_perfect_map_keeps_all():
    points = np.random.default_rng(0).standard_normal((200, 2))
    assert trustworthiness(points, 3 * points) == continuity(points, 3 * points) == 1.0


def test_a_sample_of_the_points_is_near_and_repeatable():
    rng = np.random.default_rng(1)
    high = rng.standard_normal((1500, 5))
    low = high[:, :2]
    whole, part = trustworthiness(high, low), trustworthiness(high, low, most=500, seed=3)
    assert part == trustworthiness(high, low, most=500, seed=3)
    assert part != whole
    assert abs(part - whole) < 0.02
    rows = sampled_rows(1500, 500, 3)
    assert len(np.unique(rows)) == 500
    assert sampled_rows(400, 500).tolist() == list(range(400))


def test_neighbourhoods_that_are_too_large_are_refused():
    with pytest.raises(InputError, match="below half"):
        trustworthiness(np.zeros((10, 2)), np.zeros((10, 2)), k=5)
    with pytest.raises(InputError, match="same events"):
        trustworthiness(np.zeros((10, 2)), np.zeros((9, 2)), k=2)
