"""`hitscope detect`: options of makers, and beats compared with those that came with the recording."""

import csv
import io
import json

import numpy as np
import pytest
import wfdb

import resources
from core.cli import main
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
