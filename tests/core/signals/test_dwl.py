"""DWL MultiDop: what a log says, where events lie on its clock, and what is said of files that are cut or alone."""

import shutil
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

import resources
from core.errors import InputError, TruncatedError
from core.signals import open_recording

REAL = Path(__file__).parents[2] / "data" / "recordings"
BLOCKS = np.frombuffer((REAL / "NLA168.TD4").read_bytes()[256:296], "<u4").tolist()


@pytest.fixture
def copy(tmp_path):
    """Copy parts of the examination, named by the third letter of their extensions."""

    def of(parts="XDW"):
        for part in parts:
            shutil.copyfile(REAL / f"NLA168.T{part}4", tmp_path / f"NLA168.T{part}4")
        return tmp_path / f"NLA168.T{parts[0]}4"

    return of


def rewrite(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_any_of_the_three_files_opens_the_examination(copy):
    by_part = [open_recording(copy(parts)) for parts in ("XDW", "DXW", "WDX")]
    for recording in by_part:
        assert [(c.name, c.fs, c.kind) for c in recording.channels] == [
            ("I1", 5000, "doppler_i"),
            ("Q1", 5000, "doppler_q"),
            ("I2", 5000, "doppler_i"),
            ("Q2", 5000, "doppler_q"),
            ("velocity 1", 100, "other"),
            ("velocity 2", 100, "other"),
        ]
        assert recording.annotations == by_part[0].annotations
        assert recording.duration == 99.2
        assert recording.start_time == datetime(1998, 1, 1, 7, 43, 17)
        assert recording.identifying == {"patient name": "test cm"}


def test_lower_case_names_are_one_examination_too(copy, tmp_path):
    copy()
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_suffix(path.suffix.lower()))
    assert len(open_recording(tmp_path / "NLA168.tx4").channels) == 6


@pytest.mark.parametrize("event", range(10))
def test_every_event_is_what_others_extracted(event):
    recording = open_recording(REAL / "NLA168.TD4")
    golden = soundfile.read(resources.path(f"demo/tcd_device_event_{event + 1:02}.wav"), dtype="int16", always_2d=True)[
        0
    ]
    hit = next(mark for mark in recording.annotations if mark.attributes["offset"] == BLOCKS[event])
    # The line at which the block says that the HIT begins, 25 samples each.
    lines = [334, 294, 302, 310, 342, 350, 310, 318, 350, 322][event]
    begin = round(hit.onset_s * 5000) - 25 * lines
    for channel in range(golden.shape[1]):
        np.testing.assert_array_equal(recording.read(channel, begin, begin + len(golden)), golden[:, channel])


def test_the_event_that_is_cut_off_has_its_first_gate_and_is_spoken_of():
    recording = open_recording(REAL / "NLA168.TD4")
    assert "event 10 is cut off: 1 of 2 gates are whole" in recording.note
    n = recording.channels[0].n_samples
    first, second = (recording.read_iq(gate, n - 14400, n) for gate in (0, 1))
    assert np.isfinite(first).all()
    assert np.isfinite(second[:8000]).all()  # the ninth event has these samples as well
    assert np.isnan(second[8000:]).all()


def test_hits_keep_what_the_log_says_of_them():
    hits = open_recording(REAL / "NLA168.TX4").annotations
    assert [h.attributes["db"] for h in hits] == [36, 38, 39, 31, 35, 34, 34, 34, 34, 36]
    assert [h.attributes["logged_s"] for h in hits][:3] == [14.01, 17.90, 18.16]
    assert {(h.text, h.attributes["prf_hz"], h.attributes["depth_mm"], h.attributes["gate"]) for h in hits} == {
        ("HIT", 5000, 46, 2)
    }
    assert hits[0].duration_s == pytest.approx(27 * 0.005)
    # The log is late by what the device needed: no HIT is found before it is over.
    assert all(0 < h.attributes["logged_s"] - h.onset_s - h.duration_s < 0.3 for h in hits)
    assert max(h.attributes["logged_s"] - h.onset_s for h in hits) < 0.36


