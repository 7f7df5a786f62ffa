"""WAV audio as Doppler machines and sound cards write it: mono, forward/reverse, or I/Q of one or more gates.

A WAV file does not say what its channels mean. It is given as ``layout``, asked once and kept with the study, or
written by Hitscope into the file's own comment (``layout=iq; simulated``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.signals.recording import Channel, Floats, Recording

FORMAT = "wav"
EXTENSIONS = (".wav",)

# Of each layout: names and kinds of its channels; I/Q repeats for every gate.
LAYOUTS: dict[str, tuple[tuple[str, str], ...]] = {
    "mono": (("audio", "audio"),),
    "stereo": (("left", "audio"), ("right", "audio")),
    "forward_reverse": (("forward", "doppler_forward"), ("reverse", "doppler_reverse")),
    "iq": (("I", "doppler_i"), ("Q", "doppler_q")),
}


@dataclass(frozen=True)
class WavSource:
    """Samples of a WAV file as fractions of full scale; only the frames asked for are read."""

    path: Path

    def read(self, channel: int, start: int, stop: int) -> Floats:
        """Return samples between -1 and 1."""
        import soundfile

        samples: Floats = soundfile.read(self.path, start=start, stop=stop, dtype="float64", always_2d=True)[0][
            :, channel
        ]
        return np.ascontiguousarray(samples)


def open_file(path: Path, *, layout: str | None = None) -> Recording:
    """Open a file; `layout` is one of `LAYOUTS` and overrides what the file's comment says."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            fs, n_channels, n, comment = float(file.samplerate), file.channels, file.frames, file.comment or ""
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"this is not a readable WAV file ({error.error_string})",
            subject=path,
            kept="The file was not changed",
            remedy="Check that it is complete, and copy or export it again",
        ) from error
    if n == 0:
        raise InputError("the file holds no samples", subject=path, remedy="Record or export it again")
    stated = re.search(r"layout=(\w+)", comment)
    chosen = layout or (stated.group(1) if stated else {1: "mono", 2: "stereo"}.get(n_channels, ""))
    names = _channels(path, chosen, n_channels)
    return Recording(
        path=path,
        format=FORMAT,
        channels=tuple(Channel(name, fs, "FS", n, kind) for name, kind in names),
        source=WavSource(path),
        simulated=bool(re.search(r"\bsimulated\b", comment, re.IGNORECASE)),
        options={} if layout is None else {"layout": layout},
        note=comment,
    )


def files(path: Path) -> list[Path]:
    """Return the one file."""
    return [path]


def _channels(path: Path, layout: str, n: int) -> list[tuple[str, str]]:
    if not layout:
        return [(f"channel {number + 1}", "audio") for number in range(n)]
    if layout not in LAYOUTS:
        raise InputError(f"there is no layout {layout!r}", subject=path, remedy=f"Choose one of {', '.join(LAYOUTS)}")
    one = LAYOUTS[layout]
    gates, rest = divmod(n, len(one))
    if rest or (gates > 1 and layout != "iq"):
        raise InputError(
            f"the file has {n} channels, which do not fit the layout {layout}",
            subject=path,
            remedy=f"Choose one of {', '.join(LAYOUTS)}",
        )
    return list(one) if gates == 1 else [(f"{name}{g + 1}", kind) for g in range(gates) for name, kind in one]
