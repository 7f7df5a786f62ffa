"""`hitscope sound FILE OUT.wav`: Doppler as sound, forward left and reverse right."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.options import add_reader, add_replace, reader_options, value_of
from core.jobs import refuse_taken
from core.signals import Recording, SoundStream, open_recording, write_sound

EXAMPLE = "hitscope sound resources/demo/tcd_simulated.wav hits.wav --start 2 --stop 6 --speed 0.5"
HEARD = ("doppler_i", "doppler_forward", "audio")


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording")
    options.add_argument("out", help="WAV file to write")
    options.add_argument(
        "--channel", help="name or number of the channel (default: the first of Doppler, else of audio)"
    )
    options.add_argument("--start", type=float, default=0.0, metavar="S", help="from here (default: 0)")
    options.add_argument("--stop", type=float, metavar="S", help="to here (default: the end)")
    options.add_argument("--speed", type=float, default=1.0, help="0.5 or 0.25 for slower and lower (default: 1)")
    options.add_argument("--volume", type=float, default=1.0, help="0 to 10 (default: 1)")
    add_replace(options)
    add_reader(options)


def run(options: argparse.Namespace) -> None:
    """Write the sound."""
    if not options.replace:
        refuse_taken(Path(options.out).expanduser())
    recording = open_recording(options.file, **reader_options(options))
    channel = _first_heard(recording) if options.channel is None else _channel(recording, options.channel)
    stream = SoundStream(recording, channel, options.start, options.stop, speed=options.speed, volume=options.volume)
    write_sound(
        options.out, stream, note=f"{recording.channels[channel].name}, {stream.start_s:g} to {stream.stop_s:g} s"
    )
    badge = " (simulated recording)" if recording.simulated else ""
    print(f"{options.out}: {stream.n_samples / stream.fs_out:.1f} s of sound{badge}")


def _first_heard(recording: Recording) -> int:
    kinds = [channel.kind for channel in recording.channels]
    return next((kinds.index(kind) for kind in HEARD if kind in kinds), 0)


def _channel(recording: Recording, text: str) -> int:
    """Return a channel by its name, else by its number."""
    value = value_of(text)
    named = any(channel.name == text for channel in recording.channels)
    return recording.index(value if isinstance(value, int) and not named else text)
