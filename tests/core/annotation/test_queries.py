import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import QUERIES, Pool, label_next
from core.errors import InputError
from tests.core.annotation.maps import cloud


def pool(seed=0, **changes):
    points, labels, quality = cloud(seed, n=60)
    rng = np.random.default_rng(seed)
    models = [rng.dirichlet([1, 1, 1], 60) for _ in range(3)]
    fields = {"ids": rng.permutation(500)[:60], "labels": labels, "points": points, "quality": quality}
    return Pool(**fields | {"probabilities": models} | changes)


def ids(asked):
    return [a.id for a in asked]


@pytest.mark.parametrize("key", QUERIES)
class TestEveryQuery:
    @settings(deadline=None, max_examples=8)
    @given(seed=st.integers(0, 10**6), n=st.integers(1, 80))
    def test_it_asks_for_unlabelled_events_once_each(self, key, seed, n):
        some = pool(seed)
        closed = np.random.default_rng(seed).random(60) < 0.2
        asked = label_next(key, pool(seed, closed=closed), n)
        may = set(some.names[(some.hard < 0) & ~closed].tolist())
        assert len(asked) == min(n, len(may))
        assert set(ids(asked)) <= may
        assert len(set(ids(asked))) == len(asked)

    def test_each_says_why_with_its_number(self, key):
        for a in label_next(key, pool(), 5):
            assert re.search(r"\d", a.why)
            assert a.why.endswith(".")

    def test_equals_come_in_the_order_of_their_ids(self, key):
        same = pool(
            labels=np.full(60, -1),
            points=np.zeros((60, 2)),
            quality=np.ones(60),
            probabilities=[np.full((60, 3), 1 / 3), np.tile([0.2, 0.3, 0.5], (60, 1))],
        )
        asked = ids(label_next(key, same, 60))
        if key == "density":  # neighbours of those already asked come after the others
            assert asked[0] == min(asked)
        else:
            assert asked == sorted(same.names.tolist())

    def test_nothing_is_left_to_ask(self, key):
        assert label_next(key, pool(labels=np.zeros(60, int)), 5) == []

    def test_what_it_lacks_is_named(self, key):
        with pytest.raises(InputError, match="needs"):
            label_next(key, pool(points=None, quality=None, probabilities=()), 5)

    def test_a_single_event(self, key):
        one = Pool([7], [-1], [[0.0, 0.0]], [0.5], [[[0.5, 0.5]], [[1.0, 0.0]]])
        assert ids(label_next(key, one)) == ([] if key == "density" else [7])


def test_the_most_uncertain_comes_first():
    p = np.array([[0.9, 0.1, 0.0], [0.4, 0.3, 0.3], [0.5, 0.5, 0.0], [np.nan] * 3])
    some = Pool([1, 2, 3, 4], [-1] * 4, probabilities=[p], classes=["solid", "gaseous", "artefact"])
    assert ids(label_next("uncertainty", some)) == [2, 3, 1]
    margins = label_next("margin", some)
    assert ids(margins) == [3, 2, 1]
    assert margins[0].why == "The model hardly tells solid (0.50) from gaseous (0.50)."
    assert margins[1].value == pytest.approx(0.1)


def test_models_that_say_the_same_do_not_disagree():
    p, q = np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[0.9, 0.1], [0.2, 0.8]])
    asked = label_next("disagreement", Pool([1, 2], [-1, -1], probabilities=[p, q]))
    assert ids(asked) == [2, 1]
    assert asked[0].why == "2 models say 1 × class 0, 1 × class 1, and differ by 0.28 bit."
    assert asked[1].value == 0


def test_coverage_goes_to_the_farthest_and_counts_what_it_asked():
    points = np.array([[0.0, 0], [10, 0], [10.5, 0], [0, 4], [0.1, 0]])
    asked = label_next("coverage", Pool([1, 2, 3, 4, 5], [0, -1, -1, -1, -1], points))
    assert ids(asked) == [3, 4, 2, 5]
    assert [a.value for a in asked] == pytest.approx([10.5, 4, 0.5, 0.1])
    assert ids(label_next("coverage", Pool([1, 2, 3, 4, 5], [-1] * 5, points), 2)) == [5, 3]


def test_density_asks_once_in_each_crowd_and_first_where_no_label_is():
    rng = np.random.default_rng(0)
    crowds = [rng.standard_normal((40, 2)) * s + [x, 0] for s, x in ((0.1, 0), (0.2, 50), (0.4, 100))]
    labels = np.full(120, -1)
    labels[:40:4] = 0
    asked = label_next("density", Pool(np.arange(120), labels, np.concatenate(crowds)), 2)
    assert asked[0].id // 40 == 1
    assert asked[1].id >= 40


def test_low_quality_is_that():
    some = pool()
    asked = label_next("low_quality", some, 3)
    lowest = np.sort(np.asarray(some.quality)[some.hard < 0])[:3]
    assert [a.value for a in asked] == lowest.tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": np.zeros(60, int)}, "each once"),
        ({"quality": np.ones(3)}, "quality .* does not fit 60 events"),
        ({"probabilities": [np.ones((60, 3))]}, "sum to 1"),
        ({"probabilities": [np.ones((60, 1))]}, "two or more classes"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        label_next("low_quality" if "quality" in changes else "margin", pool(**changes))


def test_unknown_queries_are_named():
    with pytest.raises(InputError, match="there is no query 'luck'"):
        label_next("luck", pool())
