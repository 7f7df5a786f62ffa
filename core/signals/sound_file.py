"""Sound as a WAV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from core.errors import InputError
from core.jobs import replacing
from core.signals.own_files import refuse_own_files
from core.signals.sound import FS_OUT, SoundStream

WAV_BYTES = 4_000_000_000  # beyond, RF64


def write_sound(
    path: str | Path,
    samples: npt.NDArray[Any] | SoundStream,
    fs: int = FS_OUT,
    *,
    simulated: bool = False,
    note: str = "",
) -> None:
    """Write sound as 16-bit WAV, under a temporary name first; a stream is written block by block.

    Parameters
    ----------
    path : str or Path
    samples : (n, 2) array or SoundStream
    fs : int
        Hz; a stream has its own.
    simulated : bool
        Whether the comment of the file begins with ``SIMULATED``; a stream knows.
    note : str
        The rest of the comment.

    Raises
    ------
    InputError
        If the name does not end in ``.wav``, the file belongs to the recording that the stream plays, or cannot be
        written; what was there before is kept.
    """
    import soundfile

    path = Path(path)
    if path.suffix.lower() != ".wav":
        raise InputError("sound is written as WAV", subject=path, remedy="Choose a name that ends in .wav")
    blocks = samples if isinstance(samples, SoundStream) else (samples,)
    if isinstance(samples, SoundStream):
        refuse_own_files(path, [(samples.path.stem, samples.path)])
        n, fs, simulated = samples.n_samples, samples.fs_out, samples.simulated
    else:
        n = len(samples)
    kind = "WAV" if 4 * n < WAV_BYTES else "RF64"
    with (
        replacing(path) as file,
        soundfile.SoundFile(file, "w", samplerate=fs, channels=2, format=kind, subtype="PCM_16") as sound,
    ):
        if comment := "; ".join(part for part in ("SIMULATED" if simulated else "", note) if part):
            sound.comment = comment
        for block in blocks:
            sound.write(block)
