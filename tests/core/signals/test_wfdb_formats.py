"""Storage formats, skew, offsets, frames of several rates and layouts of WFDB records, held against the wfdb library."""

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.signals import open_recording, write_deidentified
from core.signals.readers import files_of
from core.signals.readers.wfdb_files import PACKINGS
from core.signals.readers.wfdb_header import read_header
from tests.contracts.wfdb_files import BITS, PACK, make_segments, pack, real_samples, write_record

FORMATS = ["8", *PACK]


def by_wfdb(path, skew=()):
    """Return the library's samples; it cannot apply skews that differ, so they are applied here."""
    record = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False, ignore_skew=bool(skew))
    late = [frames * n for frames, n in zip(skew, record.samps_per_frame, strict=False)] or [0] * record.n_sig
    return [np.append(s[n:], np.full(n, np.nan)) for s, n in zip(record.e_p_signal, late, strict=True)]


def assert_same(recording, expected):
    for number, values in enumerate(expected):
        n = recording.channels[number].n_samples
        np.testing.assert_allclose(recording.read(number, 0, n), values, atol=1e-9)


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212"])
def test_our_packing_is_that_of_wfdb(tmp_path, fmt):
    signals = [s[:301] for s in real_samples(301, BITS.get(fmt, 12))]
    wfdb.wrsamp(
        "theirs",
        fs=360,
        units=["mV"] * 3,
        sig_name=["a", "b", "c"],
        d_signal=np.stack(signals, axis=1),
        fmt=[fmt] * 3,
        adc_gain=[100.0] * 3,
        baseline=[0] * 3,
        write_dir=str(tmp_path),
    )
    theirs = (tmp_path / "theirs.dat").read_bytes()
    assert pack(signals, (1, 1, 1), fmt)[: len(theirs)] == theirs


