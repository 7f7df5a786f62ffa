"""WFDB records in every storage format, written from real samples (MIT-BIH 208) as signal(5) says; read back by wfdb."""

from functools import partial
from itertools import pairwise

import numpy as np
import soundfile
import wfdb

import resources

PER_FRAME = (1, 2, 1)
BITS = {"80": 8, "8": 8, "310": 10, "311": 10, "508": 8}  # others hold the 12 bits of the source


def real_samples(n, bits=12):
    """Return `n` frames of three channels of digital values; invalid ones are absent."""
    ecg = wfdb.rdrecord(str(resources.path("demo/208")), sampto=4 * n, physical=False).d_signal - 1024
    ecg = ecg[: 4 * n].astype(np.int64) // (1 << (12 - bits))
    first, second = ecg.T
    return [first[:n].copy(), second[: 2 * n].copy(), first[n : 2 * n].copy()]


def in_frames(signals, per_frame):
    """Return (n_frames, samples in a frame)."""
    return np.concatenate([s.reshape(-1, n) for s, n in zip(signals, per_frame, strict=True)], axis=1)


def _whole(flat, n):
    return np.append(flat, np.zeros(-len(flat) % n, np.int64)).reshape(-1, n)


def _pack_212(flat):
    a, b = (_whole(flat, 2) & 0xFFF).T
    return np.stack([a & 0xFF, a >> 8 | (b >> 8) << 4, b & 0xFF], axis=1).astype(np.uint8).tobytes()


def _pack_310(flat):
    a, b, c = (_whole(flat, 3) & 0x3FF).T
    return np.stack([a << 1 | (c & 0x1F) << 11, b << 1 | (c >> 5) << 11], axis=1).astype("<u2").tobytes()


def _pack_311(flat):
    a, b, c = (_whole(flat, 3) & 0x3FF).T
    return (a | b << 10 | c << 20).astype("<u4").tobytes()


PACK = {
    "16": lambda flat: flat.astype("<i2").tobytes(),
    "24": lambda flat: flat.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes(),
    "32": lambda flat: flat.astype("<i4").tobytes(),
    "61": lambda flat: flat.astype(">i2").tobytes(),
    "80": lambda flat: (flat + 128).astype(np.uint8).tobytes(),
    "160": lambda flat: (flat + 32768).astype("<u2").tobytes(),
    "212": _pack_212,
    "310": _pack_310,
    "311": _pack_311,
}


def pack(signals, per_frame, fmt, initial=None):
    """Return the bytes of a signal file."""
    if fmt == "8":
        signals = [np.diff(s, prepend=v) for s, v in zip(signals, initial, strict=True)]
        assert max(np.abs(s).max() for s in signals) < 128
        return in_frames(signals, per_frame).astype(np.int8).tobytes()
    return PACK[fmt](in_frames(signals, per_frame).reshape(-1))


def write_record(folder, name, signals, fmt, *, per_frame=PER_FRAME, skew=None, offset=0, gain=100, stated=True):
    """Write a record of one segment and return the path of its header."""
    n_frames = len(signals[0]) // per_frame[0]
    initial = [int(s[0]) for s in signals]
    data = pack(signals, per_frame, fmt, initial)
    (folder / f"{name}.dat").write_bytes(b"\xaa" * offset + data)
    lines = [f"{name} {len(signals)} 360{f' {n_frames}' if stated else ''}"]
    for number, (n, value) in enumerate(zip(per_frame, initial, strict=True)):
        form = (
            fmt + (f"x{n}" if n > 1 else "") + (f":{skew[number]}" if skew else "") + (f"+{offset}" if offset else "")
        )
        lines.append(f"{name}.dat {form} {gain}({number - 1})/mV 12 0 {value} 0 0 lead {number}")
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")
    return folder / f"{name}.hea"


def make(folder, fmt):
    write_record(folder, f"f{fmt}", real_samples(1201, BITS.get(fmt, 12)), fmt)


def make_flac(folder):
    """Write a record of one FLAC file with two channels of several blocks."""
    first, second, _ = real_samples(20_000)
    both = np.stack([first, second[:20_000]], axis=1)
    with soundfile.SoundFile(folder / "fl.dat", "w", 360, 2, "PCM_16", format="FLAC") as file:
        file.write(both.astype(np.int16))
    lines = [f"fl.dat 516 100/mV 12 0 {both[0, n]} 0 0 lead {n}" for n in range(2)]
    (folder / "fl.hea").write_text("\n".join(["fl 2 360 20000", *lines]) + "\n")


def make_segments(folder, variable):
    """Write three segments; in a variable layout the second lacks channels, and a pause follows it.

    A pause may be in a fixed layout too, but wfdb cannot read one there.
    """
    signals = real_samples(1200)
    edges, pause = [0, 500, 900, 1200], 77 * variable
    for number, (low, high) in enumerate(pairwise(edges), 1):
        part = [s[low * n : high * n] for s, n in zip(signals, PER_FRAME, strict=True)]
        write_record(folder, f"m_{number}", part, "212")
    if variable:
        header = (folder / "m_2.hea").read_text().splitlines()
        write_record(folder, "m_2", [signals[1][1000:1800]], "16", per_frame=(2,))
        (folder / "m_2.hea").write_text(f"m_2 1 360 400\n{header[2].replace('212', '16')}\n")
        layout = [f"~ 0x{n} 100/mV 12 0 0 0 0 lead {k}" for k, n in enumerate(PER_FRAME)]
        (folder / "m_layout.hea").write_text("\n".join(["m_layout 3 360 0", *layout]) + "\n")
    parts = ["m_layout 0"] * variable + ["m_1 500", "m_2 400", *[f"~ {pause}"] * variable, "m_3 300"]
    (folder / "m.hea").write_text("\n".join([f"m/{len(parts)} 3 360 {1200 + pause}", *parts]) + "\n")


def maker_of(fmt):
    return partial(make, fmt=fmt)
