"""Annotation files and a study: out and in again, equal; in once, whatever is imported twice."""

import csv
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import edfio
import numpy as np
import pytest
import wfdb

import resources
from core.errors import InputError
from core.events import export_annotations, import_annotations, make_events
from core.signals import Annotation, add_to_study, open_recording, read_annotations, write_annotations
from core.study import UNSURE, NewEvent, Study, edit_event, label_events, new_events, remove_events

SMALL = Path(__file__).parents[2] / "data" / "recordings"
FILES = ("marks.edf", "marks.atr", "marks_events.tsv", "marks.csv")


@pytest.fixture
def new_study(tmp_path):
    opened = []

    def make(name="208.hea", annotator="Ana"):
        opened.append(Study.create(tmp_path / f"study {len(opened)}", annotator=annotator))
        add_to_study(opened[-1], resources.path(f"demo/{name}"))
        return opened[-1]

    yield make
    for study in opened:
        study.close()


@pytest.fixture
def study(new_study):
    """A study with marks of a person, beats of a detector, and labels of every source."""
    study = new_study()
    marks = [
        NewEvent(1, "MLII", 0.1 + 0.2, 1 / 3, "mark", "annotator", {"by": "Ana", "comment": "a\ttab, and “quotes”"}),
        NewEvent(1, "V1", 12.5, 0.0, "mark", "annotator", {"by": "Ana"}),
        NewEvent(1, "V1", 12.5, 0.0, "mark", "annotator", {"by": "Ben", "comment": "the same place"}),
        NewEvent(1, "MLII", 1000.0, 0.2, "beat", "beats", {"peak_s": 1000.1}),
        NewEvent(1, "MLII", 1001.0, 0.2, "beat", "beats", {"peak_s": 1001.1}),
    ]
    ids = study.apply(new_events(study, marks)).event_ids
    study.apply(label_events(study, ids[:1], "spike"))
    study.apply(label_events(study, ids[1:2], UNSURE))
    study.apply(label_events(study, ids[2:3], "artefact", annotator="Ben"))
    study.apply(label_events(study, ids[3:4], "V", source="propagated", confidence=[0.5]))
    return study


def columns(study, *names):
    events = study.events()
    order = np.lexsort((events.id, events.start_s))
    comments = [events.attributes[row].get("comment") for row in order]
    return [
        (*(getattr(events, name)[row] for name in names), comment) for row, comment in zip(order, comments, strict=True)
    ]


WHAT = ("start_s", "duration_s", "channel", "kind", "label")


@pytest.mark.parametrize("name", FILES)
def test_events_come_back_equal_in_another_study(study, new_study, tmp_path, name):
    assert export_annotations(study, 1, tmp_path / name) == 5
    other = new_study(annotator="Cleo")
    done = other.apply(import_annotations(other, 1, tmp_path / name))
    assert columns(other, *WHAT) == columns(study, *WHAT)
    assert set(other.events().maker) == {f"file:{name}"}
    assert {c.key for c in other.classes()} == {"spike", UNSURE, "artefact", "V"}
    assert done.title == f"import 5 events from {name}"
    # Exported again from there, nothing is lost on the way.
    (tmp_path / "again").mkdir()
    export_annotations(other, 1, tmp_path / "again" / name)
    passing = ("maker", "label_source")  # of each study

    def lasting(path):
        marks = read_annotations(path)
        return [{k: v for k, v in a.attributes.items() if k not in passing} for a in marks]

    assert lasting(tmp_path / "again" / name) == lasting(tmp_path / name)


def test_whose_labels_and_how_they_came_survive_and_none_becomes_a_person_s(study, new_study, tmp_path):
    export_annotations(study, 1, tmp_path / "marks.csv")
    other = new_study(annotator="Cleo")
    other.apply(import_annotations(other, 1, tmp_path / "marks.csv"))
    events = other.events()
    rows = other.label_rows(events.id)
    assert Counter((who, row["label"], row["source"]) for (_, who), row in rows.items()) == {
        ("Ana", "spike", "imported"): 1,
        ("Ana", UNSURE, "imported"): 1,
        ("Ben", "artefact", "imported"): 1,
        ("Ana", "V", "propagated"): 1,
    }
    assert np.nanmax(events.label_confidence) == 0.5
    assert [a.get("by") for a in events.attributes] == ["Ana", "Ana", "Ben", None, None]


