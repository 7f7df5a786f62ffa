import numpy as np
import pytest

from core.annotation import propagate, remarks

POINTS = np.random.default_rng(0).random((12, 2))
LABELS = np.r_[0, 1, 1, np.full(9, -1)]
QUALITY = np.linspace(0.2, 1, 12)


def said(labels=LABELS, quality=QUALITY, tau=0.1):
    return remarks(propagate(POINTS, labels, quality, 3, tau), labels, quality)


def test_nothing_is_said_where_all_is_as_usual():
    assert said() == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.r_[1, np.full(11, -1)]}, "One point is labelled: whatever it reaches gets its class."),
        ({"labels": np.r_[1, 1, np.full(10, -1)]}, "Only class 1 is labelled: whatever is reached becomes class 1."),
        (
            {"quality": np.full(12, 0.5)},
            "Every point has the same quality, 0.5: it says nothing, and nearness alone decides.",
        ),
        ({"tau": 1.0}, "No point has a quality above τ = 1, the highest is 1: lower τ."),
        ({"tau": 0.5}, "No labelled point has a quality above τ = 0.5, the highest is 0.345: lower τ."),
        ({"tau": 0.25}, "Labelled points that pass nothing on, since their quality is at most τ: 1 of 3."),
    ],
)
def test_what_is_odd_is_said(changes, message):
    assert said(**changes) == (message,)


def test_classes_have_names():
    labels = np.r_[1, 1, np.full(10, -1)]
    proposal = propagate(POINTS, labels, QUALITY, 3, 0.1)
    assert remarks(proposal, labels, QUALITY, ("solid", "gaseous"))[0].startswith("Only gaseous is labelled")
