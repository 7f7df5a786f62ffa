import json

import numpy as np
import pytest

from core.annotation import PROPAGATORS, QUERIES
from core.cli import main
from core.jobs import write_json
from core.study import UNSURE, NewEvent, Study, add_recording, label_events, new_events, remove_events

Y = np.arange(60) % 2


@pytest.fixture
def arrays(tmp_path):
    rng = np.random.default_rng(0)
    made = {
        "points": Y[:, None] * 8 + rng.standard_normal((60, 2)),
        "labels": np.where(np.arange(60) < 8, Y, -1),
        "quality": rng.random(60) + 0.2,
        "out": None,
    }
    for name, array in made.items():
        if array is not None:
            np.save(tmp_path / f"{name}.npy", array)
    return {name: tmp_path / f"{name}.npy" for name in made}


@pytest.fixture
def run(capsys):
    def call(command, paths, *more):
        given = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
        status = main([command, *given, *map(str, more)])
        return (status, *capsys.readouterr())

    return call


@pytest.mark.parametrize("method", PROPAGATORS)
def test_every_method(run, arrays, method):
    status, out, _ = run("propagate", arrays, "--method", method, "--json")
    assert status == 0
    said = json.loads(out)
    assert said["method"] == method
    assert PROPAGATORS[method].title in said["proposal"]
    labels = np.load(arrays["out"])
    assert said["labelled_after"] == (labels >= 0).sum() > 40
    assert (labels[labels >= 0] == Y[labels >= 0]).mean() > 0.9


def test_only_the_surest_labels(run, arrays):
    every = json.loads(run("propagate", arrays, "--json")[1])
    half = json.loads(run("propagate", arrays, "--surest", "0.5", "--json")[1])
    given = [said["labelled_after"] - said["labelled_before"] for said in (every, half)]
    assert given[1] == -(-given[0] // 2) > 5
    assert "the surest 50 %" in half["proposal"]
    status, _out, error = run("propagate", arrays, "--surest", "2")
    assert status == 1
    assert "share" in error


def test_only_what_a_method_needs_is_asked_for(run, arrays):
    paths = {name: path for name, path in arrays.items() if name != "quality"}
    assert run("propagate", paths, "--method", "opf_semi")[0] == 0
    status, _, err = run("propagate", paths)
    assert status == 1
    assert "arrays are missing: --quality" in err
    assert "has no tau. It knows k." in run("propagate", arrays, "--method", "std_knn", "--tau", 0.1)[2]


def test_why_shows_the_way_back_to_a_human_label(run, arrays):
    asked = run("propagate", arrays, "--why", 40, "--why", 41, "--json")[1]
    for way in json.loads(asked)["why"]:
        assert way["path"][0] == way["id"]
        assert way["path"][-1] < 8
        assert way["round"] == len(way["path"]) - 1
        assert way["label"] == Y[way["id"]]
    out = run("propagate", arrays, "--why", 40)[1]
    assert "40 ← " in out
    assert "confidence 0." in out
    status, _, err = run("propagate", arrays, "--why", 3)
    assert status == 1
    assert "no label is proposed for 3" in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": np.zeros((1, 2)), "labels": [0], "quality": [1.0]}, "1 point only"),
        ({"points": np.eye(5), "labels": [0, -1, -1, -1, -1], "quality": np.ones(5)}, "Choose k from 1 to 4"),
        ({"labels": np.full(60, -1)}, "no point is labelled"),
        ({"labels": np.full(60, 0.5)}, "Number the classes from 0"),
        ({"labels": np.full(60, "solid")}, "no array of numbers"),
    ],
)
def test_what_cannot_be_is_said(run, arrays, change, message):
    for name, array in change.items():
        np.save(arrays[name], np.asarray(array))
    status, _, err = run("propagate", arrays)
    assert status == 1
    assert message in err
    assert not arrays["out"].exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.r_[1, np.full(59, -1)]}, "One point is labelled"),
        ({"quality": np.ones(60)}, "Every point has the same quality, 1"),
        ({"quality": np.zeros(60)}, "No point has a quality above τ = 0.1"),
    ],
)
def test_what_is_odd_is_noted(run, arrays, change, message):
    for name, array in change.items():
        np.save(arrays[name], array)
    status, out, _ = run("propagate", arrays)
    assert status == 0
    assert message in out


def test_shares_of_classes_are_taken_as_labels(run, arrays):
    shares = np.full((60, 2), np.nan)
    shares[:8] = np.where(Y[:8, None] == np.arange(2), 0.8, 0.2)
    np.save(arrays["labels"], shares)
    assert json.loads(run("propagate", arrays, "--json")[1])["labelled_before"] == 8
    labels = np.load(arrays["out"])
    assert labels.shape == (60,)
    assert (labels[labels >= 0] == Y[labels >= 0]).all()