@pytest.mark.parametrize("fmt", FORMATS)
@settings(max_examples=12, deadline=None)
@given(
    per_frame=st.sampled_from([(1, 1, 1), (1, 2, 1), (3, 2, 4)]),
    skew=st.sampled_from([(0, 0, 0), (0, 3, 1)]),
    offset=st.sampled_from([0, 1, 512]),
    n_frames=st.integers(5, 40),
    window=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_window_of_any_frames(tmp_path_factory, fmt, per_frame, skew, offset, n_frames, window):
    rng = np.random.default_rng(n_frames)
    limit = 1 << (min(BITS.get(fmt, 12), 12) - (2 if fmt == "8" else 1))
    signals = [rng.integers(-limit, limit, n * n_frames) for n in per_frame]  # with the value that means invalid
    folder = tmp_path_factory.mktemp("w")
    path = write_record(folder, "r", signals, fmt, per_frame=per_frame, skew=skew, offset=offset)
    recording, expected = open_recording(path), by_wfdb(path, skew)
    for number, values in enumerate(expected):
        low, high = sorted(round(w * len(values)) for w in window)
        np.testing.assert_allclose(recording.read(number, low, high), values[low:high], atol=1e-9)


@pytest.mark.parametrize("fmt", FORMATS)
def test_length_is_inferred_where_it_is_not_stated(tmp_path, fmt):
    signals = real_samples(30, BITS.get(fmt, 12))
    stated = open_recording(write_record(tmp_path, "a", signals, fmt, per_frame=(1, 2, 1)))
    path = write_record(tmp_path, "b", signals, fmt, per_frame=(1, 2, 1), offset=3, stated=False)
    inferred = open_recording(path)
    assert [c.n_samples for c in inferred.channels] == [30, 60, 30]
    assert_same(inferred, [stated.read(n, 0, c.n_samples) for n, c in enumerate(stated.channels)])


def test_differences_are_summed_from_the_nearest_checkpoint(tmp_path):
    rng = np.random.default_rng(0)
    signals = [np.cumsum(rng.integers(-100, 101, n * 20_000)) for n in (1, 2)]
    path = write_record(tmp_path, "r", signals, "8", per_frame=(1, 2))
    recording = open_recording(path)
    for number, expected in enumerate(by_wfdb(path)):
        n = len(expected)
        for start in (0, 4095, 4096, 8191, 8192, 12_345, n - 7):
            got = open_recording(path).read(number, start, start + 7)
            np.testing.assert_allclose(got, expected[start : start + 7], atol=1e-9)
        np.testing.assert_allclose(recording.read(number, 0, n), expected, atol=1e-9)


def test_many_small_windows_cost_little(monkeypatch):
    """The wfdb library parses the header again for each, which takes about 4 ms."""
    recording = open_recording(resources.path("demo/208"))
    starts = np.random.default_rng(0).integers(0, 600_000, 1000).tolist()
    monkeypatch.setattr("core.signals.readers.wfdb_header._parse", None)  # called again, it fails
    packing, unpacked = PACKINGS["212"], []
    counting = replace(packing, unpack=lambda raw: unpacked.append(len(raw)) or packing.unpack(raw))
    monkeypatch.setitem(PACKINGS, "212", counting)
    for start in starts:
        recording.read(0, start, start + 200)
    assert len(unpacked) == 1000
    assert max(unpacked) <= 3 * 202  # format 212: two signals in three bytes a frame


def test_signal_files_lie_in_a_folder(tmp_path):
    signals = real_samples(50)
    path = write_record(tmp_path, "r", signals, "16")
    (tmp_path / "samples").mkdir()
    (tmp_path / "r.dat").rename(tmp_path / "samples" / "r.v1.dat")
    expected = by_wfdb(write_record(tmp_path, "same", signals, "16"))
    path.write_text(path.read_text().replace("r.dat", "samples/r.v1.dat"))
    assert_same(open_recording(path), expected)


def test_a_pause_in_a_fixed_layout_is_a_gap_and_pauses_join(tmp_path):
    make_segments(tmp_path, variable=False)
    before = open_recording(tmp_path / "m")
    assert before.gaps == ()
    (tmp_path / "m.hea").write_text("m/6 3 360 1260\n~ 10\nm_1 500\n~ 30\n~ 20\nm_2 400\nm_3 300\n")
    paused = open_recording(tmp_path / "m")
    assert paused.gaps == ((0.0, 10 / 360), (510 / 360, 560 / 360))
    for number, n in enumerate((1, 2, 1)):
        whole = before.read(number, 0, before.channels[number].n_samples)
        parts = [np.full(10 * n, np.nan), whole[: 500 * n], np.full(50 * n, np.nan), whole[500 * n :]]
        expected = np.concatenate(parts)
        np.testing.assert_array_equal(paused.read(number, 0, len(expected)), expected)


def test_gaps_of_a_variable_layout_are_where_no_channel_is(tmp_path):
    make_segments(tmp_path, variable=True)
    recording = open_recording(tmp_path / "m")
    assert recording.gaps == ((900 / 360, 977 / 360),)
    assert np.isnan(recording.read("lead 0", 500, 977)).all()
    assert np.isfinite(recording.read("lead 1", 1000, 1800)).all()


def test_segments_in_another_unit_are_converted_or_refused(tmp_path):
    make_segments(tmp_path, variable=True)
    header = tmp_path / "m_2.hea"
    before = open_recording(tmp_path / "m").read("lead 1", 1000, 1800)
    header.write_text(header.read_text().replace("/mV", "/uV"))
    np.testing.assert_allclose(open_recording(tmp_path / "m").read("lead 1", 1000, 1800), before / 1000)
    header.write_text(header.read_text().replace("/uV", "/mmHg"))
    with pytest.raises(InputError, match=r"m_2\.hea.*mmHg.*in its record in mV"):
        open_recording(tmp_path / "m")


def test_a_segment_cut_short_is_refused_or_ends_in_a_gap(tmp_path):
    make_segments(tmp_path, variable=False)
    samples = tmp_path / "m_2.dat"
    samples.write_bytes(samples.read_bytes()[:1200])  # 200 frames of 4 samples
    with pytest.raises(InputError, match=r"m_2\.dat: the file ends after 200 of its 400 samples"):
        open_recording(tmp_path / "m")
    recording = open_recording(tmp_path / "m", allow_truncated=True)
    assert recording.gaps == ((700 / 360, 900 / 360),)
    assert np.isnan(recording.read(0, 500, 1200)).tolist() == [False] * 200 + [True] * 200 + [False] * 300


def test_segments_that_do_not_fit_are_refused(tmp_path):
    make_segments(tmp_path, variable=False)
    whole = (tmp_path / "m.hea").read_text()
    (tmp_path / "m.hea").write_text(whole.replace(" 1200", " 1300"))
    with pytest.raises(InputError, match="states 1,300 samples, and its segments hold 1,200"):
        open_recording(tmp_path / "m")
    (tmp_path / "m.hea").write_text(whole.replace("360 1200", "250"))
    with pytest.raises(InputError, match=r"m_1\.hea.*360 frames a second, and its record 250"):
        open_recording(tmp_path / "m")


HEADERS = [
    "r 2 62.4725/999.56(3.5) 40 10:20:30.500 01/02/2003\nr.dat 212x4:2+5 200.5e1(-16)/mV 12 7 -3 44 0 ECG lead, II\nr.dat 212 0\n",
    "# first\n\n r 1\n#<age>: 51 \nr.dat 16 1/mmHg 16 12\n",
    "r 1 100 9 5:06\n~ 0 100/mV 0 0 0 0 0 I\n# last\n",
    "s/3 2 50 650 01:02:03 31/12/1999\ns_layout 0\ns_1 600\n~ 50\n",
]


@pytest.mark.parametrize("text", HEADERS)
def test_headers_are_read_as_the_library_reads_them(tmp_path, text):
    path = tmp_path / "r.hea"
    path.write_text(text)
    ours, theirs = read_header(path), wfdb.rdheader(str(tmp_path / "r"))
    assert (ours.fs, ours.n_frames, ours.n_signals) == (theirs.fs, theirs.sig_len, theirs.n_sig)
    assert (ours.start_time, list(ours.comments)) == (theirs.base_datetime, theirs.comments)
    if ours.segments:
        assert list(ours.segments) == list(zip(theirs.seg_name, theirs.seg_len, strict=True))
        return
    for number, signal in enumerate(ours.signals):
        for name, theirs_is, without in [
            ("file", theirs.file_name, None),
            ("fmt", theirs.fmt, None),
            ("per_frame", theirs.samps_per_frame, 1),
            ("skew", theirs.skew, 0),
            ("offset", theirs.byte_offset, 0),
            ("gain", theirs.adc_gain, 200.0),
            ("baseline", theirs.baseline, 0),
            ("unit", theirs.units, "mV"),
            ("name", theirs.sig_name, ""),
        ]:
            expected = theirs_is[number] if theirs_is[number] is not None else without
            assert getattr(signal, name) == expected, name


def test_what_comments_say_of_the_person_is_named(tmp_path):
    path = write_record(tmp_path, "r", real_samples(20), "16")
    path.write_text(
        path.read_text() + "#<age>: 51\n# Sex: F\n# Patient name: A. Muster\n# Diagnosis: none\n# id: n/a\n"
    )
    assert open_recording(path).identifying == {"age": "51", "sex": "F", "patient name": "A. Muster"}


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# 23 F 2546 N/A x1", {"age": "23", "sex": "F"}),
        ("#101 M", {"age": "101", "sex": "M"}),
        ("# 23 Fusion beats", {}),
        ("# 23 PVCs, F and V", {}),
        ("# -1 ? 1085 1629 x1", {}),
    ],
)
def test_age_and_sex_as_mit_bih_states_them(tmp_path, comment, said):
    path = write_record(tmp_path, "r", real_samples(20), "16")
    path.write_text(f"{path.read_text()}{comment}\n# The PVCs are uniform.\n")
    assert open_recording(path).identifying == said