@pytest.mark.parametrize("name", FILES)
def test_where_a_propagated_label_came_from_and_its_shares_survive(study, new_study, tmp_path, name):
    first, second, *_, fourth, last = study.events().id.tolist()
    how = {"source": "propagated", "confidence": [0.25], "soft": [{"spike": 0.75, "V": 0.25}]}
    study.apply(label_events(study, [fourth], "spike", origins=[first], donors=[first], **how))
    study.apply(label_events(study, [last], "spike", origins=[first], donors=[fourth], **how))
    study.apply(label_events(study, [second], "spike", soft=[{"spike": 0.5, "artefact": 0.5}]))
    export_annotations(study, 1, tmp_path / name)
    other = new_study("208.hea")
    other.apply(new_events(other, [NewEvent(1, "V1", 77.0, 0.0, "mark", "annotator")]))  # so that ids differ
    other.apply(import_annotations(other, 1, tmp_path / name))

    def lineage(of):
        events = of.events().take(of.events().start_s != 77.0)
        start = dict(zip(events.id.tolist(), events.start_s.tolist(), strict=True))
        columns = zip(
            events.start_s, events.label_donor.tolist(), events.label_origin.tolist(), events.label_soft, strict=True
        )
        return sorted((float(t), start.get(donor), start.get(origin), soft) for t, donor, origin, soft in columns)

    assert lineage(other) == lineage(study)
    assert all("label_donor" not in a and "hitscope_id" not in a for a in other.events().attributes)
    # A donor that was not written is not known.
    export_annotations(study, 1, tmp_path / "two.csv", ids=[fourth, last])
    third = new_study()
    third.apply(import_annotations(third, 1, tmp_path / "two.csv"))
    events = third.events()
    assert events.label_origin.tolist() == [-1, -1]
    assert events.label_donor.tolist() == [-1, events.id[0]]


def test_shares_that_are_no_distribution_are_named(study, tmp_path):
    said = {"maker": "x", "kind": "mark", "label": "a", "label_soft": {"a": 0.9}}
    write_annotations(tmp_path / "a.csv", [Annotation(2.5, 0.1, "a", said)])
    with pytest.raises(InputError, match=r"a.csv: the label at 2.5 s has the shares .*The study is unchanged"):
        import_annotations(study, 1, tmp_path / "a.csv")
    # Of somebody else's file, it is a column like any other.
    del said["maker"]
    write_annotations(tmp_path / "b.csv", [Annotation(2.5, 0.1, "a", said)])
    done = study.apply(import_annotations(study, 1, tmp_path / "b.csv"))
    assert study.events(ids=done.event_ids).attributes[0]["label_soft"] == {"a": 0.9}


def test_a_second_import_adds_nothing_and_one_undo_takes_all_back(study, new_study, tmp_path):
    export_annotations(study, 1, tmp_path / "marks.edf")
    other = new_study()
    done = other.apply(import_annotations(other, 1, tmp_path / "marks.edf"))
    again = import_annotations(other, 1, tmp_path / "marks.edf")
    assert again.changes == ()
    assert again.title == "import 0 events from marks.edf; 5 were there already"
    assert import_annotations(study, 1, tmp_path / "marks.edf").changes == ()
    other.apply(done.inverse())
    assert len(other.events()) == 0
    assert other.classes() == []


def test_what_was_changed_meanwhile_is_not_changed_back(study, tmp_path):
    export_annotations(study, 1, tmp_path / "marks.csv")
    first, second = study.events().id[:2].tolist()
    study.apply(label_events(study, [first], "artefact"))
    study.apply(edit_event(study, second, attributes={"comment": "new"}))
    assert import_annotations(study, 1, tmp_path / "marks.csv").changes == ()
    study.apply(remove_events(study, [first]))
    back = study.apply(import_annotations(study, 1, tmp_path / "marks.csv"))
    assert len(back.keys("events")) == 1
    assert study.events(ids=back.event_ids).label.tolist() == ["spike"]


