"""A projection run can be read while it runs, killed between maps, stopped within a map, and goes on from there."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from core.errors import InputError, JobCancelled
from core.features import FeatureSpace
from core.jobs import JobSpec, NullReporter, write_json
from core.projection import METHODS, load_projection, nearest, project_grid, quality_of_lists, run_projection
from core.projection import methods as methods_module
from core.projection import tsne as tsne_module
from core.projection.grid import plan_grid, prepare
from core.projection.neighbours import search
from core.study import NewEvent, Study, add_recording, label_events, new_events

GRID = {"perplexities": [5, 10], "exaggerations": [12], "iterations": 60}


def blobs(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return y[:, None] * np.array([6.0, 0, 0, 0]) + rng.standard_normal((n, 4)), y


@pytest.fixture
def spec(tmp_path):
    x, y = blobs(60)
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        ids = study.apply(new_events(study, [NewEvent(1, "I", t / 1, 0.1, "hits", "t") for t in range(60)])).event_ids
        study.apply(label_events(study, ids[:30], [f"class {c}" for c in y[:30]]))
        features = study.new_run("features", "f", {})
        FeatureSpace(np.array(ids), x.astype(np.float32), {}).save(features.folder)
        params = {"features": features.id, **GRID}
        run = study.new_run("projection", "p", params, parent=features.id)
    return JobSpec("projection", params, str(run.folder), str(study.folder), seed=4)


def changed(spec, **params):
    return JobSpec(spec.kind, {**spec.params, **params}, spec.out, spec.study, spec.seed)


def finish(spec):
    result = run_projection(spec, NullReporter())
    write_json(spec.folder / "result.json", result)
    return result, load_projection(spec.folder)


def written(spec):
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in spec.folder.glob("map_*")}


KILLED = """
import os, signal, sys
from pathlib import Path
from core.jobs import JobSpec, NullReporter
from core.projection import run_projection

class Reporter(NullReporter):
    def metrics(self, step, **values):
        if step == 1:
            os.kill(os.getpid(), signal.SIGKILL)

run_projection(JobSpec.load(Path(sys.argv[1])), Reporter())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_between_maps_it_goes_on_and_ends_the_same(spec, tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(spec.save(tmp_path / "spec.json"))], check=False)
    assert done.returncode == -signal.SIGKILL
    before = written(spec)
    assert sorted(before) == ["map_00.json", "map_00.npz", "map_01.json", "map_01.npz"]
    halfway = load_projection(spec.folder)
    assert (len(halfway.maps), halfway.finished) == (2, False)
    result, resumed = finish(spec)
    assert {name: written(spec)[name] for name in before} == before  # not made again
    assert (len(resumed.maps), resumed.finished) == (3, True)
    for path in spec.folder.glob("map_*"):
        path.unlink()
    again, anew = finish(spec)
    assert again == result
    for a, b in zip(resumed.maps, anew.maps, strict=True):
        assert a.points.tobytes() == b.points.tobytes()


def test_a_map_without_its_description_or_of_other_features_is_made_again(spec):
    _, first = finish(spec)
    (spec.folder / "map_01.json").unlink()
    (spec.folder / "map_02.npz").write_bytes(b"half")
    times = {name: stamp for name, (stamp, _) in written(spec).items()}
    _, second = finish(spec)
    assert {name for name, (stamp, _) in written(spec).items() if times.get(name) != stamp} == {
        "map_01.json", "map_01.npz", "map_02.json", "map_02.npz"
    }  # fmt: skip
    assert second.maps[2].points.tobytes() == first.maps[2].points.tobytes()
    features = next(spec.folder.parent.glob("features*"))
    FeatureSpace(first.ids, blobs(60, 1)[0].astype(np.float32), {}).save(features)
    _, third = finish(spec)
    assert not np.array_equal(third.maps[0].points, first.maps[0].points)


def test_labels_that_came_meanwhile_count_when_it_goes_on(spec):
    finish(spec)
    with Study.open(spec.study) as study:
        ids = load_projection(spec.folder).ids.tolist()
        study.apply(label_events(study, ids[30:], "class 0"))
    result, maps = finish(spec)
    assert result["n_labelled"] == 60
    assert json.loads((spec.folder / "map_00.json").read_text())["n_labelled"] == 60
    assert maps.maps[0].silhouette == result["maps"][0]["silhouette"]


def test_it_stops_within_a_map(spec):
    class Impatient(NullReporter):
        looks = 0

        def progress(self, done, total, message=""):
            self.looks += done > 1  # within the first t-SNE

        def check(self):
            if self.looks:
                raise JobCancelled("stopped as asked")

    with pytest.raises(JobCancelled):
        run_projection(changed(spec, iterations=10**7), Impatient())
    assert sorted(written(spec)) == ["map_00.json", "map_00.npz"]