def test_the_log_says_what_the_probe_emitted_unless_two_probes_differ(copy):
    assert open_recording(REAL / "NLA168.TX4").emission_hz == 2e6
    log = copy()
    rewrite(log, b"FDOP2 2000", b"FDOP2 1000")
    assert open_recording(log).emission_hz is None


@pytest.mark.parametrize("gate", [0, 1])
def test_power_of_iq_and_envelope_rise_and_fall_together(gate):
    recording = open_recording(REAL / "NLA168.TX4")
    iq = recording.read_iq(gate, 0, recording.channels[0].n_samples)
    power = np.log10((np.abs(iq[: len(iq) // 50 * 50].reshape(-1, 50)) ** 2).mean(axis=1) + 1)
    envelope = recording.read("velocity 2", 0, 9920)
    edges = np.flatnonzero(np.diff(np.r_[0, np.isfinite(power), 0])).reshape(-1, 2)
    assert len(edges) == 4
    for start, stop in edges:
        r = [np.corrcoef(power[start:stop], envelope[start + lag : stop + lag])[0, 1] for lag in range(-100, 101)]
        assert max(r) > 0.6
        assert abs(np.argmax(r) - 100) <= 5  # 50 ms


def test_the_note_says_how_well_times_are_known(copy):
    assert "within about 0.1 s of the log's clock and the envelope" in open_recording(copy("DX")).note
    assert "0.1 s" not in open_recording(REAL / "NLA173.TX0").note  # has no I/Q


def test_events_are_apart_as_the_log_says_and_gaps_are_named_where_nothing_else_was_recorded(copy):
    recording = open_recording(copy("DX"))
    assert recording.gaps == ((0, 12.07), (14.95, 16.16), (19.36, 34.14), (37.02, 38.23))
    for start, stop in recording.gaps:
        assert np.isnan(recording.read_seconds("I1", start, stop)).all()
        assert np.isfinite(recording.read_seconds("I1", stop, stop + 0.1)).all()
    assert open_recording(copy("WDX")).gaps == ()  # the envelope goes on


@pytest.mark.parametrize("parts", ["DX", "WDX"])
def test_each_gate_has_its_own_gaps_while_the_envelope_goes_on(copy, parts):
    recording = open_recording(copy(parts), allow_truncated=True)
    for number, channel in enumerate(recording.channels):
        missing = np.isnan(recording.read(number, 0, channel.n_samples))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], missing, [0]]))).reshape(-1, 2) / channel.fs
        assert recording.gaps_of(channel.name) == tuple(map(tuple, edges.tolist()))
    between = ((0, 12.07), (14.95, 16.16), (19.36, 34.14), (37.02, 38.23))
    assert recording.gaps_of("I1") == between
    assert recording.gaps_of("Q2")[:4] == between
    assert len(recording.gaps_of("Q2")) == 5  # the second gate of the last event is cut off
    assert recording.gaps == (between if parts == "DX" else ())


def test_a_log_alone_has_its_marks():
    recording = open_recording(REAL / "NLA173.TX0")
    assert recording.channels == ()
    texts = [mark.text for mark in recording.annotations]
    assert texts.count("HIT") == (REAL / "NLA173.TX0").read_text().count(" HIT ") == 59
    assert texts.count("MARK1") == (REAL / "NLA173.TX0").read_text().count(" MRK1 ") == 10
    assert recording.annotations[0].attributes["x"] == -6
    assert recording.start_time == datetime(2008, 4, 30, 15, 6, 14)


@pytest.mark.parametrize("part", "DW")
def test_without_the_log_nothing_says_when(copy, part):
    with pytest.raises(InputError, match=r"NLA168\.TX4 is missing.*Put NLA168\.TX4"):
        open_recording(copy(part))


