"""The estimator: scikit-learn's own checks where they apply, and what a notebook does with it."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.utils import estimator_checks as checks

from core.errors import InputError
from core.training import HitscopeClassifier


@pytest.fixture(autouse=True)
def one_thread():
    """Steps of small models are over before a second thread has woken up."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


QUICK = {"max_epochs": 6, "patience": 6, "lr": 3e-3, "device": "cpu", "model_options": {"n_layers": 1, "n_conv": 1}}

# Those that need no table of features: windows are longer than what the others make.
APPLY = [
    checks.check_estimator_cloneable,
    checks.check_estimator_repr,
    checks.check_estimator_tags_renamed,
    checks.check_estimators_unfitted,
    checks.check_get_params_invariance,
    checks.check_set_params,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_valid_tag_types,
    checks.check_mixin_order,
]


@pytest.mark.parametrize("check", APPLY, ids=lambda check: check.__name__)
def test_scikit_learn_finds_nothing_wrong(check):
    check("HitscopeClassifier", HitscopeClassifier())


def windows(n=60, seed=0, n_times=40):
    """Windows of two channels in which one of two shapes is hidden, and whom they are of."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = 0.3 * rng.standard_normal((n, 2, n_times))
    x[y == 1, 0] += np.sin(np.arange(n_times))
    return x, np.array(["artefact", "embolus"])[y], np.arange(n) // 10


def test_it_learns_labels_of_any_type():
    x, y, groups = windows()
    for labels in (y, y == "embolus", np.where(y == "embolus", 7, -3)):
        classifier = HitscopeClassifier(fs=100.0, **QUICK).fit(x, labels, groups)
        found = classifier.predict(x)
        assert found.dtype == labels.dtype
        assert (found == labels).mean() > 0.9
        probabilities = classifier.predict_proba(x)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        assert classifier.score(x, labels) == (classifier.classes_[probabilities.argmax(axis=1)] == labels).mean()
    again = clone(classifier).fit(x, labels, groups)
    np.testing.assert_array_equal(again.predict_proba(x), probabilities)


def test_it_is_cross_validated_by_whom_windows_are_of():
    x, y, groups = windows()
    scores = cross_val_score(
        HitscopeClassifier(fs=100.0, **QUICK), x, y, groups=groups, cv=GroupKFold(2), params={"groups": groups}
    )
    assert scores.mean() > 0.8


def test_nobody_decides_when_to_stop_who_is_trained_on():
    _, y, groups = windows()
    classifier = HitscopeClassifier()
    classifier.classes_, numbers = np.unique(y, return_inverse=True)
    train, validation = classifier._sides(numbers, groups)
    assert set(groups[train]).isdisjoint(groups[validation])
    assert len(train) + len(validation) == len(y)
    train, validation = classifier._sides(numbers, None)
    assert len(set(train) & set(validation)) == 0
    assert len(validation) == 12


@pytest.mark.parametrize("model", ["cnn2d", "intermediate_fusion", "late_fusion"])
def test_representations_are_made_inside(model):
    x, y, _ = windows(n_times=120)
    options = {"n_filters": 4} if model == "cnn2d" else None
    classifier = HitscopeClassifier(model, fs=100.0, model_options=options, max_epochs=2, device="cpu").fit(x, y)
    assert classifier.predict(x[:3]).shape == (3,)


def test_one_channel_needs_no_axis_of_its_own():
    x, y, _ = windows()
    flat = HitscopeClassifier(fs=100.0, **QUICK | {"max_epochs": 1}).fit(x[:, 0], y)
    np.testing.assert_array_equal(flat.predict_proba(x[:, 0]), flat.predict_proba(x[:, :1]))


def test_what_cannot_be_learnt_from_says_why():
    x, y, groups = windows()
    classifier = HitscopeClassifier(fs=100.0, **QUICK)
    with pytest.raises(NotFittedError):
        classifier.predict(x)
    bad = x.copy()
    bad[[4, 9], 1, 3] = np.nan
    for given, labels, who, message in (
        (bad, y, None, r"2 of 60 windows hold missing samples \(NaN\).*number 4"),
        (x, np.zeros(60), None, "all windows are of one class"),
        (x, np.where(np.arange(60) == 5, "rare", y), None, "of class rare there is one window only"),
        (x, y, np.where(y == "embolus", 0, groups + 1), "of class embolus there is one group only"),
        (x, y[:-1], None, "labels of shape"),
        (x[0, 0], y, None, r"windows of shape \(40,\) are none"),
        (x[:0], y[:0], None, "are none"),
    ):
        with pytest.raises(InputError, match=message):
            classifier.fit(given, labels, who)
    with pytest.raises(InputError, match="validation must be a number above 0 and below 1"):
        HitscopeClassifier(validation=1.5).fit(x, y)
    with pytest.raises(InputError, match="no model 'cnn3d'"):
        HitscopeClassifier("cnn3d").fit(x, y)
    fitted = classifier.set_params(max_epochs=1).fit(x, y)
    with pytest.raises(InputError, match=r"not as those trained on.*2 channels of 40"):
        fitted.predict(x[:, :, :30])
