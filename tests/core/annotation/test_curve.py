import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import PROPAGATORS, cross_validate, neighbour_lists, propagate, trade_off
from core.annotation.folds import folds_of
from core.annotation.over_subjects import share_over_subjects
from core.errors import InputError, JobCancelled
from core.events import proportion
from tests.core.annotation.maps import cloud


def at(points, labels, quality=None, k=5, tau=0.1, **options):
    quality = np.ones(len(labels)) if quality is None else quality
    return trade_off(points, labels, quality, ks=(k,), taus=(tau,), **options)[0]


def test_it_is_higher_where_the_map_is_right():
    points, labels, _ = cloud(1)
    right = at(points, labels)
    shuffled = at(np.random.default_rng(0).permutation(points), labels)
    assert right.accuracy > 0.8 > shuffled.accuracy
    assert right.interval.low < right.accuracy < right.interval.high
    assert right.hidden >= right.n == (labels >= 0).sum()
    assert right.notes == ()


def test_coverage_is_that_of_the_proposal():
    points, labels, quality = cloud(2)
    found = at(points, labels, quality, k=3, tau=0.37)
    proposal = propagate(points, labels, quality, 3, 0.37)
    assert found.coverage == (len(proposal.ids) + (labels >= 0).sum()) / len(labels)
    assert (found.k, found.tau) == (3, 0.37)


def test_a_grid_holds_what_each_point_of_it_would():
    points, labels, quality = cloud(3)
    lists = neighbour_lists(points, 12)
    curve = trade_off(points, labels, quality, ks=(4, 12), taus=(0.0, 0.3), neighbours=lists)
    assert [(c.k, c.tau) for c in curve] == [(4, 0.0), (4, 0.3), (12, 0.0), (12, 0.3)]
    assert curve[3] == at(points, labels, quality, k=12, tau=0.3)


def test_a_class_with_one_label_is_left_out_and_named():
    points, labels, _ = cloud(4)
    labels[labels == 2] = -1
    labels[2] = 2
    found = at(points, labels)
    assert found.hidden == (labels >= 0).sum() - 1
    assert found.notes == ("Class 2 has one label only: never hidden, so the estimate leaves it out.",)
    assert found.accuracy > 0.8


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, -1, -1, -1]])
def test_of_one_class_accuracy_says_nothing(labels):
    found = at(np.random.default_rng(0).random((40, 2)), np.r_[labels, np.full(36, -1)])
    assert math.isnan(found.accuracy)
    assert found.n == found.hidden == 0
    assert found.coverage > 0
    assert "only class 0 is labelled" in found.interval.why
    assert len(found.notes) == 1


def test_two_classes_of_one_label_each():
    found = at(np.random.default_rng(0).random((40, 2)), np.r_[0, 1, np.full(38, -1)])
    assert math.isnan(found.accuracy)
    assert found.interval.why == "every class has one label only"


def test_nothing_reached_is_said():
    points, labels, _ = cloud(5)
    assert at(points, labels, tau=1.0).interval.why == "no hidden label was reached"


class TestGroups:
    def test_events_of_one_subject_are_hidden_together(self):
        labels = np.tile([0, 1], 60)
        subjects = np.repeat(np.arange(12), 10)
        number = folds_of(labels, 4, 0, subjects).number
        assert len(np.unique(number)) == 4
        assert all(len(np.unique(number[subjects == s])) == 1 for s in range(12))

    def test_the_estimate_is_no_longer_too_good(self):
        # Each subject has a place of its own and a class of its own: nothing is learnt from one about another.
        rng = np.random.default_rng(0)
        subject = np.repeat(np.arange(40), 10)
        points = rng.random((40, 2))[subject] * 100 + rng.random((400, 2)) * 0.1
        labels = rng.integers(0, 2, 40)[subject]
        assert at(points, labels, k=20).accuracy > 0.95
        assert at(points, labels, k=20, groups=subject.astype(str)).accuracy < 0.8

    def test_a_class_of_one_subject_is_left_out_and_named(self):
        labels = np.r_[np.tile([0, 1], 30), np.full(10, 2)]
        subjects = np.r_[np.repeat(np.arange(6), 10), np.full(10, 99)]
        plan = folds_of(labels, 3, 0, subjects)
        assert (plan.number[labels == 2] == -1).all()
        assert plan.notes[0].startswith("Class 2 has labels of one subject")

    def test_one_subject_only(self):
        points, labels, _ = cloud(6)
        assert at(points, labels, groups=np.zeros(len(labels))).interval.why.startswith("every class has labels of one")
        with pytest.raises(InputError, match="one group per point"):
            at(points, labels, groups=[1, 2])


