"""`hitscope place` and what other commands say of test subjects, on real beats."""

import json

import numpy as np
import pytest

import resources
from core.events import make_events
from core.features import FeatureSpace
from core.projection import load_projection
from core.signals import add_to_study
from core.study import Study, label_events


@pytest.fixture
def study(tmp_path):
    """Beats of four short recordings cut from one, of the subjects P1 to P4; those of P4 are not found yet."""
    import wfdb

    signal = wfdb.rdrecord(str(resources.path("demo/208")), sampto=48 * 360, channels=[0])
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        for n in range(4):
            part = signal.p_signal[n * 12 * 360 : (n + 1) * 12 * 360]
            wfdb.wrsamp(f"r{n}", 360, ["mV"], ["MLII"], part, fmt=["16"], write_dir=str(tmp_path))
            number = add_to_study(study, tmp_path / f"r{n}.hea", subject=f"P{n + 1}")
            if n < 3:
                study.apply(make_events(study, number, "beats"))
        ids = study.events().id
        study.apply(label_events(study, ids[::4], ["N", "V"] * (len(ids[::4]) // 2) + ["N"] * (len(ids[::4]) % 2)))
    return study.folder


def done(run, *arguments):
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def learnt(run, study, *more):
    window = '{"n_times": 40, "fs": 100}'
    asked = ("--kind", "beat", "--window", window, "--objective", "pca", "--option", "n_latent=4", *more)
    return done(run, "features", study, *asked)["run"]


def test_beats_of_a_new_recording_are_placed_and_the_maps_stay(run, study):
    maps = done(run, "project", learnt(run, study, "--held-out", "P3"), "--method", "pca")
    before = load_projection(maps["run"])
    status, _, err = run("place", maps["run"])
    assert status == 1
    assert "no event is asked for that is not on these maps" in err
    with Study.open(study) as open_:
        open_.apply(make_events(open_, 4, "beats"))
        new = open_.events(4).id
    placed = done(run, "place", maps["run"], "--recording", 4)
    after = load_projection(placed["run"])
    assert after.ids.tolist() == [*before.ids, *new]
    n = len(before.ids)
    assert after.maps[0].points[:n].tobytes() == before.maps[0].points.tobytes()
    assert after.maps[0].quality[:n].tobytes() == before.maps[0].quality.tobytes()
    assert np.isfinite(after.maps[0].points[n:]).all()
    assert after.events.test.tolist() == [*before.events.test, *np.zeros(len(new), bool)]
    assert after.events.usable[n:].all()
    assert FeatureSpace.load(placed["features"]).spec["learnt_from"] == {"subjects": ["P1", "P2"], "recordings": []}
    status, out, _ = run("propagate", "--projection", placed["run"], "--k", 5, "--tau", 0.0)
    assert status == 0
    assert "events of test subjects are left out" in out


@pytest.mark.parametrize("transductive", [False, True])
def test_later_events_of_a_test_subject_are_for_testing_too(run, study, transductive):
    with Study.open(study) as open_:
        late = open_.events(3).id[-3:].tolist()
    held = ("--held-out", "P3", *(["--transductive"] if transductive else []))
    features = learnt(run, study, *held)
    space = FeatureSpace.load(features)
    # As if these had been found later: the run never had them.
    rows = ~np.isin(space.ids, late)
    FeatureSpace(space.ids[rows], space.vectors[rows], space.spec, space.test[rows]).save(features)
    maps = done(run, "project", features, "--method", "pca")
    placed = done(run, "place", maps["run"], *(word for event in late for word in ("--event", event)))
    after = load_projection(placed["run"])
    assert after.ids[-3:].tolist() == late
    assert after.events.test[-3:].all()
    assert (after.events.usable[-3:] == transductive).all()


def test_commands_say_how_many_events_of_test_subjects_are_left_out(run, study):
    features = learnt(run, study, "--held-out", "P3")
    status, out, _ = run("project", features, "--method", "pca")
    assert status == 0
    assert "note: Maps were made and chosen without these" in out
    maps = out.splitlines()[0]
    with Study.open(study, readonly=True) as open_:
        of_test = set(open_.events(3).id.tolist())
    said = done(run, "propagate", "--projection", maps, "--k", 5, "--tau", 0.0, "--accept")
    assert said["left_out"] == len(of_test)
    assert f"map 0 without {len(of_test)} events of test subjects" in said["proposal"]
    assert f"{len(of_test)} events of test subjects are left out." in said["notes"]
    asked = done(run, "label-next", "--projection", maps, "-n", 500)
    assert asked
    assert not {one["id"] for one in asked} & of_test
    with Study.open(study, readonly=True) as open_:
        table = open_.events()
        assert (table.label_source == "propagated").any()
        assert not (table.label_source[np.isin(table.id, list(of_test))] == "propagated").any()
