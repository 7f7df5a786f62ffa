"""Data from which nothing can be learnt, drawn or propagated: the room says so, and what to do, or gives the right answer."""

import numpy as np
import pytest
import soundfile

from core.features import FeatureSpace
from core.jobs import write_json
from core.projection import local_quality
from core.signals import add_to_study
from core.study import NewEvent as New
from core.study import Study, define_classes, new_events
from desktop.views.annotate.features_dialog import FeaturesDialog
from tests.desktop.conftest import settle

N = 24


def sound(kind):
    """20 s of one channel at 1 kHz: noise, one wave that comes back every half second, or silence."""
    rng = np.random.default_rng(0)
    wave = {"noise": rng.uniform(-0.5, 0.5, 20_000), "copies": np.tile(rng.uniform(-0.5, 0.5, 500), 40)}
    return wave.get(kind, np.full(20_000, 0.25))


@pytest.fixture
def open_room(open_window, tmp_path):
    """The Annotate room of a study of windows of such a sound, and two classes."""

    def opened(kind="noise", n=N):
        soundfile.write(tmp_path / "r.wav", sound(kind), 1000)
        with Study.create(tmp_path / "s", annotator="Ana") as study:
            number = add_to_study(study, tmp_path / "r.wav")
            study.apply(new_events(study, [New(number, "", 2.0 + 0.5 * k, 0.5, "window", "test") for k in range(n)]))
            study.apply(define_classes(study, [("normal", "normal"), ("ectopic", "ectopic")]))
        return open_window(tmp_path / "s", "annotate", (1200, 800)).rooms["annotate"]

    return opened


def wait_for_job(qtbot, room):
    qtbot.waitUntil(lambda: not room.session.jobs.running, timeout=120_000)
    settle(qtbot, room.session)
    return room.session.jobs.jobs[-1]


def features_of(room, vectors):
    """A finished features run of these vectors."""
    study = room.session.study
    run = study.new_run("features", "vectors", {})
    FeatureSpace(room.session.events.id, vectors.astype(np.float32), {}).save(run.folder)
    write_json(run.folder / "result.json", {"n": len(vectors), "dim": vectors.shape[1]})
    room.session.take_up_runs()
    return run


def map_of(qtbot, room, points, labels=None):
    """A finished map of these points, with the labels given by row."""
    study, ids = room.session.study, room.session.events.id
    run = study.new_run("projection", "map", {}, parent=features_of(room, points).id)
    np.save(run.folder / "ids.npy", ids)
    np.savez(run.folder / "map_00.npz", points=points, quality=local_quality(points, points, normalize="max"))
    maps = [{"params": {"method": "PCA"}, "silhouette": None, "mean_quality": 1.0}]
    write_json(run.folder / "result.json", {"maps": maps, "best": 0, "middle": 0, "worst": 0})
    room.session.take_up_runs()
    settle(qtbot, room.session)
    for row, key in (labels or {}).items():
        room.session.label([int(ids[row])], key)
    settle(qtbot, room.session)


def spread(n=N):
    return np.random.default_rng(1).standard_normal((n, 2))


def preview(qtbot, room):
    room.proposing.preview()
    settle(qtbot, room.session)


def check_message(room, *words):
    """The window shows a message with these words and a remedy, and no trace of the program."""
    message = room.window().message
    assert message.isVisible()
    for word in words:
        assert word in message.text
    assert "Traceback" not in message.text
    assert "Error" not in message.text


@pytest.mark.parametrize(
    ("kind", "objective", "words"),
    [
        ("silence", "pca", ("windows that are all the same have no components", "Choose other events")),
        ("copies", "pca", (f"all {N} events have the same features", "Choose other events")),
        ("copies", "handcrafted", (f"all {N} events have the same features", "Choose other events")),
    ],
)
def test_features_of_which_no_two_differ(qtbot, open_room, kind, objective, words):
    room = open_room(kind)
    params = {"kinds": ["window"], "objective": objective, "window": {"n_times": 250}}
    room.making.start_features("window", params)
    assert wait_for_job(qtbot, room).status == "failed"
    check_message(room, *words, "Everything else is as it was")
    assert room.choosing.features() == []


@pytest.mark.parametrize("vectors", [np.full((N, 3), 7.0), np.zeros((N, 3))], ids=["constant", "zero"])
def test_a_map_of_constant_features(qtbot, open_room, vectors):
    room = open_room()
    run = features_of(room, vectors)
    room.making.start_maps(run.id, {"methods": ["pca"]})
    assert wait_for_job(qtbot, room).status == "failed"
    check_message(
        room, f"a map of {N} points that are all the same shows nothing", "Choose more events, or other features"
    )
    assert room.choosing.projections() == []


