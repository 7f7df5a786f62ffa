"""The samples of WAV where they are plain numbers: taken from the file as they stand, all channels of a frame in one pass.

libsndfile, which opens the file for each look, takes several times as long for the short ones that spectrograms need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signals.digital import Digital
from core.signals.readers.digital import int24
from core.signals.readers.records import Records
from core.signals.readers.riff import byte_order, chunks
from core.signals.recording import Floats

WIDTHS = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # bytes, by libsndfile's names
BLOCK_ALIGN = 12  # where in the chunk ``fmt`` the bytes of a frame stand


@dataclass(frozen=True)
class WavSource:
    """Samples of a WAV file as fractions of full scale.

    Attributes
    ----------
    frames : Records
        One number of each channel.
    encoding : str
        One of `WIDTHS`.
    order : str
        ``little`` or ``big``.
    """

    frames: Records
    encoding: str
    order: str

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples between -1 and 1."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return the stored integers of several channels; of floats, the samples."""
        values = self._numbers(self.frames.rows(start, stop), list(channels))
        if values.dtype.kind == "f":
            return Digital.of_floats(values.astype(np.float64))
        bits = 8 * WIDTHS[self.encoding]
        return Digital(values, np.full(len(values), 0.5 ** (bits - 1)), np.zeros(len(values)))

    def _numbers(self, raw: npt.NDArray[np.uint8], channels: list[int]) -> npt.NDArray[Any]:
        """Return the numbers of some channels, (n_channels, n), from the bytes of frames."""
        width = WIDTHS[self.encoding]
        if width in (1, 3):
            stored = np.ascontiguousarray(raw.reshape(len(raw), raw.shape[1] // width, width).swapaxes(0, 1)[channels])
            if width == 1:  # the middle of unsigned bytes is 128
                return (stored[..., 0] ^ 0x80).view(np.int8)
            return int24(stored[..., :: -1 if self.order == "big" else 1]).reshape(stored.shape[:2])
        dtype = np.dtype(f"{'f' if self.encoding in ('FLOAT', 'DOUBLE') else 'i'}{width}")
        in_file = dtype.newbyteorder("<" if self.order == "little" else ">")
        return np.ascontiguousarray(raw.view(in_file).T[channels], dtype)


def wav_source(path: Path, encoding: str, n_channels: int, n_frames: int) -> WavSource | None:
    """Return where the samples of a WAV file are; None where they are not plain numbers one after the other.

    Parameters
    ----------
    path : Path
    encoding : str
        What libsndfile calls it, such as ``PCM_16`` or ``IMA_ADPCM``.
    n_channels, n_frames : int
    """
    found, order = {chunk.name: chunk for chunk in chunks(path)}, byte_order(path)
    frame_bytes = WIDTHS.get(encoding, 0) * n_channels
    if not frame_bytes or not {b"fmt ", b"data"} <= found.keys():
        return None
    with path.open("rb") as stream:
        stream.seek(found[b"fmt "].start + BLOCK_ALIGN)
        stated = int.from_bytes(stream.read(2), order)
    start = found[b"data"].start
    if stated != frame_bytes or path.stat().st_size < start + n_frames * frame_bytes:
        return None
    return WavSource(Records(path, start, n_frames, frame_bytes, WIDTHS[encoding]), encoding, order)
