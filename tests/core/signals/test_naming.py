"""What a channel records, told from all names of a recording together."""

import numpy as np
import pytest

from core.errors import InputError
from core.signals import apply_montage, make_montage, open_recording
from core.signals.montages import applicable
from core.signals.readers.naming import guess_kinds
from tests.core.signals.test_edf import ramp, write_edf

CAP = [f"{group}{n}" for group in "ABC" for n in range(1, 33)]


def kinds(names, unit="µV"):
    return guess_kinds(names, [unit] * len(names))


def test_numbered_caps_are_eeg_all_of_them():
    assert kinds([*CAP, "EXG1", "GSR1", "Status"]) == ["eeg"] * 96 + ["other"] * 3
    assert kinds([f"A{n}" for n in range(1, 17)]) == ["eeg"] * 16
    assert kinds(CAP, "mV") == ["other"] * 96
    assert guess_kinds(["A1", "A2", "A3", "A4", "A5", "A6"], ["µV"] * 5 + ["mV"]) == ["eeg"] * 5 + ["other"]


def test_few_such_names_are_what_they_are_elsewhere():
    assert kinds(["Fp1", "C3", "A1", "A2", "A3", "B1"]) == ["eeg"] * 4 + ["other"] * 2
    assert kinds(["A1", "A33", "A0", "A99", "A100", "B"]) == ["eeg"] + ["other"] * 5
    assert kinds(["MLII", "V1", "EOG left", "EMG"]) == ["ecg", "ecg", "eog", "emg"]


@pytest.fixture
def numbered(tmp_path):
    labels = [*CAP[:20], "C1", "C2", "C3", "C4", "C5", "Status"]
    return open_recording(write_edf(tmp_path / "a.edf", [ramp(2, 4)] * 26, None, labels=labels))


def test_no_montage_takes_numbers_for_places(numbered):
    assert [c.kind for c in numbered.channels] == ["eeg"] * 25 + ["other"]
    for key in ("ears", "longitudinal", "transverse", "laplacian"):
        with pytest.raises(InputError, match="named by number"):
            make_montage(key, numbered)
        assert "named by number" in applicable(numbered)[key]
    average = apply_montage(numbered, make_montage("average", numbered))
    assert [c.name for c in average.channels][:2] == ["A1-avg", "A2-avg"]
    np.testing.assert_allclose(average.read(0, 0, 8), 0, atol=1e-9)
