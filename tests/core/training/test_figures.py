"""Figures equal scikit-learn's where it has them; intervals come from whole subjects, and say nothing where nothing is known."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from core.training import compare, corrected_t_test, evaluate, figures, holm, mcc
from core.training.metrics_curves import areas
from core.training.metrics_draws import Draws, interval
from core.training.metrics_subjects import of_subjects, wilson

CLASSES = ["a", "b", "c"]


def made(n=300, k=3, seed=0, skill=0.5):
    """True classes and probabilities that know something of them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    p = rng.dirichlet(np.ones(k), n)
    p[np.arange(n), y] += skill
    return y, p / p.sum(axis=1, keepdims=True)


def people(n, of=8):
    return np.array([f"P{i % of}" for i in range(n)], dtype=object)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 4), n=st.integers(8, 60))
def test_figures_equal_scikit_learn(seed, k, n):
    y, p = made(n, k, seed)
    guess, got = p.argmax(axis=1), evaluate(y, p, CLASSES[:k] + ["d"] * (k > 3))
    there = np.union1d(y, guess)
    expected = precision_recall_fscore_support(y, guess, labels=range(k), zero_division=np.nan)
    for row, entry in enumerate(got["per_class"].values()):
        for name, values in zip(("precision", "recall", "f1", "n"), expected, strict=True):
            if np.isnan(values[row]):
                assert entry[name] is None or name == "f1"
            elif not (name == "f1" and row not in there):
                assert entry[name] == pytest.approx(values[row])
    assert got["balanced_accuracy"] == pytest.approx(np.mean([np.mean(guess[y == c] == c) for c in np.unique(y)]))
    assert got["macro_f1"] == pytest.approx(f1_score(y, guess, average="macro"))
    assert got["accuracy"] == pytest.approx((guess == y).mean())


