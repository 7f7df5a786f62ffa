"""`hitscope detect`: options of makers, and beats compared with those that came with the recording."""

import csv
import io
import json

import numpy as np
import pytest
import wfdb

import resources
from core.cli import main
from core.events import Made
from core.study import Study
from tests.core.events.signals_made import ecg


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def record(tmp_path):
    """A simulated ECG of half a minute with its beats annotated, but for 5 s that are annotated as flutter."""
    signal, beats = ecg(30)
    beats = beats[(beats < 10) | (beats > 15)]
    marks = sorted([(at, "N") for at in beats] + [(10.0, "["), (15.0, "]")])
    wfdb.wrsamp("sim", 250, ["mV"], ["MLII"], signal[:, None], fmt=["16"], write_dir=str(tmp_path))
    samples = np.array([round(at * 250) for at, _ in marks])
    wfdb.wrann("sim", "atr", samples, symbol=[text for _, text in marks], write_dir=str(tmp_path))
    return tmp_path / "sim.hea", len(beats)


def test_beats_are_compared_with_those_that_came_with_the_recording(record, capsys):
    path, n = record
    status, out, _ = run(capsys, "detect", path, "--maker", "beats", "--compare", "--json")
    told = json.loads(out)
    assert status == 0
    usual, all_of_them = told["agreement"], told["agreement_with_flutter"]
    assert (usual["n"], usual["excluded_s"]) == (n, 5.0)
    assert usual["fp"] == 0
    assert usual["fn"] <= 1
    assert usual["ppv"][1] < usual["ppv"][0] == 1.0
    assert all_of_them["fp"] == usual["n_excluded"] > 3
    status, out, err = run(capsys, "detect", path, "--maker", "beats", "--compare")
    assert status == 0
    assert len(list(csv.DictReader(io.StringIO(out)))) == len(told["events"])
    assert "without 5 s of ventricular flutter" in err
    assert "with flutter: " in err
    assert "PPV 100.00 [" in err


def test_what_cannot_be_compared_is_said(capsys, record):
    status, out, err = run(capsys, "detect", record[0], "--maker", "windows", "--compare")
    assert (status != 0, out) == (True, "")
    assert "Add --maker beats" in err
    (record[0].parent / "sim.atr").unlink()
    status, _, err = run(capsys, "detect", record[0], "--maker", "beats", "--compare")
    assert status != 0
    assert "no annotated beats came with it" in err


def test_windows_take_length_and_step(capsys):
    options = ("--option", "length_s=4", "--option", "step_s=1.5")
    _, out, _ = run(capsys, "detect", resources.path("demo/S001R04.edf"), "--maker", "windows", "--json", *options)
    events = json.loads(out)["events"]
    assert [e["start_s"] for e in events[:3]] == [0.0, 1.5, 3.0]
    assert {e["duration_s"] for e in events} == {4.0}


def test_artefacts_are_found_by_detect_and_in_a_study(tmp_path, capsys, record):
    options = ("--maker", "threshold", "--option", "above=0.9", "--option", "flat_s=0")
    _, out, _ = run(capsys, "detect", record[0], "--json", *options)
    events = json.loads(out)["events"]
    assert {e["kind"] for e in events} == {"artefact"}
    assert all(e["reason"].startswith("above 0.9 mV for 0.0") for e in events)
    run(capsys, "study", "create", tmp_path / "s")
    run(capsys, "study", "add", tmp_path / "s", record[0])
    run(capsys, "study", "find", tmp_path / "s", *options)
    with Study.open(tmp_path / "s", readonly=True) as study:
        assert len(study.events()) == len(events) > 20
    status, _, err = run(capsys, "detect", record[0], "--maker", "threshold", "--option", "flat_s=-1")
    assert status != 0
    assert "flat_s must be" in err


DEMO = "demo/tcd_simulated.wav"


