import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.features import RobustScale, Table, handcrafted, measured

FS = 200.0
SEEDS = st.integers(0, 1000)


def noise(seed, shape=(4, 1, 64)):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def column(table, name):
    return table.values[:, table.names.index(name)]


@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, factor=st.sampled_from([1e-6, 0.25, 8.0, 1e6]), iq=st.booleans())
def test_another_unit_shifts_the_levels_and_nothing_else(seed, factor, iq):
    x = noise(seed, (4, 2, 64))
    before, after = handcrafted(x, FS, iq=iq), handcrafted(x * np.float32(factor), FS, iq=iq)
    for name in before.names:
        shift = 20 * np.log10(factor) if "_db" in name else 0.0
        np.testing.assert_allclose(column(after, name), column(before, name) + shift, rtol=1e-3, atol=1e-3)


@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, offset=st.sampled_from([-100.0, 3.0, 50.0]))
def test_an_offset_changes_nothing(seed, offset):
    x = noise(seed)
    before, after = handcrafted(x, FS), handcrafted(x + np.float32(offset), FS)
    np.testing.assert_allclose(after.values, before.values, rtol=1e-2, atol=1e-2)


@settings(deadline=None, max_examples=25)
@given(value=st.floats(-1e9, 1e9, width=32), n=st.integers(4, 50))
def test_a_constant_window_has_no_quantities_and_finite_features(value, n):
    x = np.concatenate([noise(0, (5, 1, n)), np.full((2, 1, n), value, np.float32)])
    table = handcrafted(x, FS)
    assert np.isnan(table.values[5:]).all()
    assert np.isfinite(table.values[:5]).all()
    scale = RobustScale.of(table)
    features = scale(table)
    assert np.isfinite(features).all()
    assert scale.indicators == ("centroid_hz",)  # one for all that lack together
    assert features[:, -1].tolist() == [1] * 5 + [0] * 2
    assert not features[5:].any()


@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, gone=st.lists(st.booleans(), min_size=8, max_size=8))
def test_what_lacks_counts_as_the_median_and_is_marked(seed, gone):
    values = np.random.default_rng(seed).standard_normal((9, 2))
    values[:8, 1][gone] = np.nan
    table = Table(("a", "b"), values)
    scale = RobustScale.of(table)
    features = scale(table)
    assert np.isfinite(features).all()
    assert scale.names == ("a", "b", *(("b known",) if any(gone) else ()))
    assert not features[:8, 1][gone].any()
    if any(gone):
        np.testing.assert_array_equal(features[:8, 2] == 0, gone)


def test_a_tone_is_where_it_is_and_noise_is_flat():
    t = np.arange(400) / FS
    tone = np.sin(2 * np.pi * 30 * t)[None, None].astype(np.float32)
    table, flat = handcrafted(tone, FS), handcrafted(noise(0, (50, 1, 400)), FS)
    assert column(table, "centroid_hz")[0] == pytest.approx(30, abs=0.1)
    assert column(table, "edge_hz")[0] == pytest.approx(30.5, abs=0.5)
    assert column(table, "power_25_50_hz")[0] == pytest.approx(1, abs=1e-3)
    assert column(table, "crossings_hz")[0] == pytest.approx(60, abs=2)
    assert column(table, "crest")[0] == pytest.approx(np.sqrt(2), rel=1e-2)
    assert column(table, "kurtosis")[0] == pytest.approx(1.5, rel=1e-2)
    assert column(table, "peak_to_peak_db")[0] == pytest.approx(20 * np.log10(2), abs=0.01)
    assert column(table, "energy_db")[0] == pytest.approx(10 * np.log10(0.5 * 2.0), abs=0.05)
    assert column(table, "above_half_s")[0] == pytest.approx(2 * 2 / 3, abs=0.1)
    assert column(table, "flatness")[0] < 0.01 < 0.3 < column(flat, "flatness").min()
    assert column(table, "entropy")[0] < 0.3 < 0.8 < column(flat, "entropy").min()
    powers = [n for n in flat.names if n.startswith("power_")]
    np.testing.assert_allclose(sum(column(flat, n) for n in powers), 1, rtol=1e-9)


def test_iq_has_a_direction():
    t = np.arange(400) / FS
    both = [np.stack([np.cos(2 * np.pi * f * t), np.sin(2 * np.pi * f * t)]) for f in (40, -40)]
    table = handcrafted(np.array(both, np.float32), FS, iq=True)
    np.testing.assert_allclose(column(table, "centroid_hz"), [40, -40], atol=0.1)
    np.testing.assert_allclose(column(table, "forward"), [1, 0], atol=1e-3)


def test_attributes_are_numbers_or_not_known():
    table = measured([{"hbr_db": 6.5, "reason": "x"}, {"hbr_db": None}, {"hbr_db": True}, {"hbr_db": "7"}, {}])
    hbr = column(table, "event hbr_db")
    assert hbr[0] == 6.5
    assert np.isnan(hbr[1:]).all()
    assert "event probability" not in table.names
    scale = RobustScale.of(table)
    assert scale.names == ("event hbr_db", "event hbr_db known")


def test_names_differ_by_channel_and_blocks_do_not_matter():
    x = noise(3, (1030, 2, 16))
    table = handcrafted(x, FS)
    assert len(set(table.names)) == len(table.names) == table.values.shape[1]
    np.testing.assert_allclose(handcrafted(x[1025:], FS).values, table.values[1025:], rtol=1e-9, atol=1e-9)
    assert handcrafted(x[:0], FS).values.shape == (0, len(table.names))


def test_what_cannot_be_measured_is_said():
    with pytest.raises(InputError, match="not enough to measure"):
        handcrafted(noise(0, (2, 1, 3)), FS)
    with pytest.raises(InputError, match="not enough to measure"):
        handcrafted(noise(0, (2, 3, 30)), FS, iq=True)
    with pytest.raises(InputError, match="all are constant"):
        RobustScale.of(handcrafted(np.zeros((3, 1, 30), np.float32), FS))
    with pytest.raises(InputError, match="have no b"):
        RobustScale.of(Table(("b",), np.ones((2, 1))))(Table(("a",), np.ones((2, 1))))
