"""Maps that were made before labels changed are scored and ranked by the labels as they are now."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError, JobCancelled
from core.projection import Map, MapEvents, ProjectionSet, rescore, silhouette


@pytest.fixture
def maps():
    """A map that parts 100 even from odd events, and one that parts the first half from the second."""
    rng = np.random.default_rng(0)
    n, noise = np.arange(100), rng.standard_normal((100, 2))
    points = [noise + 9 * (n % 2)[:, None], noise + 9 * (n < 50)[:, None]]
    made = [Map({"method": "m"}, p, np.ones(100), None, k, scores={"mean_quality": k}) for k, p in enumerate(points)]
    return ProjectionSet(MapEvents(n + 1000), made, 1, 1, 0)


def test_they_are_ranked_by_the_labels_as_they_are_now(maps):
    n = np.arange(100)
    parity, halves = rescore(maps, n % 2), rescore(maps, n // 50)
    assert (parity.maps.best, parity.maps.worst) == (0, 1)
    assert (halves.maps.best, halves.maps.worst) == (1, 0)
    assert parity.maps.maps[0].silhouette == silhouette(maps.maps[0].points, n % 2)
    assert (parity.n, parity.n_labelled) == (100, 100)
    assert maps.maps[0].silhouette is None  # those given are as they were


def test_unlabelled_events_play_no_part(maps):
    labels = np.where(np.arange(100) < 20, np.arange(100) % 2, -1)
    made = rescore(maps, labels)
    assert made.n == 20
    assert made.maps.maps[0].silhouette == silhouette(maps.maps[0].points[:20], labels[:20])


@pytest.mark.parametrize("mark", ["test", "placed"])
def test_test_subjects_and_events_that_were_placed_play_no_part(maps, mark):
    apart = np.arange(100) >= 40
    points = [np.where(apart[:, None], np.nan, one.points) for one in maps.maps]  # as of a method that cannot place
    events = MapEvents(maps.ids, **{mark: apart})
    held_out = replace(maps, events=events, maps=[replace(m, points=p) for m, p in zip(maps.maps, points, strict=True)])
    labels = np.arange(100) % 2
    made = rescore(held_out, labels)
    assert made.n == made.n_labelled == 40
    assert made.maps.maps[0].silhouette == silhouette(maps.maps[0].points[:40], labels[:40])


def test_too_few_labels_leave_the_quality(maps):
    made = rescore(maps, np.full(100, -1))
    assert [one.silhouette for one in made.maps.maps] == [None, None]
    assert (made.maps.best, made.maps.worst) == (1, 0)  # by mean quality
    old = ProjectionSet(
        maps.events, [Map({}, one.points, one.local_quality, 0.5, raw=False) for one in maps.maps], 1, 0, 0
    )
    assert rescore(old, np.full(100, -1)).maps.best == 1  # nothing to rank by: as it was


def test_of_many_labels_a_sample_is_drawn_the_same_for_all_maps(maps):
    labels = np.arange(100) % 2
    made, again, other = (rescore(maps, labels, most=30, seed=seed) for seed in (3, 3, 4))
    assert (made.n, made.n_labelled, made.seed) == (30, 100, 3)
    scores = lambda of: [one.silhouette for one in of.maps.maps]  # noqa: E731
    assert scores(made) == scores(again) != scores(other)
    rows = np.sort(np.random.default_rng(3).choice(100, 30, replace=False))
    assert scores(made) == [silhouette(one.points[rows], labels[rows]) for one in maps.maps]


def test_the_metric_is_that_of_the_run(maps):
    labels = np.arange(100) % 2
    made = rescore(maps, labels, "sqeuclidean").maps.maps[0].silhouette
    assert (
        made == silhouette(maps.maps[0].points, labels, "sqeuclidean") != rescore(maps, labels).maps.maps[0].silhouette
    )


def test_it_can_be_stopped_and_refuses_other_labels(maps):
    def stop():
        raise JobCancelled("stopped as asked")

    with pytest.raises(JobCancelled):
        rescore(maps, np.arange(100) % 2, stop=stop)
    with pytest.raises(InputError, match="7 labels for 100 events"):
        rescore(maps, np.zeros(7, int))


class TestWhoHasASay:
    def test_a_class_of_fewer_than_five_labels_has_none(self, maps):
        labels = np.arange(100) % 2
        stray = np.where(np.arange(100) < 4, 2, labels)
        rows = np.arange(4, 100)
        made = rescore(maps, stray).maps.maps
        assert [one.silhouette for one in made] == [silhouette(one.points[rows], labels[rows]) for one in maps.maps]
        assert [one.n_scored for one in made] == [96, 96]
        assert rescore(maps, np.where(np.arange(100) < 5, 2, labels)).maps.maps[0].n_scored == 100

    def test_nor_has_one_that_is_all_but_gone_from_the_sample(self, maps):
        labels = np.where(np.arange(100) < 6, 2, np.arange(100) % 2)
        made = rescore(maps, labels, most=40, seed=1)
        assert made.n == 40
        drawn = np.sort(np.random.default_rng(1).choice(100, 40, replace=False))
        assert 0 < (drawn < 6).sum() < 5
        assert made.maps.maps[0].n_scored == (drawn >= 6).sum()

    def test_two_and_one_label_are_too_few(self, maps):
        labels = np.full(100, -1)
        labels[:3] = 0, 1, 0
        made = rescore(maps, labels).maps
        assert [(one.silhouette, one.n_scored) for one in made.maps] == [(None, 0), (None, 0)]

    def test_a_map_is_better_only_beyond_the_noise(self, maps):
        made = rescore(maps, np.arange(100) % 2)
        assert made.is_better(0, 1)
        assert not made.is_better(1, 0)
        rng = np.random.default_rng(2)
        like = [replace(m, points=maps.maps[0].points + 1e-3 * rng.standard_normal((100, 2))) for m in maps.maps]
        near = rescore(replace(maps, maps=like), np.arange(100) % 2)
        assert not near.is_better(near.maps.best, near.maps.worst)
        chance = [replace(m, points=rng.standard_normal((100, 2))) for m in maps.maps]
        of_ten = rescore(replace(maps, maps=chance), np.where(np.arange(100) < 10, np.arange(100) % 2, -1))
        best, worst = of_ten.maps.best, of_ten.maps.worst
        assert of_ten.maps.maps[best].silhouette > of_ten.maps.maps[worst].silhouette + 0.02  # seen, but of ten labels
        assert not of_ten.is_better(best, worst)


def test_each_map_has_one_name(maps):
    assert maps.ranked == {"best": 1, "worst": 0}  # of two, none is the middle
    assert replace(maps, maps=maps.maps[:1], best=0, middle=0, worst=0).ranked == {"best": 0}
    three = replace(maps, maps=[*maps.maps, maps.maps[0]], best=2, middle=1, worst=0)
    assert list(three.ranked.items()) == [("best", 2), ("middle", 1), ("worst", 0)]
