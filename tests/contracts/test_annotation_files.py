"""What every format of annotation files promises: what is written is read again, equal, and nothing is replaced unasked."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.signals import ANNOTATION_FORMATS, Annotation, open_recording, read_annotations, write_annotations

EVENTS = (
    Annotation(0.0, 0.0, "N", {"channel": "MLII"}),
    Annotation(0.0, 2.5, "start of the night", {"channel": "EEG Fpz-Cz", "kind": "mark", "label": "W"}),
    Annotation(0.1 + 0.2, 1 / 3, "spike", {"channel": "Fp1", "comment": "clear; seen by both", "annotator": "Ana"}),
    Annotation(86_399.99999999999, 1e-7, "émbolo 塞栓", {"channel": "gate 1", "hbr_db": 7.25, "n": 3, "sure": True}),
)
HOSTILE = (
    Annotation(1.0, 0.0, "", {}),
    Annotation(1.0, 0.0, "", {"comment": "", "channel": ""}),
    Annotation(1.0, 0.0, "n/a", {"comment": "n/a", "label": "N/A"}),
    Annotation(2.0, 0.0, "tab\tline\nreturn\r\n", {"comment": 'a "quoted", one;\nand another'}),
    Annotation(2.0, 0.0, "\r", {"comment": "\n"}),
    Annotation(2.0, 0.0, "\x14\x15\x00\x1f", {"channel": "\x00"}),
    Annotation(3.0, 0.0, "pain@@arm", {}),
    Annotation(3.0, 0.0, "pain", {"channel": "a@@b"}),
    Annotation(4.0, 0.0, '{"hitscope":{"text":"no"}}', {"comment": '{"hitscope":{}}', "x": {"hitscope": 1}}),
    Annotation(5.0, 0.0, "hitscope+", {"aux": "hitscope+"}),
    Annotation(5.0, 0.0, "## time resolution: 3", {"aux": "(N", "chan": 300, "subtype": -129, "num": "x"}),
    Annotation(6.0, 0.0, '"', {"aux": "TS", "chan": 2, "subtype": -3, "num": 7}),
    Annotation(7.0, 0.0, "=1+1", {"note": "\ud800 half a character"}),
    Annotation(8.0, 0.0, "long " * 30_000, {"comment": "ü" * 3_000}),
    Annotation(9.0, 0.0, " spaces ", {"channel": " I ", "onset": "7", "duration": "x", "text": "y"}),
    Annotation(9.0, 0.0, "x", {"list": [1, 2.5, None, {"a": []}], "empty": {}, "none": None, "": "unnamed"}),
)


@pytest.fixture(params=sorted(ANNOTATION_FORMATS))
def format(request):
    return request.param


@pytest.fixture
def path(format, tmp_path):
    folder = tmp_path / "données d'été 記録"
    folder.mkdir()
    return folder / f"night 1{ANNOTATION_FORMATS[format].extensions[0]}"


def test_every_format_can_be_chosen(format):
    entry = ANNOTATION_FORMATS[format]
    assert entry.title
    assert entry.help
    assert entry.extensions
    assert all(extension.startswith(".") and extension == extension.lower() for extension in entry.extensions)


def test_extensions_say_one_format_each():
    every = [extension for entry in ANNOTATION_FORMATS.values() for extension in entry.extensions]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("events", [EVENTS, HOSTILE, EVENTS[:1], ()], ids=["usual", "hostile", "one", "none"])
def test_what_is_written_is_read_again_equal(path, events):
    write_annotations(path, events)
    assert read_annotations(path) == events


def test_the_order_is_that_of_the_onsets(path):
    backwards = EVENTS[::-1]
    write_annotations(path, backwards)
    assert read_annotations(path) == tuple(sorted(backwards, key=lambda a: a.onset_s))


def test_for_other_programs_there_are_times_texts_and_comments(format, path):
    write_annotations(path, EVENTS, plain=True)
    assert b"hitscope" not in path.read_bytes()
    read = read_annotations(path)
    onsets = [a.onset_s for a in read if a.text != EVENTS[2].attributes["comment"]]
    assert onsets == pytest.approx([a.onset_s for a in EVENTS], abs=1.1e-3)
    assert "clear; seen by both" in str(read)
    write_annotations(path, HOSTILE, plain=True, replace=True)
    assert {a.onset_s for a in read_annotations(path)} == {a.onset_s for a in HOSTILE}


@pytest.mark.parametrize("name", ["demo/208", "demo/S001R04.edf"])
def test_annotations_of_a_recording_survive_with_its_sampling_rate(path, name):
    recording = open_recording(resources.path(name))
    assert len(recording.annotations) >= 30
    write_annotations(path, recording.annotations, recording=recording)
    assert read_annotations(path) == recording.annotations


TIMES = st.floats(0, 1e8) | st.floats(0, 1e-3) | st.integers(0, 10**6).map(float)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["channel", "comment", "label", "annotator", "kind", "aux", "chan", "num", "text"]) | st.text()
ANNOTATIONS = st.builds(
    Annotation,
    TIMES,
    TIMES,
    st.sampled_from(["N", "V", '"', "+", ""]) | st.text(st.characters()),
    st.dictionaries(NAMES, JSON, max_size=5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(ANNOTATIONS, max_size=8))
def test_any_annotations_survive(path, events):
    write_annotations(path, events, replace=True)
    assert read_annotations(path) == tuple(sorted(events, key=lambda a: a.onset_s))


def test_a_file_that_is_there_is_replaced_only_when_asked(path):
    write_annotations(path, EVENTS)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(InputError, match="already") as caught:
        write_annotations(path, EVENTS[:1])
    assert caught.value.kept
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
    write_annotations(path, EVENTS[:1], replace=True)
    assert read_annotations(path) == EVENTS[:1]
    assert len(list(path.parent.iterdir())) == len(before)  # no temporary file is left


@pytest.mark.parametrize(
    "bad",
    [
        Annotation(math.nan, 0.0, "x"),
        Annotation(math.inf, 0.0, "x"),
        Annotation(1.0, -0.1, "x"),
        Annotation(1.0, math.inf, "x"),
        Annotation(1.0, 0.0, "x", {"made_by": object()}),
    ],
)
def test_what_cannot_be_written_is_named_and_the_old_file_stays(path, bad):
    write_annotations(path, EVENTS)
    before = path.read_bytes()
    with pytest.raises(InputError, match="annotation 2"):
        write_annotations(path, [EVENTS[0], bad], replace=True)
    assert path.read_bytes() == before


def read_or_refused(path):
    try:
        return read_annotations(path), None
    except InputError as error:
        return (), error


@pytest.mark.parametrize("keep", [0, 1, 7, 100, 0.5, -1])
def test_a_damaged_file_is_refused_by_name_or_read_as_far_as_it_is_whole(path, keep):
    write_annotations(path, EVENTS)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    read, error = read_or_refused(path)
    assert len(read) <= len(EVENTS)
    assert error is None or (path.name in str(error) and error.remedy)


@settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_end_in_annotations_or_in_a_named_error(path, data):
    if not path.exists():
        write_annotations(path, EVENTS)
        path.with_suffix(".whole").write_bytes(path.read_bytes())
    whole = bytearray(path.with_suffix(".whole").read_bytes())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, min(len(whole), 900) - 1), st.integers(0, 255)))):
        whole[at] = value
    path.write_bytes(whole)
    read, error = read_or_refused(path)
    assert all(math.isfinite(a.onset_s) and 0 <= a.duration_s < math.inf for a in read)
    assert error is None or (path.name in str(error) and error.remedy)


def test_a_missing_file_is_named(path):
    with pytest.raises(InputError, match="there is no such file"):
        read_annotations(path)