def test_a_map_that_fails_is_named_and_never_chosen(spec, monkeypatch):
    monkeypatch.setattr(tsne_module, "LARGEST", 1e-9)
    result, maps = finish(spec)
    assert [m["number"] for m in result["maps"]] == [0]
    assert len(result["failed"]) == 2
    assert "flew apart" in result["failed"][0]["failed"]
    assert (len(maps.maps), maps.best, maps.worst) == (1, 0, 0)
    with pytest.raises(InputError, match="none of 2 maps"):
        run_projection(changed(spec, methods=["tsne"]), NullReporter())


def test_scores_are_those_of_the_map_and_raw_quality_is_kept(spec):
    result, maps = finish(spec)
    x = FeatureSpace.load(next(spec.folder.parent.glob("features*"))).vectors
    for made in maps.maps:
        raw = quality_of_lists(nearest(x, 21), nearest(made.points, 21))
        np.testing.assert_array_equal(made.local_quality, raw)
        np.testing.assert_array_equal(made.quality, raw / raw.max())
        np.testing.assert_allclose(made.scaled("fixed"), raw * 60)
        assert made.scores["mean_quality"] == pytest.approx(raw.mean() * 60)
        assert 0.8 < made.scores["trustworthiness"] <= 1
    assert result["n_judged"] == 60
    assert {"mean", "spread", "axes"} <= set(maps.maps[0].arrays)


def test_maps_of_old_runs_can_be_read(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(4))
    quality = np.array([1.0, 0.5, 0.25, 0.5])
    np.savez(tmp_path / "map_00.npz", points=np.eye(4)[:, :2], quality=quality)
    maps = [{"params": {"method": "PCA"}, "silhouette": None, "mean_quality": 0.5}]
    write_json(tmp_path / "result.json", {"maps": maps, "best": 0, "middle": 0, "worst": 0})
    made = load_projection(tmp_path).maps[0]
    np.testing.assert_array_equal(made.quality, quality)
    with pytest.raises(InputError, match="Make the maps again"):
        made.scaled("fixed")


def test_nothing_there_yet_is_said(tmp_path):
    with pytest.raises(InputError, match="no map is there yet"):
        load_projection(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["isomap"]}, "methods must be"),
        ({"perplexities": ["30"]}, "perplexities must be"),
        ({"learning_rates": [0]}, "learning_rates must be"),
        ({"perplexity": [30]}, "has no perplexity"),
        ({"methods": ["tsne"], "perplexities": [50]}, "no map of this grid"),
    ],
)
def test_a_wrong_grid_is_named(options, message):
    with pytest.raises(InputError, match=message):
        plan_grid(100, options, NullReporter())


def test_umap_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(methods_module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"hitscope\[umap\]"):
        plan_grid(100, {"methods": ["umap"]}, NullReporter())


def test_umap_maps_are_reproducible():
    pytest.importorskip("umap")
    x, _ = blobs(80)
    first, again = (list(project_grid(x, methods=["umap"], neighbors=[10])) for _ in range(2))
    assert first[0][0] == {"method": "UMAP", "n_neighbors": 10, "min_dist": 0.1}
    np.testing.assert_array_equal(first[0][1], again[0][1])


@pytest.mark.parametrize("key", METHODS)
def test_every_method_says_what_it_is(key):
    method = METHODS[key]
    assert method.title
    assert method.help
    assert all(axis.help and all(map(axis.rule.fits, axis.values)) for axis in method.grid.values())


def test_maps_do_not_depend_on_the_number_of_threads(monkeypatch):
    x, _ = blobs(150)
    made = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("core.projection.grid.threads_for", lambda n, threads=threads: threads)
        made.append([points.tobytes() for _, points in project_grid(x, [10], [12], iterations=100)])
    assert made[0] == made[1] == made[2]


def test_maps_of_one_perplexity_are_the_same_alone_and_in_a_grid():
    x, _ = blobs(90)
    together = list(project_grid(x, [8], [12, 30], iterations=50))
    alone = list(project_grid(x, [8], [30], iterations=50))
    assert together[2][0] == alone[1][0]
    assert together[2][1].tobytes() == alone[1][1].tobytes()


def test_affinities_in_blocks_are_those_of_opentsne(monkeypatch):
    from openTSNE.affinity import PerplexityBasedNN

    monkeypatch.setattr(tsne_module, "ROWS", 37)
    prepared = prepare(blobs(200)[0], lambda x: search(x, None, 31).others())
    expected = PerplexityBasedNN(prepared.x, perplexity=10, method="exact").P
    assert abs(tsne_module._affinities(prepared, 10.0, NullReporter()) - expected).max() < 1e-12
