"""Test subjects shape no map and decide nothing about it, but are shown; unless the user says transductive."""

import numpy as np
import pytest

from core.errors import InputError
from core.jobs import JobSpec, NullReporter
from core.projection import Map, MapEvents, load_projection, placing, run_projection
from core.study import label_events
from tests.core.projection.spaces import TEST, cohort


@pytest.fixture
def made(tmp_path):
    with (it := cohort(tmp_path / "s")).study:
        yield it


def decided(maps, result):
    """All that a set of maps says of, or by, the events that are not for testing."""
    scores = [[m.scores, m.silhouette, m.params] for m in maps.maps]
    figures = {name: result[name] for name in ("best", "middle", "worst", "chosen_by", "n_labelled", "n_judged")}
    arrays = [
        (m.points[~TEST].tobytes(), m.local_quality[~TEST].tobytes(), m.quality[~TEST].tobytes()) for m in maps.maps
    ]
    return scores, figures, arrays, [m.scaled("quantile")[~TEST].tobytes() for m in maps.maps]


def test_neither_vectors_nor_labels_of_test_subjects_change_anything_but_where_they_lie(made):
    _, result, maps = made.maps(made.features())
    rng = np.random.default_rng(9)
    other = made.x.copy()
    other[TEST] = rng.permutation(other[TEST]) * 3 + 1
    made.study.apply(label_events(made.study, made.ids[TEST], [f"class {c}" for c in rng.integers(0, 3, TEST.sum())]))
    _, again, changed = made.maps(made.features(other))
    assert decided(changed, again) == decided(maps, result)
    assert not np.array_equal(changed.maps[0].points[TEST], maps.maps[0].points[TEST])
    other[~TEST] += rng.normal(size=other[~TEST].shape)
    _, third, moved = made.maps(made.features(other))
    assert decided(moved, third) != decided(maps, result)


def test_they_are_placed_beside_their_like_and_marked(made):
    run, result, maps = made.maps(made.features())
    np.testing.assert_array_equal(np.load(run.folder / "test.npy"), TEST)
    np.testing.assert_array_equal(maps.events.test, TEST)
    np.testing.assert_array_equal(maps.maps[1].events.usable, ~TEST)
    assert (result["n"], result["n_test"], result["n_placed"], result["not_placed"]) == (100, 25, 25, [])
    assert result["n_labelled"] == 38  # of the 50 that are labelled
    assert any("made and chosen without these 25" in note for note in result["warnings"])
    for shown in maps.maps:
        old, new = shown.points[~TEST], shown.points[TEST]
        nearest = np.linalg.norm(new[:, None] - old, axis=2).argmin(axis=1)
        assert (made.y[~TEST][nearest] == made.y[TEST]).mean() > 0.9
        assert shown.quality[~TEST].max() == 1
        assert 0 < shown.quality[TEST].max() <= 1


def test_transductive_they_are_events_like_all(made):
    _, result, maps = made.maps(made.features(transductive=True))
    _, _, plain = made.maps(made.features(test=np.zeros(100, bool)))
    assert maps.maps[1].points.tobytes() == plain.maps[1].points.tobytes()
    assert maps.maps[1].silhouette == plain.maps[1].silhouette
    np.testing.assert_array_equal(maps.events.test, TEST)
    assert maps.events.usable.all()
    assert (result["n_test"], result["n_placed"], result["n_labelled"]) == (25, 0, 50)
    assert any(note.startswith("Transductive: ") for note in result["warnings"])


def test_a_method_that_cannot_place_is_named_and_its_map_is_there_all_the_same(made, monkeypatch):
    monkeypatch.delitem(placing.PLACERS, "PCA")
    _, result, maps = made.maps(made.features())
    assert [entry["params"]["method"] for entry in result["not_placed"]] == ["PCA"]
    assert any("1 of 2 maps (PCA) they have no place" in note for note in result["warnings"])
    assert np.isnan(maps.maps[0].points[TEST]).all()
    assert np.isfinite(maps.maps[0].points[~TEST]).all()
    assert maps.maps[0].quality[~TEST].max() == 1
    assert np.isfinite(maps.maps[1].points).all()


def test_a_run_that_is_started_again_takes_its_maps_up(made):
    run, result, _ = made.maps(made.features())
    times = {path.name: path.stat().st_mtime_ns for path in run.folder.glob("map_*")}
    again = run_projection(
        JobSpec("projection", run.params, str(run.folder), str(made.study.folder), seed=4), NullReporter()
    )
    assert again == result
    assert {path.name: path.stat().st_mtime_ns for path in run.folder.glob("map_*")} == times


def test_runs_of_before_have_no_test_subjects(made):
    run, _, maps = made.maps(made.features(test=np.zeros(100, bool)))
    for name in ("test", "usable", "placed"):
        (run.folder / f"{name}.npy").unlink()
    old = load_projection(run.folder)
    assert not old.events.test.any()
    assert old.events.usable.all()
    assert old.maps[1].quality.tobytes() == maps.maps[1].quality.tobytes()


def test_no_map_is_made_of_test_subjects_alone(made):
    with pytest.raises(InputError, match=r"all 100 events are of test subjects.*hitscope place"):
        made.maps(made.features(test=np.ones(100, bool)))


def test_marks_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="do not go together"):
        MapEvents(np.arange(4), np.zeros(3, bool))
    with pytest.raises(InputError, match="has 4 qualities and 3 events"):
        Map({}, np.zeros((4, 2)), np.ones(4), None, events=MapEvents(np.arange(3)))


@pytest.mark.parametrize(("n", "said"), [(0, []), (1, ["1 event of test subjects is left out."])])
def test_how_many_are_left_out_is_said(n, said):
    assert MapEvents(np.arange(3), np.arange(3) < n).describe() == said
