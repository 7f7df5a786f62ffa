import numpy as np
import pytest
import soundfile
import wfdb

import resources
from core.errors import InputError
from core.signals import add_to_study, content_hash, open_from_study, open_recording, relink
from core.study import Study


def test_wfdb_units_and_annotations_are_the_library_s():
    recording = open_recording(resources.path("demo/208"))
    whole = wfdb.rdrecord(str(resources.path("demo/208")))
    np.testing.assert_array_equal(recording.read(1, 1000, 5000), whole.p_signal[1000:5000, 1])
    assert [(c.name, c.unit, c.fs) for c in recording.channels] == [("MLII", "mV", 360.0), ("V1", "mV", 360.0)]
    beats = [a for a in recording.annotations if a.text in "NVF"]
    assert len(beats) == 1586 + 992 + 373


def test_edf_values_equal_edfio_s():
    import edfio

    path = resources.path("demo/S001R04.edf")
    recording = open_recording(path)
    for number in (0, 31, 63):
        np.testing.assert_allclose(
            recording.read(number, 0, 20000), edfio.read_edf(path).signals[number].data, rtol=1e-12
        )
    assert recording.channels[0].unit == "µV"
    assert [a.text for a in recording.annotations[:3]] == ["T0", "T2", "T0"]
    assert recording.subject is None


def test_truncated_edf_opens_when_asked(tmp_path):
    data = resources.path("demo/S001R04.edf").read_bytes()
    (tmp_path / "cut.edf").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="of its 125 data records"):
        open_recording(tmp_path / "cut.edf")
    recording = open_recording(tmp_path / "cut.edf", allow_truncated=True)
    assert 60 < recording.duration < 63
    whole = open_recording(resources.path("demo/S001R04.edf"))
    np.testing.assert_array_equal(recording.read(5, 0, 9000), whole.read(5, 0, 9000))


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


def test_nan_and_a_single_sample_come_through(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.array([0.1, np.nan, 0.3]), 8000, "FLOAT")
    assert np.isnan(open_recording(tmp_path / "nan.wav").read(0, 0, 3)).tolist() == [False, True, False]
    soundfile.write(tmp_path / "one.wav", np.array([0.5]), 8000, "FLOAT")
    assert open_recording(tmp_path / "one.wav").read(0, 0, 1).tolist() == [0.5]
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    with pytest.raises(InputError, match="no samples"):
        open_recording(tmp_path / "none.wav")


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


def test_moved_recording_is_found_by_its_content(tmp_path):
    wav = tmp_path / "a.wav"
    soundfile.write(wav, np.random.default_rng(0).uniform(-1, 1, 100), 8000)
    with Study.create(tmp_path / "study") as study:
        recording = add_to_study(study, wav, subject="P01")
        assert add_to_study(study, wav) == recording
        (tmp_path / "elsewhere").mkdir()
        moved = wav.rename(tmp_path / "elsewhere" / "renamed é.wav")
        (tmp_path / "elsewhere" / "other.wav").write_text("no sound")
        with pytest.raises(InputError, match="Its events and labels are kept"):
            open_from_study(study, recording)
        study.apply(relink(study, tmp_path / "elsewhere"))
        assert open_from_study(study, recording).path == moved
        assert study.recording(recording).sha256 == content_hash(moved)
        with pytest.raises(InputError, match="no missing recording"):
            relink(study, tmp_path / "elsewhere")
