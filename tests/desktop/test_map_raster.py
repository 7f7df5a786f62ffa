"""The picture of a map without a window: places, pixels, colours, density, areas, against plain reference code."""

import numpy as np
import pytest

from desktop.widgets.map import MODES, Mark, areas, class_codes, class_palette, join, value_codes, value_palette
from desktop.widgets.map.areas import in_lasso, in_rectangle, under_brush
from desktop.widgets.map.cloud import Cloud
from desktop.widgets.map.density import SIGMA, coloured, density
from desktop.widgets.map.frame import MOST_SCALE, Frame
from desktop.widgets.map.palettes import inks
from desktop.widgets.map.picture import MOST_PIXELS, Inks, Picture, device_ratio, packed
from desktop.widgets.map.raster import GLYPHS, OWN, PAPER, Raster, dot_radius

PAPER_RGB, TEXT_RGB = 0xFFFFFFFF, 0xFF000000
INKS = Inks(PAPER_RGB, TEXT_RGB, 0xFF888888, packed(np.repeat(np.arange(256)[:, None], 3, 1)))


def painted(cloud, codes, palette, frame):
    picture = Picture(cloud)
    picture.show_codes(codes, palette)
    return picture, picture.render(frame, INKS).image


# Places


@pytest.mark.parametrize("offset", [0.0, 1e8, -1e300])
def test_a_map_looks_the_same_wherever_it_lies(offset):
    points = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]) * (1.0 if offset > -1e9 else 1e299)
    places = Cloud([1, 2, 3], points + offset).places
    np.testing.assert_allclose(places, [[-0.5, 0.25], [0.5, 0.25], [0.5, -0.25]], atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_points_without_a_place_are_left_out_and_counted(value):
    cloud = Cloud([7, 8, 9], [[0, 0], [value, 1], [1, 1]])
    assert (cloud.missing, cloud.ids.tolist()) == (1, [7, 9])
    assert cloud.rows_of([8, 9]).tolist() == [1]
    assert cloud.of_placed(np.array([1, 2, 3])).tolist() == [1, 3]
    assert len(Cloud([1], [[value, value]])) == 0
    with pytest.raises(ValueError, match="3 points, but 2"):
        cloud.of_placed(np.array([1, 2]))
    with pytest.raises(ValueError, match="shape"):
        Cloud([1, 2], [[0, 0]])


@pytest.mark.parametrize("spread", [1, 10**12])
def test_rows_of_ids_near_and_far_apart(spread):
    ids = np.random.default_rng(1).permutation(50) * spread + 3
    cloud = Cloud(ids, np.zeros((50, 2)))
    wanted = [int(ids[7]), -1, int(ids[3]), 10**15, int(ids[7])]
    rows, there = cloud.find(wanted)
    assert rows.tolist() == [7, 3, 7]
    assert there.tolist() == [True, False, True, False, True]
    assert cloud.rows_of([]).tolist() == []
    assert Cloud([], np.empty((0, 2))).rows_of([1]).tolist() == []


def test_frames_keep_what_is_under_the_pointer_and_show_all_when_fitted():
    frame = Frame.fitted((0.5, 0.2), 800, 400)
    np.testing.assert_allclose(frame.to_places(frame.to_pixels(np.array([0.1, -0.3]))), [0.1, -0.3])
    corners = frame.to_pixels(np.array([[-0.5, -0.2], [0.5, 0.2]]))
    assert (corners >= 0).all()
    assert (corners <= [800, 400]).all()
    zoomed = frame.zoomed(3, (100, 50))
    np.testing.assert_allclose(zoomed.to_places(np.array([100, 50])), frame.to_places(np.array([100, 50])))
    np.testing.assert_allclose(frame.moved(10, 4).to_pixels(np.zeros(2)), frame.offset + np.array([10, 4]))
    assert frame.zoomed(1e12).scale <= MOST_SCALE
    assert frame.zoomed(1e-12).scale > 50
    for half in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):  # one place, a line
        assert np.isfinite(Frame.fitted(half, 300, 200).to_pixels(np.zeros(2))).all()


# Pixels