@pytest.fixture
def projection(tmp_path):
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        ids = study.apply(
            new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(60)])
        ).event_ids
        study.apply(label_events(study, ids[:8], [f"class {c}" for c in Y[:8]]))
        study.apply(label_events(study, ids[8:10], UNSURE))
        run = study.new_run("projection", "p", {})
        points = Y[:, None] * 8 + np.random.default_rng(0).standard_normal((60, 2))
        np.save(run.folder / "ids.npy", ids)
        np.savez(run.folder / "map_00.npz", points=points, quality=np.ones(60))
        maps = [{"params": {}, "silhouette": None, "mean_quality": 1.0}]
        write_json(run.folder / "result.json", {"maps": maps, "best": 0, "middle": 0, "worst": 0})
    return run, ids


@pytest.mark.parametrize("method", PROPAGATORS)
def test_accepting_says_in_the_history_how_it_was_made(run, projection, method):
    entry, ids = projection
    asked = ("--method", method, "--accept", "--why", ids[40], "--json")
    status, out, _ = run("propagate", {"projection": entry.folder}, *asked)
    assert status == 0
    said = json.loads(out)
    assert said["why"][0]["label"] == f"class {Y[40]}"
    with Study.open(entry.folder.parent.parent, readonly=True) as study:
        assert study.history(1)[0].reason == said["proposal"]
        assert f"on {entry.id}, map 0" in said["proposal"]
        assert set(study.events(ids=ids[8:10]).label) == {UNSURE}


class TestLabelNext:
    def test_on_the_best_map(self, run, projection):
        entry, ids = projection
        status, out, _ = run("label-next", {"projection": entry.folder}, "--by", "coverage", "-n", 3, "--json")
        assert status == 0
        asked = json.loads(out)
        assert len(asked) == 3
        assert not {a["id"] for a in asked} & set(ids[:10])

    @pytest.mark.parametrize("key", QUERIES)
    def test_from_arrays(self, run, arrays, tmp_path, key):
        p = np.random.default_rng(0).dirichlet([1, 1], 60)
        np.save(tmp_path / "p.npy", p)
        np.save(tmp_path / "q.npy", p[::-1])
        paths = {name: arrays[name] for name in ("points", "labels", "quality")}
        models = ("--probabilities", tmp_path / "p.npy", tmp_path / "q.npy")
        status, out, _ = run("label-next", paths, "--by", key, "-n", 4, *models)
        assert status == 0
        assert len(out.splitlines()) == 4
        assert all(int(line.split(":")[0]) >= 8 for line in out.splitlines())

    def test_what_is_missing_is_named(self, run, arrays):
        assert "Give --labels, or --projection" in run("label-next", {})[2]
        assert "needs probabilities" in run("label-next", {"labels": arrays["labels"]}, "--by", "margin")[2]


def test_label_spreading_is_accepted_where_the_last_class_has_no_label(run, projection):
    entry, ids = projection
    with Study.open(entry.folder.parent.parent) as study:
        done = study.apply(label_events(study, ids[20:21], "a later class"))
        study.apply(label_events(study, ids[20:21], ""))
        assert done.changes
    assert run("propagate", {"projection": entry.folder}, "--method", "spreading", "--accept")[0] == 0
    with Study.open(entry.folder.parent.parent, readonly=True) as study:
        soft = [row["soft"] for row in study.label_rows(source="propagated").values()]
    assert len(soft) > 40
    assert all(set(shares) <= {"class 0", "class 1"} for shares in soft)


def test_contested_labels_are_passed_on_as_shares(run, projection):
    entry, ids = projection
    plain = json.loads(run("propagate", {"projection": entry.folder}, "--json")[1])
    assert not any("contested" in note for note in plain["notes"])
    with Study.open(entry.folder.parent.parent) as study:
        study.apply(label_events(study, ids[:1], "class 0", annotator="Ben"))
        study.apply(label_events(study, ids[:1], "class 1", annotator="Cleo"))
    said = json.loads(run("propagate", {"projection": entry.folder}, "--accept", "--json")[1])
    assert any(note.startswith("1 label is contested") for note in said["notes"])
    assert said["proposed"] == plain["proposed"]
    with Study.open(entry.folder.parent.parent, readonly=True) as study:
        soft = [row["soft"] for row in study.label_rows(source="propagated").values()]
    assert {"class 0": pytest.approx(2 / 3), "class 1": pytest.approx(1 / 3)} in soft


@pytest.mark.parametrize("command", ["propagate", "label-next"])
def test_maps_that_are_still_being_made_are_refused(run, projection, command):
    entry, _ = projection
    (entry.folder / "result.json").rename(entry.folder / "map_00.json")
    write_json(entry.folder / "map_00.json", {"number": 0, "params": {}, "silhouette": None, "mean_quality": 1.0})
    status, _, error = run(command, {"projection": entry.folder})
    assert status == 1
    assert "still being made, or their making was stopped: 1 is there" in error
    assert "hitscope resume" in error


def test_the_same_events_are_asked_as_in_the_window(run, projection):
    entry, ids = projection
    with Study.open(entry.folder.parent.parent) as study:
        study.apply(label_events(study, ids[10:57], "class 0", source="propagated"))
        study.apply(remove_events(study, ids[57:58]))
    asked = json.loads(run("label-next", {"projection": entry.folder}, "-n", 20, "--json")[1])
    assert {a["id"] for a in asked} == set(ids[58:])