def test_labels_of_others_come_to_events_that_are_there(new_study, tmp_path):
    study = new_study("S001R04.edf")
    study.apply(make_events(study, 1, "windows", with_labels=False))
    export_annotations(study, 1, tmp_path / "windows.csv")
    bens = [
        Annotation(a.onset_s, a.duration_s, "rest", {**a.attributes, "label": "rest", "annotator": "Ben"})
        for a in read_annotations(tmp_path / "windows.csv")
    ]
    write_annotations(tmp_path / "ben.csv", bens)
    study.apply(import_annotations(study, 1, tmp_path / "ben.csv"))
    events = study.events()
    assert len(events) == len(bens)
    assert set(events.label) == {"rest"}
    assert {who for _, who in study.label_rows(events.id)} == {"Ben"}


def test_beats_of_a_reference_file(new_study, tmp_path):
    study = new_study()
    shutil.copyfile(resources.path("demo/208.atr"), tmp_path / "208.atr")
    shutil.copyfile(resources.path("demo/208.hea"), tmp_path / "208.hea")
    study.apply(import_annotations(study, 1, tmp_path / "208.atr"))
    events = study.events()
    marks = read_annotations(tmp_path / "208.atr")
    assert len(events) == len(marks)
    assert Counter(events.kind) == {"beat": 2955, "annotation": len(marks) - 2955}
    assert Counter(events.label[events.kind == "beat"]) == Counter(a.text for a in marks if a.text in "NVFSQ")
    assert set(events.label[events.kind == "annotation"]) == {""}
    rhythm = next(a for a, kind in zip(events.attributes, events.kind, strict=True) if kind == "annotation")
    assert rhythm["symbol"] in '+~"'
    assert set(events.label_source) == {"imported", ""}


def test_beats_in_a_wfdb_file_stand_at_their_peaks(study, tmp_path):
    import wfdb

    export_annotations(study, 1, tmp_path / "marks.atr")
    read = wfdb.rdann(str(tmp_path / "marks"), "atr")
    beats = [(sample, symbol) for sample, symbol in zip(read.sample, read.symbol, strict=True) if sample > 300_000]
    assert beats == [(round(1000.1 * 360), "V"), (round(1001.1 * 360), '"')]


def test_texts_of_other_programs_are_labels(new_study, tmp_path):
    study = new_study("S001R04.edf")
    (tmp_path / "scored.tsv").write_text(
        "onset\tduration\ttrial_type\tchannel\tcomment\trater\n"
        "1.5\t0.2\tblink\tFP1\tlarge\tn/a\n"
        "3\t2\tslow wave\tnowhere\tn/a\tBen\n"
        "5\t0\tn/a\tn/a\tn/a\tBen\n"
        "900\t1\tblink\tn/a\tn/a\tn/a\n"
    )
    done = study.apply(import_annotations(study, 1, tmp_path / "scored.tsv"))
    assert done.title == "import 3 events from scored.tsv; 1 outside the recording were left out"
    events = study.events()
    assert events.label.tolist() == ["blink", "slow wave", ""]
    assert events.channel.tolist() == ["Fp1", "nowhere", ""]
    assert events.attributes == [{"comment": "large"}, {}, {"by": "Ben"}]
    assert [who for _, who in study.label_rows(events.id)] == ["imported (scored.tsv)", "Ben"]


def test_a_file_of_another_recording_is_refused(new_study, tmp_path):
    study = new_study("S001R04.edf")
    write_annotations(tmp_path / "x.csv", [Annotation(5000.0, 1.0, "late"), Annotation(6000.0, 1.0, "later")])
    n = len(study.history())
    with pytest.raises(InputError, match=r"none of its 2 annotations lies within S001R04") as caught:
        import_annotations(study, 1, tmp_path / "x.csv")
    assert caught.value.kept == "The study is unchanged"
    assert len(study.history()) == n


