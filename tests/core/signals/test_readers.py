import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import resources
from core.errors import InputError, MissingFileError
from core.signals import open_recording


def test_beats_and_marks_come_with_the_recording():
    ecg = open_recording(resources.path("demo/208"))
    assert [(c.name, c.unit, c.fs, c.kind) for c in ecg.channels] == [
        ("MLII", "mV", 360.0, "ecg"),
        ("V1", "mV", 360.0, "ecg"),
    ]
    assert len([a for a in ecg.annotations if a.text in "NVF"]) == 1586 + 992 + 373
    eeg = open_recording(resources.path("demo/S001R04.edf"))
    assert {c.unit for c in eeg.channels} == {"µV"}
    assert [a.text for a in eeg.annotations[:3]] == ["T0", "T2", "T0"]
    assert eeg.subject is None


def test_header_without_its_sample_file(tmp_path):
    (tmp_path / "208.hea").write_bytes(resources.path("demo/208.hea").read_bytes())
    with pytest.raises(InputError, match=r"208\.dat is missing.*Put 208\.dat"):
        open_recording(tmp_path / "208.hea")


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_wav_of_every_depth(tmp_path, subtype):
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (500, 1))
    soundfile.write(tmp_path / "a.wav", x, 8000, subtype)
    read = open_recording(tmp_path / "a.wav").read(0, 0, 500)
    np.testing.assert_allclose(read, x[:, 0], atol=0.01 if subtype == "PCM_U8" else 1e-4)


def test_meaning_of_two_channels_is_given_not_guessed(tmp_path):
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (100, 2))
    soundfile.write(tmp_path / "a.wav", x, 5000, "FLOAT")
    recording = open_recording(tmp_path / "a.wav")
    assert [c.kind for c in recording.channels] == ["audio", "audio"]
    with pytest.raises(InputError, match="layout=iq"):
        recording.read_iq(0, 0, 10)
    np.testing.assert_allclose(
        open_recording(tmp_path / "a.wav", layout="iq").read_iq(0, 0, 100), x[:, 0] + 1j * x[:, 1], atol=1e-6
    )
    with pytest.raises(InputError, match="Choose one of"):
        open_recording(tmp_path / "a.wav", layout="quadrophonic")
    with pytest.raises(InputError, match="do not fit"):
        open_recording(tmp_path / "a.wav", layout="mono")


@pytest.mark.parametrize(
    ("comment", "hz"),
    [
        ("SIMULATED; layout=iq; emission_hz=2000000; seed 1", 2e6),
        ("emission_hz=2250000.5", 2250000.5),
        ("layout=iq", None),
        ("emission_hz=0", None),
        ("emission_hz=2", None),  # meant as MHz, perhaps: not guessed
        ("emission_hz=1e6", None),
        ("emission_hz=2000000000000000000", None),
        ("emission_hz=nan", None),
        ("transmission_hz=2000000", None),
    ],
)
def test_what_the_probe_emitted_is_in_the_comment_or_not_known(tmp_path, comment, hz):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 5000, 2) as file:
        file.comment = comment
        file.write(np.zeros((100, 2)))
    assert open_recording(tmp_path / "a.wav").emission_hz == hz


def test_nan_and_a_single_sample_come_through(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.array([0.1, np.nan, 0.3]), 8000, "FLOAT")
    assert np.isnan(open_recording(tmp_path / "nan.wav").read(0, 0, 3)).tolist() == [False, True, False]
    soundfile.write(tmp_path / "one.wav", np.array([0.5]), 8000, "FLOAT")
    assert open_recording(tmp_path / "one.wav").read(0, 0, 1).tolist() == [0.5]
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    with pytest.raises(InputError, match="no samples"):
        open_recording(tmp_path / "none.wav")


