"""Writing a simulated recording so that nobody can take it for a patient's, and so that it can be made again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core import __version__
from core.errors import InputError
from core.jobs import NullReporter, Reporter, replacing, write_bytes_atomically, write_json
from core.signals.simulate.tcd import Simulation, Truth
from core.signals.sound_file import WAV_BYTES

Complex = npt.NDArray[np.complex128]
HEADROOM = 0.95  # of full scale: where the largest sample lies, so that none is clipped
COLUMNS = ("start_s", "duration_s", "echo_db", "hbr_db", "kind", "shift_hz", "delay_s", "detail")


@dataclass(frozen=True)
class SimulatedFiles:
    """The files of a simulated recording: samples, what is in them, and how to make them again."""

    wav: Path
    truth: Path
    made: Path

    @classmethod
    def named(cls, wav: str | Path) -> SimulatedFiles:
        """Return ``NAME.wav``, ``NAME_truth.csv`` and ``NAME_simulation.json``.

        Raises
        ------
        InputError
            If the name does not end in ``.wav``.
        """
        path = Path(wav).expanduser()
        if path.suffix.lower() != ".wav":
            raise InputError("simulations are written as WAV", subject=path, remedy="Choose a name that ends in .wav")
        return cls(path, *(path.with_name(f"{path.stem}_{end}") for end in ("truth.csv", "simulation.json")))


def write_simulation(path: str | Path, simulation: Simulation, report: Reporter | None = None) -> SimulatedFiles:
    """Write a simulation block by block, with its truth table and its parameters; memory does not grow with its length.

    It is made twice: once for its largest sample, which becomes 95 % of full scale so that nothing is clipped, once to be
    written. The three files are complete under their names, or none is there.

    Parameters
    ----------
    path : str or Path
        Of the WAV file; see `SimulatedFiles.named`.
    simulation : Simulation
        Its sampling rate is whole hertz, as WAV has it.
    report : Reporter, optional
        Is asked between blocks whether to stop.

    Raises
    ------
    InputError
        If the sampling rate is not whole, or a file cannot be written.
    """
    import scipy

    files, report = SimulatedFiles.named(path), report or NullReporter()
    if simulation.fs != round(simulation.fs):
        raise InputError(f"WAV has no sampling rate of {simulation.fs:g} Hz", remedy="Simulate at whole hertz")
    passes = iter(("measuring", "writing"))

    def blocks() -> Iterator[Complex]:
        message, done = next(passes), 0
        begun = simulation.n_samples * (message == "writing")
        for block in simulation.blocks():
            report.check()
            yield block
            done += block.shape[1]
            report.progress(begun + done, 2 * simulation.n_samples, message)

    said = simulation.parameters
    with replacing(files.wav) as file:
        note = (
            f"emission_hz={said['emission_hz']:.15g}; seed {said['seed']}, {said['regime']}, {said['duration_s']:g} s"
        )
        note += f"; hitscope {__version__}"
        largest = _write(Path(file.name), blocks, simulation.fs, simulation.gates, simulation.n_samples, note)
        made = {
            "simulated": True,
            "hitscope": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "parameters": said,
            "patient": asdict(simulation.patient),
            "full_scale": largest / HEADROOM,  # in the unit in which blood has mean power 1
        }
        _write_truth(files.truth, simulation.truth)
        write_json(files.made, made)
    return files


def write_simulated_wav(path: str | Path, iq: Complex, fs: float, truth: Sequence[Truth], note: str = "") -> Path:
    """Write 16-bit I/Q whose comment says ``SIMULATED``, ``layout=iq`` and what is in `note`, and ``<name>_truth.csv`` beside it.

    Parameters
    ----------
    path : str or Path
    iq : (n,) or (n_gates, n) complex array
        Channels are I and Q, gate by gate; the largest sample becomes 95 % of full scale.
    fs : float
        Hz; WAV keeps whole ones.
    truth : sequence of Truth
        The columns of the table are its fields.
    note : str
        The rest of the comment, such as ``emission_hz=2000000``, which the reader knows.

    Returns
    -------
    Path
        Of the truth table.
    """
    files, gates = SimulatedFiles.named(path), np.atleast_2d(iq)
    with replacing(files.wav) as file:
        _write(Path(file.name), lambda: [gates], fs, len(gates), gates.shape[1], note)
        _write_truth(files.truth, truth)
    return files.truth


def _write(
    path: Path, blocks: Callable[[], Iterable[Complex]], fs: float, n_gates: int, n_samples: int, note: str
) -> float:
    """Write samples that are made twice, and return the largest magnitude of I or Q among them."""
    import soundfile

    largest = max(max(float(np.abs(part).max()) for part in (b.real, b.imag)) for b in blocks())
    scale = HEADROOM / max(largest, 1e-12)
    kind = "WAV" if 4 * n_gates * n_samples < WAV_BYTES else "RF64"
    try:
        # By name, not as an open file: what the system says of a full disk would not survive libsndfile.
        with soundfile.SoundFile(path, "w", round(fs), 2 * n_gates, format=kind, subtype="PCM_16") as file:
            file.comment = f"SIMULATED transcranial Doppler, not a patient; layout=iq; {note}".strip("; ")
            for block in blocks():
                file.write(np.stack([block.real, block.imag], axis=1).reshape(2 * n_gates, -1).T * scale)
    except soundfile.LibsndfileError as error:
        raise OSError("the system took no more of it") from error
    return largest


def _write_truth(path: Path, truth: Sequence[Truth]) -> None:
    digits = {"start_s": 4, "duration_s": 4, "echo_db": 2, "hbr_db": 2, "shift_hz": 1, "delay_s": 4}
    with io.StringIO(newline="") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for t in truth:
            values = ((getattr(t, name), digits.get(name)) for name in COLUMNS)
            writer.writerow([value if n is None else f"{value:.{n}f}" for value, n in values])
        write_bytes_atomically(path, text.getvalue().encode())
