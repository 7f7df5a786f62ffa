"""Cut the first seconds out of an EEGLAB recording: `python cut_eeglab.py eeglab_data.set recordings/eeglab_10s.set`.

Its header keeps every field; only those that tell its length, and the weights of its decomposition, are changed.
"""

import sys
from pathlib import Path

import numpy as np
import scipy.io

SECONDS = 10


def main(source: Path, target: Path) -> None:
    eeg = scipy.io.loadmat(source)["EEG"]
    n_channels, fs = int(eeg["nbchan"][0, 0].item()), float(eeg["srate"][0, 0].item())
    n = round(SECONDS * fs)
    data = np.fromfile(source.with_suffix(".fdt"), "<f4").reshape(-1, n_channels)[:n]
    data.tofile(target.with_suffix(".fdt"))
    eeg["pnts"][0, 0] = np.array([[n]])
    eeg["xmax"][0, 0] = np.array([[(n - 1) / fs]])
    for field in eeg.dtype.names:
        if field.startswith("ica"):
            eeg[field][0, 0] = np.empty((0, 0))
    for field in ("event", "urevent"):
        events = eeg[field][0, 0]
        within = [int(event["latency"].item()) <= n for event in events.reshape(-1)]
        eeg[field][0, 0] = events.reshape(-1)[within].reshape(1, -1)
    for field in ("data", "datfile"):
        eeg[field][0, 0] = np.array([target.with_suffix(".fdt").name])
    scipy.io.savemat(target, {"EEG": eeg}, appendmat=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
