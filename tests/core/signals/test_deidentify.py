"""Copies without names: nothing of the person is left, and every sample is as it was."""

import shutil

import numpy as np
import pytest
import soundfile
import wfdb

import resources
from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.signals import changes_of, deidentified_formats, open_recording, write_deidentified
from core.signals.deidentify import PLANS
from tests.contracts.reader_cases import CASES
from tests.contracts.wfdb_files import make_segments, real_samples, write_record
from tests.core.signals.test_edf import _field, ramp, tal, write_edf

PATIENT = "MCH-0234567 F 02-MAY-1951 Haagse_Harry"
SAID = "Startdate 02-MAR-2002 EMG561 BK/JOP Sony"


def assert_same_signal(before, after):
    assert [(c.name, c.fs, c.unit, c.n_samples, c.kind) for c in after.channels] == [
        (c.name, c.fs, c.unit, c.n_samples, c.kind) for c in before.channels
    ]
    assert after.gaps == before.gaps
    for number, channel in enumerate(before.channels):
        whole = [r.read(number, 0, channel.n_samples) for r in (before, after)]
        np.testing.assert_array_equal(*whole)


@pytest.fixture
def named(tmp_path):
    """An EDF+D file whose annotations repeat the names of its header."""
    marks = [
        (0, tal(0.5, "Harry moves", "Mr HAAGSE_HARRY asleep", duration=1)),
        (2, tal(6.5, "code MCH-0234567", "EMG561", "Harrys chair", "spike 0234567")),
    ]
    path = write_edf(tmp_path / "a.edf", [ramp(3, 4), ramp(3, 1)], [0.25, 1.25, 6.25], marks=marks)
    data = path.read_bytes()
    path.write_bytes(data[:8] + _field(PATIENT, 80) + _field(SAID, 80) + b"02.03.02" + data[176:])
    return path


def test_edf_says_nothing_of_the_person_and_keeps_samples_gaps_and_times(named, tmp_path):
    original = named.read_bytes()
    (out,) = write_deidentified(named, tmp_path / "shared" / "p01.edf")
    assert named.read_bytes() == original
    before, after = open_recording(named), open_recording(out)
    assert_same_signal(before, after)
    assert (dict(after.identifying), after.subject) == ({}, None)
    assert out.read_bytes()[8:168] == _field("X X X X", 80) + _field("Startdate X X X X", 80)
    assert out.read_bytes()[168:184] == b"01.01.8503.04.05"
    assert len(original) == len(out.read_bytes())
    assert [(a.onset_s, a.duration_s) for a in after.annotations] == [
        (a.onset_s, a.duration_s) for a in before.annotations
    ]
    assert [a.text for a in after.annotations] == [
        *("X moves", "Mr X asleep"),
        *("code X", "X", "Harrys chair", "spike 0234567"),
    ]


def test_time_of_day_can_be_left_out(named, tmp_path):
    (out,) = write_deidentified(named, tmp_path / "b", keep_time=False)
    assert out.name == "b.edf"
    assert out.read_bytes()[168:184] == b"01.01.8500.00.00"


def test_what_is_removed_and_what_stays_is_said(named, tmp_path):
    recording = open_recording(named)
    stays, goes = changes_of(recording), changes_of(recording, keep_time=False)
    assert set(recording.identifying) < set(stays.removed)
    assert "start date (now 01.01.85)" in stays.removed
    assert "time of day of the start" in stays.kept
    assert "time of day of the start (now 00:00:00)" in goes.removed
    assert not any("time" in kept for kept in goes.kept)
    shutil.copy(resources.path("demo/tcd_simulated.wav"), tmp_path / "a.wav")
    assert "comments and all other fields" in changes_of(open_recording(tmp_path / "a.wav")).removed


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_case_of_the_contract_keeps_its_samples(case, tmp_path):
    folder = tmp_path / "from"
    folder.mkdir()
    path = CASES[case].put(folder)
    if CASES[case].format not in PLANS:
        with pytest.raises(InputError, match="Formats that can"):
            write_deidentified(path, tmp_path / "p01")
        assert CASES[case].format not in deidentified_formats()
        return
    before = open_recording(path)
    written = write_deidentified(path, tmp_path / f"p01{path.suffix}")
    after = open_recording(written[0], **CASES[case].options)
    assert_same_signal(before, after)
    assert (after.simulated, [c.kind for c in after.channels]) == (before.simulated, [c.kind for c in before.channels])
    assert [(a.onset_s, a.text) for a in after.annotations] == [(a.onset_s, a.text) for a in before.annotations]
    assert after.identifying == {}
    assert all(file.name.startswith("p01") for file in written)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["from", *(p.name for p in written)])


