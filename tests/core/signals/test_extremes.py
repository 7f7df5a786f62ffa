import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from core.signals.digital import Digital
from core.signals.extremes import calibrated, extremes_of, fold, handy

DTYPES = st.sampled_from([np.int16, np.int32, np.float64])


@given(data=st.data(), dtype=DTYPES, size=st.integers(1, 100), n=st.integers(1, 400), rows=st.integers(1, 3))
def test_folding_gives_the_extremes_of_every_bin(data, dtype, size, n, rows):
    elements = None if dtype is not np.float64 else st.floats(allow_nan=False)
    low, high = (data.draw(nps.arrays(dtype, (rows, n), elements=elements)) for _ in range(2))
    starts = np.arange(0, n, size)
    for a, b in ((low, high), (low, low)):
        minima, maxima = fold(a, b, size)
        np.testing.assert_array_equal(minima, np.minimum.reduceat(a, starts, axis=1))
        np.testing.assert_array_equal(maxima, np.maximum.reduceat(b, starts, axis=1))


@given(values=nps.arrays(np.int16, (2, 60)), missing=nps.arrays(bool, 60), gains=st.tuples(*[st.floats(-9, 9)] * 2))
def test_missing_samples_count_for_nothing_and_a_negative_gain_turns_upside_down(values, missing, gains):
    samples = Digital(values, np.array(gains), np.array([3.0, -4.0]), missing if missing.any() else None)
    low, high = calibrated(*fold(*extremes_of(samples), 6), samples)
    bins = samples.physical().reshape(2, 10, 6)
    expected_low = np.fmin.reduce(bins, axis=-1)
    np.testing.assert_array_equal(low, expected_low)
    np.testing.assert_array_equal(high, np.fmax.reduce(bins, axis=-1))
    np.testing.assert_array_equal(np.isnan(low).any(axis=0), missing.reshape(10, 6).all(axis=-1))


@given(st.integers(1, 10**9))
def test_a_handy_size_is_little_smaller_and_folds_in_short_steps(size):
    found = handy(size)
    assert 0.8 * size <= found <= size
    while found % 2 == 0:
        found //= 2
    assert found <= 7
