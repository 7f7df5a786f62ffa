"""The real recordings that the contract suite opens, and who else can read each of them whole."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import resources
from tests.contracts import array_files, audio_files, edf_files, vendor_files, wfdb_files

SMALL = Path(__file__).parents[1] / "data" / "recordings"
DEMO = resources.path("demo")


def by_wfdb(path):
    import wfdb

    return wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False).e_p_signal


def by_edfio(path):
    import edfio

    read = edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf
    return [signal.data for signal in read(path).signals]


def by_edfio_with_gaps(path):
    """edfio closes gaps: open them again where the file was given them."""
    whole = []
    for data in by_edfio(path):
        records = data.reshape(len(edf_files.ONSETS), -1)
        n = records.shape[1]
        onsets = [round(onset * n / edf_files.RECORD_S) for onset in edf_files.ONSETS]
        whole.append(np.full(onsets[-1] + n, np.nan))
        for onset, record in zip(onsets, records, strict=True):
            whole[-1][onset : onset + n] = record
    return whole


def by_soundfile(path):
    import soundfile

    return soundfile.read(path, always_2d=True)[0].T


def by_demo_wavs(path):
    """I and Q of the ten events as they were cut out of NLA168.TD4 for the demo, and the envelope by its layout.

    The log counts the first HIT of each run of events that share samples 0.27 s after it began; the others follow in steps
    of 1600.
    """
    import soundfile

    firsts = {1: (14.01, 334), 2: (17.90, 294), 4: (35.96, 310), 5: (40.21, 342)}  # s in the log, line of 25 samples
    begins = {event: round(5000 * (seconds - 0.27)) - 25 * line for event, (seconds, line) in firsts.items()}
    for event, steps in {3: 1, 6: 1, 7: 4, 8: 1, 9: 4, 10: 5}.items():
        begins[event] = begins[event - 1] + 1600 * steps
    iq = np.full((4, 229550), np.nan)
    for event, begin in sorted(begins.items()):
        samples = soundfile.read(DEMO / f"tcd_device_event_{event:02}.wav", dtype="int16", always_2d=True)[0].T
        iq[: len(samples), begin : begin + samples.shape[1]] = samples
    envelope = np.fromfile(path.with_suffix(".TW4"), "<i2").reshape(-1, 2, 64).transpose(1, 0, 2).reshape(2, -1)
    return [*iq, *envelope]


@dataclass(frozen=True)
class Case:
    """A real recording: its files (first the one to open, then the one that is cut), and who else can read it whole.

    Where no public file of a storage format is small enough, `make` writes real samples in that format into a folder.
    `options` say what a file of arrays does not.
    """

    format: str
    folder: Path
    names: tuple[str, ...]
    library: object
    says_its_length: bool = True
    make: Callable[[Path], None] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def put(self, folder):
        """Put its files into a folder and return the path of the one to open."""
        if self.make is not None:
            self.make(folder)
        for name in self.names if self.make is None else ():
            shutil.copyfile(self.folder / name, folder / name)
        return folder / self.names[0]


def made(format, names, library, make, *, says_its_length=True, **options):
    return Case(format, Path(), names, library, says_its_length, make, options)


def by_pydicom(path):
    import pydicom
    from pydicom.waveforms import multiplex_array

    return multiplex_array(pydicom.dcmread(path), 0, as_raw=False).T


def by_mne(path):
    import mne

    read = mne.io.read_raw_brainvision if path.suffix == ".vhdr" else mne.io.read_raw_eeglab
    return read(path, preload=True, verbose="error").get_data() * 1e6


CASES = {
    "wfdb": Case("wfdb", DEMO, ("208.hea", "208.dat"), by_wfdb),
    "wfdb_mixed_rates": Case(
        "wfdb",
        SMALL,
        ("mixedsignals.hea", "mixedsignals_e.dat", "mixedsignals_p.dat", "mixedsignals_r.dat"),
        by_wfdb,
        says_its_length=False,
    ),
    "wfdb_flac": Case(
        "wfdb", SMALL, ("flacformats.hea", "flacformats.d0", "flacformats.d1", "flacformats.d2"), by_wfdb, False
    ),
    "edf": Case("edf", DEMO, ("S001R04.edf",), by_edfio),
    "edf_mixed_rates": Case("edf", SMALL, ("short_psg.edf",), by_edfio),
    "bdf_mixed_rates": Case("edf", SMALL, ("pyedflib_datarec_2s.bdf",), by_edfio),
    "wav_two_gates": Case("wav", DEMO, ("tcd_device_event_01.wav",), by_soundfile),
    "wav_simulated": Case("wav", DEMO, ("tcd_simulated.wav",), by_soundfile),
    "dwl": Case("dwl", SMALL, ("NLA168.TX4", "NLA168.TW4", "NLA168.TD4"), by_demo_wavs),
    **{
        f"wfdb_{fmt}": made("wfdb", (f"f{fmt}.hea", f"f{fmt}.dat"), by_wfdb, wfdb_files.maker_of(fmt))
        for fmt in ("8", "16", "24", "32", "61", "80", "160", "212", "310", "311")
    },
    "wfdb_flac_of_several_blocks": made("wfdb", ("fl.hea", "fl.dat"), by_wfdb, wfdb_files.make_flac),
    "wfdb_fixed_layout": made("wfdb", ("m.hea", "m_1.dat"), by_wfdb, partial(wfdb_files.make_segments, variable=False)),
    "wfdb_variable_layout": made(
        "wfdb", ("m.hea", "m_1.dat"), by_wfdb, partial(wfdb_files.make_segments, variable=True)
    ),
    "bdf_with_gaps": made("edf", ("gaps.bdf",), by_edfio_with_gaps, edf_files.make_gaps),
    **{
        f"{kind}_{subtype.lower()}": made("wav", (f"a.{kind}",), by_soundfile, audio_files.maker_of(kind, subtype))
        for kind, subtype in [
            ("wav", "PCM_U8"),
            ("wav", "PCM_24"),
            ("wav", "PCM_32"),
            ("wav", "FLOAT"),
            ("flac", "PCM_16"),
        ]
    },
    "hdf5": made("hdf5", ("a.h5",), array_files.from_hdf5, array_files.make_hdf5, says_its_length=False),
    "npy": made("numpy", ("a.npy",), array_files.from_numpy, array_files.make_npy, fs=360.0, unit="mV"),
    "npz": made("numpy", ("a.npz",), array_files.from_numpy, array_files.make_npz, says_its_length=False),
    "npz_packed": made("numpy", ("p.npz",), array_files.from_numpy, array_files.make_packed, says_its_length=False),
    "mat_5": made("matlab", ("a.mat",), array_files.from_scipy, array_files.make_mat, says_its_length=False),
    "mat_7_3": made("matlab", ("h.mat",), array_files.from_hdf5, array_files.make_mat_hdf5, says_its_length=False),
    "csv": made("csv", ("a.csv",), array_files.from_text, array_files.make_csv),
    "dicom": Case("dicom", SMALL, ("waveform_ecg.dcm",), by_pydicom, False),
    "eeglab": Case("vendors", SMALL, ("eeglab_10s.set", "eeglab_10s.fdt"), by_mne, False),
    "brainvision": made("vendors", ("a.vhdr", "a.eeg", "a.vmrk"), by_mne, vendor_files.make_brainvision),
}
