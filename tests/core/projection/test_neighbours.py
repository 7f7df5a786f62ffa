"""Neighbours are exact whatever the points: duplicates, ties, offsets, single precision, constant columns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import InputError
from core.projection import nearest, neighbours_of
from core.projection.neighbours import search


def all_pairs(points, k):
    points = np.asarray(points, dtype=float)
    distance2 = ((points[:, None] - points) ** 2).sum(axis=-1)
    return np.argsort(distance2, axis=1, kind="stable")[:, :k]


@settings(deadline=None)
@given(
    points=hnp.arrays(np.int8, st.tuples(st.integers(2, 60), st.integers(1, 7)), elements=st.integers(-3, 3)),
    k=st.integers(1, 30),
)
def test_many_ties(points, k):
    np.testing.assert_array_equal(nearest(points, k), all_pairs(points, k))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 400),
    d=st.integers(1, 12),
    k=st.integers(1, 25),
    offset=st.sampled_from([0.0, 1e4, 1e8, -1e12]),
    spread=st.sampled_from([1e-3, 1.0, 1e5]),
    dtype=st.sampled_from([np.float32, np.float64]),
    distinct=st.sampled_from([1.0, 0.5, 0.05]),
    constant=st.booleans(),
)
def test_as_all_pairs(seed, n, d, k, offset, spread, dtype, distinct, constant):
    rng = np.random.default_rng(seed)
    points = (rng.standard_normal((n, d)) * spread + offset).astype(dtype)
    if constant:
        points[:, 0] = 7
    points = points[rng.integers(0, max(1, int(distinct * n)), n)]
    np.testing.assert_array_equal(nearest(points, k), all_pairs(points, k))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), d=st.integers(2, 8))
def test_one_point_far_away_costs_no_exactness(seed, d):
    points = np.random.default_rng(seed).standard_normal((300, d))
    points[seed % 300] = 1e9
    np.testing.assert_array_equal(nearest(points, 12), all_pairs(points, 12))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_unit_does_not_matter(scale):
    points = np.random.default_rng(0).standard_normal((120, 6))
    np.testing.assert_array_equal(nearest(points * scale, 9), nearest(points, 9))


def test_all_other_points_at_the_same_distance():
    points = np.eye(150)  # each point is as far from every other as from any: ties of everything
    np.testing.assert_array_equal(nearest(points, 20), all_pairs(points, 20))
    circle = np.exp(2j * np.pi * np.arange(500) / 500)
    points = np.concatenate([[[0.0, 0.0]], np.column_stack([circle.real, circle.imag])])
    np.testing.assert_array_equal(nearest(points, 20), all_pairs(points, 20))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), d=st.integers(1, 9), k=st.integers(1, 12), coarse=st.booleans())
def test_queries_that_are_no_points(seed, d, k, coarse):
    rng = np.random.default_rng(seed)
    points, queries = rng.standard_normal((90, d)), rng.standard_normal((40, d))
    if coarse:
        points, queries = np.round(points), np.round(queries)
    found = search(points, queries, k)
    distance = np.sqrt(((queries[:, None] - points) ** 2).sum(axis=-1))
    expected = np.argsort(distance**2, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found.index, expected)
    np.testing.assert_allclose(found.distance, np.take_along_axis(distance, expected, axis=1), rtol=1e-12)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 60), coarse=st.booleans())
def test_others_are_without_the_point_itself(seed, n, coarse):
    points = np.random.default_rng(seed).standard_normal((n, 2))
    points = np.round(points) if coarse else points
    k = 1 + seed % (n - 1)
    distance2 = ((points[:, None] - points) ** 2).sum(axis=-1)
    np.fill_diagonal(distance2, np.inf)
    np.testing.assert_array_equal(neighbours_of(points, k), np.argsort(distance2, axis=1, kind="stable")[:, :k])


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 5), (5, 0)])
def test_too_many_others_are_refused(n, k):
    with pytest.raises(InputError, match=r"not possible|k must be"):
        neighbours_of(np.arange(n, dtype=float)[:, None], k)


def test_queries_of_another_space_are_refused():
    with pytest.raises(InputError, match="same feature space"):
        search(np.zeros((4, 3)), np.zeros((4, 2)), 1)


def test_a_search_stops_when_its_check_raises():
    def stop():
        raise KeyboardInterrupt

    for d in (2, 6):
        with pytest.raises(KeyboardInterrupt):
            search(np.random.default_rng(0).standard_normal((400, d)), None, 5, stop)
