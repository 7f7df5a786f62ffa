"""`hitscope study add STUDY FOLDER`."""

import json

import edfio
import numpy as np
import pytest

from core.study import Study


@pytest.fixture
def data(tmp_path):
    for n, name in enumerate(("sub-01/ses-1/sub-01_ses-1_eeg.edf", "P7_night.edf")):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        edfio.Edf([edfio.EdfSignal(np.random.default_rng(n).standard_normal(1000), 100, label="Cz")]).write(path)
    events = tmp_path / "data" / "sub-01" / "ses-1" / "sub-01_ses-1_events.tsv"
    events.write_text("onset\tduration\ttrial_type\n0.5\t0\tgo\n2\t1\tstop\n")
    (tmp_path / "data" / "broken.edf").write_bytes(b"0       ")
    return tmp_path / "data"


def test_a_dry_run_shows_the_table_and_changes_nothing(tmp_path, data, run):
    study = tmp_path / "s"
    run("study", "create", study)
    status, out, _ = run("study", "add", study, data, "--pattern", "{subject}_{session}", "--dry-run")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["subject", "session", "said", "by", "format", "duration", "file"]
    assert lines[1].split()[:6] == ["P7", "night", "pattern", "edf", "10.0", "s"]
    assert lines[2].split()[:2] == ["?", "unreadable"]
    assert lines[4].split()[:5] == ["01", "1", "BIDS", "name", "edf"]
    assert lines[5].strip() == "events in sub-01_ses-1_events.tsv"
    assert lines[6] == "2 of 3 can be added"
    listed = json.loads(run("study", "add", study, data, "--dry-run", "--json")[1])
    assert [one["readable"] for one in listed] == [True, False, True]
    with Study.open(study) as opened:
        assert opened.recordings() == []


def test_a_folder_is_added_with_sessions_and_events(tmp_path, data, run):
    study = tmp_path / "s"
    run("study", "create", study)
    command = ("study", "add", study, data, "--pattern", "{subject}_{session}", "--events", "--json")
    status, out, err = run(*command)
    assert status == 0
    assert "2 of 3 recordings" in err
    assert "broken.edf: " in err
    shown = json.loads(out)
    assert [(r["subject"], r["session"]) for r in shown["recordings"]] == [("P7", "night"), ("01", "1")]
    assert shown["labels"] == {"go": 1, "stop": 1}
    with Study.open(study) as opened:
        n = len(opened.history())
    again = json.loads(run(*command)[1])
    assert (again["recordings"], again["labels"]) == (shown["recordings"], shown["labels"])
    with Study.open(study) as opened:
        assert len(opened.history()) == n  # nothing was new
    _, out, _ = run("study", "show", study)
    assert "01, session 1" in out


def test_a_subject_that_is_given_is_that_of_all(tmp_path, data, run):
    study = tmp_path / "s"
    run("study", "create", study)
    run("study", "add", study, data, "--subject", "Q")
    with Study.open(study) as opened:
        assert [r.subject for r in opened.recordings()] == ["Q", "Q"]


def test_empty_folders_and_bad_events_are_said(tmp_path, data, run):
    study = tmp_path / "s"
    run("study", "create", study)
    (tmp_path / "empty").mkdir()
    status, _, err = run("study", "add", study, tmp_path / "empty")
    assert status == 1
    assert "no recording that can be read" in err
    (data / "sub-01" / "ses-1" / "sub-01_ses-1_events.tsv").write_text("onset\tduration\nsoon\t1\n")
    status, _, err = run("study", "add", study, data, "--events")
    assert status == 1
    assert "events.tsv: row 2: onset is no time but 'soon'" in err
    with Study.open(study) as opened:
        assert len(opened.recordings()) == 2
    status, _, err = run("study", "add", study, data / "P7_night.edf", "--dry-run")
    assert (status, "this is no folder" in err) == (1, True)