def test_a_file_that_lacks_events_is_refused_and_opens_when_asked(copy):
    path = copy("DX")
    data = path.read_bytes()
    whole = open_recording(REAL / "NLA168.TD4")
    path.write_bytes(data[: BLOCKS[4] + 150_000])  # the first gate of the fifth event, and 6328 I and Q of the second
    with pytest.raises(TruncatedError, match="after 5 of its 10 events"):
        open_recording(path)
    half = open_recording(path, allow_truncated=True)
    assert "5 of 10 events" in half.note
    n = half.channels[0].n_samples
    np.testing.assert_array_equal(half.read("I1", 0, n), whole.read("I1", 0, n))
    assert np.flatnonzero(np.isfinite(half.read_iq(1, n - 14400, n))).tolist() == list(range(6328))


def test_a_log_that_breaks_off_is_refused_and_opens_when_asked(copy):
    path = copy("X")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(TruncatedError, match="breaks off"):
        open_recording(path)
    marks = open_recording(path, allow_truncated=True).annotations
    assert [mark.attributes.get("db") for mark in marks] == [36, 38, 39, 31, 35, None]
    assert marks[-1].text == "HIT 34dB  7:43:59  5000A2D046 dS05 X076 dX023 V-0"  # as far as it goes


def test_a_log_of_another_examination_is_not_guessed_from(copy):
    path = copy("XD")
    rewrite(path, b"   4182 TIME", b"   4182 TEXT")  # lines of no known kind are passed over
    assert len(open_recording(path).annotations) == 10
    rewrite(path, b"V-10    288", b"V-10    289")
    with pytest.raises(InputError, match="names no time for the event at byte 36864"):
        open_recording(path)


def test_times_that_go_backwards(copy):
    path = copy("X")
    rewrite(path, b"    1401 HIT", b"99991401 HIT")
    with pytest.raises(InputError, match="go backwards"):
        open_recording(path)


def test_birth_and_nonsense_dates(copy):
    path = copy("X")
    rewrite(path, b"EXAM: 98-01-01", b"BIRTH: 560102\r\n       0 PATIENT  EXAM: 98-13-77")
    recording = open_recording(path)
    assert recording.identifying == {"patient name": "test cm", "patient birth": "560102"}
    assert recording.start_time is None


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, struct.pack("<H", 60_000), "60000 events and has room for 9152"),
        (BLOCKS[0], b"Emba", "no valid header"),
        (BLOCKS[0] + 4, struct.pack("<H", 0), "no valid header"),
        (BLOCKS[2] + 4, struct.pack("<H", 6000), "different pulse repetition"),
        (BLOCKS[1] + 60, struct.pack("<I", 12), "no valid header"),
        (BLOCKS[0] + 76, struct.pack("<2I", BLOCKS[1], BLOCKS[1] + 82944), "lie outside it"),
        (260, struct.pack("<I", 5), "out of order"),
    ],
)
def test_headers_that_contradict_themselves(copy, at, value, message):
    path = copy("DX")
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        open_recording(path)


def test_channels_of_the_envelope_are_those_the_log_counts(copy):
    path = copy("XW")
    rewrite(path, b"EXTCHAN 0", b"EXTCHAN 48")
    with pytest.raises(TruncatedError):  # 155 blocks of two channels are 77.5 of four
        open_recording(path)
    recording = open_recording(path, allow_truncated=True)
    assert [c.name for c in recording.channels] == ["velocity 1", "velocity 2", "external 1", "external 2"]
    raw = np.fromfile(path.with_suffix(".TW4"), "<i2")
    np.testing.assert_array_equal(recording.read("external 2", 60, 70), [*raw[252:256], *raw[448:454]])


def test_a_renamed_log_is_known_by_its_first_bytes(copy, tmp_path):
    shutil.copyfile(copy("X"), tmp_path / "log.old")
    assert open_recording(tmp_path / "log.old").format == "dwl"
