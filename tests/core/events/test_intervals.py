"""Intervals against published examples, and what they promise of any count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.events import poisson_interval, proportion, rate


@pytest.mark.parametrize(
    ("n", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (2, 0.2422, 7.225), (10, 4.795, 18.390)]
)
def test_poisson_intervals_are_those_of_the_tables(n, low, high):  # of Garwood (1936), to the digits printed
    assert poisson_interval(n) == pytest.approx((low, high), abs=6e-4)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_newcombe_printed(k, n, low, high):  # Newcombe (Stat Med 1998), table I, method 3
    found = proportion(k, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 5000), st.floats(1e-3, 1e4))
def test_a_rate_lies_in_its_interval_and_scales_with_time(n, hours):
    found = rate(n, hours)
    assert 0 <= found.low <= found.value <= found.high
    assert rate(n, 2 * hours).high == pytest.approx(found.high / 2)
    assert found.high < rate(n + 1, hours).high


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_proportion_lies_in_its_interval_and_mirrors(pair):
    k, n = pair
    found, other = proportion(k, n), proportion(n - k, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (1 - other.high, 1 - other.low) == pytest.approx((found.low, found.high))


def test_what_is_undefined_says_why():
    assert (rate(0, 0).value, rate(3, 0).why) == (None, "no recorded time")
    assert (proportion(0, 0).value, proportion(0, 0).why) == (None, "of no event")
    assert (rate(0, 0).text(), rate(0, 2).text(1), proportion(1, 1).text(0, 100)) == (
        "–",
        "0.0 [0.0, 1.8]",
        "100 [21, 100]",
    )
    for wrong in (lambda: rate(-1, 1), lambda: rate(1, -1), lambda: rate(1, float("nan")), lambda: proportion(2, 1)):
        with pytest.raises(InputError):
            wrong()
