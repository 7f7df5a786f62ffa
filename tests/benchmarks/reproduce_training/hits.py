"""Simulated HITS: solid and gaseous emboli and artefacts in simulated blood, as I/Q windows about their middle."""

from pathlib import Path

import numpy as np

from core.signals.simulate import REGIMES, tcd

KINDS = ("solid", "gaseous", "artefact")
FS = 4385.0
N_TIMES = 1400  # as published: 0.32 s


def hits(data: Path, patients: int, seconds: int) -> dict[str, np.ndarray]:
    """Return windows (N, 2, 1400) of I and Q, the kind of event, and the simulated patient.

    Patients take turns among the regimes. Windows that another event reaches into are left out, as a device's
    operator could not say what they are.
    """
    parts = [_patient(number, seconds) for number in range(patients)]
    x, y, unit = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"x": x, "y": y, "unit": unit}


def _patient(number: int, seconds: int) -> tuple[np.ndarray, ...]:
    regime = list(REGIMES)[number % len(REGIMES)]
    iq, truth = tcd(number, float(seconds), regime, fs=FS)
    iq = iq / np.sqrt(np.mean(np.abs(iq - iq.mean()) ** 2))  # one gain for a patient: amplitude survives
    starts = np.array([event.start_s for event in truth])
    stops = starts + [event.duration_s for event in truth]
    first = np.round((starts + stops) / 2 * FS).astype(int) - N_TIMES // 2
    seen = np.stack([first, first + N_TIMES]) / FS
    reached = (starts[:, None] < seen[1]) & (stops[:, None] > seen[0])  # rows: events, columns: windows
    alone = (reached.sum(axis=0) == 1) & (first >= 0) & (first + N_TIMES <= len(iq))
    windows = np.stack([iq[i : i + N_TIMES] for i in first[alone]])
    x = np.stack([windows.real, windows.imag], axis=1).astype(np.float32)
    y = np.array([KINDS.index(event.kind) for event in truth], dtype=np.int64)[alone]
    return x, y, np.full(len(y), f"simulated-{number:03d}")
