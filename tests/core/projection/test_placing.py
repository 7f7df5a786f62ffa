"""New points find their group in a map; old points stay where they are."""

import numpy as np
import pytest

from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.projection import Map, place
from core.projection.grid import plan_grid, prepare
from core.projection.methods import METHODS
from core.projection.neighbours import search


def blobs(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return y[:, None] * np.array([9.0, 0, 0, 0, 0, 0]) + rng.standard_normal((n, 6)), y


@pytest.fixture(scope="module")
def maps():
    x, y = blobs(240, 0)
    prepared = prepare(x, lambda v: search(v, None, 31).others())
    options = {"perplexities": [10], "exaggerations": [12], "iterations": 150}
    made = {}
    for cell in plan_grid(len(x), options, NullReporter()):
        drawn = METHODS[cell.method].load()(prepared, cell.params, NullReporter())
        made[cell.method] = Map(cell.params, drawn.points, np.ones(len(x)), None, arrays=drawn.arrays)
    return x, y, made


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_new_points_join_their_group_and_old_ones_stay(maps, method):
    x, y, made = maps
    before = made[method].points.copy()
    before.setflags(write=False)
    new, groups = blobs(60, 1)
    placed = place(made[method], x, new, seed=2)
    assert made[method].points.tobytes() == before.tobytes()
    nearest_old = search(before, placed.points, 1).index[:, 0]
    assert (y[nearest_old] == groups).mean() == 1
    assert placed.quality.shape == (60,)
    assert 0 < placed.quality.min() <= placed.quality.max() <= 1
    assert place(made[method], x, new, seed=2).points.tobytes() == placed.points.tobytes()


def test_a_point_that_was_in_the_map_is_placed_at_home(maps):
    x, _, made = maps
    np.testing.assert_allclose(place(made["pca"], x, x[:5]).points, made["pca"].points[:5], rtol=1e-9, atol=1e-9)
    width = np.ptp(made["tsne"].points, axis=0).max()
    apart = np.linalg.norm(place(made["tsne"], x, x[:20]).points - made["tsne"].points[:20], axis=1)
    assert np.median(apart) < 0.1 * width


@pytest.mark.parametrize(
    ("params", "n_old", "message"),
    [
        ({"method": "UMAP"}, 240, "cannot be placed"),
        ({"method": "PCA"}, 239, "do not belong"),
        ({"method": "PCA"}, 240, "old run"),
    ],
)
def test_what_cannot_be_placed_says_why(maps, params, n_old, message):
    x, _, made = maps
    with pytest.raises(InputError, match=message):
        place(Map(params, made["pca"].points, np.ones(240), None), x[:n_old], x[:3])


def test_placing_stops_when_asked(maps):
    class Impatient(NullReporter):
        def check(self):
            raise JobCancelled("stopped as asked")

    x, _, made = maps
    with pytest.raises(JobCancelled):
        place(made["tsne"], x, x[:5], report=Impatient())
