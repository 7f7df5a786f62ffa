"""EDF+ with gaps, odd clocks, local encodings and damage."""

import tracemalloc
from datetime import datetime
from pathlib import Path

import edfio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.signals import open_recording
from core.signals.readers.edf_timeline import find_pieces, look_at_onsets
from core.signals.readers.records import Records
from tests.contracts.edf_files import make_gaps

SMALL = Path(__file__).parents[2] / "data" / "recordings"


def _field(value, width):
    return str(value).encode("latin-1").ljust(width)


def tal(onset, *texts, duration=None):
    """Return a time-stamped annotation list."""
    length = b"" if duration is None else f"\x15{duration:g}".encode()
    return f"{onset:+g}".encode() + length + b"\x14" + b"\x14".join(t.encode() for t in texts) + b"\x14\x00"


def write_edf(path, records, onsets, *, kind="EDF+D", record_s=1.0, labels=None, unit="uV", marks=(), n_stated=None):
    """Write a file.

    Parameters
    ----------
    records : list of (n_records, n_samples) int16 arrays, one a channel
        Physical values are the digital ones.
    onsets : (n_records,) floats or None
        None leaves the annotation signal out.
    marks : of (record number, bytes)
        Further annotation lists.
    """
    labels = labels or [f"ch{n}" for n in range(len(records))]
    n_records = len(records[0])
    counts = [r.shape[1] for r in records]
    lists = []
    if onsets is not None:
        lists = [tal(o, "") if o is not None else b"" for o in onsets]
        for number, extra in marks:
            lists[number] += extra
        width = max(len(t) for t in lists) // 2 + 1
        labels, counts = [*labels, "EDF Annotations"], [*counts, width]
        lists = [t.ljust(2 * width, b"\0") for t in lists]
    n = len(labels)
    columns = [
        (16, labels),
        (80, [""] * n),
        (8, [unit] * n),
        (8, [-32768] * n),
        (8, [32767] * n),
        (8, [-32768] * n),
        (8, [32767] * n),
        (80, [""] * n),
        (8, counts),
        (32, [""] * n),
    ]
    with open(path, "wb") as file:
        for value, width in [
            ("0", 8),
            ("X X X X", 80),
            ("Startdate 02-JAN-2026 X X X", 80),
            ("02.01.26", 8),
            ("03.04.05", 8),
            (256 * (n + 1), 8),
            (kind if onsets is not None else "", 44),
            (n_records if n_stated is None else n_stated, 8),
            (f"{record_s:g}", 8),
            (n, 4),
        ]:
            file.write(_field(value, width))
        for width, values in columns:
            file.write(b"".join(_field(value, width) for value in values))
        for record in range(n_records):
            file.write(b"".join(np.asarray(r[record], "<i2").tobytes() for r in records))
            file.write(lists[record] if lists else b"")
    return path


def ramp(n_records, per_record):
    return np.arange(n_records * per_record).reshape(n_records, per_record)


def test_gaps_read_as_nan_and_marks_keep_their_time(tmp_path):
    path = write_edf(
        tmp_path / "gaps.edf",
        [ramp(3, 4), ramp(3, 1)],
        [0.25, 1.25, 5.25],
        marks=[(0, tal(0.75, "eyes open", duration=0.5)), (2, tal(5.25, "fall", "loud"))],
    )
    recording = open_recording(path)
    assert recording.duration == 6.0
    expected = [0, 1, 2, 3, 4, 5, 6, 7, *[np.nan] * 12, 8, 9, 10, 11]
    np.testing.assert_array_equal(recording.read(0, 0, 24), expected)
    np.testing.assert_array_equal(recording.read(1, 0, 6), [0, 1, np.nan, np.nan, np.nan, 2])
    np.testing.assert_array_equal(recording.read(0, 6, 22), expected[6:22])
    np.testing.assert_array_equal(recording.read(0, 10, 15), [np.nan] * 5)
    assert [(a.onset_s, a.duration_s, a.text) for a in recording.annotations] == [
        (0.5, 0.5, "eyes open"),
        (5.0, 0.0, "fall"),
        (5.0, 0.0, "loud"),
    ]
    assert recording.start_time == datetime(2026, 1, 2, 3, 4, 5, 250_000)


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.0, 0.0, 1.0, 3.0, 100.0]), min_size=1, max_size=12),
    per_record=st.sampled_from([1, 4, 7]),
    window=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_window_across_any_gaps(tmp_path_factory, gaps, per_record, window):
    onsets = np.concatenate([[0.0], np.cumsum(np.array(gaps) + 1.0)])
    samples = ramp(len(onsets), per_record)
    recording = open_recording(write_edf(tmp_path_factory.mktemp("e") / "x.edf", [samples], onsets))
    starts = [round(o * per_record) for o in onsets]
    expected = np.full(starts[-1] + per_record, np.nan)
    for start, values in zip(starts, samples, strict=True):
        expected[start : start + per_record] = values
    assert recording.channels[0].n_samples == len(expected)
    low, high = sorted(round(w * len(expected)) for w in window)
    np.testing.assert_array_equal(recording.read(0, low, high), expected[low:high])


