"""Heart-beat detectors on the MIT-BIH records: sensitivity and PPV within 150 ms of the cardiologists' beats.

HITSCOPE_DATA=/path/to/data python tests/benchmarks/bench_beats.py

`hitscope` is the event maker as it is; `gqrs` and `xqrs` are the detectors of the wfdb library, given the whole record at once.
What else is installed is compared too: `pip install sleepecg neurokit2 vg-beat-detectors` (none is a dependency of Hitscope).
"""

import os
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.events import EVENT_MAKERS, BeatAgreement, compare_with_annotations
from core.signals import open_recording

warnings.filterwarnings("ignore")


def hitscope(recording, x, fs):
    return np.array([event.attributes["peak_s"] for event in EVENT_MAKERS["beats"](recording, channel=0)]) * fs


def gqrs(recording, x, fs):
    from wfdb.processing import gqrs_detect

    return gqrs_detect(x, fs=fs)


def xqrs(recording, x, fs):
    from wfdb.processing import xqrs_detect

    return xqrs_detect(x, fs=int(fs), verbose=False)


def sleepecg(recording, x, fs):
    import sleepecg

    return sleepecg.detect_heartbeats(x, fs)


def neurokit(recording, x, fs):
    return by_neurokit(x, fs, "neurokit")


def khamis2016(recording, x, fs):
    return by_neurokit(x, fs, "khamis2016")


def by_neurokit(x, fs, method):
    import neurokit2

    return neurokit2.ecg_peaks(neurokit2.ecg_clean(x, int(fs)), int(fs), method=method)[1]["ECG_R_Peaks"]


def fastnvg(recording, x, fs):
    from vg_beat_detectors import FastNVG

    return FastNVG(sampling_frequency=int(fs)).find_peaks(x)


NEEDS = {
    hitscope: "wfdb",
    gqrs: "wfdb",
    xqrs: "wfdb",
    sleepecg: "sleepecg",
    neurokit: "neurokit2",
    khamis2016: "neurokit2",
    fastnvg: "vg_beat_detectors",
}


def short(agreement):
    return f"{100 * agreement.sensitivity.value:.2f} / {100 * agreement.ppv.value:.2f}"


def long(agreement):
    def share(s):
        return f"{100 * s.value:.2f} [{100 * s.low:.2f}, {100 * s.high:.2f}]"

    return f"{share(agreement.sensitivity)} / {share(agreement.ppv)}; {agreement.fn} missed, {agreement.fp} false"


def main():
    folder = Path(os.environ["HITSCOPE_DATA"]) / "mitbih"
    detectors = [detector for detector, package in NEEDS.items() if find_spec(package)]
    totals = {(detector, without): BeatAgreement(0, 0, 0) for detector in detectors for without in (True, False)}
    seconds = dict.fromkeys(detectors, 0.0)
    print("| record | " + " | ".join(f"{d.__name__} Se / PPV %" for d in detectors) + " |")
    print("|---|" + "---|" * len(detectors))
    for path in sorted(folder.glob("*.hea")):
        recording = open_recording(path)
        fs = recording.fs[0]
        x = recording.read(0, 0, recording.channels[0].n_samples)
        rows = {True: [], False: []}
        for detector in detectors:
            started = time.perf_counter()
            found = np.unique(np.asarray(detector(recording, x, fs), dtype=float)) / fs
            seconds[detector] += time.perf_counter() - started
            for without, row in rows.items():
                row.append(compare_with_annotations(recording, found, without_flutter=without))
                totals[detector, without] += row[-1]
        print(f"| {path.stem} | " + " | ".join(map(short, rows[True])) + " |", flush=True)
        if rows[True][0].excluded_s:
            print(f"| {path.stem}, with flutter | " + " | ".join(map(short, rows[False])) + " |", flush=True)
    for without, name in ((True, "all"), (False, "all, with flutter")):
        print(f"| **{name}** | " + " | ".join(short(totals[d, without]) for d in detectors) + " |")
    print("| time, s | " + " | ".join(f"{seconds[d]:.0f}" for d in detectors) + " |\n")
    for (detector, without), agreement in totals.items():
        print(f"* {detector.__name__}, {'without' if without else 'with'} flutter: {long(agreement)}")
    excluded = totals[detectors[0], True].excluded_s
    print(f"\n{totals[detectors[0], True].n:,} beats; {excluded:.0f} s of ventricular flutter.")


if __name__ == "__main__":
    main()
