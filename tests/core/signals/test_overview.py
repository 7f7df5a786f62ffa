import numpy as np
import pytest

from core.errors import InputError
from core.signals import build_pyramid, envelope_of, open_pyramid, typical_of
from tests.core.signals.arrays import Floats, Integers, recording


def test_spread_is_the_height_of_the_signal_not_of_a_spike():
    x = 10 * np.sin(np.arange(360_000) / 7.0)
    x[1000] = 1e6
    assert typical_of(recording(Floats([x])))[0].spread == pytest.approx(20.0, rel=0.01)


def test_spread_holds_r_waves():
    since = np.arange(300 * 1000) % 1000 - 500  # ms from an R wave that lasts 40 ms, one a second
    x = np.clip(1 - np.abs(since) / 20, 0, None)
    assert 0.9 < typical_of(recording(Floats([x]), fs=1000.0))[0].spread < 1.0


def test_the_centre_of_the_usual_range_is_told_from_the_median():
    x = np.where(np.arange(300_000) % 10 < 2, 8.0, 0.0)
    up, down, both = typical_of(recording(Floats([x, -x, np.sin(np.arange(300_000) / 7.0)])))
    assert (up.middle, up.above, down.above) == (0.0, 4.0, -4.0)
    assert abs(both.above) < 0.05


@pytest.mark.parametrize("x", [np.zeros(5000), np.full(5000, np.nan), np.empty(0), np.ones(1)])
def test_spread_where_there_is_none(x):
    assert typical_of(recording(Floats([x, np.arange(9.0)])), ["c0"])[0].spread == 1.0


def test_spread_passes_over_gaps():
    x = np.where(np.arange(300_000) < 200_000, np.nan, np.arange(300_000) % 2)
    assert typical_of(recording(Floats([x])))[0].spread == 1.0
    assert typical_of(recording(Floats([5 * x])))[0].spread == 5.0


def test_spread_reads_little():
    some = recording(Floats([np.random.default_rng(0).standard_normal(3_000_000)]))
    assert typical_of(some)[0].spread == pytest.approx(2 * 2.748, rel=0.1)
    assert sum(stop - start for _, start, stop in some.source.reads) == 2000


def test_envelope_of_a_short_recording_is_exact():
    x = np.random.default_rng(0).standard_normal(20_000)
    x[777] = -50.0
    t, low, high = envelope_of(recording(Floats([x])), 0, 100)
    assert 100 <= len(t) <= 130
    assert (low.min(), high.max()) == (-50.0, x.max())


def test_envelope_of_a_long_recording_shows_loud_and_quiet_stretches_and_gaps(tmp_path):
    n = 3_000_000
    x = np.random.default_rng(0).integers(-10, 11, n).astype(np.int16)
    x[n // 2 :] *= 10
    missing = (np.arange(n) > 0.8 * n) & (np.arange(n) < 0.9 * n)
    some = recording(Integers([x], [-0.5], [0.0], missing))
    pyramid = open_pyramid(some, tmp_path)
    t, low, high = envelope_of(pyramid, "c0", 500)
    assert len(t) == len(low) == len(high) == 500
    assert np.isnan(low).mean() == pytest.approx(0.1, abs=0.01)
    first, second = np.array_split(np.flatnonzero(~np.isnan(low)), [250])
    assert np.nanmean(high[first]) == pytest.approx(5, abs=0.5)
    assert np.nanmean(low[second]) == pytest.approx(-50, abs=5)
    assert sum(stop - start for _, start, stop in some.source.reads) < 0.01 * n
    build_pyramid(some, tmp_path)
    for a, b in zip(envelope_of(pyramid, 0, 500), pyramid.query(0, 0.0, some.duration, 500), strict=True):
        np.testing.assert_array_equal(a, b)


def test_envelope_of_nothing():
    some = recording(Floats([np.empty(0), np.ones(3)]))
    assert [len(of) for of in envelope_of(some, 0)] == [0, 0, 0]
    with pytest.raises(InputError, match="0 bins"):
        envelope_of(some, 1, 0)
