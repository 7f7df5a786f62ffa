"""Annotation files of other programs, and what other programs read in ours."""

import shutil
from collections import Counter
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest
import wfdb

import resources
from core.errors import InputError
from core.signals import Annotation, annotations_of_events, open_recording, read_annotations, write_annotations
from core.signals.annotation_files.mit import NOTE, Mark, encode_marks
from core.study import NewEvent, Study, add_recording, label_events, new_events

SMALL = Path(__file__).parents[2] / "data" / "recordings"
RECORDING = {"path": "/data/a.wav", "sha256": "0" * 64, "format": "wav", "name": "a", "duration_s": 60.0}
EVENTS = (
    Annotation(0.0, 0.0, "note at the start", {"channel": "V1"}),
    Annotation(0.30000000000000004, 0.0, "N", {}),
    Annotation(1.25, 0.5, "blink", {"channel": "MLII", "comment": "twice"}),
    Annotation(5000.0, 0.0, "+", {"aux": "(AFIB"}),
)


def table(tmp_path, text, name="marks.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# WFDB


def as_wfdb_reads(path, extension):
    read = wfdb.rdann(str(path.with_suffix("")), extension)
    fields = zip(read.sample, read.symbol, read.aux_note, read.subtype, read.chan, read.num, strict=True)
    return read.fs, [(int(s), symbol, aux.rstrip("\0"), *map(int, rest)) for s, symbol, aux, *rest in fields]


def as_we_read(path, fs):
    def one(a):
        numbers = (a.attributes.get(name, 0) for name in ("subtype", "chan", "num"))
        return round(a.onset_s * fs), a.text, a.attributes.get("aux", ""), *numbers

    return [one(a) for a in read_annotations(path)]


@pytest.mark.parametrize("path", [resources.path("demo/208.atr"), SMALL / "1.avf"], ids=["beats and rhythms", "waves"])
def test_real_files_are_read_as_the_library_reads_them(path):
    fs, expected = as_wfdb_reads(path, path.suffix[1:])
    assert as_we_read(path, fs) == expected
    assert len(expected) > 40
    assert all(a.onset_s == sample / fs for a, (sample, *_) in zip(read_annotations(path), expected, strict=True))


def test_channel_number_and_subtype_are_those_of_the_library(tmp_path):
    rng, n = np.random.default_rng(0), 400
    sample = np.sort(rng.choice([1, 1000, 10**6, 2**31, 2**33], n) + rng.integers(1, 5000, n))
    symbol = rng.choice(list('NVL+"~x'), n).tolist()
    aux = [("(AFIB" if s == "+" else "seen\0" if s == '"' else "") for s in symbol]
    chan, num = rng.integers(0, 255, n), rng.integers(0, 127, n)
    subtype = rng.integers(0, 127, n)  # the library cannot write negative ones
    wfdb.wrann("x", "atr", sample, symbol, subtype, chan, num, aux_note=aux, fs=250.5, write_dir=str(tmp_path))
    fs, expected = as_wfdb_reads(tmp_path / "x.atr", "atr")
    assert fs == 250.5
    assert as_we_read(tmp_path / "x.atr", fs) == expected


def test_what_we_write_is_what_the_library_reads(tmp_path):
    recording = open_recording(resources.path("demo/208"))
    write_annotations(tmp_path / "x.atr", EVENTS, recording=recording)
    fs, marks = as_wfdb_reads(tmp_path / "x.atr", "atr")
    assert fs == 360
    assert [(s, symbol) for s, symbol, *_ in marks] == [(1, '"'), (108, "N"), (450, '"'), (1_800_000, "+")]
    assert [aux.partition("{")[0] for _, _, aux, *_ in marks] == ["note at the start", "", "blink", "(AFIB"]
    names = [channel.name for channel in recording.channels]
    assert [chan for *_, chan, _ in marks] == [names.index("V1"), 0, names.index("MLII"), 0]
    assert read_annotations(tmp_path / "x.atr") == EVENTS


def test_all_beats_written_anew_are_equal_for_the_library(tmp_path):
    recording = open_recording(resources.path("demo/208"))
    write_annotations(tmp_path / "x.atr", read_annotations(resources.path("demo/208.atr")), recording=recording)
    fs, marks = as_wfdb_reads(tmp_path / "x.atr", "atr")
    assert (fs, marks) == as_wfdb_reads(resources.path("demo/208.atr"), "atr")


def test_definitions_at_the_start_are_none_of_the_annotations(tmp_path):
    wfdb.wrann(
        *("x", "atr", np.array([5, 90]), ["N", "z"]), custom_labels=[("z", "zebra")], fs=100, write_dir=str(tmp_path)
    )
    assert read_annotations(tmp_path / "x.atr") == (Annotation(0.05, 0.0, "N"), Annotation(0.9, 0.0, "z"))


def test_a_note_that_looks_like_a_definition_ends_no_program(tmp_path):
    notes = [
        Mark(0, NOTE, b"## time resolution: 500"),
        Mark(0, NOTE, b"## made by hand"),
        Mark(0, NOTE, b"quiet"),
        Mark(250, 1),
    ]
    (tmp_path / "1.atr").write_bytes(encode_marks(notes))
    expected = (Annotation(0.0, 0.0, '"', {"aux": "quiet"}), Annotation(0.5, 0.0, "N"))
    assert read_annotations(tmp_path / "1.atr") == expected
    # The library does not come back from the second one; the record opens all the same.
    shutil.copyfile(resources.path("demo/208.dat"), tmp_path / "208.dat")
    (tmp_path / "1.hea").write_text(resources.path("demo/208.hea").read_text().replace("208 2", "1 2", 1))
    assert open_recording(tmp_path / "1.hea").annotations == expected


def test_a_record_shows_what_was_written_beside_it(tmp_path):
    for name in ("208.hea", "208.dat"):
        shutil.copyfile(resources.path(f"demo/{name}"), tmp_path / name)
    write_annotations(tmp_path / "208.atr", EVENTS, recording=open_recording(tmp_path / "208.hea"))
    assert open_recording(tmp_path / "208.hea").annotations == EVENTS


def test_without_a_sampling_rate_the_header_is_asked_for(tmp_path):
    shutil.copyfile(SMALL / "1.avf", tmp_path / "1.atr")
    with pytest.raises(InputError, match=r"samples a second.*1\.hea"):
        read_annotations(tmp_path / "1.atr")
    shutil.copyfile(SMALL / "1.hea", tmp_path / "1.hea")
    assert read_annotations(tmp_path / "1.atr") == read_annotations(SMALL / "1.avf")


def test_before_the_recording_there_are_no_samples(tmp_path):
    with pytest.raises(InputError, match=r"begins 0\.5 s before.*Nothing was written"):
        write_annotations(tmp_path / "x.atr", [Annotation(-0.5, 0.0, "N")])
    write_annotations(tmp_path / "x.edf", [Annotation(-0.5, 0.0, "N")])
    assert read_annotations(tmp_path / "x.edf")[0].onset_s == -0.5


# EDF+


def test_sleep_stages_and_channels_of_others(tmp_path):
    stages = read_annotations(SMALL / "SC4001EC-Hypnogram.edf")
    theirs = edfio.read_edf(SMALL / "SC4001EC-Hypnogram.edf").annotations
    assert [(a.onset_s, a.duration_s, a.text) for a in stages] == [(t.onset, t.duration or 0, t.text) for t in theirs]
    scored = read_annotations(SMALL / "test_edfann.edf")
    assert len(scored) == 856
    assert scored[-1] == Annotation(25618.74, 0.0, "Lights on", {"channel": "EEG Fpz-Cz"})
    assert Counter(a.text for a in scored)["Sleep stage R"] > 0
    assert {a.attributes.get("channel") for a in scored} == {None, "EEG Fpz-Cz", "EEG F4-A1"}


def test_what_we_write_is_what_edfio_reads(tmp_path):
    recording = open_recording(resources.path("demo/S001R04.edf"))
    write_annotations(tmp_path / "x.edf", EVENTS, recording=recording)
    read = edfio.read_edf(tmp_path / "x.edf")
    texts = [(a.onset, a.duration or 0.0, a.text) for a in read.annotations if not a.text.startswith("{")]
    assert texts == [
        (0.0, 0.0, "note at the start@@V1"),
        (0.3, 0.0, "N"),  # edfio rounds to 12 places
        (1.25, 0.5, "blink@@MLII"),
        (5000.0, 0.0, "+"),
    ]
    assert read.startdatetime == recording.start_time
    assert not read.signals


def test_many_annotations_fill_several_data_records_for_edfio_and_mne_too(tmp_path):
    events = tuple(Annotation(n / 7, 0.25, f"mark {n % 5}") for n in range(10_000))
    write_annotations(tmp_path / "x.edf", events)
    read = edfio.read_edf(tmp_path / "x.edf")
    assert read.num_data_records > 1
    assert [(a.onset, a.duration, a.text) for a in read.annotations] == [
        (round(a.onset_s, 12), a.duration_s, a.text) for a in events
    ]
    assert read_annotations(tmp_path / "x.edf") == events
    theirs = mne.read_annotations(tmp_path / "x.edf")
    np.testing.assert_allclose(theirs.onset, [a.onset_s for a in events])
    assert theirs.description.tolist() == [a.text for a in events]


def test_a_recording_gives_the_annotations_it_carries():
    path = resources.path("demo/S001R04.edf")
    assert read_annotations(path) == open_recording(path).annotations
    assert read_annotations(resources.path("demo/208.hea")) == open_recording(resources.path("demo/208")).annotations


# Tables


def test_columns_in_any_order_and_under_several_names(tmp_path):
    expected = (Annotation(1.5, 0.25, "spike", {"channel": "C3"}), Annotation(2.0, 0.0, "", {"channel": "C4"}))
    for text in (
        "onset,duration,text,channel\n1.5,0.25,spike,C3\n2,0,,C4\n",
        "Channel,Label,Stop,Start\nC3,spike,1.75,1.5\nC4,,2,2\n",
        "lead;description;start (s);end (s)\nC3;spike;1,5;1,75\nC4;;2;2\n",
        "\ufeffTime [ms]\tlength_ms\tTrial_Type\telectrode\r\n1500\t250\tspike\tC3\r\n\r\n2000\t0\t\tC4\r\n",
        "start_s|duration_s|annotation|ch\n1.5|0.25|spike|C3\n2.0|n/a|n/a|C4\n",
    ):
        assert read_annotations(table(tmp_path, text)) == expected, text


def test_bids_says_nothing_by_n_a_and_its_type_or_value_is_the_text(tmp_path):
    text = "onset\tduration\ttrial_type\tvalue\tsample\n1.0\tn/a\tgo\t5\t256\n2.5\t0.5\tn/a\t7\tn/a\n-0.1\t0\tn/a\tn/a\tn/a\n"
    assert read_annotations(table(tmp_path, text, "sub-01_task-go_events.tsv")) == (
        Annotation(-0.1, 0.0, ""),
        Annotation(1.0, 0.0, "go", {"value": "5", "sample": "256"}),
        Annotation(2.5, 0.5, "7"),
    )


def test_the_columns_of_bids_are_described_beside_it(tmp_path):
    import json

    write_annotations(tmp_path / "sub-01_events.tsv", EVENTS)
    header = (tmp_path / "sub-01_events.tsv").read_text().splitlines()[0].split("\t")
    described = json.loads((tmp_path / "sub-01_events.json").read_text())
    assert header[:3] == ["onset", "duration", "trial_type"]
    assert set(described) == set(header)
    assert described["onset"]["Units"] == "s"
    (tmp_path / "sub-01_events.tsv").unlink()
    with pytest.raises(InputError, match=r"sub-01_events\.json.*already"):
        write_annotations(tmp_path / "sub-01_events.tsv", EVENTS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("onset,text\n1,a\nlater,b\n", "row 3: onset is no time but 'later'"),
        ("onset,text\n1,a\n\n,b\n", "row 4: onset is missing"),
        ("onset,duration\n1,0\n1,-2\n", "row 3: it lasts -2 s"),
        ("onset,duration\n1,0\n1\n", "row 3: it has 1 cells, and there are 2 columns"),
        ("onset,end\n5,4\n", "row 2: it lasts -1 s"),
        ("onset,duration\nnan,1\n", "row 2: onset is no time"),
        ("channel,value\nC3,7\n", "row 1: no column says when: there are channel, value"),
        ('onset,text,attributes\n1,a,"{""hitscope"":{""onset_s"":NaN}}"\n', "row 2: its details"),
        ("onset,text,attributes\n1,a,{oops\n", "row 2: .*"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_annotations(table(tmp_path, text))
    assert caught.value.remedy


def test_a_name_that_says_no_format_needs_one(tmp_path):
    with pytest.raises(InputError, match="Say the format: edf, wfdb, bids, csv"):
        write_annotations(tmp_path / "marks.doc", EVENTS)
    write_annotations(tmp_path / "marks.doc", EVENTS, "csv")
    assert read_annotations(tmp_path / "marks.doc", "csv") == EVENTS
    with pytest.raises(InputError, match="there is no format of annotations 'xml'"):
        write_annotations(tmp_path / "x.csv", EVENTS, "xml")


# Events of a study


def test_events_of_a_study_are_written_with_what_is_known_of_them(tmp_path):
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        study.apply(add_recording(study, **RECORDING))
        added = [NewEvent(1, "I", t, 0.1, "hits", "hits", {"hbr_db": 3.0, "comment": "loud"}) for t in (9.0, 1.0)]
        ids = study.apply(new_events(study, added)).event_ids
        study.apply(label_events(study, ids[:1], "solid"))
        study.apply(label_events(study, ids[1:], "artefact", source="propagated", confidence=[0.75]))
        events = study.events()
    write_annotations(tmp_path / "events.csv", events)
    first, second = read_annotations(tmp_path / "events.csv")
    assert (first, second) == annotations_of_events(events)
    own = {"channel": "I", "kind": "hits", "maker": "hits", "hbr_db": 3.0, "comment": "loud"}
    assert first == Annotation(
        1.0, 0.1, "artefact", {**own, "label": "artefact", "label_source": "propagated", "label_confidence": 0.75}
    )
    assert second == Annotation(9.0, 0.1, "solid", {**own, "label": "solid"})
    assert Counter(a.text for a in (first, second)) == {"solid": 1, "artefact": 1}


@pytest.mark.parametrize(
    ("lines", "onsets"),
    [
        (["onset\tduration\ttext", "1,234\t0\ta", "2,345\t0\tb"], None),
        (["onset;text", "1,5;a", "2.5;b"], None),
        (["onset|text", "1,234.5|a"], None),
        (["onset\ttext", "1,234\ta", "2,5\tb"], [1.234, 2.5]),
        (["onset;text", "0,123;a, b", "1,500;1,234"], [0.123, 1.5]),
        (["onset\ttext", "1.234\t1,234", "2\tb"], [1.234, 2]),
    ],
)
def test_a_comma_is_decimal_only_where_the_times_tell(tmp_path, lines, onsets):
    path = tmp_path / "marks.csv"
    path.write_text("\n".join(lines) + "\n")
    if onsets is not None:
        assert [mark.onset_s for mark in read_annotations(path)] == onsets
        return
    with pytest.raises(InputError, match="decimal sign or parts thousands") as caught:
        read_annotations(path)
    assert caught.value.subject == str(path)
    assert "points as decimal" in caught.value.remedy


@pytest.mark.parametrize(
    ("onset", "duration", "expected"),
    [("31.5", "0.0", (31.4, 0.2, 31.5)), ("30.0", "2.5", (30.0, 2.5, 30.0)), ("30.0", "0.0", (29.9, 0.2, 30.0))],
)
def test_times_that_were_edited_in_a_table_are_taken_as_they_are_there(tmp_path, onset, duration, expected):
    path = tmp_path / "a.csv"
    write_annotations(path, [Annotation(29.9, 0.2, "V", {"onset_s": 30.0, "kind": "beat", "more": [1]})])
    text = path.read_text(encoding="utf-8")
    assert "\n30.0,0.0," in text
    path.write_text(text.replace("\n30.0,0.0,", f"\n{onset},{duration},"), encoding="utf-8")
    (read,) = read_annotations(path)
    assert (read.onset_s, read.duration_s, read.attributes["onset_s"]) == pytest.approx(expected)
    assert read.attributes["more"] == [1]
