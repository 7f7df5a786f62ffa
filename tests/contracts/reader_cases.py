"""The real recordings that the contract suite opens, and who else can read each of them whole."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

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


def by_demo_wavs(path):
    """I and Q of the ten events as they were cut out of NLA168.TD4 for the demo, and the envelope by its layout.

    The log's first HIT of each run of events that share samples says when it was; the others follow in steps of 1600.
    """
    import soundfile

    firsts = {1: (14.01, 334), 2: (17.90, 294), 4: (35.96, 310), 5: (40.21, 342)}  # s in the log, line of 25 samples
    begins = {event: round(5000 * seconds) - 25 * line for event, (seconds, line) in firsts.items()}
    for event, steps in {3: 1, 6: 1, 7: 4, 8: 1, 9: 4, 10: 5}.items():
        begins[event] = begins[event - 1] + 1600 * steps
    iq = np.full((4, 230900), np.nan)
    for event, begin in sorted(begins.items()):
        samples = soundfile.read(DEMO / f"tcd_device_event_{event:02}.wav", dtype="int16", always_2d=True)[0].T
        iq[: len(samples), begin : begin + samples.shape[1]] = samples
    envelope = np.fromfile(path.with_suffix(".TW4"), "<i2").reshape(-1, 2, 64).transpose(1, 0, 2).reshape(2, -1)
    return [*iq, *envelope]


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
    "dwl": Case("dwl", SMALL, ("NLA168.TX4", "NLA168.TW4", "NLA168.TD4"), by_demo_wavs),
}
