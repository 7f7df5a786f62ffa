"""Other makers' files through MNE: a real EEGLAB recording, a BrainVision one from real samples, FIF written by MNE."""

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import mne
import numpy as np
import pytest

from core.errors import InputError, TruncatedError
from core.signals import open_recording
from core.signals.readers import READERS, vendors
from tests.contracts.vendor_files import make_brainvision

EEGLAB = Path(__file__).parents[2] / "data" / "recordings" / "eeglab_10s.set"


@pytest.fixture
def brainvision(tmp_path):
    make_brainvision(tmp_path)
    return tmp_path / "a.vhdr"


def test_eeglab():
    eeg = open_recording(EEGLAB)
    assert (len(eeg.channels), eeg.fs[0], eeg.duration, eeg.channels[0].unit) == (32, 128.0, 10.0, "µV")
    assert {c.name: c.kind for c in eeg.channels}["EOG1"] == "eog"
    assert eeg.annotations[0].text == "square"
    assert eeg.annotations[0].onset_s == pytest.approx(1.0, abs=0.01)
    stored = np.fromfile(EEGLAB.with_suffix(".fdt"), "<f4").reshape(-1, 32)
    np.testing.assert_allclose(eeg.read("Cz", 100, 200), stored[100:200, eeg.index("Cz")], rtol=1e-6)


def test_brainvision(brainvision):
    eeg = open_recording(brainvision)
    assert eeg.start_time == datetime(2024, 2, 29, 12, 34, 56)
    assert [(m.text, m.onset_s, m.duration_s) for m in eeg.annotations] == [("Stimulus/S  1", 1.0, 0.2)]
    digital = np.fromfile(brainvision.with_suffix(".eeg"), "<i2").reshape(-1, 4)
    np.testing.assert_allclose(eeg.read(1, 0, 100), digital[:100, 1] * 0.5)


def test_units_that_a_header_states(brainvision):
    header = brainvision.read_text(encoding="utf-8").replace("0.5,µV", "0.5,mV", 1)
    header = re.sub(r"Ch3=.*", "Ch3=Temp,,0.1,C", re.sub(r"Ch4=.*", "Ch4=GSR,,0.5,µS", header))
    brainvision.write_text(header, encoding="utf-8")
    eeg = open_recording(brainvision)
    assert [c.unit for c in eeg.channels] == ["mV", "µV", "C", "µS"]
    digital = np.fromfile(brainvision.with_suffix(".eeg"), "<i2").reshape(-1, 4)
    scales = [0.5, 0.5, 0.1, 0.5]
    for number, scale in enumerate(scales):
        np.testing.assert_allclose(eeg.read(number, 0, 50), digital[:50, number] * scale)


def test_samples_that_are_missing_or_elsewhere(brainvision, tmp_path):
    samples = brainvision.with_suffix(".eeg")
    samples.write_bytes(samples.read_bytes()[:800])
    with pytest.raises(TruncatedError, match="100 of its 1,600"):
        open_recording(brainvision)
    assert open_recording(brainvision, allow_truncated=True).channels[0].n_samples == 100
    outside = tmp_path / "other"
    outside.mkdir()
    samples.rename(outside / "a.eeg")
    text = brainvision.read_text(encoding="utf-8")
    brainvision.write_text(text.replace("DataFile=a.eeg", f"DataFile={outside / 'a.eeg'}"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        open_recording(brainvision, allow_truncated=True)
    assert caught.value.remedy


def test_gaps_subject_and_a_first_sample_that_is_not_zero(tmp_path):
    info = mne.create_info(["EEG 001", "ECG 002"], 100.0, ["eeg", "ecg"])
    x = np.random.default_rng(0).normal(size=(2, 3000)) * 1e-5
    raw = mne.io.RawArray(x, info, first_samp=500, verbose="error")
    raw.set_meas_date(datetime(2024, 1, 1, tzinfo=UTC))
    raw.info["subject_info"] = {"his_id": "S7", "last_name": "Doe", "birthday": date(1950, 5, 17)}
    # MNE keeps onsets in seconds from the start of the measurement, which is 5 s before the first sample.
    raw.set_annotations(mne.Annotations([7.0, 15.0], [1.0, 2.0], ["spike", "BAD_ACQ_SKIP"], raw.info["meas_date"]))
    raw.save(tmp_path / "a_raw.fif", fmt="double", verbose="error")
    recording = open_recording(tmp_path / "a_raw.fif")
    assert [(m.onset_s, m.text) for m in recording.annotations] == [(2.0, "spike")]
    assert recording.gaps == ((10.0, 12.0),)
    assert recording.start_time == datetime(2024, 1, 1, 0, 0, 5)
    assert recording.identifying == {"his id": "S7", "last name": "Doe", "birthday": "1950-05-17"}
    assert recording.subject == "S7"
    got = recording.read("ECG 002", 900, 1300)
    assert np.flatnonzero(np.isnan(got)).tolist() == list(range(100, 300))
    np.testing.assert_allclose(got[:100], x[1, 900:1000] * 1e6)
    (tmp_path / "unnamed").write_bytes((tmp_path / "a_raw.fif").read_bytes()[:3000])
    assert vendors.sniff((tmp_path / "unnamed").read_bytes())


def test_without_mne(brainvision, monkeypatch):
    monkeypatch.setitem(sys.modules, "mne", None)
    with pytest.raises(InputError, match=r"pip install -e \.\[vendors\]"):
        open_recording(brainvision)


def test_mne_never_opens_what_hitscope_reads_itself():
    assert not {".edf", ".bdf", ".hea", ".wav", ".mat"} & set(vendors.READ_BY)
    assert all(callable(getattr(mne.io, f"read_raw_{name}")) for name in vendors.READ_BY.values())
    assert all(READERS[extension] is vendors for extension in vendors.READ_BY)


@pytest.mark.parametrize(("at", "byte"), [(162, 208), (940, 1), (940, 12), (1008, 5), (1308, 4)])
def test_a_header_on_which_scipy_would_hang_or_crash_is_refused(tmp_path, at, byte):
    """Found by the fuzz: 13 million cells that are not there, dimensions that are none, a text whose values are a variable,
    a sparse array without rows."""
    (tmp_path / EEGLAB.with_suffix(".fdt").name).write_bytes(EEGLAB.with_suffix(".fdt").read_bytes())
    data = bytearray(EEGLAB.read_bytes())
    data[at] = byte
    path = tmp_path / EEGLAB.name
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        open_recording(path)
