"""Writing a simulated recording so that nobody can take it for a patient's."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals.simulate.tcd import Truth


def write_simulated_wav(
    path: str | Path, iq: npt.NDArray[np.complex128], fs: float, truth: Sequence[Truth], note: str = ""
) -> Path:
    """Write 16-bit stereo I/Q whose comment says ``SIMULATED; layout=iq``, and ``<name>_truth.csv`` beside it.

    The columns of the table are those of `Truth`.

    Returns
    -------
    Path
        Of the truth table.
    """
    import soundfile

    path = Path(path)
    scale = 0.95 / max(float(np.abs(np.concatenate([iq.real, iq.imag])).max()), 1e-12)
    with soundfile.SoundFile(path, "w", samplerate=round(fs), channels=2, subtype="PCM_16") as file:
        file.comment = f"SIMULATED transcranial Doppler, not a patient; layout=iq; {note}".strip("; ")
        file.write(np.column_stack([iq.real, iq.imag]) * scale)
    table = path.with_name(f"{path.stem}_truth.csv")
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["start_s", "duration_s", "echo_db", "hbr_db", "kind"])
        writer.writerows(
            [f"{t.start_s:.4f}", f"{t.duration_s:.4f}", f"{t.echo_db:.2f}", f"{t.hbr_db:.2f}", t.kind] for t in truth
        )
    return table
