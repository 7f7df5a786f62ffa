"""Damage to files, made from a seed: what disks, transfers, careless editors and attackers do to headers and bodies."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Mutation = Callable[[bytearray, np.random.Generator], None]
HEADER_BYTES = 2048  # where most formats say how long everything is
DIGITS = re.compile(rb"-?\d+")
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def _somewhere(data: bytearray, rng: np.random.Generator, room: int = 1) -> int:
    """Return a place with `room` bytes: in the header, where it points to, at the end, or anywhere."""
    last = max(len(data) - room, 0)
    where = rng.random()
    if where < 0.15 and len(offsets := _offsets(data)):
        return min(int(rng.choice(offsets)) + int(rng.integers(256)), last)
    if where < 0.25:
        return max(last - int(rng.integers(512)), 0)
    return int(rng.integers(last + 1 if where < 0.45 else min(last, HEADER_BYTES) + 1))


def _offsets(data: bytearray) -> npt.NDArray[np.int64]:
    """Return what in the header can be places in the file; headers of parts that are further back lie there."""
    head = bytes(data[: min(len(data), HEADER_BYTES) // 4 * 4])
    numbers = np.frombuffer(head, "<u4").astype(np.int64)
    return numbers[(numbers >= HEADER_BYTES) & (numbers < len(data))]


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    """Turn round one to eight bits."""
    for _ in range(int(rng.integers(1, 9)) if data else 0):
        data[min(_somewhere(data, rng), len(data) - 1)] ^= 1 << int(rng.integers(8))


def change_digits(data: bytearray, rng: np.random.Generator) -> None:
    """Write another number, of the same width or wider, over one that is written in digits."""
    numbers = list(DIGITS.finditer(bytes(data[: 4 * HEADER_BYTES])))
    if numbers:
        match = numbers[int(rng.integers(len(numbers)))]
        width = len(match[0])
        other = [b"0", b"-1", b"9" * width, b"9" * 12, b"1e9", b"nan", b"%d" % rng.integers(10**9), b"-" * width]
        new = other[int(rng.integers(len(other)))]
        # Fields of fixed width stay so, that what follows is still in its place; lines of text may grow.
        data[match.start() : match.end()] = new if rng.random() < 0.3 else new[:width].ljust(width)


def set_binary_field(data: bytearray, rng: np.random.Generator) -> None:
    """Write an extreme value, or the length of the file, over a binary number."""
    size = int(rng.choice([1, 2, 4, 8]))
    at = _somewhere(data, rng, size)
    value = int(rng.choice([*EXTREMES, len(data), 2 * len(data)]) if rng.random() < 0.8 else rng.integers(1 << 32))
    order = "little" if rng.random() < 0.75 else "big"
    room = min(size, len(data) - at)
    data[at : at + room] = (value % (1 << 8 * size)).to_bytes(size, order)[:room]


def swap_fields(data: bytearray, rng: np.random.Generator) -> None:
    """Exchange two stretches of one width."""
    width = int(rng.choice([1, 2, 4, 8, 16, 80]))
    a, b = sorted((_somewhere(data, rng, width), _somewhere(data, rng, width)))
    if a + width <= b and b + width <= len(data):
        data[a : a + width], data[b : b + width] = data[b : b + width], data[a : a + width]


def truncate(data: bytearray, rng: np.random.Generator) -> None:
    """End the file early, in the header or in the body."""
    del data[_somewhere(data, rng) :]


def remove(data: bytearray, rng: np.random.Generator) -> None:
    """Leave a stretch out."""
    at = _somewhere(data, rng)
    del data[at : at + int(rng.choice([1, 2, 8, 100, 5000]))]


def repeat(data: bytearray, rng: np.random.Generator) -> None:
    """Put a stretch in twice."""
    at = _somewhere(data, rng)
    data[at:at] = data[at : at + int(rng.choice([1, 2, 8, 100, 5000]))]


def fill(data: bytearray, rng: np.random.Generator) -> None:
    """Overwrite a stretch with one byte or with noise."""
    at = _somewhere(data, rng)
    n = min(int(rng.choice([1, 4, 16, 256, 4096])), len(data) - at)
    data[at : at + n] = rng.bytes(n) if rng.random() < 0.3 else bytes([int(rng.choice([0, 32, 255]))]) * n


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, change_digits, set_binary_field, swap_fields, truncate, remove, repeat, fill
)  # fmt: skip


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to three mutations."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        MUTATIONS[int(rng.integers(len(MUTATIONS)))](changed, rng)
    return bytes(changed)
