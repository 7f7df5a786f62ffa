"""Another pattern gives the recordings of a folder other subjects, without a file being read."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import resources
from core.errors import InputError
from core.signals import find_recordings, name_again


@pytest.fixture
def folder(tmp_path):
    shutil.copy(resources.path("demo/S001R04.edf"), tmp_path / "p7_v2_größe.edf")
    (tmp_path / "sub-03").mkdir()
    shutil.copy(resources.path("demo/S001R04.edf"), tmp_path / "sub-03" / "sub-03_eeg.edf")
    return tmp_path


def by_name(found):
    return {one.path.name: (one.subject, one.session, one.why) for one in found}


def test_a_pattern_that_is_changed_names_again_as_finding_again_would(folder):
    plain = find_recordings(folder)
    shutil.move(folder / "p7_v2_größe.edf", folder / "weg")  # no file is read
    again = name_again(plain, folder, "{subject}_{session}_*")
    assert by_name(again)["p7_v2_größe.edf"] == ("p7", "v2", "pattern")
    assert by_name(again)["sub-03_eeg.edf"][0] == "03"
    shutil.move(folder / "weg", folder / "p7_v2_größe.edf")
    assert again == find_recordings(folder, "{subject}_{session}_*")
    assert name_again(again, folder) == plain


def test_a_warning_of_a_name_before_does_not_stay(folder):
    found = [replace(one, stated="p7") for one in find_recordings(folder)]
    other = name_again(found, folder, "p{subject}_{session}_*")[0]
    assert (other.subject, other.warnings) == ("7", ("its header says subject p7",))
    agrees = name_again([other], folder, "{subject}_{session}_*")[0]
    assert (agrees.subject, agrees.warnings) == ("p7", ())
    assert name_again([other], folder)[0].why == "header"


def test_what_is_no_pattern_is_refused(folder):
    with pytest.raises(InputError, match="does not say where"):
        name_again(find_recordings(folder), folder, "{who}")


def test_a_file_of_arrays_that_must_be_explained_can_be_added_with_options(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((500, 2)))
    (one,) = find_recordings(tmp_path)
    assert one.readable
    assert one.format == "numpy"
    assert "sampling rate" in one.warnings[0]