def test_hits_are_held_against_a_truth_table(tmp_path, capsys):
    truth = resources.path("demo/tcd_simulated_truth.csv")
    status, out, _ = run(capsys, "detect", resources.path(DEMO), "--truth", truth, "--json")
    told = json.loads(out)
    held = told["truth"]
    *ranges, every = held["ranges"]
    assert (status, every["name"], every["n"]) == (0, "all", 58)
    assert sum(r["n"] for r in ranges) == every["n"]
    assert sum(r["n_found"] for r in ranges) == every["n_found"] > 50
    assert every["sensitivity"]["low"] < every["n_found"] / 58 < every["sensitivity"]["high"]
    calls = sum(e["suggestion"] == "embolus" for e in told["events"])
    assert held["n_false"] == calls - every["n_found"]
    assert held["false_per_hour"]["value"] == pytest.approx(20 * held["n_false"])
    assert abs(held["hbr_error_db"][0]) < 1
    assert held["duration_ratio"] == pytest.approx(1, abs=0.1)


def test_the_table_of_hits_is_rounded_and_says_its_settings_once_beside_it(tmp_path, capsys):
    path, truth = tmp_path / "hits.csv", resources.path("demo/tcd_simulated_truth.csv")
    status, out, err = run(capsys, "detect", resources.path(DEMO), "--out", path, "--truth", truth)
    assert (status, out) == (0, "")
    for said in (
        "Settings: gate 1",
        "Sensitivity, 3 to 6 dB: ",
        "False alarms an hour: ",
        "HBR, measured less true",
        "simulated",
    ):
        assert said in err
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert "settings" not in rows[0]
    assert all(len(row["start_s"].partition(".")[2]) == 4 for row in rows)
    assert all(len(row["hbr_db"].partition(".")[2]) == 2 for row in rows)
    assert all(len(row["velocity_cm_s"].partition(".")[2]) == 1 for row in rows)
    beside = json.loads((tmp_path / "hits_settings.json").read_text())
    assert (beside["settings"]["min_hbr_db"], beside["simulated"], beside["seconds"]["whole_s"]) == (3.0, True, 180.0)
    status, _, err = run(capsys, "detect", resources.path(DEMO), "--out", path)
    assert status != 0
    assert "--replace" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start_s,duration_s,kind\n1,0.1,solid\n", "no column hbr_db"),
        ("start_s,duration_s,hbr_db,kind\n", "has no row"),
        ("start_s,duration_s,hbr_db,kind\n1,0.1,5,solid\n2,,5,solid\n", "in line 3, duration_s is empty"),
        ("start_s,duration_s,hbr_db,kind\n1,0.1,5,bubble\n", "in line 2, kind is bubble"),
        ("start_s,duration_s,hbr_db,kind\n500,0.1,5,solid\n", "outside the 180 s"),
        ("", "no column start_s"),
    ],
)
def test_a_truth_table_that_is_none_says_why(tmp_path, capsys, monkeypatch, text, said):
    monkeypatch.setattr("core.cli.commands.detect.run_maker", lambda *_: Made())  # what is refused, whatever was found
    path = tmp_path / "t.csv"
    path.write_text(text)
    status, out, err = run(capsys, "detect", resources.path(DEMO), "--truth", path)
    assert (status != 0, out) == (True, "")
    assert said in err


def test_a_truth_table_without_emboli_tells_false_alarms_alone(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("start_s,duration_s,hbr_db,kind\n100,0.1,5,artefact\n")
    status, _, err = run(capsys, "detect", resources.path(DEMO), "--truth", tmp_path / "t.csv")
    assert status == 0
    assert "there is no embolus in the table" in err
    assert "False alarms an hour: 1,1" in err
    status, _, err = run(
        capsys, "detect", resources.path("demo/208.hea"), "--maker", "beats", "--truth", tmp_path / "t.csv"
    )
    assert status != 0
    assert "Add --maker hits" in err