def test_a_file_whose_clock_starts_at_another_time_is_said(new_study, tmp_path):
    study = new_study("S001R04.edf")
    recording = open_recording(resources.path("demo/S001R04.edf"))
    for name, late in (("same.edf", 0), ("late.edf", 90)):
        start = recording.start_time + timedelta(seconds=late)
        write_annotations(tmp_path / name, [Annotation(1.0, 1.0, "W")], recording=replace(recording, start_time=start))
    assert import_annotations(study, 1, tmp_path / "same.edf").title == "import 1 events from same.edf"
    assert (
        "note that it starts at 2009-08-12 16:16:30, the recording at"
        in import_annotations(study, 1, tmp_path / "late.edf").title
    )


def test_only_those_asked_for_are_exported_and_nothing_is_replaced_unasked(study, tmp_path):
    ids = study.events().id
    assert export_annotations(study, 1, tmp_path / "x.csv", ids=ids[1:3]) == 2
    with pytest.raises(InputError, match="already"):
        export_annotations(study, 1, tmp_path / "x.csv")
    assert len(read_annotations(tmp_path / "x.csv")) == 2
    assert export_annotations(study, 1, tmp_path / "x.csv", replace=True) == 5
    with pytest.raises(InputError, match="no events of 208 to export"):
        export_annotations(study, 1, tmp_path / "y.csv", ids=[10_000])
    assert not (tmp_path / "y.csv").exists()


def test_labels_in_simulated_recordings_stay_simulated(new_study, tmp_path):
    study = new_study("tcd_simulated.wav")
    write_annotations(tmp_path / "truth.csv", [Annotation(1.0, 0.1, "solid")])
    study.apply(import_annotations(study, 1, tmp_path / "truth.csv"))
    assert study.events().label_source.tolist() == ["simulated"]


