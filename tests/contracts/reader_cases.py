"""The real recordings that the contract suite opens, and who else can read each of them whole."""

from dataclasses import dataclass
from pathlib import Path

import resources

SMALL = Path(__file__).parents[1] / "data" / "recordings"
DEMO = resources.path("demo")


def by_wfdb(path):
    import wfdb

    return wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False).e_p_signal


def by_edfio(path):
    import edfio

    read = edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf
    return [signal.data for signal in read(path).signals]


def by_soundfile(path):
    import soundfile

    return soundfile.read(path, always_2d=True)[0].T


@dataclass(frozen=True)
class Case:
    """A real recording: its files (first the one to open, then the one that is cut), and who else can read it whole."""

    format: str
    folder: Path
    names: tuple[str, ...]
    library: object
    says_its_length: bool = True


CASES = {
    "wfdb": Case("wfdb", DEMO, ("208.hea", "208.dat", "208.atr"), by_wfdb),
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
}