def test_rounded_clocks_of_a_continuous_file_are_no_gaps_but_real_gaps_are(tmp_path):
    rounded = write_edf(tmp_path / "r.edf", [ramp(4, 10)], [0, 0.33, 0.67, 1.0], kind="EDF+C", record_s=1 / 3)
    np.testing.assert_array_equal(open_recording(rounded).read(0, 0, 40), np.arange(40))
    lying = write_edf(tmp_path / "l.edf", [ramp(2, 4)], [0, 3], kind="EDF+C")
    assert np.isnan(open_recording(lying).read(0, 4, 12)).all()


def looked_at(onsets, record_s=1.0, says_continuous=False):
    looks = []
    found = look_at_onsets(lambda n: looks.append(n) or float(onsets[n]), len(onsets), record_s, says_continuous)
    return found, looks


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.dictionaries(st.integers(1, 9999), st.sampled_from([0.01, 0.5, 3.0, 1e5]), max_size=12),
    record_s=st.sampled_from([1.0, 0.25, 1 / 3]),
    zero=st.sampled_from([0.0, 0.3]),
)
def test_few_looks_find_every_gap(gaps, record_s, zero):
    late = np.zeros(10_000)
    for at, length in gaps.items():
        late[at:] += length
    onsets = zero + np.arange(10_000) * record_s + late
    found, looks = looked_at(onsets, record_s)
    np.testing.assert_allclose(found, onsets, rtol=0, atol=1e-6)
    assert len(looks) <= 2 + 15 * len(gaps)
    assert find_pieces(found, record_s, 0.001, False) == find_pieces(onsets, record_s, 0.001, False)


def test_where_few_looks_do_not_tell_all_records_are_read():
    jumping = np.cumsum(np.full(9000, 1.5))
    assert looked_at(jumping)[0] is None
    silent = np.where(np.arange(9000) < 4000, np.arange(9000.0), np.nan)
    assert looked_at(silent)[0] is None
    rounded = np.round(np.arange(9000) / 3, 2)
    assert len(looked_at(rounded, 1 / 3, says_continuous=True)[1]) == 2


@pytest.mark.parametrize("kind", ["EDF+C", "EDF+D"])
def test_a_long_file_opens_without_reading_its_marks(tmp_path, kind, monkeypatch):
    n, gap = 3000, 100.0 * (kind == "EDF+D")
    onsets = 0.5 + np.arange(n) + gap * (np.arange(n) >= 2000)
    marks = [(5, tal(5.5, "early")), (2500, tal(2500.75 + gap, "late", duration=2))]
    path = write_edf(tmp_path / "long.edf", [ramp(n, 2)], onsets, kind=kind, marks=marks)
    rows, read = [], Records.rows
    monkeypatch.setattr(Records, "rows", lambda self, a, b: rows.append(b - a) or read(self, a, b))
    recording = open_recording(path)
    assert sum(rows) < 40
    assert [(a.onset_s, a.duration_s, a.text) for a in recording.annotations] == [
        (5.0, 0.0, "early"),
        (2500.25 + gap, 2.0, "late"),
    ]
    assert (len(recording.annotations), recording.annotations[1].text, recording.annotations[:1][0].text) == (
        2,
        "late",
        "early",
    )
    assert recording.duration == n + gap
    assert np.isnan(recording.read(0, 4000, 4002)).any() == bool(gap)
    assert sum(rows) < 2 * n


