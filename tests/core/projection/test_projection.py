import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import InputError
from core.features import FeatureSpace
from core.jobs import JobSpec, NullReporter, write_json
from core.projection import choose, load_projection, local_quality, nearest, project_grid, run_projection, silhouette
from core.study import UNSURE, NewEvent, Study, add_recording, label_events, new_events

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


@pytest.mark.parametrize("name", ["lq_0", "lq_1", "lq_2"])
def test_golden_local_quality(name):
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as golden:
        meta = json.loads(str(golden["meta"]))
        ks, kt = meta["ks"], meta["kt"]
        np.testing.assert_allclose(local_quality(golden["X"], golden["Z"], ks, kt), golden["lq"], rtol=0, atol=1e-12)
        scaled = local_quality(golden["X"], golden["Z"], ks, kt, normalize="max")
        np.testing.assert_allclose(scaled, golden["lq_maxnorm"], rtol=0, atol=1e-12)


def test_golden_silhouette_and_choice():
    with np.load(GOLDEN / "silhouette.npz", allow_pickle=False) as golden:
        labels = np.full(len(golden["labels"]), -1)
        labels[golden["labelled_idx"]] = golden["labels"][golden["labelled_idx"]]
        for metric in ("sqeuclidean", "euclidean"):
            got = [silhouette(points, labels, metric) for points in golden["projections"]]
            np.testing.assert_allclose(got, golden[f"silhouette_{metric}"], rtol=1e-6)
        best, middle, worst = choose(golden["silhouette_sqeuclidean"])
        assert [best, middle, worst] == golden["best_middle_worst"].tolist()


@settings(deadline=None)
@given(
    points=hnp.arrays(np.int8, st.tuples(st.integers(2, 60), st.integers(1, 3)), elements=st.integers(-3, 3)),
    k=st.integers(1, 30),
)
def test_neighbours_are_exact_with_many_ties(points, k):
    points = points.astype(float)
    distance = ((points[:, None] - points) ** 2).sum(axis=-1)
    expected = np.argsort(distance, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(nearest(points, k), expected)


def all_pairs_quality(high, low, ks, kt):
    """The formula, term by term."""
    n = len(high)
    ranks = []
    for x in (high, low):
        order = np.argsort(((x[:, None] - x) ** 2).sum(axis=-1), axis=1, kind="stable")
        rank = np.empty((n, n), int)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(n), (n, n)), axis=1)
        ranks.append(rank)
    rho, r = ranks
    w = ((rho <= ks) | (r <= ks)) & (np.abs(rho - r) <= kt)
    return (w.sum(axis=0) + w.sum(axis=1)) / (2 * ks * n)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10**6), n=st.integers(2, 80), ks=st.integers(1, 12), kt=st.integers(0, 12), coarse=st.booleans()
)
def test_quality_from_lists_equals_all_pairs(seed, n, ks, kt, coarse):
    rng = np.random.default_rng(seed)
    high, low = rng.standard_normal((n, 5)), rng.standard_normal((n, 2))
    if coarse:
        high, low = np.round(high), np.round(low)  # duplicates and ties
    expected = all_pairs_quality(high, low, ks, kt)
    np.testing.assert_allclose(local_quality(high, low, ks, kt), expected, rtol=0, atol=1e-12)


def test_a_perfect_map_has_the_highest_quality():
    x = np.random.default_rng(0).standard_normal((500, 2))
    fixed = local_quality(x, 3 * x + 1, normalize="fixed")
    np.testing.assert_allclose(fixed.mean(), 1.1, rtol=1e-12)  # 1 + 1/ks
    assert local_quality(x, x[::-1], normalize="fixed").mean() < 0.2
    assert local_quality(x, x, normalize="quantile").max() == 1.0


@pytest.mark.parametrize(
    ("high", "low", "message"),
    [
        (np.zeros((3, 2)), np.zeros((4, 2)), "same events"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "NaN"),
        (np.zeros(3), np.zeros((3, 2)), "N points"),
    ],
)
def test_bad_input_is_named(high, low, message):
    with pytest.raises(InputError, match=message):
        local_quality(high, low)


@pytest.mark.parametrize("wrong", [{"ks": 2.5}, {"ks": 0}, {"kt": np.nan}, {"kt": -1}, {"normalize": "most"}])
def test_parameters_of_local_quality_are_named(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} must be"):
        local_quality(np.zeros((30, 3)), np.zeros((30, 2)), **wrong)


@pytest.mark.parametrize(
    ("labels", "metric", "message"),
    [
        ([0, 0, -1, -1, -1], "euclidean", "Label a few"),
        ([0, 0, 1], "euclidean", "one label per point"),
        ([0, 0, 1, 1, 1], "cosine", "metric must be one of euclidean, sqeuclidean, not 'cosine'"),
    ],
)
def test_what_has_no_silhouette_says_why(labels, metric, message):
    with pytest.raises(InputError, match=message):
        silhouette(np.zeros((5, 2)), labels, metric)


def blobs(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return y[:, None] * np.array([6.0, 0, 0, 0]) + rng.standard_normal((n, 4)), y


def test_grid_is_reproducible_and_separates():
    x, y = blobs(120)
    first = list(project_grid(x, [10, 500], [12], seed=3))
    again = list(project_grid(x, [10], [12], seed=3))
    assert [how["method"] for how, _ in first] == ["PCA", "t-SNE"]  # perplexity 500 is impossible here
    np.testing.assert_array_equal(first[1][1], again[1][1])
    assert silhouette(first[1][1], y) > 0.4


@pytest.mark.parametrize("x", [np.zeros((50, 3)), np.ones((3, 2))])
def test_nothing_to_project_is_said(x):
    with pytest.raises(InputError, match="shows nothing"):
        list(project_grid(x))


def test_projection_run_of_a_study(tmp_path):
    x, y = blobs(60)
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        ids = study.apply(
            new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(60)])
        ).event_ids
        study.apply(label_events(study, ids[:30], [f"class {c}" for c in y[:30]]))
        study.apply(label_events(study, ids[30:40], UNSURE))  # no class: no part in the silhouette
        features = study.new_run("features", "f", {})
        FeatureSpace(np.array(ids), x.astype(np.float32), {}).save(features.folder)
        params = {"features": features.id, "perplexities": [5], "exaggerations": [12], "iterations": 100}
        run = study.new_run("projection", "p", params, parent=features.id)
        result = run_projection(JobSpec("projection", params, str(run.folder), str(study.folder)), NullReporter())
    write_json(run.folder / "result.json", result)
    maps = load_projection(run.folder)
    assert len(maps.maps) == 2
    assert maps.ids.tolist() == ids
    assert maps.maps[maps.best].silhouette == max(m.silhouette for m in maps.maps)
    assert (result["chosen_by"], result["n_labelled"]) == ("silhouette", 30)
    assert maps.maps[0].quality.max() == 1.0
