"""Makes the demo recordings again: copies of real ones, and the simulated one.

    HITSCOPE_DATA=/path/to/data python resources/demo/make_demo.py
"""

import os
import shutil
from pathlib import Path

import numpy as np
import soundfile

from core.signals import simulate

HERE = Path(__file__).parent


def copies(data: Path) -> None:
    for name in ("mitbih/208.hea", "mitbih/208.dat", "mitbih/208.atr", "edf/S001R04.edf"):
        shutil.copyfile(data / name, HERE / Path(name).name)


def device_events(data: Path) -> None:
    """One file for each event that the device flagged: I and Q of each gate, 16 bit, as recorded."""
    with np.load(data / "doppler" / "dwl_tcd_hits.npz", allow_pickle=False) as file:
        emission = f"emission_hz={float(file['transmit_hz']):.0f}"
        for number, (iq, n, ok, line) in enumerate(
            zip(file["iq"], file["n_samples"], file["channel_ok"], file["hit_line"], strict=True), 1
        ):
            channels = iq[ok][:, :, :n].reshape(-1, n)
            with soundfile.SoundFile(
                HERE / f"tcd_device_event_{number:02d}.wav", "w", round(float(file["prf"])), len(channels), "PCM_16"
            ) as wav:
                wav.comment = f"real TCD, flagged by the device, confirmed by nobody; layout=iq; {emission}; log: {line}"
                wav.write(np.ascontiguousarray(channels.T))


def simulated() -> None:
    iq, truth = simulate.tcd(2026, 180.0, emboli_per_minute=16, artefacts_per_minute=16, echo_db=(4.0, 20.0))
    simulate.write_simulated_wav(HERE / "tcd_simulated.wav", iq, 4385.0, truth, note="seed 2026, regular, 180 s; emission_hz=2000000")
    print({kind: sum(t.kind == kind for t in truth) for kind in ("solid", "gaseous", "artefact")})


if __name__ == "__main__":
    data = Path(os.environ["HITSCOPE_DATA"])
    copies(data)
    device_events(data)
    simulated()