def test_balanced_accuracy_is_scikit_learns():
    y, p = made()
    assert evaluate(y, p, CLASSES)["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, p.argmax(axis=1)))


@pytest.mark.parametrize("decimals", [1, 12])
def test_areas_equal_scikit_learn_also_with_ties(decimals):
    y, p = made()
    p = p.round(decimals)
    got = figures(y, p, CLASSES)["curves"]
    for number, name in enumerate(CLASSES):
        area, precision = roc_auc_score(y == number, p[:, number]), average_precision_score(y == number, p[:, number])
        assert got[name]["roc_auc"] == pytest.approx(area)
        assert got[name]["average_precision"] == pytest.approx(precision)
        low, high = got[name]["roc_auc_interval"]
        assert low < area < high
        levels = np.unique(-p[:, number], return_inverse=True)[1]
        positive, negative = (
            np.bincount(levels[side], minlength=levels.max() + 1)[None] for side in (y == number, y != number)
        )
        assert np.ravel(areas(positive, negative)) == pytest.approx([area, precision])


def test_each_draw_of_subjects_has_the_figures_of_its_events():
    y, p = made(900)
    subject = people(900, 9)
    draws = Draws.of(900, subject, seed=3)
    weights = next(iter(draws._weights()))
    assert (weights.sum(axis=1) == 9).all()
    got = figures(y, p, CLASSES, subject, seed=3)
    unit = np.unique(subject.astype(str), return_inverse=True)[1]
    guess = p.argmax(axis=1)
    found, area = [], []
    for drawn in weights:
        w = drawn[unit]
        table = np.bincount(3 * y + guess, w, 9).reshape(3, 3)
        found.append(float(mcc(table)))
        if len(area) < 200:
            area.append(roc_auc_score(y == 0, p[:, 0], sample_weight=w))
        if len(area) < 20:
            assert found[-1] == pytest.approx(matthews_corrcoef(y, guess, sample_weight=w))
    assert got["mcc_interval"] == pytest.approx(np.percentile(found, [2.5, 97.5]))
    assert got["curves"]["a"]["roc_auc_interval"] == pytest.approx(np.percentile(area, [2.5, 97.5]), abs=0.01)


def test_predictions_of_one_event_by_several_models_are_no_more_events():
    y, p = made(200)
    ids = np.arange(200)
    one = evaluate(y, p, CLASSES)
    three = evaluate(np.tile(y, 3), np.tile(p, (3, 1)), CLASSES, events=np.tile(ids, 3))
    naive = evaluate(np.tile(y, 3), np.tile(p, (3, 1)), CLASSES)
    assert (three["n"], three["mcc"]) == (200, pytest.approx(one["mcc"]))
    width = {name: np.diff(f["mcc_interval"])[0] for name, f in (("one", one), ("three", three), ("naive", naive))}
    assert width["three"] == pytest.approx(width["one"], rel=0.1)
    assert width["naive"] < 0.7 * width["one"]


def test_calibration_is_scikit_learns():
    y, p = made(400, 2)
    got = figures(y, p, ["a", "b"])["calibration"]
    assert got["brier"] == pytest.approx(brier_score_loss(y, p[:, 1]))
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    accuracy, confidence = calibration_curve(right, sure, n_bins=10)
    assert [entry["accuracy"] for entry in got["bins"]] == pytest.approx(accuracy)
    assert [entry["confidence"] for entry in got["bins"]] == pytest.approx(confidence)
    n = np.array([entry["n"] for entry in got["bins"]])
    assert n.sum() == 400
    assert got["ece"] == pytest.approx((n * np.abs(accuracy - confidence)).sum() / 400)
    y, p = made(400, 3)
    assert figures(y, p, CLASSES)["calibration"]["brier"] == pytest.approx(brier_score_loss(y, p, labels=[0, 1, 2]))


def test_a_calibrated_classifier_has_less_error_than_a_boastful_one():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([2.0, 2.0], 3000)
    y = (rng.random(3000) < p[:, 1]).astype(int)
    boastful = p**4 / (p**4).sum(axis=1, keepdims=True)
    honest, other = (figures(y, q, ["a", "b"])["calibration"] for q in (p, boastful))
    assert honest["ece_interval"][1] < other["ece_interval"][0]
    assert honest["brier_interval"][0] < honest["brier"] < honest["brier_interval"][1] < other["brier"]


def test_what_is_not_defined_is_none_and_json():
    p = np.array([[0.7, 0.2, 0.1]] * 6)
    got = figures(np.zeros(6, int), p, CLASSES, np.array(["A", "A", "", "", "B", "B"], dtype=object))
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    assert got["curves"] == {"a": None, "b": None, "c": None}
    assert (got["per_class"]["b"]["recall"], got["per_class"]["b"]["recall_interval"]) == (None, None)
    assert [one["mcc"] for one in got["subjects"]] == [None, None]
    assert (got["interval_over"], got["n_subjects"]) == ("events", 2)


def test_figures_of_each_subject():
    y, p = made(120)
    subject = people(120, 4)
    found = {one["subject"]: one for one in of_subjects(y, p.argmax(axis=1), subject, CLASSES)}
    mine = subject == "P2"
    assert found["P2"]["n"] == 30
    assert found["P2"]["mcc"] == pytest.approx(matthews_corrcoef(y[mine], p[mine].argmax(axis=1)))
    assert sum(found["P2"]["classes"].values()) == 30
    accuracies = [one["accuracy"] for one in of_subjects(y, p.argmax(axis=1), subject, CLASSES)]
    assert accuracies == sorted(accuracies)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (3, 7), (20, 20)])
def test_intervals_of_shares(k, n):
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx([expected.low, expected.high])


def test_an_interval_of_draws_that_are_mostly_undefined_is_none():
    assert interval(np.array([np.nan, np.nan, 1.0])) is None
    assert interval(np.array([np.nan, 1.0, 1.0])) == [1.0, 1.0]


# Comparisons


def worse(y, p, share, seed=1):
    """Probabilities of which a share is shuffled."""
    rng = np.random.default_rng(seed)
    rows = rng.random(len(y)) < share
    q = p.copy()
    q[rows] = q[rng.permutation(np.flatnonzero(rows))]
    return q


def test_events_are_compared_by_mcnemars_exact_test():
    y, p = made()
    q = worse(y, p, 0.5)
    got = compare(y, p, q)
    right, other = p.argmax(axis=1) == y, q.argmax(axis=1) == y
    only_one, only_other = int((right & ~other).sum()), int((other & ~right).sum())
    assert (got["only_one"], got["only_other"]) == (only_one, only_other)
    assert got["p"] == pytest.approx(binomtest(only_one, only_one + only_other).pvalue)
    assert got["effect"] == {"name": "cohen_g", "value": pytest.approx(only_other / (only_one + only_other) - 0.5)}
    assert got["mcc"] == pytest.approx([matthews_corrcoef(y, p.argmax(axis=1)), matthews_corrcoef(y, q.argmax(axis=1))])
    assert got["interval"][0] < got["difference"] < got["interval"][1] < 0


