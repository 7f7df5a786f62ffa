"""WAV and FLAC audio as Doppler machines and sound cards write it: mono, forward/reverse, or I/Q of one or more gates.

An audio file does not say what its channels mean. It is given as ``layout``, asked once and kept with the study, or
written by Hitscope into the file's own comment (``layout=iq; emission_hz=2000000; simulated``). Until then the two
channels of a stereo file are plain audio. What the probe emitted is known only if the comment says it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.signals.digital import Digital
from core.signals.doppler import stated_emission
from core.signals.readers.damage import damaged, ends_early
from core.signals.readers.flac import SIGNATURE, stated_samples, whole_samples
from core.signals.readers.layouts import DOPPLER, ChannelLayout
from core.signals.readers.riff import MAGIC, chunks
from core.signals.readers.wav_samples import wav_source
from core.signals.recording import Channel, Floats, Recording, Source

FORMAT = "wav"  # in studies since before FLAC was read
TITLE = "WAV and FLAC audio"
EXTENSIONS: tuple[str, ...] = (".wav", ".flac")
LISTED = EXTENSIONS
WAV_KINDS = ("WAV", "WAVEX", "RF64")

LAYOUTS: dict[str, ChannelLayout] = {
    **DOPPLER,
    "stereo": ChannelLayout("plain audio", "Left and right", (("left", "audio"), ("right", "audio"))),
    "mono": ChannelLayout("plain audio, one channel", "As it is", (("audio", "audio"),)),
}


@dataclass(frozen=True)
class AudioSource:
    """Samples that libsndfile decodes, as fractions of full scale; only the frames asked for are read.

    Attributes
    ----------
    path : Path
    integers : bool
        Whether they were encoded as integers, which libsndfile aligns at the top of 32 bits.
    """

    path: Path
    integers: bool

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples between -1 and 1."""
        return self.digital([channel], start, stop).physical()[0]

    def digital(self, channels: Sequence[int], start: int, stop: int) -> Digital:
        """Return samples of several channels, decoded once."""
        import soundfile

        dtype = "int32" if self.integers else "float64"
        samples = soundfile.read(self.path, start=start, stop=stop, dtype=dtype, always_2d=True)[0]
        values = np.ascontiguousarray(samples.T[list(channels)])
        if self.integers:
            return Digital(values, np.full(len(values), 0.5**31), np.zeros(len(values)))
        return Digital.of_floats(values)


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so is WAV or FLAC."""
    return head[:4] == SIGNATURE or (head[:4] in MAGIC and head[8:12] == b"WAVE")


def open_file(path: Path, *, layout: str | None = None, allow_truncated: bool = False) -> Recording:
    """Open a file; `layout` is one of `LAYOUTS` and overrides what the file's comment says."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            fs, n_channels, frames, comment = float(file.samplerate), file.channels, file.frames, file.comment or ""
            kind, encoding = file.format, file.subtype
    except soundfile.LibsndfileError as error:
        raise damaged(path, f"this is no readable audio file ({error.error_string})") from error
    n, stated = _whole(path, kind, frames)
    if n < stated and not allow_truncated:
        raise ends_early(path, n, stated, "samples")
    if n == 0:
        raise InputError("the file holds no samples", subject=path, remedy="Record or export it again")
    said = re.search(r"layout=(\w+)", comment)
    chosen = layout or (said.group(1) if said else {1: "mono", 2: "stereo"}.get(n_channels, ""))
    names = _channels(path, chosen, n_channels)
    options = {"layout": layout, "allow_truncated": allow_truncated}
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(Channel(name, fs, "FS", n, kind) for name, kind in names),
        source=_source(path, kind, encoding, n_channels, n),
        simulated=bool(re.search(r"\bsimulated\b", comment, re.IGNORECASE)),
        options={key: value for key, value in options.items() if value},
        note=comment,
        emission_hz=_emission(comment),
    )


def _emission(comment: str) -> float | None:
    said = re.search(r"\bemission_hz=(\d{1,12}(?:\.\d{1,6})?)(?![\w.])", comment, re.ASCII)
    return stated_emission(float(said.group(1))) if said else None


def _source(path: Path, kind: str, encoding: str, n_channels: int, n: int) -> Source:
    direct = wav_source(path, encoding, n_channels, n) if kind in WAV_KINDS else None
    return direct or AudioSource(path, integers=encoding.startswith("PCM"))


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]


def _whole(path: Path, kind: str, frames: int) -> tuple[int, int]:
    """Return how many samples can be read, and how many the file states, where libsndfile speaks of `frames`."""
    if kind == "FLAC":
        stated = stated_samples(path, frames)
        return whole_samples(path, stated), stated
    if kind not in WAV_KINDS:
        raise damaged(path, f"this is audio of type {kind}, not WAV or FLAC")
    # libsndfile passes over in silence that samples are missing
    samples = next((chunk for chunk in chunks(path) if chunk.name == b"data"), None)
    if samples is None or not samples.present or not samples.stated:
        return frames, frames
    return frames, round(frames * samples.stated / samples.present)


def _channels(path: Path, layout: str, n: int) -> list[tuple[str, str]]:
    if not layout:
        return [(f"channel {number + 1}", "audio") for number in range(n)]
    if layout not in LAYOUTS:
        raise InputError(f"there is no layout {layout!r}", subject=path, remedy=f"Choose one of {', '.join(LAYOUTS)}")
    if not LAYOUTS[layout].fits(n):
        raise InputError(
            f"the file has {n} channels, which do not fit the layout {layout}",
            subject=path,
            remedy=f"Choose one of {', '.join(LAYOUTS)}",
        )
    return LAYOUTS[layout].of(n)
