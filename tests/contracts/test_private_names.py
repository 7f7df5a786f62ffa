"""Names without a promise that we use of other libraries: a new version without one of them is to fail here, by name."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.contracts import vendor_files

EDF = Path(__file__).parents[1] / "data" / "recordings" / "short_psg.edf"


def gone(library, name, used_in):
    return f"{library} {version(library)} has no {name} any more, which {used_in} uses: find another way there"


def test_edfio_gives_the_annotation_signals_too():
    import edfio

    file = edfio.read_edf(EDF)
    assert hasattr(file, "_signals"), gone("edfio", "Edf._signals", "core/signals/readers/edf.py")
    assert [s.label for s in file._signals if s.label != "EDF Annotations"] == list(file.labels)


def test_mne_gives_the_units_of_the_file(tmp_path):
    import mne

    vendor_files.make_brainvision(tmp_path)
    raw = mne.io.read_raw_brainvision(tmp_path / "a.vhdr", verbose="error")
    message = gone("mne", "Raw._orig_units", "core/signals/readers/vendors.py")
    assert set(getattr(raw, "_orig_units", {})) == set(raw.ch_names), message


def test_sounddevice_can_look_for_devices_again():
    try:
        import sounddevice
    except OSError:
        pytest.skip("PortAudio is not installed here")
    for name in ("_terminate", "_initialize"):
        assert callable(getattr(sounddevice, name, None)), gone("sounddevice", name, "desktop/services/speaker.py")
