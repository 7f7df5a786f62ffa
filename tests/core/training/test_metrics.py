import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, matthews_corrcoef

from core.training import evaluate, mcc, paired_difference
from core.training.metrics_mcc import confusion


@pytest.mark.filterwarnings("ignore:A single label")
@settings(deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 5), n=st.integers(2, 60))
def test_mcc_equals_scikit_learn(seed, k, n):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, k, n), rng.integers(0, k, n)
    assert mcc(confusion(y, p, k)) == pytest.approx(matthews_corrcoef(y, p), abs=1e-12)


def test_figures_and_interval():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    p = np.eye(3)[np.where(rng.random(400) < 0.8, y, rng.integers(0, 3, 400))]
    got = evaluate(y, p, ["a", "b", "c"])
    assert evaluate(y, p, ["c", "b", "a"])["classes"] == ["c", "b", "a"]
    low, high = got["mcc_interval"]
    assert low < got["mcc"] < high
    assert 0.05 < high - low < 0.2
    assert got == evaluate(y, p, ["a", "b", "c"])
    np.testing.assert_allclose(list(got["f1"].values()), f1_score(y, p.argmax(axis=1), average=None))
    assert np.sum(got["confusion"]) == got["n"] == 400


def test_interval_over_subjects_is_wider_when_subjects_differ():
    rng = np.random.default_rng(0)
    subject = np.repeat([f"P{n}" for n in range(8)], 50)
    y = rng.integers(0, 2, 400)
    right = rng.random(400) < np.repeat([0.5, 0.99, 0.55, 0.98, 0.6, 0.97, 0.5, 0.99], 50)
    p = np.eye(2)[np.where(right, y, 1 - y)]
    events, subjects = evaluate(y, p, ["a", "b"]), evaluate(y, p, ["a", "b"], subject)
    assert (events["interval_over"], subjects["interval_over"]) == ("events", "subjects")
    assert np.diff(subjects["mcc_interval"]) > np.diff(events["mcc_interval"])


def test_paired_difference_knows_that_the_events_are_the_same():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    full = np.eye(2)[np.where(rng.random(300) < 0.8, y, 1 - y)]
    same, (low, high) = paired_difference(y, full, full)
    assert (same, low, high) == (0.0, 0.0, 0.0)
    worse = full.copy()
    worse[:60] = np.eye(2)[1 - y[:60]]
    delta, (low, high) = paired_difference(y, full, worse)
    assert low < delta < high < 0
