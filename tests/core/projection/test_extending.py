"""Events that come later are placed in maps by a run of its own; what was there stays bit for bit."""

import numpy as np
import pytest

from core.errors import InputError
from core.projection import placing, shaped_by
from tests.core.projection.spaces import TEST, cohort

FIRST = ~np.isin(np.arange(100), np.arange(25, 50))  # all but those of the subject B
LATER = slice(25, 50)


@pytest.fixture
def made(tmp_path):
    with (it := cohort(tmp_path / "s")).study:
        yield it


def files(run):
    return {path.name: path.read_bytes() for path in run.folder.iterdir()}


def test_old_points_stay_and_new_ones_join_their_group(made):
    features = made.features(rows=FIRST)
    run, before, old = made.maps(features)
    kept = files(run)
    more, result, maps = made.maps(made.features(rows=LATER), extends=run.id)
    assert files(run) == kept  # a run that has ended never changes
    assert maps.ids.tolist() == [*made.ids[FIRST], *made.ids[LATER]]
    assert (result["extends"], result["n_placed"], result["n"]) == (run.id, 25, 100)
    assert [result[name] for name in ("best", "middle", "worst")] == [before[n] for n in ("best", "middle", "worst")]
    for a, b in zip(old.maps, maps.maps, strict=True):
        assert b.points[:75].tobytes() == a.points.tobytes()
        assert b.quality[:75].tobytes() == a.quality.tobytes()
        assert b.scaled("fixed")[:75].tobytes() == a.scaled("fixed").tobytes()
        assert (b.silhouette, b.scores, b.params) == (a.silhouette, a.scores, a.params)
        nearest = np.linalg.norm(b.points[75:, None] - a.points, axis=2).argmin(axis=1)
        assert (made.y[FIRST][nearest] == made.y[LATER]).mean() > 0.9
    np.testing.assert_array_equal(maps.events.test, [*TEST[FIRST], *TEST[LATER]])
    assert maps.events.usable[75:].all()  # labels may go to them
    assert maps.events.placed[75:].all()
    assert shaped_by(made.study, more).id == features.id


def test_what_is_placed_later_does_not_move_what_was_placed_before(made):
    run, _, _ = made.maps(made.features(rows=slice(0, 50)))
    second, _, once = made.maps(made.features(rows=slice(50, 60)), extends=run.id)
    third, result, twice = made.maps(made.features(rows=slice(55, 70)), extends=second.id)
    assert result["n_placed"] == 10  # five were there
    for a, b in zip(once.maps, twice.maps, strict=True):
        assert b.points[:60].tobytes() == a.points.tobytes()
        assert b.quality[:60].tobytes() == a.quality.tobytes()
    assert shaped_by(made.study, third).id == run.params["features"]


@pytest.mark.parametrize("transductive", [False, True])
def test_test_subjects_that_come_later_are_marked_and_usable_only_where_the_maps_are_transductive(made, transductive):
    run, _, _ = made.maps(made.features(rows=~TEST, transductive=transductive))
    _, result, maps = made.maps(made.features(rows=TEST), extends=run.id)
    assert maps.events.test[75:].all()
    assert (maps.events.usable[75:] == transductive).all()
    assert result["n_test"] == 25


def test_a_map_that_cannot_place_is_left_out_and_named(made, monkeypatch):
    run, _, _ = made.maps(made.features(rows=FIRST))
    new = made.features(rows=LATER)
    monkeypatch.delitem(placing.PLACERS, "PCA")
    _, result, maps = made.maps(new, extends=run.id)
    assert [m.params["method"] for m in maps.maps] == ["t-SNE"]
    assert "cannot be placed in a map by PCA" in result["failed"][0]["failed"]
    monkeypatch.delitem(placing.PLACERS, "t-SNE")
    with pytest.raises(InputError, match="placed in none of 2 maps"):
        made.maps(new, extends=run.id)


def test_what_cannot_be_says_why(made):
    features = made.features(rows=FIRST)
    run, _, _ = made.maps(features)
    with pytest.raises(InputError, match="all of these events are on the maps"):
        made.maps(features, extends=run.id)
    with pytest.raises(InputError, match="do not belong"):
        made.maps(made.features(made.x[:, :3], rows=LATER), extends=run.id)
    (run.folder / "result.json").unlink()
    with pytest.raises(InputError, match="still being made"):
        made.maps(made.features(rows=LATER), extends=run.id)
