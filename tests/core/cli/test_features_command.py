"""`hitscope features` with every objective."""

import json

import pytest

import resources
from core.features import FeatureSpace
from core.pretraining import OBJECTIVES
from core.study import Study

WINDOW = ("--window", '{"n_times": 40, "fs": 100}')
OPTIONS = {
    "autoencoder": ("--option", "epochs=1", "--option", "n_latent=4"),
    "pca": ("--option", "n_latent=3"),
    "handcrafted": ("--option", "measured=false"),
}


@pytest.fixture
def study(tmp_path, run):
    folder = tmp_path / "s"
    run("study", "create", folder)
    run("study", "add", folder, resources.path("demo/S001R04.edf"), "--subject", "P1")
    run("study", "find", folder, "--maker", "windows", "--option", "length_s=2")
    return folder


def features(run, study, *arguments):
    status, out, err = run("features", study, "--kind", "window", "--json", *arguments)
    assert status == 0, err
    return json.loads(out)


@pytest.mark.parametrize("objective", list(OPTIONS))
def test_every_objective_learns_and_its_encoder_is_used_again(run, study, objective):
    told = features(run, study, "--objective", objective, *WINDOW, *OPTIONS[objective])
    space = FeatureSpace.load(told["run"])
    assert len(space.ids) == told["n"] > 10
    again = features(run, study, "--objective", "encoder", "--option", f"run={told['run']}")
    assert FeatureSpace.load(again["run"]).names == space.names
    with Study.open(study, readonly=True) as opened:
        assert opened.runs()[-1].parent == opened.runs()[0].id


def test_none_is_forgotten():
    assert set(OPTIONS) | {"encoder"} == set(OBJECTIVES)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--objective", "pca", "--epochs", "3"], "pca has no epochs"),
        (["--objective", "pca", "--option", "n_latent=0"], "n_latent must be"),
        (["--option", "window=3"], "no option 'window' here"),
        (["--preset", "best"], "Known presets: reference"),
        (["--objective", "encoder"], "run must be the id of"),
        (["--objective", "encoder", "--option", "run=features-x"], "no run features-x"),
        (["--held-out-share", "2"], "share must be"),
        (["--held-out-share", "0.2", "--held-out", "P1"], "Give one of the two"),
    ],
)
def test_a_mistake_is_said_before_there_is_a_run(run, study, arguments, named):
    status, out, err = run("features", study, "--kind", "window", *arguments)
    assert status == 1
    assert named in err
    assert "Traceback" not in out + err
    with Study.open(study, readonly=True) as opened:
        assert opened.runs() == []


def test_nobody_is_left_when_the_only_subject_is_held_out(run, study):
    status, out, err = run("features", study, "--kind", "window", *WINDOW, "--objective", "pca", "--held-out", "P1")
    assert (status, "nobody is left to learn features from" in err) == (1, True)
    assert "Traceback" not in out + err
    loose = ("--held-out", "P9", "--transductive")
    status, _, err = run("features", study, "--kind", "window", *WINDOW, "--objective", "pca", *loose)
    assert (status, "no event here is of P9. There are events of P1" in err) == (1, True)
