"""Whole recordings and their channels: what names no channel is said of none."""

from dataclasses import replace

import pytest

import resources
from core.events import export_annotations, find_events, import_annotations, make_events
from core.events.makers import annotations_of
from core.events.places import already_there
from core.signals import Annotation, add_to_study, open_recording, read_annotations, write_annotations
from core.study import NewEvent, Study, combine, edit_events, label_events, new_events, remove_events

EEG, ECG = resources.path("demo/S001R04.edf"), resources.path("demo/208.hea")


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        add_to_study(study, EEG)
        add_to_study(study, ECG)
        yield study


@pytest.mark.parametrize("file", [EEG, ECG])
def test_what_a_file_says_of_no_channel_is_of_the_whole_recording(file):
    assert {event.channel for event in annotations_of(open_recording(file))} == {""}


def test_wfdb_files_that_number_their_channels_mean_the_first_by_0():
    marks = [Annotation(1.0, 0.0, "N"), Annotation(2.0, 0.0, "N", {"chan": 1}), Annotation(3.0, 0.0, "N", {"chan": 7})]
    recording = replace(open_recording(ECG), annotations=tuple(marks))
    assert [event.channel for event in annotations_of(recording)] == ["MLII", "V1", "MLII"]


def test_annotations_that_name_a_channel_are_on_it():
    marks = [Annotation(1.0, 0.0, "spike", {"channel": "fp1"}), Annotation(2.0, 0.0, "spike", {"channel": "Fp1-F7"})]
    made = annotations_of(replace(open_recording(EEG), annotations=tuple(marks)))
    assert [(event.channel, "channel" in event.attributes) for event in made] == [("Fp1", False), ("Fp1-F7", False)]


@pytest.mark.parametrize("name", ["marks.edf", "marks.csv", "marks_events.tsv", "marks.atr"])
@pytest.mark.parametrize("recording", [1, 2])
def test_files_name_no_channel_for_them_and_come_back_equal(study, tmp_path, name, recording):
    study.apply(make_events(study, recording, "annotations"))
    export_annotations(study, recording, tmp_path / name)
    assert not any({"channel", "chan"} & a.attributes.keys() for a in read_annotations(tmp_path / name))
    with Study.create(tmp_path / "other") as other:
        add_to_study(other, EEG)
        add_to_study(other, ECG)
        other.apply(import_annotations(other, recording, tmp_path / name))
        assert set(other.events().channel) == {""}
        assert import_annotations(other, recording, tmp_path / name).changes == ()


def test_events_of_a_channel_and_of_the_whole_recording_come_back_equal_from_numbered_channels(study, tmp_path):
    rows = [
        NewEvent(2, channel, 10.0 + n, 0.2, "beat", "annotator", {}) for n, channel in enumerate(["", "V1", "MLII"])
    ]
    study.apply(new_events(study, rows))
    export_annotations(study, 2, tmp_path / "marks.atr")
    study.apply(remove_events(study, study.events(2).id))
    study.apply(import_annotations(study, 2, tmp_path / "marks.atr"))
    assert study.events(2).channel.tolist() == ["", "V1", "MLII"]


def as_before(study, recording):
    """Find the annotations of a recording as it was done when those without a channel went to the first one."""
    study.apply(make_events(study, recording, "annotations"))
    first = open_recording(EEG if recording == 1 else ECG).channels[0].name
    study.apply(edit_events(study, study.events(recording).id.tolist(), channel=first))


@pytest.mark.parametrize("recording", [1, 2])
def test_finding_again_in_a_study_made_before_adds_nothing(study, recording):
    as_before(study, recording)
    found = find_events(study, recording, "annotations")
    assert (found.changeset.changes, found.n_known) == ((), found.n_found)
    gone = study.events(recording).id[3:5]
    study.apply(remove_events(study, gone))
    assert find_events(study, recording, "annotations").n_known == found.n_found - 2


def test_files_of_before_and_of_now_give_the_same_events(study, tmp_path):
    study.apply(make_events(study, 1, "annotations"))
    export_annotations(study, 1, tmp_path / "now.csv")
    as_before(study, 1)
    export_annotations(study, 1, tmp_path / "before.csv")
    assert import_annotations(study, 1, tmp_path / "now.csv").changes == ()
    study.apply(edit_events(study, study.events(1).id.tolist(), channel=""))
    assert import_annotations(study, 1, tmp_path / "before.csv").changes == ()


def test_labels_come_to_the_event_that_is_there_on_the_first_channel(study, tmp_path):
    added = study.apply(new_events(study, [NewEvent(1, "Fc5", 5.0, 1.0, "annotation", "annotator", {})]))
    write_annotations(tmp_path / "of_ben.csv", [Annotation(5.0, 1.0, "spike", {"annotator": "Ben"})])
    study.apply(import_annotations(study, 1, tmp_path / "of_ben.csv"))
    assert [(who, row["label"]) for (_, who), row in study.label_rows(added.event_ids).items()] == [("Ben", "spike")]
    assert len(study.events(1)) == 1


def test_an_event_changed_by_hand_is_still_there(study):
    study.apply(make_events(study, 1, "annotations"))
    ids = study.events(1).id.tolist()
    study.apply(
        combine("x", edit_events(study, ids[:2], kind="cue"), edit_events(study, ids[4:6], channel="Cz"),
                label_events(study, ids[:1], "mine"))
    )  # fmt: skip
    assert find_events(study, 1, "annotations").changeset.changes == ()


def test_every_event_is_found_once_and_the_nearest_match_first(study):
    rows = [("Fc5", "beat"), ("", "beat"), ("Cz", "beat"), ("", "beat")]
    added = study.apply(new_events(study, [NewEvent(1, channel, 1.0, 0.2, kind, "m", {}) for channel, kind in rows]))
    first, second, third, fourth = added.event_ids
    wanted = [
        NewEvent(1, c, 1.0, 0.2, k, "m", {}) for c, k in [("", "beat"), ("Fc5", "beat"), ("", "beat"), ("", "beat")]
    ]
    assert already_there(wanted, study.events(1), "Fc5") == [second, first, fourth, None]
    assert already_there(wanted, study.events(1), "Fc5", (lambda place: place[1:],)) == [second, first, fourth, third]
