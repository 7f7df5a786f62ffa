"""Spectra of Doppler I/Q: the transform against SciPy's two, and tiles of a day of I/Q in a file, reading included.

All three transforms give the same: no padding, zero frequency in the middle. Prints lines of JSON:
medians of one run, of the clock and of the processor. The day is generated noise with a tone, 24 h at 4,385 Hz, 1.5 GB
as WAV, kept in the folder of `make_long_edf`.
"""

import json
import os
import time

import numpy as np
import soundfile
from make_long_edf import folder
from scipy.signal import ShortTimeFFT
from scipy.signal import stft as scipy_stft

from core.signals import (
    Band,
    Filters,
    SoundStream,
    apply_filters,
    grid_for,
    levels_of,
    open_recording,
    read_tile,
    stft,
)
from core.signals.spectrogram import window_of

FS, NFFT, PIXELS = 4385, 128, 1900
HOURS = float(os.environ.get("HITSCOPE_BENCH_HOURS", 24))


def told(what, **figures):
    print(json.dumps({"bench": what, **{k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}}))


def medians_ms(actions, n, clock=time.perf_counter):
    """Time actions in turn and in changing order, so that what else the machine does meets all alike."""
    times, names = {name: [] for name in actions}, list(actions)
    order = np.random.default_rng(0)
    for _ in range(n):
        for name in order.permutation(names):
            action = actions[name]
            started = clock()
            action()
            times[name].append(1e3 * (clock() - started))
    return {name: float(np.median(t)) for name, t in times.items()}


def transforms():
    rng = np.random.default_rng(0)
    for dtype in (np.complex64, np.complex128):
        for seconds, hop, n in ((10, 16, 101), (10, 32, 101), (300, 32, 9)):
            x = (rng.standard_normal(seconds * FS) + 1j * rng.standard_normal(seconds * FS)).astype(dtype)
            taper = window_of("blackman", NFFT).astype(x.real.dtype)
            peer = ShortTimeFFT(taper, hop, FS, fft_mode="centered")
            options = {"return_onesided": False, "boundary": None, "padded": False}
            ms = medians_ms(
                {
                    "hitscope": lambda x=x, hop=hop: stft(x, NFFT, hop),
                    "scipy_stft": lambda x=x, hop=hop, t=taper, o=options: np.fft.fftshift(
                        scipy_stft(x, FS, t, NFFT, NFFT - hop, **o)[2], axes=0
                    ),
                    "ShortTimeFFT": lambda x=x, p=peer: p.stft(x),
                },
                n,
            )
            told(
                "stft",
                dtype=dtype.__name__,
                seconds=seconds,
                hop=hop,
                **{f"{name}_ms": value for name, value in ms.items()},
                times_scipy_stft=ms["scipy_stft"] / ms["hitscope"],
                times_ShortTimeFFT=ms["ShortTimeFFT"] / ms["hitscope"],
            )


def generated_day():
    """Return the day, written first if it is not there."""
    path, minutes = folder() / f"iq-{HOURS:g}h-{FS}.wav", round(HOURS * 60)
    if not path.is_file() or soundfile.info(path).frames != minutes * 60 * FS:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        tone = 4000 * np.exp(2j * np.pi * 500 / FS * np.arange(60 * FS)).view(np.float64).reshape(-1, 2)
        minute = (2000 * rng.standard_normal((60 * FS, 2)) + tone).clip(-32768, 32767).astype(np.int16)
        with soundfile.SoundFile(path, "w", FS, 2, "PCM_16") as file:
            for _ in range(minutes):
                file.write(minute)
    return open_recording(path, layout="iq")


def tiles(recording):
    derived = apply_filters(recording, Filters({"doppler": Band(100.0)}))
    for seconds in (1, 10, 60, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600):
        if seconds > recording.duration:
            continue
        figures = {}
        for name, one in (("file", recording), ("wall_filter", derived)):
            grid = grid_for(one, 0, seconds, PIXELS)
            some = np.unique(np.linspace(0, grid.n_tiles - 1, 9).astype(int)).tolist()
            for kind, clock in (("", time.perf_counter), ("_cpu", time.process_time)):
                ms = [
                    medians_ms({"tile": lambda k=k, o=one, g=grid: read_tile(o, 0, g, k)}, 1, clock)["tile"]
                    for k in some
                ]
                figures |= {f"{name}{kind}_ms": float(np.median(ms)), f"{name}{kind}_worst_ms": float(np.max(ms))}
        page = len(grid.tiles(0, seconds))
        told("tile", window_s=seconds, hop=grid.hop, share=grid.share, tiles_a_page=page, **figures)
    grid = grid_for(recording, 0, 10, PIXELS)
    ms = medians_ms(
        {"file": lambda: levels_of(recording, 0, grid), "wall_filter": lambda: levels_of(derived, 0, grid)}, 7
    )
    told("levels", **{f"{name}_ms": value for name, value in ms.items()})


def sound(recording):
    blocks, started = iter(SoundStream(recording, 0, 10.0)), time.perf_counter()
    next(blocks)
    first, started = 1e3 * (time.perf_counter() - started), time.perf_counter()
    for _ in range(20):
        block = next(blocks)
    took = (time.perf_counter() - started) / 20
    told("sound", first_block_ms=first, block_ms=1e3 * took, times_real_time=len(block) / 44100 / took)


def main():
    transforms()
    recording = generated_day()
    tiles(recording)
    sound(recording)


if __name__ == "__main__":
    main()
