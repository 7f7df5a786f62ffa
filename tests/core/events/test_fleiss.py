"""Fleiss' kappa against what is printed, and what holds of any raters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.events import fleiss_kappa

# Diagnoses of 30 patients by 6 psychiatrists each: Fleiss, Measuring nominal scale agreement among many raters, Psychol Bull
# 1971;76:378-382, table 1. He prints kappa = 0.430.
DIAGNOSES = ("depression", "personality disorder", "schizophrenia", "neurosis", "other")
PATIENTS = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
FLEISS = np.array([[int(n) for n in patient] for patient in PATIENTS.split()])

# What four raters said of twelve units, some of them missing: the docstring of `CAC.fleiss` in Gwet's package irrCAC prints
# 0.76117, standard error 0.15302 and the interval 0.42438 to 1.
RATERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
GWET = np.array([[sum(said[unit] == name for said in RATERS) for name in "12345"] for unit in range(12)])


def test_the_diagnoses_of_fleiss():
    found = fleiss_kappa(FLEISS, DIAGNOSES)
    assert found.n == 30
    assert found.kappa.value == pytest.approx(0.430, abs=5e-4)
    # Of each class, and the test of chance: package irr of R, kappam.fleiss(diagnoses, detail = TRUE).
    assert found.z == pytest.approx(17.7, abs=0.05)
    assert found.p < 1e-60
    printed = dict(zip(DIAGNOSES, (0.245, 0.245, 0.520, 0.471, 0.566), strict=True))
    assert {name: one.value for name, one in found.by_class.items()} == pytest.approx(printed, abs=5e-4)


def test_the_interval_is_that_of_the_bootstrap_over_events():
    found = fleiss_kappa(FLEISS, DIAGNOSES).kappa
    rng = np.random.default_rng(0)
    drawn = [fleiss_kappa(FLEISS[rng.integers(0, 30, 30)], DIAGNOSES).kappa.value for _ in range(400)]
    assert (found.high - found.low) / 2 / 2.045 == pytest.approx(np.std(drawn), rel=0.1)  # t of 29 degrees of freedom


def test_unequal_numbers_of_raters_are_those_of_gwet():
    found = fleiss_kappa(GWET, "12345")
    assert found.n == 11  # the last was judged by one alone
    assert found.kappa.value == pytest.approx(0.76117, abs=5e-6)
    assert (found.kappa.low, found.kappa.high) == pytest.approx((0.42438, 1), abs=1e-5)
    assert (found.z, found.p) == (None, None)


def test_what_is_undefined_says_why():
    assert (
        fleiss_kappa([], "ab").kappa.why
        == fleiss_kappa([[1, 0], [0, 1]], "ab").kappa.why
        == "no event was judged by two"
    )
    assert "the same class" in fleiss_kappa([[3, 0], [3, 0]], "ab").kappa.why
    perfect = fleiss_kappa([[3, 0], [0, 3], [3, 0], [0, 3]], "ab").kappa
    assert (perfect.value, perfect.low) == (1, None)
    assert "no interval" in perfect.why
    for wrong, message in (
        ([[1, 2, 3]], "2 classes"),
        ([[1, -1]], "whole"),
        ([[0.5, 2]], "whole"),
        ([[np.nan, 2]], "whole"),
    ):
        with pytest.raises(InputError, match=message):
            fleiss_kappa(wrong, "ab")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 15), raters=st.integers(2, 5), same=st.booleans())
def test_it_does_not_matter_in_which_order_and_all_stays_in_bounds(seed, n, raters, same):
    rng = np.random.default_rng(seed)
    many = np.full(n, raters) if same else rng.integers(1, raters + 1, n)
    counts = np.array([np.bincount(rng.integers(0, 3, m), minlength=3) for m in many])
    one = fleiss_kappa(counts, "abc")
    other = fleiss_kappa(counts[rng.permutation(n)][:, [2, 0, 1]], "cab")
    pairs = [(one.kappa, other.kappa), *((one.by_class[c], other.by_class[c]) for c in "abc")]
    for x, y in pairs:
        assert (x.value is None) == (y.value is None)
        if x.value is not None:
            assert x.value == pytest.approx(y.value)
            assert x.value <= 1 + 1e-12
            assert x.value >= -1 - 1e-12 or not same  # of unequal numbers it may be less
        if x.low is not None:
            assert x.low <= x.value <= x.high
    assert one.p is None or 0 <= one.p <= 1