def test_no_file_of_any_recording_of_the_study_is_replaced(study, tmp_path):
    for name in ("mixedsignals.hea", "mixedsignals_e.dat", "mixedsignals_p.dat", "mixedsignals_r.dat"):
        shutil.copyfile(SMALL / name, tmp_path / name)
    add_to_study(study, tmp_path / "mixedsignals.hea")
    (tmp_path / "link.csv").hardlink_to(tmp_path / "mixedsignals_p.dat")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    for name, what in (
        ("mixedsignals.hea", "is the recording mixedsignals itself"),
        ("mixedsignals_e.dat", "is a file of the recording mixedsignals"),
        ("link.csv", "is a file of the recording mixedsignals"),
    ):
        with pytest.raises(InputError, match=what):
            export_annotations(study, 1, tmp_path / name, "csv", replace=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_the_place_of_a_recording_that_is_gone_stays_its_own(study, tmp_path):
    edf = shutil.copyfile(SMALL / "short_psg.edf", tmp_path / "night.edf")
    add_to_study(study, edf)
    edf.unlink()
    with pytest.raises(InputError, match="is the recording night itself"):
        export_annotations(study, 1, edf)
    assert not edf.exists()


MOMENTS = (
    Annotation(0.0, 0.0, "start"),
    Annotation(0.05, 0.0, "close to it"),
    Annotation(0.0, 30.0, "W"),
    Annotation(30.0, 0.0, "mark", {"channel": "MLII"}),
    Annotation(30.0, 5.0, "lasting"),
    Annotation(86.123456, 0.0, "N"),
)


def as_others_see(path):
    """Times, s, as they stand in the file: without what Hitscope alone reads."""
    if path.suffix == ".edf":
        read = [a for a in edfio.read_edf(path).annotations if not a.text.startswith("{")]
        return sorted((a.onset, a.duration or 0.0) for a in read)
    if path.suffix == ".atr":
        read = wfdb.rdann(str(path.with_suffix("")), "atr")
        marks = zip(read.sample.tolist(), read.aux_note, strict=True)
        return sorted((sample / 360, 0.0) for sample, aux in marks if not aux.startswith("hitscope+"))
    rows = csv.reader(path.read_text().splitlines(), delimiter="\t" if path.suffix == ".tsv" else ",")
    return [(float(row[0]), float(row[1])) for row in list(rows)[1:]]


@pytest.mark.parametrize("name", FILES)
def test_annotations_that_were_taken_are_written_when_they_were_annotated(new_study, tmp_path, monkeypatch, name):
    study = new_study()
    opened = replace(open_recording(resources.path("demo/208")), format="edf", annotations=MOMENTS)
    monkeypatch.setattr("core.events.finding.open_from_study", lambda *_: opened)
    study.apply(make_events(study, 1, "annotations"))
    assert study.events(ids=[4]).start_s.tolist() == [29.9]
    export_annotations(study, 1, tmp_path / name)
    seen = as_others_see(tmp_path / name)
    if name.endswith(".atr"):
        assert [onset for onset, _ in seen] == pytest.approx([a.onset_s for a in in_order(MOMENTS)], abs=1 / 360)
    else:
        assert seen == [(a.onset_s, a.duration_s) for a in in_order(MOMENTS)]
    other = new_study(annotator="Cleo")
    other.apply(import_annotations(other, 1, tmp_path / name))
    assert sorted(columns(other, *WHAT)) == sorted(columns(study, *WHAT))


def in_order(marks):
    return sorted(marks, key=lambda a: (a.onset_s, a.duration_s))


@pytest.mark.parametrize("name", FILES)
def test_peaks_of_beats_are_written_and_what_was_moved_since_is_where_it_was_put(study, new_study, tmp_path, name):
    beat, moved = study.events().id[3:].tolist()
    study.apply(edit_event(study, moved, start_s=1001.05))
    export_annotations(study, 1, tmp_path / name, ids=[beat, moved])
    lasting = 0.0 if name.endswith(".atr") else 0.2
    (first, second) = as_others_see(tmp_path / name)
    assert first == (pytest.approx(1000.1, abs=1 / 720), 0.0)
    assert second == (pytest.approx(1001.05, abs=1 / 720), lasting)
    other = new_study()
    other.apply(import_annotations(other, 1, tmp_path / name))
    assert other.events().start_s.tolist() == [1000.0, 1001.05]


def test_what_came_from_a_file_goes_back_without_further_texts(new_study, tmp_path):
    study, other = new_study("S001R04.edf"), new_study("S001R04.edf")
    study.apply(make_events(study, 1, "annotations"))
    n = export_annotations(study, 1, tmp_path / "x.edf")
    assert len(edfio.read_edf(tmp_path / "x.edf").annotations) == n == 30
    other.apply(import_annotations(other, 1, tmp_path / "x.edf"))
    assert columns(other, *WHAT, "label_source") == columns(study, *WHAT, "label_source")
    assert import_annotations(study, 1, tmp_path / "x.edf").changes == ()
    # A person's label is no file's: that, and whose it is, is said beside it.
    first = study.events().id[:1].tolist()
    study.apply(label_events(study, first, "T1"))
    export_annotations(study, 1, tmp_path / "x.edf", replace=True)
    assert len(edfio.read_edf(tmp_path / "x.edf").annotations) == n + 1
    assert read_annotations(tmp_path / "x.edf")[0].attributes["annotator"] == "Ana"


@pytest.mark.parametrize("name", FILES)
def test_for_other_programs_there_are_as_many_texts_as_events_and_comments(study, tmp_path, name):
    export_annotations(study, 1, tmp_path / name, plain=True)
    assert b"hitscope" not in (tmp_path / name).read_bytes()
    read = read_annotations(tmp_path / name)
    assert len(read) == 5 + 2 * name.endswith(".edf")  # there, comments are texts of their own
    assert {"spike", "artefact", "V"} <= {a.text for a in read} | {
        str(a.attributes.get("aux")).partition(":")[0] for a in read
    }
    assert "the same place" in str(read)