@pytest.mark.parametrize("glyph", ["dot", "ring", "hollow", "question", "rim"])
@pytest.mark.parametrize("n", [40, 4000])  # written one by one, grown as an image
def test_every_pixel_is_that_of_the_glyph_drawn_last(glyph, n):
    rng = np.random.default_rng(2)
    u, v = (rng.random((2, n)) * 1.2 - 0.6).astype(np.float32)
    colours = (rng.integers(0, 2**24, n) | 0xFF000000).astype(np.uint32)
    stamp, frame = GLYPHS[glyph](2), Frame(0, 0, 100, 120, 90)
    raster = Raster(frame, stamp.reach, PAPER_RGB, TEXT_RGB)
    raster.draw(u, v, colours, stamp)
    expected = np.full((90, 120), PAPER_RGB, np.uint32)
    xs = (u * np.float32(100) + np.float32(60 + raster.margin)).astype(int) - raster.margin
    ys = (v * np.float32(100) + np.float32(45 + raster.margin)).astype(int) - raster.margin
    for x, y, colour in zip(xs, ys, colours, strict=True):
        for dx, dy, worn in zip(stamp.dx, stamp.dy, stamp.wears, strict=True):
            if 0 <= y + dy < 90 and 0 <= x + dx < 120:
                expected[y + dy, x + dx] = colour if worn == OWN else PAPER_RGB if worn == PAPER else TEXT_RGB
    assert (raster.image == expected).all()


def test_what_is_unlabelled_never_hides_what_is_labelled():
    n = 500
    cloud = Cloud(np.arange(n), np.zeros((n, 2)))  # all at one place
    codes = np.zeros(n, np.uint8)
    codes[250] = 1
    palette = np.array([[9, 9, 9], [200, 0, 0]], np.uint8)
    _, image = painted(cloud, codes, palette, Frame.fitted(cloud.half, 60, 60))
    assert image[30, 30] == 0xFFC80000


def test_every_selected_point_is_shown_however_many():
    across, down = np.meshgrid(np.arange(70), np.arange(50))
    cloud = Cloud(np.arange(3500), np.stack([across.ravel(), down.ravel()], axis=1))
    frame = Frame.fitted(cloud.half, 900, 900)
    picture, before = painted(cloud, np.zeros(3500, np.uint8), np.array([[128, 128, 128]], np.uint8), frame)
    assert not (before == TEXT_RGB).any()
    chosen = np.flatnonzero(across.ravel() < 60)  # 3,000
    picture.show_selection(np.concatenate([chosen[::-1], chosen[:9]]))  # in any order, some twice
    inked = picture.render(frame, INKS).image == TEXT_RGB
    dots = np.floor(frame.to_pixels(cloud.places)).astype(int)
    rimmed = [bool(inked[y - 5 : y + 6, x - 5 : x + 6].any()) for x, y in dots]
    assert np.flatnonzero(rimmed).tolist() == chosen.tolist()


def test_marks_have_their_own_colours_and_leave_out_who_is_not_there():
    cloud = Cloud([1, 2], [[0, 0], [1, 0]])
    frame = Frame.fitted(cloud.half, 100, 60)
    picture = Picture(cloud)
    picture.show_marks({"hollow": Mark([99, 2], np.array([[1, 2, 3], [0, 0, 255]], np.uint8)), "ring": Mark([])})
    assert {name: rows.tolist() for name, rows in picture.marks.items()} == {"hollow": [1]}
    image = picture.render(frame, INKS).image
    assert (image == 0xFF0000FF).any()
    assert not (image == 0xFF010203).any()
    with pytest.raises(ValueError, match="no glyph"):
        picture.show_marks({"star": Mark([1])})
    with pytest.raises(ValueError, match="2 events marked"):
        picture.show_marks({"ring": Mark([1, 2], np.zeros((1, 3), np.uint8))})
    with pytest.raises(ValueError, match="code 3 has no colour"):
        picture.show_codes(np.array([0, 3]), np.zeros((2, 3), np.uint8))


def test_dots_are_larger_where_there_is_room():
    frame = Frame(0, 0, 600, 1000, 700)
    radii = [dot_radius(n, frame, 600) for n in (1, 5_000, 20_000, 1_000_000)]
    assert radii == sorted(radii, reverse=True)
    assert radii[0] > radii[-1] >= 1
    assert dot_radius(20_000, Frame(0, 0, 6000, 1000, 700), 600) > radii[2]


def test_a_large_screen_gets_a_coarser_picture():
    assert device_ratio(800, 600, 2) == 2
    ratio = device_ratio(3840, 2160, 2)
    assert 3840 * 2160 * ratio**2 == pytest.approx(MOST_PIXELS)