def test_one_constant_feature_beside_others_changes_nothing(qtbot, open_room):
    room = open_room()
    run = features_of(room, np.column_stack([spread(), np.full(N, 3.0)]))
    room.making.start_maps(run.id, {"methods": ["pca"]})
    assert wait_for_job(qtbot, room).status == "done"
    assert len(room.maps.ids) == N
    assert np.ptp(room.maps.maps[0].points, axis=0).min() > 0


def test_a_grid_of_too_few_events_says_what_it_needs(qtbot, open_room):
    room = open_room(n=9)
    run = features_of(room, spread(9))
    room.making.start_maps(run.id, {"methods": ["tsne"], "perplexities": [30]})
    assert wait_for_job(qtbot, room).status == "failed"
    check_message(room, "no map of this grid can be made of 9 points", "Choose smaller values, or add PCA")


@pytest.mark.parametrize("method", ["lq_knn", "std_knn", "opf_semi", "spreading"])
def test_duplicated_points_take_the_label_of_their_double(qtbot, open_room, method):
    room = open_room()
    points = np.repeat(np.array([[0.0, 0.0], [9.0, 9.0]]), N // 2, axis=0)
    map_of(qtbot, room, points, {0: "normal", N - 2: "ectopic"})
    room.bar.method.setCurrentIndex(room.bar.method.findData(method))
    if "k" in room.bar.sliders:
        room.bar.k.setValue(8)
    if "tau" in room.bar.sliders:
        room.bar.tau.setValue(room.bar.tau.minimum())
    settle(qtbot, room.session)
    preview(qtbot, room)
    given = dict(zip(room.proposal.proposal.ids.tolist(), room.proposal.keys, strict=True))
    ids = room.maps.ids.tolist()
    assert given, room.bar.text.text()
    assert {given[i] for i in ids[: N // 2] if i in given} <= {"normal"}
    assert {given[i] for i in ids[N // 2 :] if i in given} <= {"ectopic"}
    assert not room.window().message.isVisible()


def test_all_points_in_one_place(qtbot, open_room):
    room = open_room()
    map_of(qtbot, room, np.zeros((N, 2)), {0: "normal", 5: "ectopic"})
    preview(qtbot, room)
    assert room.canvas.isVisible()
    assert room.proposal is not None
    assert room.bar.text.text()
    assert not room.window().message.isVisible()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({}, "no point is labelled"),
        ({0: "normal"}, "One point is labelled"),
        ({0: "normal", 1: "normal", 2: "normal"}, "whatever is reached becomes normal"),
    ],
    ids=["no label", "one point", "one class"],
)
def test_too_few_labels_to_propagate(qtbot, open_room, labels, said):
    room = open_room()
    map_of(qtbot, room, spread(), labels)
    room.bar.tau.setValue(room.bar.tau.minimum())
    preview(qtbot, room)
    text = f"{room.bar.text.text()} {room.bar.notes.text()} {room.window().message.text}"
    assert said in text
    assert "Traceback" not in text
    if labels:
        assert set(room.proposal.keys) == {"normal"}


@pytest.mark.parametrize("n", [4, 6])
def test_no_more_neighbours_than_other_points(qtbot, open_room, n):
    room = open_room(n=n)
    map_of(qtbot, room, spread(n), {0: "normal", 1: "ectopic"})
    assert room.bar.k.maximum() == n - 1
    room.bar.k.setValue(50)
    assert room.bar.values["k"] == n - 1
    room.bar.tau.setValue(room.bar.tau.minimum())
    preview(qtbot, room)
    assert room.proposal.source.params["k"] == n - 1
    assert len(room.proposal.keys) <= n - 2
    assert not room.window().message.isVisible()
    for row in range(room.bar.method.count()):
        room.bar.method.setCurrentIndex(row)
        settle(qtbot, room.session)
        assert "k" not in room.bar.sliders or room.bar.k.maximum() == n - 1


def test_too_few_events_are_said_before_there_is_a_job(qtbot, open_room):
    room = open_room(n=6)
    room.making.learn()
    (dialog,) = room.window().findChildren(FeaturesDialog)
    settle(qtbot, room.session)
    assert "6 events are too few to learn from: Autoencoder needs 10" in dialog.estimate.text()
    assert not dialog.start.isEnabled()
    dialog.objective.setCurrentIndex(dialog.objective.findData("pca"))
    assert dialog.start.isEnabled()
    assert "5 features" in dialog.estimate.text()
    assert not room.session.jobs.jobs
