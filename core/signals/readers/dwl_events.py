"""The events of a DWL MultiDop (``.TD?``): I and Q of each gate round what the device took for a HIT (docs/formats/dwl.md)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals.readers.damage import damaged

HEADER_BYTES = 256
MAX_GATES = 4  # for so many a block has room
MAGIC = b"Embo"
# How long after a HIT begins the log counts it: what makes I/Q and envelope agree in the examination that is known; 0.14 s to
# 0.31 s (docs/formats/dwl.md).
LOGGED_AFTER_S = 0.27


@dataclass(frozen=True)
class Piece:
    """I and Q of one gate in one event: where they begin in the file, and how many samples of each are there."""

    gate: int
    i_offset: int
    q_offset: int
    n_samples: int


@dataclass(frozen=True)
class Event:
    """One block of the file.

    Attributes
    ----------
    offset : int
        Where the block lies, bytes.
    prf : float
        Pulse repetition frequency and so sampling rate, Hz.
    n_samples : int
        What the block has room for.
    hit_start, hit_stop : int
        What the device took for the HIT, in samples of the block.
    step : int
        Events begin a whole number of so many samples after each other.
    pieces : tuple of Piece
        Of the gates that are in the file; those of a file that ends early are shorter, or missing.
    n_gates : int
        How many there should be.
    """

    offset: int
    prf: float
    n_samples: int
    hit_start: int
    hit_stop: int
    step: int
    pieces: tuple[Piece, ...]
    n_gates: int

    @property
    def whole_gates(self) -> int:
        """How many gates are in the file from the first sample to the last."""
        return sum(piece.n_samples == self.n_samples for piece in self.pieces)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so holds events: its table of events is as long as it says."""
    if len(head) < HEADER_BYTES:
        return False
    capacity, first = struct.unpack_from("<HI", head, 244)
    return bool(capacity) and first == HEADER_BYTES + 4 * capacity and 1 <= head[250] <= 5


def patient(path: Path) -> str:
    """Return the name in the header of the file."""
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    return head[3 : 3 + head[2]].decode("cp437").strip()


def read_events(path: Path) -> tuple[list[Event], int]:
    """Read where the events lie.

    Returns
    -------
    events : list of Event
        Those of which there is anything.
    stated : int
        How many the file should hold.

    Raises
    ------
    InputError
        If the file breaks the rules of its format.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
        if not sniff(head):
            raise damaged(path, "this is not a file of events of a DWL MultiDop")
        n, capacity = *struct.unpack_from("<H", head), *struct.unpack_from("<H", head, 244)
        if n > capacity:
            raise damaged(path, f"it states {n} events and has room for {capacity}")
        table = stream.read(4 * n)
        offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4").astype(int).tolist()
        if any(later <= offset for offset, later in pairwise([HEADER_BYTES + 4 * capacity - 1, *offsets])):
            raise damaged(path, "its events are out of order")
        events = []
        for offset, end in zip(offsets, [*offsets[1:], 1 << 32], strict=True):
            stream.seek(offset)
            block = stream.read(HEADER_BYTES)
            if len(block) == HEADER_BYTES:
                events.append(_event(path, offset, end, block, size))
    return [event for event in events if event.pieces], n


def _event(path: Path, offset: int, end: int, block: bytes, size: int) -> Event:
    """Read the header of a block that ends before `end`."""
    prf, lines_a_step, lines, hit = (struct.unpack_from("<H", block, at)[0] for at in (4, 108, 112, 114))
    before, after = (struct.unpack_from(f"<{MAX_GATES}h", block, at) for at in (116, 124))
    starts = [struct.unpack_from(f"<{MAX_GATES}I", block, at) for at in (60, 76)]
    gates = [(gate, i, q) for gate, (i, q) in enumerate(zip(*starts, strict=True)) if i or q]
    lengths = {(q - i) // 2 for _, i, q in gates}
    if block[:4] != MAGIC or not prf or not lines or len(lengths) != 1:
        raise damaged(path, f"the event at byte {offset} has no valid header")
    (n,) = lengths
    if n <= 0 or n % lines or any(i < offset + HEADER_BYTES or q + 2 * n > end for _, i, q in gates):
        raise damaged(path, f"the event at byte {offset} says that its samples lie outside it")
    per_line = n // lines
    pieces = [Piece(gate, i, q, min(n, (size - q) // 2)) for gate, i, q in gates if size - q >= 2]
    return Event(
        offset=offset,
        prf=float(prf),
        n_samples=n,
        hit_start=per_line * min(max(hit + before[0], 0), lines),
        hit_stop=per_line * min(max(hit + after[0], 0), lines),
        step=per_line * max(lines_a_step, 1),
        pieces=tuple(pieces),
        n_gates=len(gates),
    )


def place(path: Path, events: list[Event], logged_s: Mapping[int, float]) -> list[int]:
    """Return the sample of the examination at which each event begins.

    The log says when a HIT was found, `LOGGED_AFTER_S` after it began, give or take a tenth of a second. Events that follow
    closely repeat each other's samples; where they do, the second one is placed by that, to the sample.

    Parameters
    ----------
    events : list of Event
        In the order of the file.
    logged_s : mapping of int to float
        By the offset of an event, when the log reports its HIT, s.

    Raises
    ------
    InputError
        If the log knows nothing of an event.
    """
    starts: list[int] = []
    last: npt.NDArray[np.int16] | None = None
    for number, event in enumerate(events):
        samples = read_piece(path, event.pieces[0], 0, event.pieces[0].n_samples)
        shift = 0 if last is None else _shift(last, samples, event.step)
        if shift:
            starts.append(starts[-1] + shift)
        elif event.offset in logged_s:
            nominal = round((logged_s[event.offset] - LOGGED_AFTER_S) * event.prf) - event.hit_start
            earliest = starts[-1] + events[number - 1].n_samples if starts else 0
            starts.append(max(nominal, earliest))
        else:
            raise damaged(path, f"the log names no time for the event at byte {event.offset}")
        last = samples
    return starts


def _shift(last: npt.NDArray[np.int16], samples: npt.NDArray[np.int16], step: int) -> int:
    """Return by how many samples an event begins after the last one, 0 where they share none."""
    for shift in range(step, last.shape[1] - step + 1, step):
        n = min(last.shape[1] - shift, samples.shape[1])
        if np.ptp(samples[:, :n]) and np.array_equal(last[:, shift : shift + n], samples[:, :n]):
            return shift
    return 0


def read_piece(path: Path, piece: Piece, start: int, stop: int) -> npt.NDArray[np.int16]:
    """Return I and Q, ``(2, stop - start)``."""
    with path.open("rb") as stream:
        rows = []
        for offset in (piece.i_offset, piece.q_offset):
            stream.seek(offset + 2 * start)
            rows.append(np.frombuffer(stream.read(2 * (stop - start)), "<i2"))
    return np.stack(rows)