def test_subjects_are_exchanged_in_every_way():
    y, p = made(120)
    q, subject = worse(y, p, 0.3), people(120, 6)
    got = compare(y, p, q, subject)
    unit = np.unique(subject.astype(str), return_inverse=True)[1]
    a, b = p.argmax(axis=1), q.argmax(axis=1)
    observed, hits = abs(got["difference"]), []
    for swapped in product([False, True], repeat=6):
        s = np.array(swapped)[unit]
        d = matthews_corrcoef(y, np.where(s, a, b)) - matthews_corrcoef(y, np.where(s, b, a))
        hits.append(abs(d) >= observed - 1e-12)
    assert (got["test"], got["exact"], got["n_units"]) == ("permutation", True, 6)
    assert got["p"] == pytest.approx(np.mean(hits))
    accuracy = [np.mean((b == y)[unit == u]) - np.mean((a == y)[unit == u]) for u in range(6)]
    assert got["effect"]["value"] == pytest.approx(np.mean(accuracy) / np.std(accuracy, ddof=1))


@pytest.mark.parametrize("n_subjects", [0, 8, 20])
def test_comparing_is_symmetric_and_finds_nothing_where_nothing_is(n_subjects):
    y, p = made(400)
    subject = people(400, n_subjects) if n_subjects else None
    same = compare(y, p, p, subject)
    assert (same["difference"], same["interval"], same["p"], same["effect"]["value"]) == (0.0, [0.0, 0.0], 1.0, None)
    q = worse(y, p, 0.6)
    forth, back = compare(y, p, q, subject), compare(y, q, p, subject)
    assert forth["difference"] == pytest.approx(-back["difference"])
    assert forth["p"] == pytest.approx(back["p"])
    assert forth["p"] < 0.02
    assert forth["effect"]["value"] == pytest.approx(-back["effect"]["value"])


def test_chance_alone_is_seldom_significant():
    """Two classifiers alike but for noise that whole subjects share: McNemar's test would be fooled, exchanges are not."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y, unit = rng.integers(0, 2, 240), np.arange(240) % 8
        skill = rng.uniform(0.5, 1.0, (2, 8))
        one, other = (np.eye(2)[np.where(rng.random(240) < s[unit], y, 1 - y)] for s in skill)
        subject = np.array([f"P{u}" for u in unit], dtype=object)
        found.append((compare(y, one, other, subject)["p"] < 0.05, compare(y, one, other)["p"] < 0.05))
    by_subject, by_event = np.mean(found, axis=0)
    assert by_subject <= 0.15
    assert by_event > 0.2


def test_several_predictions_of_an_event_are_one_event_of_the_test():
    y, p = made()
    q, ids = worse(y, p, 0.3), np.arange(300)
    once = compare(y, p, q)
    thrice = compare(np.tile(y, 3), np.tile(p, (3, 1)), np.tile(q, (3, 1)), events=np.tile(ids, 3))
    assert (thrice["n"], thrice["n_units"], thrice["p"]) == (300, 300, once["p"])


def test_the_corrected_t_test_takes_overlap_into_account():
    d = np.array([0.02, 0.05, -0.01, 0.04, 0.03])
    plain = corrected_t_test(d, 100, 0)
    assert (plain["t"], plain["p"]) == pytest.approx(tuple(ttest_1samp(d, 0)))
    got = corrected_t_test(d, 80, 20)
    t = d.mean() / np.sqrt((1 / 5 + 0.25) * d.var(ddof=1))
    assert got["t"] == pytest.approx(t)
    assert got["p"] > plain["p"]
    assert np.diff(got["interval"]) > np.diff(plain["interval"])
    assert json.dumps(got)
    assert corrected_t_test([0.1], 80, 20)["p"] is None
    assert corrected_t_test([0.1, 0.1], 80, 20)["p"] is None


def test_p_values_are_corrected_for_their_number():
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
