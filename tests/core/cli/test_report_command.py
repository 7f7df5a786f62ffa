"""`hitscope report`: two files and the numbers, of a study that stays as it is."""

import json

import pytest

import resources
from core.events import make_events
from core.signals import add_to_study
from core.study import Study, label_events


@pytest.fixture
def folder(tmp_path):
    with Study.create(tmp_path / "study", annotator="Ana") as study:
        number = add_to_study(study, resources.path("demo/tcd_simulated.wav"))
        study.apply(make_events(study, number, "hits"))
        ids = study.events(kind="hits").id.tolist()
        study.apply(label_events(study, ids[:3], ["embolus", "artefact", "solid"], annotator="Ana"))
    return tmp_path / "study"


def test_a_report_is_written_and_not_over_another(run, folder, tmp_path):
    out = tmp_path / "out"
    status, said, _ = run("report", folder, "--out", out, "--annotator", "Ana", "--json")
    found = json.loads(said)
    assert (status, found["basis"], found["total"]["emboli"], found["simulated"]) == (
        0,
        "annotator",
        2,
        ["tcd_simulated"],
    )
    assert found["files"] == [str(out / "hits-report.html"), str(out / "hits-events.csv")]
    assert "SIMULATED" in (out / "hits-report.html").read_text("utf-8")
    before = (out / "hits-report.html").read_bytes()
    status, _, error = run("report", folder, "--out", out)
    assert status == 1
    assert "--replace" in error
    assert (out / "hits-report.html").read_bytes() == before
    assert run("report", folder, "--out", out, "--recording", 1, "--basis", "detector", "--replace")[0] == 0
    assert b"no person has judged them" in (out / "hits-report.html").read_bytes()


def test_who_has_not_judged_cannot_be_counted(run, folder, tmp_path):
    status, _, error = run("report", folder, "--out", tmp_path / "out", "--annotator", "Bo")
    assert status == 1
    assert "Verdicts are there of: Ana" in error
    assert not (tmp_path / "out").exists()