def test_density_counts_every_event_and_says_of_what():
    rng = np.random.default_rng(0)
    cloud = Cloud(np.arange(3000), rng.normal(size=(3000, 2)))
    frame = Frame.fitted(cloud.half, 301, 199)  # odd sizes, too
    made = density(cloud.places[:, 0].copy(), cloud.places[:, 1].copy(), frame)
    assert made.shares.shape == (199, 301)
    per_cell = made.low * (made.high / made.low) ** np.nan_to_num(made.shares, nan=-np.inf)
    assert per_cell.sum() / 100 == pytest.approx(3000, rel=0.02)  # of a pixel, per 100 pixels
    one = density(np.zeros(1, np.float32), np.zeros(1, np.float32), Frame(0, 0, 100, 200, 200))
    assert one.high == pytest.approx(100 / 4 / (2 * np.pi * SIGMA**2), rel=0.01)
    pixels = coloured(one, INKS.scale, PAPER_RGB)
    assert pixels[0, 0] == PAPER_RGB
    assert pixels[100, 100] == INKS.scale[-1]


# Choosing


def test_areas_agree_with_their_definitions():
    places = np.random.default_rng(5).uniform(-1, 1, (2000, 2)).astype(np.float32)
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    inside = np.flatnonzero((np.abs(places) < 0.5).all(axis=1)).tolist()
    assert in_lasso(places, square).tolist() == inside
    assert in_rectangle(places, square[[0, 2]]).tolist() == inside
    assert in_rectangle(places, square[[3, 1]]).tolist() == inside  # from another corner
    near = np.abs(places[:, 1]) <= 0.1
    ends = np.hypot(np.abs(places[:, 0]) - 0.5, places[:, 1]) <= 0.1
    brushed = under_brush(places, np.array([[-0.5, 0.0], [0.5, 0.0]]), 0.1)
    expected = (near & (np.abs(places[:, 0]) <= 0.5)) | ends
    assert len(np.setxor1d(brushed, np.flatnonzero(expected))) <= 2  # its ends are polygons
    dabbed = under_brush(places, np.array([[0.2, 0.2]]), 0.2)
    assert abs(len(dabbed) - (np.hypot(*(places - 0.2).T) <= 0.2).sum()) <= 2


def test_a_lasso_that_is_a_line_or_crosses_itself():
    places = np.array([[0.0, 0.5], [0.0, -0.5], [0.9, 0.0]], np.float32)
    bow = np.array([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
    assert in_lasso(places, bow).tolist() == [0, 1]
    assert in_lasso(places, bow[:2]).tolist() == []
    assert in_lasso(places, np.zeros((5, 2))).tolist() == []
    assert in_lasso(np.empty((0, 2), np.float32), bow).tolist() == []


def test_very_many_points_are_chosen_exactly_as_a_few_are(monkeypatch):
    rng = np.random.default_rng(8)
    places = np.concatenate([rng.uniform(-1, 1, (30_000, 2)), np.round(rng.uniform(-1, 1, (9_000, 2)), 1)]).astype(
        np.float32
    )
    star = np.array([[np.cos(t), np.sin(t)] for t in np.arange(5) * 4 * np.pi / 5])  # crosses itself
    wild = np.cumsum(rng.normal(0, 0.05, (300, 2)), axis=0)
    for path in (star, np.round(wild, 1), wild):
        many = in_lasso(places, path), under_brush(places, path, 0.1)
        monkeypatch.setattr(areas, "MANY", len(places) + 1)
        few = in_lasso(places, path), under_brush(places, path, 0.1)
        monkeypatch.undo()
        assert all((a == b).all() for a, b in zip(many, few, strict=True))
        assert all(len(rows) for rows in many)


def test_every_mode_is_that_of_sets():
    old, new = [5, 3, 9], [9, 1, 3]
    joined = {name: join(old, new, name).tolist() for name in MODES}
    assert joined == {"replace": [9, 1, 3], "add": [5, 3, 9, 1], "subtract": [5], "intersect": [3, 9]}
    assert join([], [], "add").tolist() == []


# Colours


def test_codes_of_classes_and_of_values():
    codes = class_codes(["N", "", "unsure", "?", "V"], {"N": 1, "unsure": 0, "V": 2})
    palette = class_palette()
    assert codes.tolist() == [2, 0, 1, 0, 3]
    assert len(palette) == 256
    assert class_codes(["x"], {"x": 1000})[0] < 256
    values = value_codes([0.0, 1.0, np.nan, -3.0, 9.0])
    assert values.tolist() == [1, 255, 0, 1, 255]
    assert len(value_palette()) == 256
    assert inks().paper >> 24 == 0xFF
