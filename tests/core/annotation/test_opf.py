import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from core.annotation import PROPAGATORS, opf_semi
from core.annotation import opf as module
from core.annotation.opf import prototypes
from core.errors import InputError
from tests.core.annotation.maps import cloud, golden


@pytest.mark.parametrize("name", ["opf_semi_0", "opf_semi_1"])
def test_golden(name):
    arrays, labels = golden(name)
    np.testing.assert_array_equal(opf_semi(arrays["Z"], labels), arrays["labels"])


def test_prototypes_are_where_the_spanning_tree_changes_class():
    points, labels, _ = cloud(1)
    points, labels = points[labels >= 0], labels[labels >= 0]
    tree = minimum_spanning_tree(cdist(points, points)).tocoo()
    crossing = labels[tree.row] != labels[tree.col]
    expected = np.union1d(tree.row[crossing], tree.col[crossing])
    np.testing.assert_array_equal(prototypes(points, labels), expected)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_each_label_comes_by_the_least_longest_step(seed):
    points, labels, _ = cloud(seed, n=70)
    known = np.flatnonzero(labels >= 0)
    roots = known[prototypes(points[known], labels[known])]
    distance = cdist(points, points)
    for k in range(len(points)):  # Floyd and Warshall, with the longest step for the sum
        distance = np.minimum(distance, np.maximum(distance[:, k, None], distance[k]))
    least = np.array([distance[:, roots[labels[roots] == c]].min(axis=1) for c in np.unique(labels[roots])])
    result = opf_semi(points, labels)
    for i in np.flatnonzero(labels < 0):
        best = np.unique(labels[roots])[least[:, i] <= least[:, i].min() + 1e-12]
        assert result[i] in best


def test_labels_that_somebody_gave_stay():
    for seed in range(20):
        points, labels, _ = cloud(seed)
        np.testing.assert_array_equal(opf_semi(points, labels)[labels >= 0], labels[labels >= 0])


def test_a_given_label_that_another_class_reaches_stays_but_is_not_passed_on():
    # A detour of short steps leads from a (class 0) to c (class 1), which is far from its like, b.
    a, b, c, behind = (0, 0), (10, 0), (19, 0), (19, -3)
    up, over, down = (
        [(0, y) for y in range(2, 31, 2)],
        [(x, 30) for x in range(2, 19, 2)],
        [(19, y) for y in range(30, 0, -2)],
    )
    points = np.array([a, b, c, behind, *up, *over, *down], dtype=float)
    labels = np.r_[0, 1, 1, np.full(len(points) - 3, -1)]
    proposal = PROPAGATORS["opf_semi"].run(points, labels, None)
    assert opf_semi(points, labels)[:4].tolist() == [0, 1, 1, 0]
    path = proposal.path(3)
    assert path[-1] == 0
    assert not {1, 2} & set(path)
    assert len(path) > 30


def test_confidence_falls_along_the_path():
    points, labels, quality = cloud(4)
    proposal = PROPAGATORS["opf_semi"].run(points, labels, quality)
    sure = dict(zip(proposal.ids.tolist(), proposal.confidence.tolist(), strict=True))
    for event in proposal.ids.tolist():
        way = [sure[step] for step in proposal.path(event)[:-1]]
        assert way == sorted(way)


def test_too_many_points_are_refused(monkeypatch):
    monkeypatch.setattr(module, "OPF_MOST", 100)
    with pytest.raises(InputError, match="at most 100 points, or propagate by LQ-KNN"):
        opf_semi(*cloud(0)[:2])
