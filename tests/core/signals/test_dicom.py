"""DICOM waveforms: one real ECG, and files built with pydicom for what it does not have."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, GeneralECGWaveformStorage, ImplicitVRLittleEndian

from core.errors import InputError
from core.signals import open_recording

REAL = Path(__file__).parents[2] / "data" / "recordings" / "waveform_ecg.dcm"


def code(meaning, value="X"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "TEST", meaning
    return [item]


def channel(label, **attributes):
    item = Dataset()
    item.ChannelLabel = label
    for name, value in attributes.items():
        setattr(item, name, value)
    return item


def group(samples, channels, fs=500, kind="SS", **attributes):
    item = Dataset()
    item.SamplingFrequency, item.WaveformOriginality = fs, "ORIGINAL"
    item.NumberOfWaveformSamples, item.NumberOfWaveformChannels = samples.shape
    item.ChannelDefinitionSequence = channels
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = samples.dtype.itemsize * 8, kind
    item.WaveformData = samples.tobytes()
    for name, value in attributes.items():
        setattr(item, name, value)
    return item


def write(path, groups, syntax=ExplicitVRLittleEndian, **attributes):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = GeneralECGWaveformStorage, "1.2.3", "ECG"
    data.WaveformSequence = groups
    for name, value in attributes.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


def test_a_real_ecg():
    ecg = open_recording(REAL)
    assert [c.name for c in ecg.channels] == ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert {(c.fs, c.unit, c.kind, c.n_samples) for c in ecg.channels} == {(1000.0, "µV", "ecg", 10000)}
    assert ecg.start_time == datetime(2013, 1, 25, 10, 59, 19)
    assert ecg.identifying["Patient's Birth Date"] == "19710123"
    assert (ecg.subject, ecg.identifying["Patient ID"]) == (None, "642341")
    assert len(ecg.annotations) == 66
    assert (ecg.annotations[0].text, ecg.annotations[0].onset_s) == ("P Onset", 0.298)
    assert "QT Interval 368 ms" in ecg.note
    np.testing.assert_allclose(ecg.read("I", 0, 10000) + ecg.read("III", 0, 10000), ecg.read("II", 0, 10000), atol=2.6)


@pytest.mark.parametrize(("removed", "subject"), [("YES", "S-07"), ("NO", None), ("", None)])
def test_an_id_is_a_subject_only_where_the_identity_was_removed(tmp_path, removed, subject):
    samples = np.zeros((10, 1), "<i2")
    path = write(tmp_path / "a.dcm", [group(samples, [channel("I")])], PatientID="S-07", PatientIdentityRemoved=removed)
    assert open_recording(path).subject == subject


def test_another_group():
    beat = open_recording(REAL, group=1)
    assert (beat.duration, beat.options) == (1.2, {"group": 1})
    assert "1 MEDIAN BEAT" in beat.note
    assert not beat.annotations
    for wrong in (2, -1, "rhythm"):
        with pytest.raises(InputError):
            open_recording(REAL, group=wrong)


def test_a_computed_group_is_not_the_default(tmp_path):
    samples = np.arange(20, dtype="<i2").reshape(10, 2)
    groups = [
        group(samples, [channel("I"), channel("II")], WaveformOriginality="DERIVED"),
        group(samples, [channel("V1"), channel("V2")]),
    ]
    path = write(tmp_path / "a.dcm", groups)
    assert open_recording(path).channels[0].name == "V1"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(("kind", "dtype"), [("SS", "i2"), ("US", "u2"), ("SB", "i1"), ("UB", "u1"), ("SL", "i4")])
def test_every_coding(tmp_path, syntax, kind, dtype):
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    samples = np.random.default_rng(0).integers(0, 100, (50, 2)).astype(order + dtype)
    volts = {"ChannelSensitivity": "2.5", "ChannelSensitivityCorrectionFactor": "1.1", "ChannelBaseline": "-3"}
    path = write(tmp_path / "a.dcm", [group(samples, [channel("I", **volts), channel("II")], kind=kind)], syntax)
    recording = open_recording(path)
    np.testing.assert_allclose(recording.read(0, 0, 50), samples[:, 0] * 2.5 * 1.1 - 3)
    np.testing.assert_array_equal(recording.read(1, 10, 20), samples[10:20, 1])
    assert recording.channels[1].unit == "1"


def test_channels_that_start_late_and_padding(tmp_path):
    samples = np.arange(1, 41, dtype="<i2").reshape(20, 2)
    samples[5, 0] = -999
    channels = [channel("I", ChannelSampleSkew="0"), channel("II", ChannelTimeSkew="0.006")]
    path = write(tmp_path / "a.dcm", [group(samples, channels, WaveformPaddingValue=np.int16(-999).tobytes())])
    recording = open_recording(path)
    expected = np.full((2, 23), np.nan)
    expected[0, :20], expected[1, 3:] = samples[:, 0], samples[:, 1]
    expected[0, 5] = np.nan
    for start, stop in [(0, 23), (2, 5), (19, 23), (0, 2), (21, 23)]:
        for number in (0, 1):
            np.testing.assert_array_equal(recording.read(number, start, stop), expected[number, start:stop])


def test_marks_in_time(tmp_path):
    samples = np.zeros((1000, 2), "<i2")
    marks = []
    for attributes in (
        {"TemporalRangeType": "SEGMENT", "ReferencedSamplePositions": [101, 151], "ReferencedWaveformChannels": [1, 2]},
        {
            "TemporalRangeType": "MULTIPOINT",
            "ReferencedTimeOffsets": ["0.5", "1.5"],
            "ReferencedWaveformChannels": [1, 0],
        },
        {"TemporalRangeType": "POINT", "ReferencedSamplePositions": [1], "ReferencedWaveformChannels": [2, 0]},
    ):
        mark = Dataset()
        mark.ConceptNameCodeSequence = code("Noise")
        for name, value in attributes.items():
            setattr(mark, name, value)
        marks.append(mark)
    path = write(tmp_path / "a.dcm", [group(samples, [channel("I"), channel("II")])], WaveformAnnotationSequence=marks)
    found = [(m.onset_s, m.duration_s, m.text, dict(m.attributes)) for m in open_recording(path).annotations]
    assert found == [(0.2, 0.1, "Noise", {"channel": "II"}), (0.5, 0.0, "Noise", {}), (1.5, 0.0, "Noise", {})]


def test_a_group_that_starts_later(tmp_path):
    late = group(np.zeros((9, 1), "<i2"), [channel("I")], MultiplexGroupTimeOffset="1500")
    path = write(tmp_path / "a.dcm", [late], AcquisitionDateTime="20240229235959.250000+0100")
    assert open_recording(path).start_time == datetime(2024, 3, 1, 0, 0, 0, 750000)


def test_what_is_no_waveform_and_what_does_not_fit(tmp_path):
    picture = write(tmp_path / "a.dcm", [])
    with pytest.raises(InputError, match="no waveform but General ECG"):
        open_recording(picture)
    with pytest.raises(InputError, match="coded as MB"):
        open_recording(write(tmp_path / "b.dcm", [group(np.zeros((4, 1), "u1"), [channel("I")], kind="MB")]))
    short = group(np.zeros((4, 1), "<i2"), [channel("I")], NumberOfWaveformSamples=400)
    with pytest.raises(InputError, match="400 samples of 1 channels"):
        open_recording(write(tmp_path / "c.dcm", [short]))


def test_found_by_its_first_bytes_and_samples_left_in_the_file(tmp_path):
    (tmp_path / "ECG00001").write_bytes(REAL.read_bytes())
    recording = open_recording(tmp_path / "ECG00001")
    assert recording.format == "dicom"
    assert recording.source.at is not None
    assert not recording.source.unpacked


def test_deflated(tmp_path):
    data = pydicom.dcmread(REAL)
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    data.save_as(tmp_path / "a.dcm")
    np.testing.assert_array_equal(
        open_recording(tmp_path / "a.dcm").read(3, 5, 99), open_recording(REAL).read(3, 5, 99)
    )