@pytest.mark.parametrize("some_say_no_time", [False, True])
def test_marks_of_a_long_file_are_read_without_mapping_much_of_it(tmp_path, monkeypatch, some_say_no_time):
    n = 2000
    onsets = [None if some_say_no_time and k == 700 else float(k) for k in range(n)]
    marks = [(k, tal(k + 0.5, f"mark {k}")) for k in (0, 999, 1000, 1001, 1999)]
    path = write_edf(tmp_path / "long.edf", [ramp(n, 20_000)], onsets, kind="EDF+C", marks=marks)
    mapped, read = [], Records.rows
    monkeypatch.setattr(Records, "rows", lambda self, a, b: mapped.append((b - a) * self.n_bytes) or read(self, a, b))
    recording = open_recording(path)
    assert [a.onset_s for a in recording.annotations] == [0.5, 999.5, 1000.5, 1001.5, 1999.5]
    assert sum(mapped) > path.stat().st_size > 80_000_000
    assert max(mapped) <= 20_000_000


def test_marks_of_a_long_file_that_went_away(tmp_path):
    path = write_edf(tmp_path / "long.edf", [ramp(1500, 2)], np.arange(1500.0))
    recording = open_recording(path)
    path.unlink()
    with pytest.raises(InputError, match="annotations cannot be read"):
        list(recording.annotations)


@pytest.mark.parametrize(
    ("onsets", "message"), [([0, 2, 1.5], "record 3 starts before"), ([0, None, 2], "says when it starts")]
)
def test_times_that_make_no_sense_are_refused(tmp_path, onsets, message):
    path = write_edf(tmp_path / "bad.edf", [ramp(3, 4)], onsets)
    with pytest.raises(InputError, match=message) as caught:
        open_recording(path)
    assert caught.value.subject == str(path)


def test_annotations_are_those_of_edfio():
    path = SMALL / "SC4001EC-Hypnogram.edf"
    recording = open_recording(path)
    assert recording.channels == ()
    assert recording.duration == 0
    theirs = edfio.read_edf(path).annotations
    assert [(a.onset_s, a.duration_s, a.text) for a in recording.annotations] == [
        (t.onset, t.duration or 0.0, t.text) for t in theirs
    ]


@pytest.mark.parametrize("unit", ["uV", "µV", "Âµ"])
def test_headers_in_local_encodings(tmp_path, unit):
    path = write_edf(tmp_path / "x.edf", [ramp(2, 4)], None, unit=unit, labels=["Müller"])
    channel = open_recording(path).channels[0]
    assert channel.name == "Müller"
    assert "µ" in channel.unit


def test_channels_of_one_name_are_told_apart(tmp_path):
    path = write_edf(tmp_path / "x.edf", [ramp(1, 4)] * 4, None, labels=["EEG", "EEG", "EEG (2)", ""])
    assert [c.name for c in open_recording(path).channels] == ["EEG", "EEG (2)", "EEG (2) (2)", "unnamed"]


@pytest.mark.parametrize("name", ["night.rec", "night", "night.edf2"])
def test_content_tells_the_format_where_the_name_does_not(tmp_path, name):
    assert open_recording(write_edf(tmp_path / name, [ramp(2, 4)], None)).format == "edf"


def test_unknown_number_of_records_is_what_is_there(tmp_path):
    assert open_recording(write_edf(tmp_path / "x.edf", [ramp(5, 4)], None, n_stated=-1)).duration == 5.0


@pytest.mark.parametrize("changes", [{"record_s": 0}, {"n_stated": "many"}])
def test_nonsense_in_the_header_is_refused(tmp_path, changes):
    with pytest.raises(InputError, match=r"x\.edf"):
        open_recording(write_edf(tmp_path / "x.edf", [ramp(2, 4)], None, **changes))