class TestSubjects:
    """Labels are hidden one by one, and what that is worth is counted in subjects."""

    def people(self, n):
        """Points of n people, each in two places of their own; whoever's number is odd is hard to tell."""
        rng = np.random.default_rng(3)
        subject, labels = np.repeat(np.arange(n), 60), np.tile([0, 1], 30 * n)
        points = 20.0 * np.stack([subject, 0.5 * labels * (subject % 2 == 0)], axis=1) + rng.standard_normal(
            (60 * n, 2)
        )
        return points, labels, subject

    def test_hidden_one_by_one_with_an_interval_over_subjects(self):
        points, labels, subject = self.people(10)
        plain, found = at(points, labels), at(points, labels, subjects=subject)
        assert (found.accuracy, found.n, found.subjects) == (plain.accuracy, plain.n, 10)
        assert plain.subjects is None
        wide, narrow = (one.interval.high - one.interval.low for one in (found, plain))
        assert wide > 3 * narrow  # half of the people are always right, half are as by chance
        assert found.interval.low < found.accuracy < found.interval.high

    def test_of_few_subjects_there_is_no_interval(self):
        points, labels, subject = self.people(4)
        found = at(points, labels, subjects=subject)
        assert (found.interval.low, found.interval.high, found.subjects) == (None, None, 4)
        assert found.accuracy == found.interval.value > 0.5
        assert found.interval.why == "too few subjects for a 95 % interval: it takes 5"

    def test_all_right_in_everybody_is_still_not_certain(self):
        everybody = share_over_subjects(np.ones(60, bool), np.repeat(np.arange(6), 10))
        assert (everybody.value, everybody.high) == (1.0, 1.0)
        assert everybody.low == proportion(60, 60).low < 1

    def test_hidden_whole_they_are_others(self):
        points, labels, subject = self.people(10)
        same, others = at(points, labels, subjects=subject), at(points, labels, k=100, groups=subject)
        assert others.subjects == 10
        assert others.n > 300
        assert others.accuracy < same.accuracy - 0.1  # half of the people are told apart only by labels of their own

    def test_it_takes_one_subject_per_point(self):
        points, labels, _ = self.people(4)
        with pytest.raises(InputError, match="2 subjects for 240 points"):
            at(points, labels, subjects=[1, 2])


class TestClasses:
    def test_they_are_called_by_their_names(self):
        labels = np.r_[np.tile([0, 1], 30), np.full(10, 2)]
        subjects = np.r_[np.repeat(np.arange(6), 10), np.full(10, 99)]
        plan = folds_of(labels, 3, 0, subjects, ("N", "V", "F"))
        assert plan.notes[0].startswith("Class F has labels of one subject")
        points = np.random.default_rng(0).random((40, 2))
        only = at(points, np.r_[np.ones(4, int), np.full(36, -1)], classes=("N", "V"))
        assert "only class V is labelled" in only.interval.why

    def test_each_is_counted(self):
        points, labels, _ = cloud(1)
        found = at(points, labels, classes=("N", "V", "F"))
        assert sum(right for right, _ in found.by_class.values()) == round(found.accuracy * found.n)
        assert {name: n for name, (_, n) in found.by_class.items()} == {
            name: int((labels == c).sum()) for c, name in enumerate(("N", "V", "F"))
        }
        assert found.points == len(labels)

    def test_one_that_stands_alone_gives_no_accuracy(self):
        # Of two classes only one can be hidden: the other is of one subject.
        rng = np.random.default_rng(0)
        labels = np.r_[np.zeros(80, int), np.ones(20, int)]
        subjects = np.r_[np.arange(80) % 8, np.full(20, 9)]
        points = rng.standard_normal((100, 2)) + 50.0 * labels[:, None]
        found = at(points, labels, groups=subjects, classes=("F", "V"))
        assert found.n > 60
        assert found.by_class == {"F": (found.n, found.n)}
        assert math.isnan(found.accuracy)
        assert found.interval.value is None
        assert "only hidden labels of class F were reached" in found.interval.why


