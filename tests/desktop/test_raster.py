"""The raster of traces: no extreme is lost, gaps stay gaps, lines between samples are straight."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor

from core.signals import Channel, Pyramid, Typical, typical_of
from desktop.views.review.pictures.beyond import beyond_text, cut_line
from desktop.views.review.pictures.raster import between_samples, columns_of, strokes_picture, touching
from desktop.views.review.pictures.rows import Look, fit_strokes, lay_rows
from desktop.views.review.pictures.traces import draw_page, read_page
from tests.core.signals.arrays import Floats, recording


def painted(columns, top, bottom, width=40, height=90):
    """How much of each pixel is covered, 0 to 1."""
    image = strokes_picture(columns, top, bottom, "#000000", (width, height))
    assert (image.width(), image.height()) == (width, height)
    return np.array([[QColor.fromRgba(image.pixel(x, y)).alphaF() for x in range(width)] for y in range(height)])


def test_columns_keep_every_extreme():
    rng = np.random.default_rng(0)
    x, values = np.sort(rng.uniform(-3, 43, 150)), rng.standard_normal((3, 150))
    columns, low, high = columns_of(x, values, values, 40)
    for n, column in enumerate(columns):
        inside = np.floor(x) == column
        assert np.array_equal(low[:, n], values[:, inside].min(axis=1))
        assert np.array_equal(high[:, n], values[:, inside].max(axis=1))
    assert set(columns) == set(np.floor(x[(x >= 0) & (x < 40)]).astype(int))


def test_missing_values_are_left_out_and_gaps_stay():
    x = np.arange(0, 40, 0.5)
    values = np.tile(np.arange(80.0), (2, 1))
    values[0, 20:40] = np.nan
    values[1, 3] = np.nan
    columns, low, _ = columns_of(x, values, values, 40)
    assert np.isnan(low[0, 10:20]).all()
    assert np.isfinite(np.delete(low[0], np.arange(10, 20))).all()
    assert low[1, 1] == 2.0
    low, high = touching(columns, low.copy(), low.copy())
    assert np.isnan(low[0, 10:20]).all()
    assert (high[0, :9] >= low[0, 1:10]).all(), "neighbours touch"


def test_strokes_cover_what_they_span():
    rng = np.random.default_rng(1)
    columns = np.arange(40)
    top = rng.uniform(-5, 80, (4, 40))
    bottom = top + rng.uniform(0.2, 30, (4, 40))
    top[2, 5:9] = np.nan
    found = painted(columns, top, bottom)
    rows = np.arange(90)[:, None]
    expected = np.zeros((90, 40))
    for a, b in zip(top, bottom, strict=True):
        part = np.clip(np.minimum(b, rows + 1) - np.maximum(a, rows), 0, 1)
        expected += np.nan_to_num(part)
    assert np.abs(found - np.minimum(expected, 1)).max() < 0.06


@pytest.mark.parametrize("n", [500, 511, 512, 1024, 3000])
def test_many_strokes_over_each_other_stay_full(n):
    top, bottom = np.full((n, 40), 10.0), np.full((n, 40), 20.0)
    found = painted(np.arange(40), top, bottom)
    assert found[10:20].min() == 1.0
    assert (found[:10].max(), found[20:].max()) == (0.0, 0.0)


def test_lines_between_samples_are_straight():
    x = np.array([-2.0, 10.0, 30.0, 50.0])
    values = np.array([[0.0, 12.0, -8.0, np.nan]])
    columns, low, high = between_samples(x, values, 40)
    assert np.array_equal(columns, np.arange(40))
    assert low[0, 3] == pytest.approx(5.0)
    assert high[0, 3] == pytest.approx(6.0)
    assert high[0, 10] == pytest.approx(12.0)
    assert low[0, 29] == pytest.approx(-8.0)
    assert np.isnan(low[0, 31:]).all(), "no line into a gap"


def test_strokes_of_long_pages_stay_in_their_rows_and_the_scale_says_so():
    channels = [Channel(f"c{n}", 250.0, "µV", 10**6, "eeg") for n in range(2)] + [Channel("x", 1.0, "V", 100, "other")]
    typical = [Typical(0.0, 100.0), Typical(0.0, 100.0), Typical(0.0, 1.0)]
    rows = lay_rows(channels, typical, Look(channels=(0, 1, 2)), 300.0, 4.0)
    fitted = fit_strokes(rows, [400.0, 300.0, 0.5])
    assert fitted[2] == rows[2]
    assert {rows[n].px_per_unit / fitted[n].px_per_unit for n in (0, 1)} == {4.0}  # together, by powers of two
    assert max(400.0, 300.0) * fitted[0].px_per_unit <= 1.2 * fitted[0].height
    assert (rows[0].bar, fitted[0].bar) == ("50 µV", "200 µV")
    assert fitted[0].bar_px == pytest.approx(200 * fitted[0].px_per_unit)
    chosen = lay_rows(channels, typical, Look(channels=(0, 1), sensitivity={"eeg": 10.0}), 300.0, 4.0)
    assert fit_strokes(chosen, [4000.0, 3000.0]) == chosen  # a scale that somebody chose is kept


def test_the_parts_of_a_doppler_gate_share_their_scale():
    channels = [Channel(name, 5000.0, "FS", 100, kind) for name, kind in (("I", "doppler_i"), ("Q", "doppler_q"))]
    rows = lay_rows(channels, [Typical(0.0, 0.1), Typical(0.0, 0.3)], Look(channels=(0, 1)), 300.0, 4.0)
    assert rows[0].px_per_unit == rows[1].px_per_unit


def drawn(x, height=200, ratio=1.0, **look):
    """A page of one second of channels that share their scale, as Review draws it."""
    fs = x.shape[1]
    some = recording(Floats(x), fs=float(fs))
    channels = [Channel(c.name, c.fs, "mV", c.n_samples, "ecg") for c in some.channels]
    look = Look(channels=tuple(range(len(x))), **look)
    rows = lay_rows(channels, typical_of(some), look, height, 4.0)
    page = read_page(Pyramid(some, Path()), look.channels, 0.0, 1.0, 400)
    return draw_page(
        page, rows, 400, height, ratio, {f"trace-{n}": "#000000" for n in range(1, 9)} | {"muted": "#000000"}
    )


def test_a_signal_that_goes_one_way_stays_in_its_row():
    t = np.arange(1000)
    waves = np.where(t % 200 < 20, 1.0, 0.0)  # mostly at rest, and then up, or down
    page = drawn(np.stack([waves, -waves]))
    assert page.cut == ()
    for row, low, high in zip(page.rows, (0.0, -1.0), (1.0, 0.0), strict=True):
        places = [row.y - (value - row.middle) * row.px_per_unit for value in (low, high)]
        assert all(abs(place - row.y) <= row.height / 2 for place in places)
    assert {row.above for row in drawn(np.stack([waves, -waves]), overlaid=True).rows} == {0.0}


def test_a_trace_enlarged_far_beyond_its_row_rests_near_its_middle():
    waves = np.where(np.arange(1000) % 200 < 20, 1.0, 0.0)
    row = drawn(waves[None], gain=16.0).rows[0]
    assert abs(row.above * row.px_per_unit) < 0.1 * row.height


def test_channels_that_reach_beyond_the_picture_are_named():
    x = 0.1 * np.sin(np.arange(1000) / 9.0) * np.ones((3, 1))
    assert drawn(x).cut == ()
    x[0, 503] = 5.0
    assert drawn(x).cut == ("c0",)
    x[2, 503] = -5.0
    assert drawn(x).cut == ("c0", "c2")
    assert beyond_text(["a"]) == "a reaches beyond the picture"
    assert beyond_text(["a", "b"]) == "a and b reach beyond the picture"
    assert beyond_text(["a", "b", "c"]) == "a, b and c reach beyond the picture"
    assert beyond_text(list("abcde")) == "a, b, c and 2 more reach beyond the picture"


@pytest.mark.parametrize("ratio", [0.5, 0.64, 1.0, 2.5])
def test_a_trace_is_seen_in_every_column_however_coarse_the_picture(ratio):
    image = drawn(np.sin(np.arange(2000) / 300.0)[None], ratio=ratio).image
    alpha = np.array(
        [[QColor.fromRgba(image.pixel(x, y)).alpha() for x in range(image.width())] for y in range(image.height())]
    )
    assert (alpha.max(axis=0) == 255)[1:-1].all()


def test_lines_are_cut_where_they_cross_the_edge():
    nan = np.nan
    x, y = cut_line(np.arange(6.0), np.array([5.0, -5.0, 15.0, 5.0, nan, 20.0]), 0.0, 10.0)
    np.testing.assert_array_equal(x, [0, 0.5, 1, 1.25, 1.75, 2, 2.5, 3, 4, 5])
    np.testing.assert_array_equal(y, [5, 0, nan, 0, 10, nan, 10, 5, nan, nan])