def test_opening_and_reading_a_large_bdf_takes_little_memory(tmp_path):
    data = (SMALL / "pyedflib_datarec_2s.bdf").read_bytes()
    n_header = int(data[184:192])
    path = tmp_path / "long.bdf"
    path.write_bytes(
        data[:236] + b"1500    " + data[244:n_header].replace(b"Annotations", b"no marks   ") + data[n_header:] * 100
    )
    open_recording(path)
    tracemalloc.start()
    recording = open_recording(path)
    recording.read(3, 1_000_000, 1_001_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 19_000_000
    assert peak < 300_000


def test_pieces_leave_gaps(tmp_path):
    path = write_edf(tmp_path / "g.edf", [ramp(4, 4), ramp(4, 1)], [0.25, 1.25, 5.25, 9.0])
    assert open_recording(path).gaps == ((2.0, 5.0), (6.0, 8.75))
    assert open_recording(write_edf(tmp_path / "c.edf", [ramp(3, 4)], [0, 1, 2], kind="EDF+C")).gaps == ()


@pytest.mark.parametrize(
    ("patient", "recording", "said", "subject"),
    [
        ("X X X X", "Startdate 02-JAN-2026 X X X", {}, None),
        ("", "", {}, None),
        (
            "MCH-0234567 F 02-MAY-1951 Haagse_Harry left-handed",
            "Startdate 02-MAR-2002 EMG561 BK/JOP_Muster Sony",
            {
                "patient code": "MCH-0234567",
                "sex": "F",
                "date of birth": "02-MAY-1951",
                "patient name": "Haagse Harry",
                "further patient fields": "left-handed",
                "recording identification": "EMG561",
                "technician": "BK/JOP Muster",
            },
            "MCH-0234567",
        ),
        ("X X 30-JUN-1969 X", "Startdate X X X X", {"date of birth": "30-JUN-1969"}, None),
        ("J. B. (1066 28)", "night 2", {"patient": "J. B. (1066 28)", "recording": "night 2"}, None),
        ("P07", "Startdate X", {"patient": "P07"}, "P07"),
        ("Müller", "", {"patient": "Müller"}, "Müller"),
    ],
)
def test_what_says_who_it_is(tmp_path, patient, recording, said, subject):
    path = write_edf(tmp_path / "x.edf", [ramp(2, 4)], None)
    data = path.read_bytes()
    path.write_bytes(data[:8] + _field(patient, 80) + _field(recording, 80) + data[168:])
    opened = open_recording(path)
    assert dict(opened.identifying) == said
    assert opened.subject == subject


def test_a_channel_that_is_never_sampled_is_left_out_and_fewer_samples_than_none_are_refused(tmp_path):
    path = write_edf(tmp_path / "x.edf", [ramp(2, 0), ramp(2, 4)], None, labels=["silent", "heard"])
    opened = open_recording(path)
    assert [c.name for c in opened.channels] == ["heard"]
    np.testing.assert_array_equal(opened.read("heard", 0, 8), ramp(2, 4).ravel())
    data = path.read_bytes()
    counts = 256 + 216 * 2
    path.write_bytes(data[:counts] + _field("-2", 8) + data[counts + 8 :])
    with pytest.raises(InputError, match="fewer than no samples"):
        open_recording(path)


def test_every_gap_of_a_bdf_is_where_its_records_leave_it(tmp_path):
    """Ten records of 1 s in 20 s, as in bdfPlusD.bdf of edfReader, which its licence keeps out of here."""
    make_gaps(tmp_path, (0, 3, 5, 7, 10, 11, 13, 16, 17, 19), record_s=1)
    recording = open_recording(tmp_path / "gaps.bdf")
    gaps = ((1, 3), (4, 5), (6, 7), (8, 10), (12, 13), (14, 16), (18, 19))
    assert (recording.duration, recording.gaps) == (20, gaps)
    together = open_recording(SMALL / "pyedflib_datarec_2s.bdf")
    for number, channel in enumerate(recording.channels):
        n = round(channel.fs)
        x = recording.read(number, 0, 20 * n)
        missing = np.isnan(x.reshape(20, n))
        assert missing.all(axis=1).tolist() == [any(start <= s < stop for start, stop in gaps) for s in range(20)]
        np.testing.assert_array_equal(x[~np.isnan(x)], together.read(number, 0, 10 * n))  # none is lost
