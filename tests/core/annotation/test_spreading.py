import warnings

import numpy as np
import pytest
from sklearn.semi_supervised import LabelSpreading

from core.annotation import PROPAGATORS
from tests.core.annotation.maps import cloud, golden


def spread(*arguments, **params):
    return PROPAGATORS["spreading"].run(*arguments, **params)


@pytest.mark.parametrize("alpha", [0.2, 0.9])
def test_it_is_that_of_scikit_learn(alpha):
    arrays, labels = golden("propagation_1")
    theirs = LabelSpreading(kernel="knn", n_neighbors=8, alpha=alpha, max_iter=10_000).fit(arrays["Z"], labels)
    proposal = spread(arrays["Z"], labels, np.ones(len(labels)), k=7, alpha=alpha)
    expected = np.zeros((len(labels), labels.max() + 1))
    expected[:, theirs.classes_] = theirs.label_distributions_
    np.testing.assert_allclose(proposal.soft, expected[proposal.ids], atol=1e-12)
    np.testing.assert_array_equal(proposal.labels, theirs.transduction_[proposal.ids])


def test_no_label_has_one_donor():
    proposal = spread(*cloud(0))
    assert set(proposal.donor.tolist()) == set(proposal.origin.tolist()) == {-1}
    assert set(proposal.round.tolist()) == {0}
    assert proposal.path(proposal.ids[0]) == (proposal.ids[0],)
    np.testing.assert_allclose(proposal.soft.sum(axis=1), 1)
    np.testing.assert_allclose(proposal.confidence, proposal.soft.max(axis=1))


def test_an_island_without_a_label_gets_none():
    points = np.r_[np.random.default_rng(0).random((20, 2)), 100 + np.random.default_rng(1).random((20, 2))]
    proposal = spread(points, np.r_[0, 1, np.full(38, -1)], np.ones(40), k=5)
    assert proposal.ids.max() < 20


@pytest.mark.parametrize("alpha", [0.01, 0.99])
def test_no_warning_comes_out(alpha):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread(*cloud(2), alpha=alpha, k=3)


def test_a_class_number_that_nobody_gave_keeps_its_column():
    points, labels, quality = cloud(3)
    proposal = spread(points, np.where(labels == 1, 5, labels), quality)
    assert proposal.soft.shape[1] == 6
    assert not proposal.soft[:, [1, 3, 4]].any()


def test_shares_that_are_certain_spread_as_classes_do():
    points, labels, quality = cloud(4)
    hard = spread(points, labels, quality)
    certain = np.where(labels[:, None] == np.arange(3), 1.0, 0.0)
    soft = spread(points, certain, quality)
    np.testing.assert_array_equal(hard.ids, soft.ids)
    np.testing.assert_allclose(hard.soft, soft.soft, atol=1e-12)
    certain[0] = [0.6, 0.4, 0.0]
    doubted = spread(points, certain, quality)
    near = np.argsort(((points - points[0]) ** 2).sum(axis=1))
    nearest = np.flatnonzero(doubted.ids == next(n for n in near if labels[n] < 0))
    assert doubted.soft[nearest, 1] > hard.soft[nearest, 1]
