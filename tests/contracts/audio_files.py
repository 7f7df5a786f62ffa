"""Real Doppler audio in every width that sound files have."""

from functools import partial

import soundfile

import resources


def make(folder, kind, subtype):
    samples, fs = soundfile.read(resources.path("demo/tcd_device_event_01.wav"), always_2d=True)
    with soundfile.SoundFile(folder / f"a.{kind}", "w", fs, samples.shape[1], subtype, format=kind.upper()) as file:
        file.comment = "layout=iq"
        file.write(samples)


def maker_of(kind, subtype):
    return partial(make, kind=kind, subtype=subtype)
