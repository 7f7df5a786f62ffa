"""The peer of the long recording: mne-qt-browser on the same file, in a process of its own; prints one line of JSON.

    python tests/benchmarks/peer_mne.py FILE.edf [--pages 10 600] [--frames 15]

Measured without a screen, 1,900 × 1,000 px, 32 channels: the time from opening the file to the first painted page, the time
of a frame while scrolling (the page is moved, axes and all are rendered to a pixmap), and the memory of the process. Other
benchmarks call `measure`, so that both are measured in one run.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

SIZE = 1900, 1000
HALF_ROW_V = 54e-6  # what fits the generated EEG into its rows; overfull rows take longer to paint


def measure(path, pages_s=(10, 600), frames=15):
    """Return what a fresh process measures, as a dict; None where the peer is not installed."""
    command = [sys.executable, __file__, str(path), "--frames", str(frames), "--pages", *map(str, pages_s)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=as_installed())
    if "No module named" in said.stderr:
        return None
    said.check_returncode()
    return json.loads(said.stdout.splitlines()[-1])


def as_installed():
    """Return the environment of a process that keeps its bytecode, as installed programs do, on both sides."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def memory_mb(field="VmHWM"):
    """Return the resident memory of this process, by default the most it ever had; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(f"{field}:"))
    return round(int(line.split()[1]) / 1024)


def timed_ms(action):
    """Return what an action gives and how long it takes, ms."""
    started = time.perf_counter()
    result = action()
    return result, 1e3 * (time.perf_counter() - started)


def _first_page(path):
    import mne

    raw = mne.io.read_raw_edf(path, preload=False, verbose="error")
    browser = raw.plot(
        n_channels=32, duration=10, scalings={"eeg": HALF_ROW_V}, block=False, show=False, verbose="error"
    )
    browser.resize(*SIZE)
    browser.show()
    browser.grab()
    return raw, browser


def _scroll_ms(app, browser, start_s, length_s):
    """Return the time of one frame, ms; what else waits to be painted is painted afterwards, and does not count."""

    def frame():
        browser.mne.plt.setXRange(start_s, start_s + length_s, padding=0)  # what its scroll bar does
        browser.grab()

    _, ms = timed_ms(frame)
    app.processEvents()
    return ms


def main():
    import numpy as np

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--pages", type=float, nargs="*", default=[10, 600])
    parser.add_argument("--frames", type=int, default=15)
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["MNE_BROWSER_BACKEND"] = "qt"

    def load():
        import mne
        import mne_qt_browser
        from PySide6.QtWidgets import QApplication

        mne.viz.set_browser_backend("qt", verbose="error")
        return mne_qt_browser.__version__, QApplication.instance() or QApplication([])

    (version, app), import_ms = timed_ms(load)
    (raw, browser), first_ms = timed_ms(lambda: _first_page(chosen.file))
    app.processEvents()
    result = {"peer": "mne-qt-browser", "version": version, "file": Path(chosen.file).name}
    result |= {"import_ms": round(import_ms), "first_page_ms": round(first_ms), "rss_mb": memory_mb("VmRSS")}
    result["size_px"] = [browser.width(), browser.height()]
    result["precomputes"] = bool(browser.mne.enable_precompute)
    rng = np.random.default_rng(0)
    for length_s in chosen.pages:
        start_s = rng.uniform(0, raw.times[-1] - length_s * (chosen.frames + 2))
        times = [_scroll_ms(app, browser, start_s + n * length_s / 2, length_s) for n in range(chosen.frames + 1)]
        times = times[1:]  # the first changes the length: that is no scrolling
        result[f"frame_ms_{length_s:g}s"] = {
            "median": round(float(np.median(times)), 1),
            "p95": round(float(np.percentile(times, 95)), 1),
            "n": len(times),
        }
    result["peak_mb"] = memory_mb()
    print(json.dumps(result), flush=True)
    os._exit(0)  # its threads would keep the process


if __name__ == "__main__":
    main()