@settings(deadline=None, max_examples=30)
@given(
    labels=st.lists(st.integers(-1, 4), min_size=1, max_size=60),
    folds=st.integers(2, 6),
    seed=st.integers(0, 99),
    groups=st.booleans(),
)
def test_no_fold_hides_a_class_whole(labels, folds, seed, groups):
    labels = np.array([0, *labels])
    plan = folds_of(labels, folds, seed, np.arange(len(labels)) % 5 if groups else None)
    assert (plan.number[labels < 0] == -1).all()
    for hidden in plan.each():
        kept = np.delete(labels, hidden)
        assert set(labels[hidden].tolist()) <= set(kept.tolist())


class TestEveryWayIsJudged:
    @pytest.mark.parametrize("method", PROPAGATORS)
    def test_as_the_method_itself_does(self, method):
        points, labels, quality = cloud(7)
        (found,) = cross_validate(points, labels, quality, method)
        proposal = PROPAGATORS[method].run(points, labels, quality)
        assert found.coverage == (len(proposal.ids) + (labels >= 0).sum()) / len(labels)
        assert found.params == proposal.params
        right = reached = 0
        for hidden in folds_of(labels, 4, 0).each():
            kept = labels.copy()
            kept[hidden] = -1
            proposal = PROPAGATORS[method].run(points, kept, quality)
            given = dict(zip(proposal.ids.tolist(), proposal.labels.tolist(), strict=True))
            reached += sum(row in given for row in hidden.tolist())
            right += sum(given.get(row) == labels[row] for row in hidden.tolist())
        assert (found.n, found.accuracy) == (reached, pytest.approx(right / reached))
        assert found.accuracy > 0.7

    def test_the_surest_labels_are_fewer_and_better(self):
        points, labels, quality = cloud(8, 600)
        some, every = cross_validate(points, labels, quality, "spreading", [{"k": 10}], surest=(0.5, 1.0))
        assert (some.surest, every.surest) == (0.5, 1.0)
        assert some.coverage < every.coverage
        assert some.n < every.n
        assert some.accuracy > every.accuracy

    def test_a_slow_method_is_judged_on_a_sample_and_says_so(self, monkeypatch):
        points, labels, quality = cloud(9, 400)
        monkeypatch.setitem(PROPAGATORS, "opf_semi", replace(PROPAGATORS["opf_semi"], judged_most=200))
        (found,) = cross_validate(points, labels, quality, "opf_semi", groups=np.arange(400) % 9)
        n = (labels >= 0).sum()
        assert found.notes[-1] == (
            "OPF-semi takes too long on 400 points: estimated on 200 of them, drawn at random (seed 0) with all"
            f" {n} that are labelled."
        )
        assert found.hidden == n
        assert found.accuracy > 0.7
        monkeypatch.setitem(PROPAGATORS, "opf_semi", replace(PROPAGATORS["opf_semi"], judged_most=20))
        (found,) = cross_validate(points, labels, quality, "opf_semi")
        assert f"with 10 of the {n} that are labelled" in found.notes[-1]

    def test_it_ends_when_it_is_stopped(self):
        points, labels, quality = cloud(7)
        calls = []

        def stop():
            calls.append(1)
            if len(calls) == 3:
                raise JobCancelled("stopped as asked")

        with pytest.raises(JobCancelled):
            cross_validate(points, labels, quality, "std_knn", stop=stop)
        assert len(calls) == 3

    @pytest.mark.parametrize(
        ("method", "options", "said"),
        [
            ("no_such", {}, "no way of propagating 'no_such'"),
            ("std_knn", {"grid": [{"tau": 0.1}]}, "tau"),
            ("std_knn", {"surest": (0.0,)}, "surest"),
            ("std_knn", {"folds": 1}, "folds"),
        ],
    )
    def test_what_is_refused(self, method, options, said):
        points, labels, quality = cloud(7)
        with pytest.raises(InputError, match=said):
            cross_validate(points, labels, quality, method, **options)
