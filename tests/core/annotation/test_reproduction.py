"""The page of docs/results/annotation.md: its draws, scores, intervals and words, on a few points."""

import numpy as np
import pytest

from core.annotation import PROPAGATORS
from tests.benchmarks.reproduce_annotation.cache import Cache
from tests.benchmarks.reproduce_annotation.comparing import METHODS, compare
from tests.benchmarks.reproduce_annotation.maps import Drawn
from tests.benchmarks.reproduce_annotation.own import best_of, candidates, estimates_of
from tests.benchmarks.reproduce_annotation.statistics import (
    drawn_labels,
    interval,
    most_confident,
    paired,
    prose,
    score,
    spread,
    table,
)
from tests.benchmarks.reproduce_annotation.verdicts import verdicts

CLASSES = np.repeat([0, 1, 2], [40, 20, 3])


@pytest.fixture(scope="module")
def clusters():
    """Three clusters, far apart, as a map and as its features."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(len(CLASSES), 2)) + 30 * CLASSES[:, None]
    from core.projection import neighbours_of

    return Drawn("made", points, neighbours_of(points, 15), np.ones(len(points)), 0.0)


def test_a_draw_takes_its_share_of_each_class_and_at_least_one():
    labels = drawn_labels(CLASSES, 0.1, 3)
    assert np.bincount(labels[labels >= 0]).tolist() == [4, 2, 1]
    assert (labels[labels >= 0] == CLASSES[labels >= 0]).all()
    assert (drawn_labels(CLASSES, 0.1, 3) == labels).all()
    among = np.arange(len(CLASSES)) % 2 == 0
    assert not (drawn_labels(CLASSES, 0.1, 3, among) >= 0)[~among].any()


def test_a_score_is_of_newly_labelled_points_only():
    classes, given = np.array([0, 0, 0, 1, 1]), np.array([0, -1, -1, -1, -1])
    got = np.array([0, 0, 1, 1, -1])
    assert score(classes, given, got) == {"accuracy": 2 / 3, "balanced": 0.75, "coverage": 0.75, "n": 3}
    assert score(classes, given, got, np.arange(5) == 2) == {"accuracy": 0.0, "balanced": 0.0, "coverage": 1.0, "n": 1}
    assert np.isnan(score(classes, given, given)["accuracy"])


def test_paired_intervals_are_those_of_student():
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == pytest.approx((2.0, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), abs=1e-6)
    assert interval([1.0])[1:] == (float("-inf"), float("inf"))
    assert paired([0.9, 0.8], [0.8, 0.7]) == "+10.00 [+10.00, +10.00]"
    assert spread([0.5, 0.7]) == "60.00 ± 14.14"


def test_the_surest_are_labelled_and_no_others(clusters):
    given = drawn_labels(CLASSES, 0.1, 0)
    proposal = PROPAGATORS["spreading"].run(clusters.points, given, None, clusters.neighbours, k=5)
    labels = most_confident(proposal, given < 0, 0.5)
    assert (labels >= 0).sum() == np.ceil(0.5 * (given < 0).sum())
    assert (labels[given >= 0] == -1).all()


def test_methods_are_compared_on_the_map_of_the_best_silhouette(clusters):
    rng = np.random.default_rng(1)
    noise = Drawn("noise", rng.normal(size=clusters.points.shape), clusters.neighbours, clusters.quality, 0.0)
    (result,) = compare([noise, clusters], CLASSES, [drawn_labels(CLASSES, 0.2, 0)])
    assert (result["maps"]["best"], result["maps"]["worst"]) == ("made", "noise")
    assert set(result["scores"]["best"]) == set(METHODS)
    assert result["scores"]["best"]["LQ-KNN, K 5"]["accuracy"] == 1.0


def test_own_settings_are_chosen_by_estimates_not_by_the_truth(clusters):
    given = drawn_labels(CLASSES, 0.3, 0)
    space = {"x": clusters.points, "neighbours": clusters.neighbours}
    found = candidates({"made": space}, {"made": clusters})
    estimates = estimates_of(found, given, 0)
    true, lied = (best_of(found, estimates, classes, given) for classes in (CLASSES, CLASSES[::-1]))
    assert true["chosen"] == lied["chosen"]
    assert true["accuracy"] == 1.0 > lied["accuracy"]


def test_a_missed_bar_is_called_missed():
    def draws(by_confidence, alone):
        return [{f"{way}, {loss}": value for way, value in by_confidence.items() for loss in ("CE", "GCE")} | alone] * 2

    found = {"talk": draws({"LQ-KNN, K 10": 0.8, "chosen by CV": 0.95}, {"alone, CE": 0.9, "alone, GCE": 0.9})}
    rows = verdicts({"mnist": None, "published": None, "own": None, "classifiers": found}).splitlines()[2:]
    assert ["missed" in row for row in rows] == [True, True, False, False]


def test_results_are_kept(tmp_path):
    cache = Cache(tmp_path / "kept")
    made = []
    for _ in range(2):
        kept = cache.arrays("a", lambda: made.append(1) or {"x": np.arange(3)})
    assert len(made) == 1
    assert kept["x"].tolist() == [0, 1, 2]
    assert cache.results("b") is None
    cache.keep("b", {"n": 1})
    assert cache.results("b") == {"n": 1}


def test_pages_are_wrapped_and_tables_are_not():
    assert prose("one\n   two\n\nthree") == "one two\n\nthree"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
