"""Agreement against scikit-learn, examples of the literature, and what holds of any two annotators."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.errors import InputError
from core.events import agree_on_hits, agreement, agreement_of_table, cohen_kappa, gwet_ac1

# Three diagnoses of 100 patients by two clinicians: Fleiss, Statistical Methods for Rates and Proportions, table 13.1.
FLEISS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
CLASSES = st.sampled_from(["embolus", "artefact", "unsure"])
PAIRS = st.lists(st.tuples(CLASSES, CLASSES), min_size=1, max_size=80)


def test_kappa_and_its_error_are_those_fleiss_prints():
    found = cohen_kappa(FLEISS)
    assert found.value == pytest.approx(0.676, abs=5e-4)
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(0.087, abs=1e-3)


def test_two_by_two_by_hand():
    found = agreement_of_table([[20, 5], [10, 15]], ["embolus", "artefact"])
    assert (found.n, found.observed.value) == (50, 0.7)
    assert found.kappa.value == pytest.approx(0.4)  # chance agreement (25·30 + 25·20) / 50² = 0.5
    assert found.specific["embolus"].value == pytest.approx(40 / 55)
    assert found.specific["artefact"].value == pytest.approx(30 / 45)
    assert found.ac1.value == pytest.approx((0.7 - 0.495) / 0.505)  # chance 2 · 0.55 · 0.45


def test_ac1_stays_where_kappa_breaks_down():  # the paradox that it was made for: 118 of 125 agree, Gwet (2008)
    table = [[118, 5], [2, 0]]
    assert cohen_kappa(table).value == pytest.approx(-0.0234, abs=5e-4)
    assert gwet_ac1(table).value == pytest.approx(0.9408, abs=5e-4)


@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(pairs):
    a, b = zip(*pairs, strict=True)
    found = agreement(a, b).kappa
    if {*a} == {*b} and len({*a}) == 1:
        assert found.value is None
        assert "one class" in found.why
    else:
        assert found.value == pytest.approx(cohen_kappa_score(a, b))


@given(PAIRS)
def test_it_does_not_matter_who_is_first_and_all_stays_in_bounds(pairs):
    a, b = zip(*pairs, strict=True)
    one, other = agreement(a, b), agreement(b, a)
    assert one.table.T.tolist() == other.table.tolist()
    for x, y in [
        (one.kappa, other.kappa),
        (one.ac1, other.ac1),
        *((one.specific[c], other.specific[c]) for c in one.classes),
    ]:
        assert (x.value is None) == (y.value is None)
        if x.value is not None:
            assert x.value == pytest.approx(y.value)
            assert -1 <= x.value <= 1 + 1e-12
        if x.low is not None:
            assert (x.low, x.high) == pytest.approx((y.low, y.high))
            assert x.low <= x.value <= x.high
    assert 0 <= one.observed.low <= one.observed.value <= one.observed.high <= 1


def test_the_error_of_kappa_is_the_delta_method():
    p, n, step = np.array(FLEISS) / 100, 100, 1e-6

    def kappa(q):
        q = q / q.sum()
        chance = q.sum(axis=1) @ q.sum(axis=0)
        return (np.trace(q) - chance) / (1 - chance)

    slopes = np.array([(kappa(p + step * e) - kappa(p - step * e)) / (2 * step) for e in np.eye(9).reshape(9, 3, 3)])
    mean = (p.ravel() * slopes).sum()
    error = np.sqrt((p.ravel() * (slopes - mean) ** 2).sum() / n)
    found = cohen_kappa(FLEISS)
    assert (found.high - found.value) / 1.959964 == pytest.approx(error, rel=1e-5)


def test_what_is_undefined_says_why():
    nothing = agreement([], [], ["embolus", "artefact"])
    for figure in (nothing.observed, nothing.kappa, nothing.ac1, *nothing.specific.values()):
        assert (figure.value, figure.why) == (None, "no event was judged by both")
    one = agreement(["embolus"] * 3, ["embolus"] * 3, ["embolus", "artefact"])
    assert "one class only" in one.kappa.why
    assert (one.specific["artefact"].value, one.specific["artefact"].why) == (None, "neither used this class")
    assert one.ac1.value == 1
    perfect = agreement(["embolus", "artefact"], ["embolus", "artefact"])
    assert (perfect.kappa.value, perfect.kappa.low) == (1, None)
    assert "asymptotic error is 0" in perfect.kappa.why
    with pytest.raises(InputError, match="2 events"):
        agreement(["embolus"] * 2, ["embolus"])
    with pytest.raises(InputError, match="solid"):
        agreement(["solid"], ["embolus"], ["embolus"])


def test_hits_both_judged_alone_count_and_kinds_of_emboli_are_emboli():
    def row(label, source="human"):
        return {"label": label, "source": source, "confidence": None, "origin": None}

    labels = {
        (1, "A"): row("solid"), (1, "B"): row("gaseous"), (2, "A"): row("artefact"), (2, "B"): row("embolus"),
        (3, "A"): row("unsure"), (3, "B"): row("artefact"), (4, "A"): row("embolus"),
        (5, "A"): row("artefact", "propagated"), (5, "B"): row("artefact"),
    }  # fmt: skip
    found = agree_on_hits(labels, range(1, 7), "A", "B")
    assert found.every.classes == ("embolus", "artefact", "unsure")
    assert (found.every.n, found.decided.n) == (3, 2)
    assert found.decided.table.tolist() == [[1, 0], [1, 0]]
