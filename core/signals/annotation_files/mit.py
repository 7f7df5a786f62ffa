"""The words of MIT annotation files: 6 bits that say what, 10 bits that say when (WFDB Applications Guide, annot(5)).

The wfdb library takes every note at sample 0 for a definition and drops it, and does not end on some that are none;
hence not that library, which the tests compare with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NOTE, SKIP, NUM, SUB, CHN, AUX = 22, 59, 60, 61, 62, 63
LONGEST_AUX = 255
LONGEST_SKIP = 2**31 - 1


@dataclass(frozen=True)
class Mark:
    """One annotation as the file has it."""

    sample: int
    code: int
    aux: bytes = b""
    subtype: int = 0
    chan: int = 0
    num: int = 0


def encode_marks(marks: Iterable[Mark]) -> bytes:
    """Return the bytes of marks in order of their samples, with the two zeros that end a file."""
    out = bytearray()
    sample = chan = num = 0
    for mark in marks:
        interval = mark.sample - sample
        while interval > 1023:
            part = min(interval, LONGEST_SKIP)
            out += _word(SKIP) + (part >> 16).to_bytes(2, "little") + (part & 0xFFFF).to_bytes(2, "little")
            interval -= part
        out += _word(mark.code, interval)
        # A number and a channel hold until the next one; a subtype and a text are said each time.
        out += _word(NUM, mark.num & 0xFF) if mark.num != num else b""
        out += _word(SUB, mark.subtype & 0xFF) if mark.subtype else b""
        out += _word(CHN, mark.chan) if mark.chan != chan else b""
        if mark.aux:
            out += _word(AUX, len(mark.aux)) + mark.aux + b"\0" * (len(mark.aux) % 2)
        sample, chan, num = mark.sample, mark.chan, mark.num
    return bytes(out + b"\0\0")


def _word(code: int, value: int = 0) -> bytes:
    return (code << 10 | value).to_bytes(2, "little")


def decode_marks(data: bytes) -> Iterator[Mark]:
    """Yield the marks of a file.

    Raises
    ------
    ValueError
        If it ends within one, or without the zeros that end it.
    """
    words = memoryview(data)
    at = sample = chan = num = 0

    def word(offset: int) -> int:
        if offset + 2 > len(words):
            raise ValueError(f"it ends at byte {len(words)} without an end mark")
        return int.from_bytes(words[offset : offset + 2], "little")

    while word(at):
        if word(at) >> 10 == SKIP:
            skipped = word(at + 2) << 16 | word(at + 4)
            sample += skipped - (1 << 32) * (skipped >> 31)
            at += 6
            continue
        code, subtype, aux = word(at) >> 10, 0, b""
        sample += word(at) & 0x3FF
        at += 2
        while (further := word(at) >> 10) >= NUM:
            value = word(at) & 0x3FF
            at += 2
            if further == AUX:
                aux = bytes(words[at : at + value])
                at += value + value % 2
            elif further == CHN:
                chan = value & 0xFF
            else:
                signed = (value & 0xFF ^ 0x80) - 0x80
                num, subtype = (signed, subtype) if further == NUM else (num, signed)
        if code:
            yield Mark(sample, code, aux, subtype, chan, num)