def test_a_channel_that_a_segment_lacks_has_a_gap_of_its_own(tmp_path):
    make_segments(tmp_path, variable=True)
    recording = open_recording(tmp_path / "m")
    assert recording.gaps == ((900 / 360, 977 / 360),)
    lacking = ((500 / 360, 977 / 360),)
    assert recording.channel_gaps == {0: lacking, 2: lacking}
    assert [recording.gaps_of(n) for n in range(3)] == [lacking, recording.gaps, lacking]
    for number, channel in enumerate(recording.channels):
        ((start, stop),) = recording.gaps_of(number)
        missing = np.isnan(recording.read(number, 0, channel.n_samples))
        assert np.flatnonzero(missing)[[0, -1]].tolist() == [round(start * channel.fs), round(stop * channel.fs) - 1]


def test_edges_of_segments(tmp_path):
    make_segments(tmp_path, variable=False)
    recording = open_recording(tmp_path / "m")
    whole = recording.read(1, 0, 2400)
    for low, high in pairwise([0, 1, 999, 1000, 1001, 1799, 1800, 1801, 2399, 2400]):
        np.testing.assert_array_equal(recording.read(1, low, high), whole[low:high])


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, 10_000),
    byte=st.sampled_from(b"0917 ~/x:+#()-.e\n\t\0\xff"),
    name=st.sampled_from(["m", "m_1", "m_layout"]),
)
def test_a_damaged_header_is_read_or_refused_never_thrown(tmp_path_factory, at, byte, name):
    folder = tmp_path_factory.mktemp("f")
    make_segments(folder, variable=True)
    header = folder / f"{name}.hea"
    data = bytearray(header.read_bytes())
    data[at % len(data)] = byte
    header.write_bytes(data)
    with suppress(InputError):
        recording = open_recording(folder / "m.hea")
        for number, channel in enumerate(recording.channels):
            assert len(recording.read(number, 0, min(channel.n_samples, 2000))) == min(channel.n_samples, 2000)


@pytest.mark.parametrize("file", ["~", "gone.dat"])
def test_a_null_signal_is_missing_throughout_and_needs_no_file(tmp_path, file):
    path = write_record(tmp_path, "r", [real_samples(20)[0]], "16", per_frame=(1,))
    first, line = path.read_text().splitlines()
    path.write_text(f"{first.replace('r 1', 'r 2')}\n{line}\n{file} 0 100/mV 0 0 0 0 0 ABP\n")
    recording = open_recording(path)
    assert files_of(path) == [path, path.with_suffix(".dat")]
    header, _ = write_deidentified(path, tmp_path / "copy")
    assert np.isnan(open_recording(header).read("ABP", 0, 20)).all()
    assert file == "~" or file not in header.read_text()
    assert np.isnan(recording.read("ABP", 0, 20)).all()
    assert np.isfinite(recording.read(0, 0, 20)).all()
    assert recording.gaps == ()