def test_wav_that_was_streamed_does_not_know_its_length(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(100, 0.5), 8000, "PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[:40] + b"\xff\xff\xff\xff" + data[44:])
    assert open_recording(path).channels[0].n_samples == 100


def test_folder_that_may_not_be_entered(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(InputError, match=r"a\.edf: it may not be read \(Permission denied\)"):
        open_recording("/locked/a.edf")


@pytest.mark.parametrize("name", ["nowhere.edf", "folder", "notes.txt"])
def test_missing_folders_and_unknown_types(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=name):
        open_recording(tmp_path / name)


def test_real_tcd_has_two_gates_and_is_not_simulated():
    real = open_recording(resources.path("demo/tcd_device_event_01.wav"))
    assert (len(real.gates), real.simulated, real.fs[0]) == (2, False, 5000.0)
    assert "confirmed by nobody" in real.note
    assert len(open_recording(resources.path("demo/tcd_device_event_10.wav")).gates) == 1
    assert open_recording(resources.path("demo/tcd_simulated.wav")).simulated


@pytest.mark.parametrize(("kind", "endian"), [("RF64", None), ("WAV", "BIG"), ("WAVEX", None)])
def test_other_kinds_of_wav_are_read_and_their_damage_is_seen(tmp_path, kind, endian):
    path = tmp_path / "a.wav"
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (500, 2))
    soundfile.write(path, x, 8000, "PCM_16", endian, kind)
    np.testing.assert_allclose(open_recording(path).read(1, 0, 500), x[:, 1], atol=1e-4)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 1000])
    with pytest.raises(InputError, match="after 250 of its 500 samples"):
        open_recording(path)


def test_cut_flac_is_refused_or_read_up_to_where_it_is_whole(tmp_path):
    path = tmp_path / "a.flac"
    x = np.cumsum(np.random.default_rng(0).normal(0, 1, 60_000))
    soundfile.write(path, x / np.abs(x).max() / 1.1, 8000)
    whole = open_recording(path).read(0, 0, 60_000)
    data = path.read_bytes()
    for share in (0.99, 0.5, 0.2):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(InputError, match="of its 60,000 samples"):
            open_recording(path)
        part = open_recording(path, allow_truncated=True)
        n = part.channels[0].n_samples
        assert share - 0.15 < n / 60_000 < share + 0.05
        np.testing.assert_array_equal(part.read(0, 0, n), whole[:n])


def test_flac_without_a_length_is_refused(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(5000), 8000)
    data = bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] & 0xF0, bytes(4)
    path.write_bytes(data)
    with pytest.raises(InputError, match="does not state its length"):
        open_recording(path)


def test_audio_of_another_type_is_refused_whatever_its_name(tmp_path):
    soundfile.write(tmp_path / "a.aiff", np.zeros(100), 8000)
    (tmp_path / "a.aiff").rename(tmp_path / "a.wav")
    with pytest.raises(InputError, match="of type AIFF, not WAV or FLAC"):
        open_recording(tmp_path / "a.wav")


def test_flac_is_known_by_its_content_and_refused_behind_a_tag(tmp_path):
    x = np.linspace(-0.5, 0.5, 3000)
    soundfile.write(tmp_path / "a.flac", x, 8000)
    stream = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "nameless").write_bytes(stream)
    assert open_recording(tmp_path / "nameless").format == "wav"
    (tmp_path / "tagged.flac").write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x05Anna " + stream)
    with pytest.raises(InputError, match="ID3 tag"):  # libsndfile seeks wrongly there, and would miss the end
        open_recording(tmp_path / "tagged.flac")


@pytest.mark.parametrize("how", ["read", "digital"])
def test_a_file_that_has_gone_is_said_to_have_gone_not_to_be_damaged(tmp_path, how):
    path = tmp_path / "a.wav"
    shutil.copy(resources.path("demo/tcd_simulated.wav"), path)
    recording = open_recording(path)
    path.unlink()
    with pytest.raises(MissingFileError, match=r"no longer there.*study relink"):
        recording.read(0, 0, 10) if how == "read" else recording.digital([0, 1], 0, 10)
