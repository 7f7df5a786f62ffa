"""The map of events by mouse and by keys: tools, modes, zoom, hover, overview, linked small maps, and odd maps."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt

from desktop.services import theme
from desktop.services.tasks import TaskPool
from desktop.widgets.map import MODES, TOOLS, MapCanvas, Mark, MiniMap, Small, SmallMultiples, class_palette, join
from desktop.widgets.map.overlay import density_title
from desktop.widgets.parts import number
from tests.desktop import mouse

NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
HELD = {"replace": NONE, "add": SHIFT, "subtract": ALT, "intersect": SHIFT | ALT}
NO_BUTTON = Qt.MouseButton.NoButton
IDS = np.array([11, 12, 13, 14, 15])
POINTS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 5.0]])  # four corners and the middle


@pytest.fixture
def tasks(qapp):
    theme.use("light")
    pool = TaskPool()
    yield pool
    pool.close()


@pytest.fixture
def canvas(qtbot, tasks):
    made = MapCanvas(tasks)
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    made.show_points(IDS, POINTS)
    made.show_codes(np.array([0, 1, 2, 3, 4], np.uint8), class_palette())
    qtbot.waitUntil(lambda: not tasks.busy)
    return made


def at(canvas, event_id):
    """Where an event is on the picture."""
    return QPointF(*canvas.frame.to_pixels(canvas.cloud.places[canvas.cloud.rows_of([event_id])[0]]))


def told(signal):
    """What a signal tells from now on."""
    said = []
    signal.connect(lambda *given: said.append(given))
    return said


def stroke(canvas, path, held=NONE):
    """Draw with the left button down."""
    mouse.send(canvas, QEvent.Type.MouseButtonPress, path[0], mouse.LEFT, held)
    for place in path[1:]:
        mouse.send(canvas, QEvent.Type.MouseMove, place, NO_BUTTON, held)
    mouse.send(canvas, QEvent.Type.MouseButtonRelease, path[-1], mouse.LEFT, held)


def right_half(canvas, tool):
    """A path of a tool that chooses the events 12 and 14 only."""
    top, bottom = at(canvas, 14), at(canvas, 12)
    if tool == "brush":
        return [top, bottom]
    corner, other = top + QPointF(-15, -15), bottom + QPointF(15, 15)
    if tool == "rectangle":
        return [corner, other]
    return [corner, QPointF(other.x(), corner.y()), other, QPointF(corner.x(), other.y()), corner]


# Choosing


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tool", [name for name in TOOLS if name != "pan"])
def test_each_tool_chooses_in_each_mode_by_mouse(canvas, tool, mode):
    selected = [11, 12]
    canvas.show_selection(selected)
    said = told(canvas.selected)
    canvas.set_tool(tool)
    stroke(canvas, right_half(canvas, tool), HELD[mode])
    [(ids, asked)] = said
    assert sorted(ids.tolist()) == [12, 14]
    assert asked == mode
    expected = {"replace": [12, 14], "add": [11, 12, 14], "subtract": [11], "intersect": [12]}[mode]
    assert sorted(join(selected, ids, asked).tolist()) == expected
    assert canvas.cloud.ids[canvas.picture.selected].tolist() == selected  # shown only when told to


def test_a_mode_that_was_set_holds_without_keys(canvas):
    canvas.set_tool("rectangle")
    canvas.set_mode("subtract")
    said = told(canvas.selected)
    stroke(canvas, right_half(canvas, "rectangle"))
    stroke(canvas, right_half(canvas, "rectangle"), SHIFT)
    assert [mode for _ids, mode in said] == ["subtract", "add"]
    for wrong in (lambda: canvas.set_mode("xor"), lambda: canvas.set_tool("pen")):
        with pytest.raises(ValueError, match="there are"):
            wrong()


@pytest.mark.parametrize("tool", ["pan", "lasso", "rectangle"])
def test_a_click_picks_the_nearest_event(canvas, tool):
    canvas.set_tool(tool)
    said = told(canvas.selected)
    mouse.click(canvas, at(canvas, 15) + QPointF(4, 3))
    mouse.click(canvas, at(canvas, 15) + QPointF(40, 5))  # nobody there: nothing is selected
    assert [(ids.tolist(), mode) for ids, mode in said] == [([15], "replace"), ([], "replace")]
    stroke(canvas, [at(canvas, 15) + QPointF(40, 5)] * 2, SHIFT)  # nothing to add
    assert len(said) == 2


def test_a_click_works_before_the_tree_is_there(canvas):
    canvas.nearest._tree = None
    said = told(canvas.selected)
    mouse.click(canvas, at(canvas, 12))
    assert [ids.tolist() for ids, _mode in said] == [[12]]


def test_the_brush_is_as_large_as_wheel_and_brackets_make_it(qtbot, canvas):
    canvas.set_tool("brush")
    said, before, scale = told(canvas.selected), canvas.brush_px, canvas.frame.scale
    mouse.click(canvas, at(canvas, 15) + QPointF(before + 8, 0))
    mouse.wheel(canvas, at(canvas, 15), 3)
    assert canvas.brush_px > before + 8
    assert canvas.frame.scale == scale
    mouse.click(canvas, at(canvas, 15) + QPointF(before + 8, 0))
    assert [ids.tolist() for ids, _mode in said] == [[], [15]]
    for _ in range(60):
        qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert canvas.brush_px == 3
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.brush_px > 3
    mouse.wheel(canvas, at(canvas, 15), 1, Qt.KeyboardModifier.ControlModifier)
    assert canvas.frame.scale > scale


def test_a_lasso_stays_where_it_was_drawn_while_the_map_is_zoomed(canvas):
    canvas.set_tool("lasso")
    said, path = told(canvas.selected), right_half(canvas, "lasso")
    mouse.send(canvas, QEvent.Type.MouseButtonPress, path[0], mouse.LEFT, NONE)
    for place in path[1:]:
        mouse.send(canvas, QEvent.Type.MouseMove, place, NO_BUTTON, NONE)
    start = canvas.frame.to_places(np.array([path[0].x(), path[0].y()]))
    mouse.wheel(canvas, QPointF(50, 60), -2)
    end = QPointF(*canvas.frame.to_pixels(start))
    mouse.send(canvas, QEvent.Type.MouseButtonRelease, end, mouse.LEFT, NONE)
    assert sorted(said[0][0].tolist()) == [12, 14]


def test_escape_drops_a_lasso(qtbot, canvas):
    canvas.set_tool("lasso")
    said, path = told(canvas.selected), right_half(canvas, "lasso")
    mouse.send(canvas, QEvent.Type.MouseButtonPress, path[0], mouse.LEFT, NONE)
    mouse.send(canvas, QEvent.Type.MouseMove, path[2], NO_BUTTON, NONE)
    canvas.grab()  # painted while it is drawn
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    mouse.send(canvas, QEvent.Type.MouseButtonRelease, path[2], mouse.LEFT, NONE)
    assert not said


def test_a_path_longer_than_its_first_buffer(canvas):
    canvas.set_tool("lasso")
    said = told(canvas.selected)
    turn = np.linspace(0, 2 * np.pi, 5000)
    middle = at(canvas, 15)
    path = [middle + QPointF(60 * np.cos(t) + 3 * (n % 2), 60 * np.sin(t)) for n, t in enumerate(turn)]
    stroke(canvas, path)
    assert said[0][0].tolist() == [15]


def test_a_selection_of_very_many_is_shown_whole(qtbot, tasks):
    canvas = MapCanvas(tasks)
    qtbot.addWidget(canvas)
    n = 20_000
    points = np.random.default_rng(0).normal(size=(n, 2))
    canvas.show_points(np.arange(n), points)
    canvas.selected.connect(lambda ids, _mode: canvas.show_selection(ids))
    canvas.set_tool("rectangle")
    canvas.resize(500, 400)
    canvas.show()
    stroke(canvas, [QPointF(*canvas.frame.to_pixels(np.zeros(2))), QPointF(499, 399)])
    middle = canvas.cloud.places
    assert len(canvas.picture.selected) == ((middle[:, 0] >= 0) & (middle[:, 1] >= 0)).sum() > 2000
    assert f"{number(n)} events" in canvas.accessibleDescription()


# Moving


def test_drag_moves_and_the_wheel_zooms_at_the_pointer(canvas):
    said, before = told(canvas.selected), at(canvas, 15)
    mouse.drag(canvas, QPointF(100, 100), QPointF(140, 90))
    assert (at(canvas, 15) - before).toPoint() == QPointF(40, -10).toPoint()
    corner = at(canvas, 14)
    mouse.wheel(canvas, corner, 2)
    assert (at(canvas, 14) - corner).manhattanLength() < 1e-3
    assert abs(at(canvas, 15).x() - corner.x()) > abs(before.x() - corner.x()) * 1.1
    assert not said  # no click was meant


def test_the_middle_button_moves_whatever_the_tool(canvas):
    canvas.set_tool("lasso")
    said, before = told(canvas.selected), at(canvas, 15)
    mouse.send(canvas, QEvent.Type.MouseButtonPress, QPointF(100, 100), Qt.MouseButton.MiddleButton, NONE)
    mouse.send(canvas, QEvent.Type.MouseMove, QPointF(120, 130), NO_BUTTON, NONE)
    mouse.send(canvas, QEvent.Type.MouseButtonRelease, QPointF(120, 130), Qt.MouseButton.MiddleButton, NONE)
    assert (at(canvas, 15) - before).toPoint() == QPointF(20, 30).toPoint()
    assert not said


def test_the_keys_of_the_map(qtbot, canvas):
    canvas.setFocus()
    fitted, moved = canvas.frame, told(canvas.moved)
    for key, changed in (
        (Qt.Key.Key_Left, lambda now, was: now.x < was.x),
        (Qt.Key.Key_Right, lambda now, was: now.x > was.x),
        (Qt.Key.Key_Up, lambda now, was: now.y < was.y),
        (Qt.Key.Key_Down, lambda now, was: now.y > was.y),
        (Qt.Key.Key_Plus, lambda now, was: now.scale > was.scale),
        (Qt.Key.Key_Minus, lambda now, was: now.scale < was.scale),
        (Qt.Key.Key_Equal, lambda now, was: now.scale > was.scale),
        (Qt.Key.Key_Home, lambda now, _was: now == fitted),
    ):
        was = canvas.frame
        qtbot.keyClick(canvas, key)
        assert changed(canvas.frame, was), key
    assert len(moved) == 8
    opened = told(canvas.activated)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)  # nothing selected
    canvas.show_selection([13, 11])
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, 12).toPoint())
    assert opened == [(13,), (12,)]


def test_another_size_shows_the_same_part(canvas):
    canvas.resize(700, 300)
    inside = lambda: all(canvas.rect().contains(at(canvas, i).toPoint()) for i in IDS)  # noqa: E731
    assert inside()
    canvas.zoom(4, (350, 150))
    x, y, scale = canvas.frame.x, canvas.frame.y, canvas.frame.scale
    canvas.resize(350, 150)
    assert (canvas.frame.x, canvas.frame.y) == (x, y)
    assert canvas.frame.scale == pytest.approx(scale / 2)
    canvas.resize(1, 1)
    canvas.grab()
    canvas.resize(400, 400)
    canvas.fit()
    assert inside()
    canvas.zoom(9, (0, 0))
    canvas.reveal(12)
    assert canvas.rect().contains(at(canvas, 12).toPoint())


# Pointing


def test_hover_tells_each_event_once_and_not_before_the_tree_is_there(qtbot, canvas, tasks):
    said = told(canvas.hovered)

    def point(where):
        mouse.send(canvas, QEvent.Type.MouseMove, where, NO_BUTTON, NONE)

    for shift in (0, 2, 4):
        point(at(canvas, 15) + QPointF(shift, 0))
    canvas.grab()
    point(at(canvas, 15) + QPointF(60, 10))
    point(at(canvas, 12))
    canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert said == [(15,), (None,), (12,), (None,)]
    canvas.show_points(IDS, POINTS[::-1])
    assert not canvas.nearest.ready
    point(at(canvas, 11))
    assert len(said) == 4
    qtbot.waitUntil(lambda: not tasks.busy)
    point(at(canvas, 11))
    assert said[-1] == (11,)


def test_of_two_maps_in_a_row_the_later_tree_counts(qtbot, canvas, tasks):
    canvas.show_points(IDS, POINTS)
    canvas.show_points([77], [[3.0, 3.0]])
    qtbot.waitUntil(lambda: not tasks.busy)
    said = told(canvas.hovered)
    mouse.send(canvas, QEvent.Type.MouseMove, at(canvas, 77), NO_BUTTON, NONE)
    assert said == [(77,)]


# Odd maps


@pytest.mark.parametrize(
    ("ids", "points"),
    [
        ([], np.empty((0, 2))),
        ([5], [[3.0, -4.0]]),
        (np.arange(3000), np.ones((3000, 2))),
        (np.arange(50), np.stack([np.arange(50), np.zeros(50)], axis=1)),
        ([1, 2, 3], [[0, 0], [np.nan, 1], [np.inf, 0]]),
    ],
    ids=["empty", "one", "all at one place", "a line", "without a place"],
)
def test_odd_maps_are_drawn_chosen_from_and_pointed_at(qtbot, canvas, tasks, ids, points):
    canvas.show_points(ids, points)
    qtbot.waitUntil(lambda: not tasks.busy)
    canvas.show_codes(np.zeros(len(ids), np.uint8), class_palette())
    canvas.show_marks({"hollow": Mark(ids), "question": Mark(ids[:1])})
    canvas.show_path(ids)
    there = len(canvas.ids)
    for tool in ("lasso", "rectangle", "brush"):
        canvas.set_tool(tool)
        canvas.set_brush(200)
        said = told(canvas.selected)
        edge = [QPointF(1, 1), QPointF(399, 1), QPointF(399, 399), QPointF(1, 399)]
        stroke(canvas, {"rectangle": [edge[0], edge[2]], "brush": [QPointF(1, 200), QPointF(399, 200)]}.get(tool, edge))
        assert len(said[-1][0]) == there
        canvas.show_selection(said[-1][0])
        assert len(canvas.picture.selected) == there
    canvas.set_tool("pan")
    mouse.send(canvas, QEvent.Type.MouseMove, QPointF(200, 200), NO_BUTTON, NONE)
    for density in (True, False):
        canvas.show_density(density)
        canvas.zoom(1e9)
        canvas.grab()
        canvas.fit()
        canvas.grab()


def test_the_map_wears_each_theme_and_is_dimmed(canvas):
    canvas.show_note("")
    for name in ("dark", "high contrast", "light"):
        theme.use(name)
        corner = canvas.grab().toImage().pixelColor(200, 5)
        assert corner.name() == theme.token("plot")
    shown = canvas.grab().toImage().pixelColor(at(canvas, 15).toPoint())
    canvas.dim(True)
    assert canvas.grab().toImage().pixelColor(at(canvas, 15).toPoint()).lightness() > shown.lightness()


# Overview and small maps


def test_the_overview_is_there_when_needed_and_moves_the_map(canvas):
    overview = MiniMap(canvas)
    assert not overview.isVisible()  # all of the map is seen
    canvas.zoom(5, (200, 200))
    assert overview.isVisible()
    assert overview.geometry().right() < canvas.width()
    overview.grab()
    where = QPointF(*overview.frame.to_pixels(canvas.cloud.places[1]))
    mouse.click(overview, where)
    assert (at(canvas, 12) - QPointF(200, 200)).manhattanLength() < 1
    mouse.drag(overview, overview.box.center(), QPointF(*overview.frame.to_pixels(canvas.cloud.places[4])))
    assert (at(canvas, 15) - QPointF(200, 200)).manhattanLength() < 5
    canvas.resize(200, 200)  # no room
    assert not overview.isVisible()
    canvas.resize(400, 400)
    canvas.fit()
    assert not overview.isVisible()
    assert overview.accessibleName()


def test_small_maps_share_colours_selection_and_pointer(qtbot, tasks):
    row = SmallMultiples(tasks)
    qtbot.addWidget(row)
    row.resize(900, 320)
    titles = ["Best", "Middle", "Worst"]
    for _ in range(2):  # also when other maps replace them
        row.show_maps(
            IDS, [Small(title, "s = 0.5", POINTS[:, ::sign]) for title, sign in zip(titles, (1, -1, 1), strict=True)]
        )
    row.show()
    row.show_codes(np.arange(5, dtype=np.uint8), class_palette())
    row.show_marks({"ring": Mark([11])})
    row.selected.connect(lambda ids, _mode: row.show_selection(ids))
    qtbot.waitUntil(lambda: not tasks.busy)
    qtbot.waitUntil(lambda: row.maps[1].width() > 100)
    hovered, chosen, opened = told(row.hovered), told(row.chosen), told(row.activated)
    row.set_tool("rectangle")
    row.set_mode("replace")
    second = row.maps[1]
    stroke(second, [*right_half(second, "brush")[:1], at(second, 12) + QPointF(9, 9)])
    picked = [one.cloud.ids[one.picture.selected].tolist() for one in row.maps]
    assert picked[0] == picked[1] == picked[2] != []
    mouse.send(second, QEvent.Type.MouseMove, at(second, 15), NO_BUTTON, NONE)
    assert hovered == [(15,)]
    assert [one.hover_row for one in row.maps] == [4, 4, 4]
    row.titles[2].click()
    assert chosen == [(2,)]
    assert [title.isChecked() for title in row.titles] == [False, False, True]
    qtbot.mouseDClick(row.maps[0], Qt.MouseButton.LeftButton, pos=at(row.maps[0], 15).toPoint())
    assert opened == [(15,)]
    assert [one.accessibleName() for one in row.maps] == [f"Map: {title}" for title in titles]
    row.grab()


def test_the_scale_of_a_density_fits_a_small_map(canvas):
    metrics = canvas.fontMetrics()
    whole, wide = density_title(metrics, 1000)
    short, narrow = density_title(metrics, wide - 1)
    assert len(short) < len(whole)
    assert narrow < wide
    for most in (20, 60, 90):
        title, width = density_title(metrics, most)
        assert width <= most
        assert metrics.horizontalAdvance(title) <= most
