import numpy as np
import pytest

from core.annotation import Proposal, propagate
from core.errors import InputError
from tests.core.annotation.maps import cloud

# A chain: only the first is labelled, and each reaches the next alone.
CHAIN = np.array([[0.0, 0], [1, 0], [1.9, 0], [2.7, 0], [3.4, 0]])


def chain(**changes):
    arguments = {"labels": [1, -1, -1, -1, -1], "quality": [0.9, 0.8, 1.0, 0.7, 1.0], "k": 2, "tau": 0.1}
    return propagate(CHAIN, **arguments | {"ids": [10, 20, 30, 40, 50]} | changes)


def test_the_path_goes_back_to_the_human_label():
    proposal = chain()
    assert proposal.path(50) == (50, 40, 30, 10)
    assert proposal.path(20) == (20, 10)
    with pytest.raises(InputError, match="no label is proposed for 10"):
        proposal.path(10)


def test_a_path_leaps_over_rows_that_were_taken_out():
    proposal = chain()
    left = proposal.take(proposal.ids != 30)
    assert left.path(50) == (50, 40, 10)
    assert left.coverage == pytest.approx(3 / 5)


def test_one_sentence_says_how_it_was_made():
    assert chain().describe() == "LQ-KNN, k = 2, τ = 0.1: 4 labels from 1 given, in at most 3 steps"
    assert chain().describe("run 7, map 0").startswith("LQ-KNN on run 7, map 0, k = 2, τ = 0.1: ")
    assert chain(tau=0.95).describe() == "LQ-KNN, k = 2, τ = 0.95: 0 labels"


def test_columns_of_other_lengths_are_refused():
    from dataclasses import replace

    with pytest.raises(InputError, match="differ in length"):
        replace(chain(), labels=np.array([1]))


class TestSoftLabels:
    def test_the_distribution_is_carried_along_the_path(self):
        proposal = chain(labels=np.array([[0.25, 0.75]] + [[np.nan, np.nan]] * 4))
        np.testing.assert_array_equal(proposal.soft, [[0.25, 0.75]] * 4)
        assert set(proposal.labels.tolist()) == {1}

    def test_votes_count(self):
        proposal = chain(labels=np.array([[0, 1, 3]] + [[0, 0, 0]] * 4))
        np.testing.assert_array_equal(proposal.soft, [[0, 0.25, 0.75]] * 4)
        assert set(proposal.labels.tolist()) == {2}

    def test_a_tie_neither_gives_nor_takes(self):
        with pytest.raises(InputError, match="no point is labelled"):
            chain(labels=np.array([[0, 2, 2]] + [[0, 0, 0]] * 4))
        proposal = chain(labels=np.array([[1, 0, 0], [0, 2, 2]] + [[0, 0, 0]] * 3))
        assert proposal.ids.tolist() == [30, 40, 50]
        assert set(proposal.labels.tolist()) == {0}
        np.testing.assert_array_equal(proposal.soft, [[1, 0, 0]] * 3)

    def test_certain_rows_propagate_as_classes_do(self):
        points, labels, quality = cloud(9)
        hard = propagate(points, labels, quality, 5, 0.1)
        soft = propagate(points, np.where(labels[:, None] == np.arange(3), 1.0, 0.0), quality, 5, 0.1)
        np.testing.assert_array_equal(hard.labels, soft.labels)
        np.testing.assert_array_equal(hard.donor, soft.donor)
        np.testing.assert_array_equal(soft.soft, np.eye(3)[hard.labels])
        assert hard.soft is None


class TestTheSurest:
    def test_they_are_those_of_the_highest_confidence_fewest_steps_first(self):
        proposal = chain()
        assert proposal.confidence.tolist() == [0.8, 0.9, 0.7, 0.7]
        assert proposal.surest(0.25).ids.tolist() == [30]
        assert proposal.surest(0.5).ids.tolist() == [20, 30]
        assert proposal.surest(0.51).ids.tolist() == [20, 30, 40]  # of equally sure ones, that of fewer steps
        assert proposal.surest(1.0) is proposal
        assert proposal.surest(0.5).coverage == proposal.coverage / 2

    def test_of_a_method_that_mixes_all_labels_the_margin_counts(self):
        shares = np.array([[0.5, 0.5, 0.0], [0.45, 0.1, 0.45], [0.4, 0.3, 0.3]])
        none = np.full(3, -1)
        mixed = Proposal(
            np.arange(3),
            shares.argmax(axis=1),
            none,
            none,
            np.zeros(3, int),
            shares.max(axis=1),
            1.0,
            shares,
            "spreading",
        )
        np.testing.assert_allclose(mixed.sureness, [0, 0, 0.1], atol=1e-12)
        assert mixed.surest(0.3).ids.tolist() == [2]  # though its largest share is the smallest

    def test_the_sentence_says_it(self):
        assert (
            chain().surest(0.5).describe()
            == "LQ-KNN, k = 2, τ = 0.1, the surest 50 %: 2 labels from 1 given, in at most 1 step"
        )

    @pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
    def test_other_shares_are_refused(self, share):
        with pytest.raises(InputError, match="share"):
            chain().surest(share)
