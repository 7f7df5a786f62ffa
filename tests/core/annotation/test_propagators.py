"""What every registered way of propagating promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import PROPAGATORS, neighbour_lists, std_knn
from core.errors import InputError
from tests.core.annotation.maps import cloud

WITH_DONORS = [key for key in PROPAGATORS if key != "spreading"]
# Paths of OPF-semi tie where one long step begins them all, and then the order decides.
ORDERLESS = ["lq_knn", "spreading"]


@pytest.mark.parametrize("key", PROPAGATORS)
class TestEveryPropagator:
    @settings(deadline=None, max_examples=10)
    @given(seed=st.integers(0, 10**6), duplicates=st.booleans())
    def test_only_unlabelled_points_are_proposed(self, key, seed, duplicates):
        points, labels, quality = cloud(seed, n=80)
        points = np.round(points) if duplicates else points
        ids = np.random.default_rng(seed).permutation(1000)[:80]
        proposal = PROPAGATORS[key].run(points, labels, quality, ids=ids)
        row = {event: place for place, event in enumerate(ids.tolist())}
        assert all(labels[row[event]] == -1 for event in proposal.ids.tolist())
        assert len(set(proposal.ids.tolist())) == len(proposal.ids)
        assert set(proposal.labels.tolist()) <= set(labels[labels >= 0].tolist())
        assert ((proposal.confidence >= 0) & (proposal.confidence <= 1 + 1e-12)).all()
        assert proposal.coverage == len(proposal.ids) / 80
        assert proposal.method == key
        assert PROPAGATORS[key].title in proposal.describe()

    def test_neighbours_given_change_nothing(self, key):
        points, labels, quality = cloud(7)
        found = neighbour_lists(points, 30)
        searched, reused = (PROPAGATORS[key].run(points, labels, quality, n) for n in (None, found))
        np.testing.assert_array_equal(searched.labels, reused.labels)
        np.testing.assert_allclose(searched.confidence, reused.confidence)

    def test_one_class_is_all_there_is(self, key):
        points, labels, _ = cloud(3)
        proposal = PROPAGATORS[key].run(points, np.where(labels == 1, 1, -1), np.ones(len(labels)))
        assert len(proposal.ids)
        assert set(proposal.labels.tolist()) == {1}

    def test_one_labelled_point(self, key):
        points = np.random.default_rng(0).standard_normal((40, 2))
        proposal = PROPAGATORS[key].run(points, np.r_[2, np.full(39, -1)], np.ones(40))
        assert len(proposal.ids)
        assert set(proposal.labels.tolist()) == {2}

    def test_points_that_are_all_the_same(self, key):
        proposal = PROPAGATORS[key].run(np.zeros((30, 2)), np.r_[0, 1, np.full(28, -1)], np.ones(30))
        assert len(proposal.ids)
        assert set(proposal.labels.tolist()) <= {0, 1}

    def test_everything_is_labelled_already(self, key):
        proposal = PROPAGATORS[key].run(np.eye(20), np.arange(20) % 2, np.ones(20))
        assert len(proposal.ids) == 0
        assert "0 labels" in proposal.describe()

    def test_parameters_are_checked(self, key):
        points, labels, quality = cloud(0)
        with pytest.raises(InputError, match="has no colour"):
            PROPAGATORS[key].run(points, labels, quality, colour=1)
        if "k" in PROPAGATORS[key].parameters:
            with pytest.raises(InputError, match="k must be a whole number"):
                PROPAGATORS[key].run(points, labels, quality, k=0)
            with pytest.raises(InputError, match="Choose k from 1 to 149"):
                PROPAGATORS[key].run(points, labels, quality, k=150)

    def test_start_values_fit_their_rules_and_sliders(self, key):
        for parameter in PROPAGATORS[key].parameters.values():
            assert parameter.rule.fits(parameter.start)
            assert parameter.low <= parameter.start <= parameter.high
            assert parameter.rule.fits(parameter.high)


@pytest.mark.parametrize("key", WITH_DONORS)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_every_chain_ends_at_a_human_label_of_its_class(key, seed):
    points, labels, quality = cloud(seed, n=80)
    ids = np.random.default_rng(seed).permutation(1000)[:80]
    proposal = PROPAGATORS[key].run(points, labels, quality, ids=ids)
    human = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    for place, event in enumerate(proposal.ids.tolist()):
        path = proposal.path(event)
        assert path[0] == event
        assert path[1] == proposal.donor[place]
        assert path[-1] == proposal.origin[place]
        assert len(path) == proposal.round[place] + 1
        assert human[path[-1]] == proposal.labels[place]
        assert all(human[step] == -1 for step in path[:-1])


@pytest.mark.parametrize("key", ORDERLESS)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_points_does_not_matter(key, seed):
    points, labels, quality = cloud(seed, n=80)
    names, shuffle = np.arange(80), np.random.default_rng(seed).permutation(80)
    first = PROPAGATORS[key].run(points, labels, quality)
    second = PROPAGATORS[key].run(points[shuffle], labels[shuffle], quality[shuffle], ids=names[shuffle])
    assert dict(zip(first.ids.tolist(), first.labels.tolist(), strict=True)) == dict(
        zip(second.ids.tolist(), second.labels.tolist(), strict=True)
    )


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    k=st.tuples(st.integers(1, 15), st.integers(1, 15)).map(sorted),
    tau=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_lq_knn_reaches_no_less_with_more_neighbours_and_a_lower_limit(seed, k, tau):
    # Which points are reached does not depend on who wins them: they are those a path of trusted points leads to.
    points, labels, quality = cloud(seed, n=80)
    few = PROPAGATORS["lq_knn"].run(points, labels, quality, k=k[0], tau=tau[1])
    for more in ({"k": k[1], "tau": tau[1]}, {"k": k[0], "tau": tau[0]}):
        assert set(few.ids.tolist()) <= set(PROPAGATORS["lq_knn"].run(points, labels, quality, **more).ids.tolist())


def test_std_knn_proposes_what_it_returns():
    points, labels, quality = cloud(11)
    proposal = PROPAGATORS["std_knn"].run(points, labels, quality, k=6)
    np.testing.assert_array_equal(std_knn(points, labels, 6)[proposal.ids], proposal.labels)
