"""Folders of recordings: each found once, with whose it is, and nothing that is none."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest
import wfdb

from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.signals import Annotation, add_folder, find_recordings, folders, write_annotations
from core.study import Study

SMALL = Path(__file__).parents[2] / "data" / "recordings"


def edf(path, subject="X", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    signal = edfio.EdfSignal(np.random.default_rng(seed).standard_normal(200), 100, label="Cz")
    edfio.Edf([signal], patient=edfio.Patient(code=subject)).write(path)
    return path


def record(folder, name, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    signal = np.random.default_rng(seed).standard_normal((200, 1))
    wfdb.wrsamp(name, 100, ["mV"], ["I"], signal, fmt=["16"], write_dir=str(folder))
    return folder / f"{name}.hea"


def said(found, root):
    return [(f.path.relative_to(root).as_posix(), f.subject, f.session, f.why) for f in found]


def test_bids_names_say_subject_and_session_and_bring_their_events(tmp_path):
    edf(tmp_path / "sub-01" / "ses-02" / "eeg" / "sub-01_ses-02_task-rest_eeg.edf")
    events = tmp_path / "sub-01" / "ses-02" / "eeg" / "sub-01_ses-02_task-rest_events.tsv"
    events.write_text("onset\tduration\ttrial_type\n0.5\t0\tgo\n")
    edf(tmp_path / "sub-02" / "ses-a" / "night.edf", seed=1)
    edf(tmp_path / "sub-03_eeg.edf", seed=2)
    edf(tmp_path / "derivatives" / "sub-04_eeg.edf", seed=3)
    edf(tmp_path / "mysub-5" / "x.edf", seed=4)
    found = find_recordings(tmp_path)
    assert said(found, tmp_path) == [
        ("derivatives/sub-04_eeg.edf", "04", None, "BIDS name"),
        ("mysub-5/x.edf", None, None, ""),
        ("sub-01/ses-02/eeg/sub-01_ses-02_task-rest_eeg.edf", "01", "02", "BIDS name"),
        ("sub-02/ses-a/night.edf", "02", "a", "BIDS name"),
        ("sub-03_eeg.edf", "03", None, "BIDS name"),
    ]
    assert [f.events for f in found] == [(), (), (events,), (), ()]
    (tmp_path / "dataset_description.json").write_text("{}")
    assert len(find_recordings(tmp_path)) == 4  # of a BIDS data set, derivatives are no recordings
    assert find_recordings(tmp_path / "sub-02")[0].subject == "02"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("{subject}_{session}*", "P01_S2_rest.edf", ("P01", "S2")),
        ("{subject}_{session}*", "deep/down/P01_S2.edf", ("P01", "S2")),
        ("{subject}-{session}", "P_01-S2.edf", ("P_01", "S2")),
        ("{subject}/{session}/*", "pat_01/day 2/x.edf", ("pat_01", "day 2")),
        ("{subject}/{session}/*", "other/pat_01/day 2/x.edf", None),
        ("**/{subject}/{session}/*", "other/pat_01/day 2/x.edf", ("pat_01", "day 2")),
        ("*/{session}_???_{subject}", "study/3_EEG_Žofie.edf", ("Žofie", "3")),
        ("{subject}", "anna.edf", ("anna", None)),
        ("rec.{subject}", "rec.7.edf", ("7", None)),
        ("{subject}_{session}*", "P01.edf", None),
        ("(a+)+{subject}", "(a+)+7.edf", ("7", None)),
    ],
)
def test_a_pattern_says_where_subject_and_session_stand(tmp_path, pattern, path, expected):
    edf(tmp_path / path)
    (found,) = find_recordings(tmp_path, pattern)
    assert (found.subject, found.session) == (expected or (None, None))
    assert found.why == ("pattern" if expected else "")


@pytest.mark.parametrize("pattern", ["*", "{name}*", "{subject}_{subject}", "{subject}_{}", "{patient}/{session}"])
def test_a_pattern_without_sense_is_refused(tmp_path, pattern):
    with pytest.raises(InputError, match="does not say where") as caught:
        find_recordings(tmp_path, pattern)
    assert "{subject}" in caught.value.remedy


def test_names_go_before_a_pattern_and_that_before_the_header(tmp_path):
    edf(tmp_path / "sub-01_x.edf", "MCH-7")
    edf(tmp_path / "P02_x.edf", "p02")
    edf(tmp_path / "night.edf", "MCH-9")
    found = find_recordings(tmp_path, "{subject}_*")
    assert said(found, tmp_path) == [
        ("P02_x.edf", "P02", None, "pattern"),
        ("night.edf", "MCH-9", None, "header"),
        ("sub-01_x.edf", "01", None, "BIDS name"),
    ]
    assert [f.warnings for f in found] == [(), (), ("its header says subject MCH-7",)]


def test_a_recording_of_many_files_is_found_once(tmp_path):
    record(tmp_path, "multi_1", 1)
    record(tmp_path, "multi_2", 2)
    (tmp_path / "multi.hea").write_text("multi/2 1 100 400\nmulti_1 200\nmulti_2 200\n")
    record(tmp_path, "alone", 3)
    for name in ("flacformats.hea", "flacformats.d0", "flacformats.d1", "flacformats.d2"):
        shutil.copyfile(SMALL / name, tmp_path / name)
    assert [f.path.name for f in find_recordings(tmp_path)] == ["alone.hea", "flacformats.hea", "multi.hea"]
    assert find_recordings(tmp_path)[-1].duration_s == 4.0


def test_annotations_hidden_files_and_studies_are_no_recordings(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LISTED", folders.LISTED | set(folders.TABLES))
    edf(tmp_path / "night.edf")
    write_annotations(tmp_path / "night_scored.edf", [Annotation(0.0, 30.0, "W")])
    for name in ("a.atr", "a.tsv", "a.csv", "b.txt"):
        write_annotations(tmp_path / name, [Annotation(0.0, 30.0, "W")])
    for name in ("README.txt", "participants.tsv", "sub-01_task-rest_channels.tsv"):
        (tmp_path / name).write_text("name\ttype\nCz\tEEG\n")
    edf(tmp_path / "._night.edf")
    edf(tmp_path / ".trash" / "old.edf")
    edf(tmp_path / "__MACOSX" / "night.edf")
    Study.create(tmp_path / "my study").close()
    edf(tmp_path / "my study" / "exports" / "night.edf")
    (tmp_path / "ecg.csv").write_text("time,value\n0,1\n0.1,2\n")  # samples, whether or not they can be read
    assert [f.path.name for f in find_recordings(tmp_path)] == ["ecg.csv", "night.edf"]


def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path, monkeypatch):
    edf(tmp_path / "a.edf")
    whole = edf(tmp_path / "sub-07_b.edf").read_bytes()
    (tmp_path / "sub-07_b.edf").write_bytes(whole[: len(whole) - 100])
    (tmp_path / "c.hea").write_text("shopping list\n")
    (tmp_path / "gone.edf").symlink_to(tmp_path / "nowhere.edf")
    edf(tmp_path / "locked" / "d.edf")
    os.mkfifo(tmp_path / "pipe.edf")
    scandir = os.scandir

    def locked(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)  # the tests may run as root, who may read everything
    found = find_recordings(tmp_path)
    assert [f.path.name for f in found] == ["a.edf", "c.hea", "gone.edf", "locked", "sub-07_b.edf"]
    assert [f.readable for f in found] == [True, False, False, False, False]
    assert all(len(f.warnings) == (not f.readable) for f in found)
    assert found[3].warnings == ("the folder may not be read (Permission denied)",)
    assert found[4].subject == "07"
    with pytest.raises(InputError, match="no such folder"):
        find_recordings(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no folder"):
        find_recordings(tmp_path / "a.edf")


def test_links_in_a_circle_end_and_a_file_is_found_once(tmp_path):
    edf(tmp_path / "b" / "night.edf")
    (tmp_path / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b" / "here").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "c.edf").symlink_to(tmp_path / "b" / "night.edf")
    outside = edf(tmp_path.parent / f"{tmp_path.name} outside" / "far.edf", seed=1)
    (tmp_path / "far").symlink_to(outside.parent, target_is_directory=True)
    names = [f.path.relative_to(tmp_path).as_posix() for f in find_recordings(tmp_path)]
    assert names == ["b/night.edf", "far/far.edf"]


def test_the_order_does_not_depend_on_the_disk(tmp_path):
    for name in ("10", "9", "B", "a", "ä"):
        edf(tmp_path / f"{name}.edf")
        edf(tmp_path / name / "x.edf")
    found = [f.path for f in find_recordings(tmp_path)]
    assert found == sorted(found)
    assert len(found) == 10


class Stop(NullReporter):
    def __init__(self, after):
        self.after, self.seen = after, []

    def progress(self, done, total, message=""):
        self.seen.append((done, total))

    def check(self):
        self.after -= 1
        if self.after < 0:
            raise JobCancelled("stopped as asked")


def test_what_was_found_is_added_with_corrections_and_what_is_refused_stops_nothing(tmp_path):
    for n in range(3):
        edf(tmp_path / "data" / f"P0{n}_s{n}.edf", seed=n)
    edf(tmp_path / "data" / "P03_s3.edf").write_bytes(b"")
    found = find_recordings(tmp_path / "data", "{subject}_{session}")
    gone = tmp_path / "data" / "P01_s1.edf"
    gone.unlink()
    report = Stop(10**9)
    with Study.create(tmp_path / "s") as study:
        corrected = [replace(f, subject="P2", session="second") if "P02" in f.path.name else f for f in found]
        added = add_folder(study, corrected, report)
        entries = study.recordings()
        assert [(r.name, r.subject, r.session) for r in entries] == [
            ("P00_s0", "P00", "s0"),
            ("P02_s2", "P2", "second"),
        ]
        assert list(added.ids.values()) == [r.id for r in entries]
        assert [e.subject for e in added.refused] == [str(gone)]
        assert report.seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
        # A second time nothing is added, and what is now said of them is taken up.
        again = add_folder(study, find_recordings(tmp_path / "data", "{subject}_{session}"))
        assert list(again.ids.values()) == [r.id for r in entries]
        assert [(r.subject, r.session) for r in study.recordings()] == [("P00", "s0"), ("P02", "s2")]


def test_finding_and_adding_stop_when_asked(tmp_path):
    for n in range(3):
        edf(tmp_path / "data" / f"{n}.edf", seed=n)
    with pytest.raises(JobCancelled):
        find_recordings(tmp_path / "data", report=Stop(2))
    found = find_recordings(tmp_path / "data")
    with Study.create(tmp_path / "s") as study:
        with pytest.raises(JobCancelled):
            add_folder(study, found, Stop(3))
        assert len(study.recordings()) in (1, 2)