def test_wfdb_loses_comments_date_and_names_in_notes(tmp_path):
    path = write_record(tmp_path, "muster_anna", real_samples(50), "212", offset=512)
    sample_file = tmp_path / "muster_anna.dat"
    sample_file.write_bytes(b"Anna Muster, born 1951".ljust(512) + sample_file.read_bytes()[512:])
    first, *others = path.read_text().splitlines()
    lines = ["# made by Muster", f"{first} 10:20:30 01/02/2003", *others, "# name: Anna Muster", "# sex: F"]
    path.write_text("\n".join(lines) + "\n")
    notes = ["Anna Muster woke", "(AFIB", "mustering F"]
    wfdb.wrann("muster_anna", "atr", np.array([3, 2000, 2001]), ["+"] * 3, aux_note=notes, write_dir=str(tmp_path))
    before = open_recording(path)
    written = write_deidentified(path, tmp_path / "p01.hea")
    assert [file.name for file in written] == ["p01.hea", "p01.dat", "p01.atr"]
    after = open_recording(written[0])
    assert_same_signal(before, after)
    assert (before.start_time is None, after.start_time, after.note) == (False, None, "")
    assert [a.attributes["aux"] for a in after.annotations] == ["XXXXXXXXXXX woke", "(AFIB", "mustering F"]
    assert [a.onset_s for a in after.annotations] == [a.onset_s for a in before.annotations]
    for file in written:
        assert b"Muster" not in file.read_bytes()
        assert b"2003" not in file.read_bytes()
    assert (tmp_path / "p01.hea").read_text().splitlines()[0] == "p01 3 360 50 10:20:30"
    assert sample_file.read_bytes()[512:] == written[1].read_bytes()[512:]


def test_segments_get_the_new_name(tmp_path):
    make_segments(tmp_path, variable=True)
    written = write_deidentified(tmp_path / "m", tmp_path / "p01.hea", keep_time=False)
    assert [f.name for f in written] == [
        *("p01.hea", "p01_0000.hea", "p01_0001.hea", "p01_0002.hea", "p01_0003.hea"),
        *("p01_1.dat", "p01_2.dat", "p01_3.dat"),
    ]
    assert_same_signal(open_recording(tmp_path / "m"), open_recording(tmp_path / "p01"))
    with pytest.raises(InputError, match="no name for a WFDB record"):
        write_deidentified(tmp_path / "m", tmp_path / "p 1.hea")


@pytest.mark.parametrize(
    ("kind", "subtype"), [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("RF64", "PCM_24"), ("FLAC", "PCM_24")]
)
@pytest.mark.parametrize("comment", ["Anna Muster; layout=iq; emission_hz=2000000; simulated", "Anna Muster"])
def test_audio_keeps_what_the_channels_mean_and_nothing_else(tmp_path, kind, subtype, comment):
    path = tmp_path / ("a.flac" if kind == "FLAC" else "a.wav")
    with soundfile.SoundFile(path, "w", 5000, 2, subtype, format=kind) as file:
        file.comment, file.title, file.artist = comment, "Anna Muster", "Anna Muster"
        file.write(np.random.default_rng(0).uniform(-0.9, 0.9, (1001, 2)))
    (out,) = write_deidentified(path, tmp_path / f"p01{path.suffix}")
    before, after = open_recording(path), open_recording(out)
    assert_same_signal(before, after)
    assert after.note == ("layout=iq; emission_hz=2000000; simulated" if "layout" in comment else "")
    assert b"Muster" in path.read_bytes()
    assert b"Muster" not in out.read_bytes()


def test_big_endian_wav_stays_so(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.linspace(-1, 1, 101), 8000, "PCM_16", "BIG")
    (out,) = write_deidentified(path, tmp_path / "p01.wav")
    assert out.read_bytes()[:4] == b"RIFX"
    assert_same_signal(open_recording(path), open_recording(out))


def test_what_is_too_long_for_riff_is_written_with_sizes_of_64_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("core.signals.deidentified.audio.TOO_LONG", 1000)
    path = tmp_path / "a.wav"
    soundfile.write(path, np.linspace(-1, 1, 1001), 8000, "PCM_U8")
    (out,) = write_deidentified(path, tmp_path / "p01.wav")
    assert out.read_bytes()[:4] == b"RF64"
    assert int.from_bytes(out.read_bytes()[20:28], "little") == out.stat().st_size - 8
    assert_same_signal(open_recording(path), open_recording(out))


def test_a_file_that_is_there_is_not_replaced_and_no_copy_is_left_half_done(tmp_path):
    for name in ("208.hea", "208.dat", "208.atr"):
        shutil.copyfile(resources.path(f"demo/{name}"), tmp_path / name)
    (tmp_path / "p01.dat").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"p01\.dat: there is such a file already.*Choose another"):
        write_deidentified(tmp_path / "208", tmp_path / "p01")
    assert (tmp_path / "p01.dat").read_bytes() == b"mine"
    with pytest.raises(InputError, match="already"):
        write_deidentified(tmp_path / "208.hea", tmp_path / "208.hea")

    class Stopped(NullReporter):
        def check(self):
            raise JobCancelled("stopped")

    with pytest.raises(JobCancelled):
        write_deidentified(tmp_path / "208", tmp_path / "p02", report=Stopped())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["208.atr", "208.dat", "208.hea", "p01.dat"]


@pytest.mark.parametrize(
    ("target", "message"), [("x.bdf", r"End the name of the copy with \.edf"), (".", "is a folder")]
)
def test_targets_that_make_no_sense(named, tmp_path, target, message):
    with pytest.raises(InputError, match=message):
        write_deidentified(named, tmp_path / target)


def test_a_recording_that_is_not_whole_is_not_copied(named, tmp_path):
    named.write_bytes(named.read_bytes()[:-5])
    with pytest.raises(InputError, match="ends after 2 of its 3"):
        write_deidentified(named, tmp_path / "b.edf")
    assert not (tmp_path / "b.edf").exists()
