"""The figures and numbers of docs/simulator.md.

HITSCOPE_DATA=/path/to/data .venv/bin/python docs/examples/simulator_figures.py
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from simulator_measures import FS, HOP, PHASES, Blood, blood_of, numbers_of, shifts
from simulator_page import PAGE, put_block

from core.reports.svg import FRAME, GRID, MUTED, TEXT, line, picture, text, upright
from core.signals import log_spectrogram, open_recording
from core.signals.simulate import ARTEFACTS, REGIMES, Simulation, Truth

Complex = npt.NDArray[np.complex128]
IMAGES = PAGE.parent / "images"
COLOURS = {"diastole": "#0072b2", "between": "#8a919c", "systole": "#d55e00"}  # Okabe and Ito (2008)
SHOWN_SEED, SEEDS, LENGTH_S = 1, range(12), 20.0
LEFT = 62.0
RANGE_DB = (0.0, 35.0)  # of spectrograms, over the density of noise


def real(gate: int) -> list[Complex]:
    """Return the stretches of the DWL recording that have I/Q."""
    recording = open_recording(Path(os.environ["HITSCOPE_DATA"]) / "doppler" / "NLA168.TX4")
    iq = recording.read_iq(gate, 0, recording.channels[2 * gate].n_samples)
    edges = np.flatnonzero(np.diff(np.r_[0, np.isfinite(iq), 0])).reshape(-1, 2)
    return [iq[start:stop] for start, stop in edges]


def simulated(
    seed: int, regime: str = "regular", length_s: float = LENGTH_S, *, emboli: float = 0, artefacts: float = 0
) -> tuple[Complex, list[Truth]]:
    """Return I/Q with flow on the negative side, as in the DWL recording, and the truth."""
    made = Simulation(seed, length_s, regime, fs=FS, emboli_per_minute=emboli, artefacts_per_minute=artefacts)
    iq = np.concatenate(list(made.blocks()), axis=1)[0]
    return (iq if made.patient.away else iq.conj()), made.truth


class Axes:
    """A panel with its scales."""

    def __init__(self, box: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]) -> None:
        self.left, self.top, self.wide, self.tall = box
        self.x, self.y = x, y
        self.parts: list[str] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a value lies, px."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        return self.left + self.wide * across, self.top + self.tall * (self.y[1] - y) / (self.y[1] - self.y[0])

    def frame(self, title: str, xs: list[float], ys: list[float], x_title: str, y_title: str, *, grid: bool) -> None:
        """Draw frame, ticks and titles; with a grid before what is drawn in it, else after."""
        right, bottom = self.left + self.wide, self.top + self.tall
        for value in xs:
            px, _ = self.at(value, self.y[0])
            self.parts.append(line(px, self.top if grid else bottom, px, bottom + 4, GRID if grid else FRAME))
            self.parts.append(text(px, bottom + 16, f"{value:g}", "middle", MUTED))
        for value in ys:
            _, py = self.at(self.x[0], value)
            self.parts.append(line(self.left - 4, py, right if grid else self.left, py, GRID if grid else FRAME))
            self.parts.append(text(self.left - 7, py + 4, f"{value:g}", "end", MUTED))
        self.parts += [line(self.left, bottom, right, bottom), line(self.left, self.top, self.left, bottom)]
        self.parts.append(text(self.left, self.top - 6, title))
        self.parts += [text((self.left + right) / 2, bottom + 31, x_title, "middle", MUTED)] * bool(x_title)
        self.parts += [upright(self.left - 48, (self.top + bottom) / 2, y_title)] * bool(y_title)

    def curve(self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], colour: str) -> None:
        """Draw a curve; it is broken where `y` is NaN."""
        good = np.flatnonzero(np.isfinite(y))
        for run in np.split(good, np.flatnonzero(np.diff(good) > 1) + 1):
            points = " ".join("{:.1f},{:.1f}".format(*self.at(x[n], np.clip(y[n], *self.y))) for n in run)
            self.parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4"/>')

    def spectrogram(self, iq: Complex, first_s: float) -> None:
        """Draw I/Q from a time on, over its own noise."""
        made = log_spectrogram(iq, FS, 128, 24, window="hann")
        rows = (made.freqs_hz >= self.y[0]) & (made.freqs_hz <= self.y[1])
        columns = (made.times_s >= first_s) & (made.times_s <= first_s + self.x[1])
        noise = float(10 * np.log10(np.median(10 ** (made.db[made.freqs_hz > 1000] / 10)) / np.log(2)))
        level = (made.db[np.ix_(rows, columns)][::-1] - noise - RANGE_DB[0]) / (RANGE_DB[1] - RANGE_DB[0])
        lut = pg.colormap.get("viridis").getLookupTable(nPts=256)
        pixels = np.ascontiguousarray(lut[(np.clip(level, 0, 1) * 255).astype(int)][..., :3].astype(np.uint8))
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], 3 * pixels.shape[1], QImage.Format.Format_RGB888)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        data = base64.b64encode(bytes(buffer.data())).decode()
        self.parts.append(
            f'<image x="{self.left}" y="{self.top}" width="{self.wide}" height="{self.tall}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )


def spectra(bloods: dict[str, Blood]) -> str:
    """Return mean spectra by phase of flow."""
    parts = []
    for n, (phase, colour) in enumerate(COLOURS.items()):
        parts += [line(60 + 110 * n, 12, 82 + 110 * n, 12, colour, 2), text(88 + 110 * n, 16, phase)]
    for n, (name, blood) in enumerate(bloods.items()):
        row, column = divmod(n, 2)
        axes = Axes((LEFT + 316 * column, 52 + 230 * row, 262, 150), (-2500, 1000), (-5, 35))
        ends = ("Doppler shift (Hz)", "" if column else "density over noise (dB)")
        axes.frame(name, [-2000, -1000, 0, 1000], [0, 10, 20, 30], *ends, grid=True)
        for phase, spectrum in zip(PHASES, blood.spectra, strict=True):
            axes.curve(shifts()[shifts() <= 1000], 10 * np.log10(spectrum)[shifts() <= 1000], COLOURS[phase])
        parts += axes.parts
    return picture(472, "Mean spectra of real and simulated blood by phase of flow", parts)


def envelopes(bloods: dict[str, Blood], last_s: float = 7.0) -> str:
    """Return the envelope over some seconds."""
    parts = []
    for n, (name, blood) in enumerate(bloods.items()):
        axes = Axes((LEFT, 24 + 128 * n, 586, 88), (0, last_s), (0, 2500))
        hz = blood.envelope_hz[-round(7.6 * FS / HOP) :] if n == 0 else blood.envelope_hz
        hz = hz[: round(last_s * FS / HOP)]
        title = "time (s)" if n == len(bloods) - 1 else ""
        axes.frame(name, list(range(int(last_s) + 1)), [0, 1000, 2000], title, "envelope (Hz)", grid=True)
        axes.curve(np.arange(len(hz)) * HOP / FS, hz, TEXT)
        parts += axes.parts
    return picture(24 + 128 * len(bloods) + 10, "Envelope of real and simulated blood over time", parts)


EMBOLI = {
    ("solid", "none"): (
        "Solid, no modulation.",
        "Smith et al. 1997: 71.5 % of solid and 19 % of",
        "gaseous ones. Here, in steady flow. Consensus:",
        "below 300 ms, at least 3 dB, in one direction.",
    ),
    ("gaseous", "gradual"): (
        "Gaseous, gradual modulation.",
        "Smith et al. 1997: 28.5 % of solid and 38 % of",
        "gaseous emboli change their frequency little by",
        "little: here, to another streamline.",
    ),
    ("gaseous", "rapid"): (
        "Gaseous, rapid modulation.",
        "Smith et al. 1997: 43 % of gaseous emboli and no",
        "solid one change it at once. Girault et al. 2011:",
        "radiation force pushes bubbles, not solids.",
    ),
}


def steady(iq: Complex, t: Truth) -> bool:
    """Return whether an embolus changes its shift by less than 60 Hz, from its first half to its second."""
    n, half = round(t.start_s * FS), round(t.duration_s * FS / 2)
    halves = iq[n : n + half], iq[n + half : n + 2 * half]
    early, late = (np.angle(np.vdot(part[:-1], part[1:])) * FS / (2 * np.pi) for part in halves)
    return bool(abs(late - early) < 60)


def example(kind: str, detail: str, before_s: float, after_s: float) -> tuple[Complex, float, Truth]:
    """Return I/Q, where to begin in it, and the truth of the first event of a kind that is strong, not short, and alone."""
    artefact = kind == "artefact"
    for seed in range(100):
        iq, truth = simulated(seed, length_s=60, emboli=10 * (not artefact), artefacts=10 * artefact)
        for t in truth:
            alone = sum(abs(t.start_s - other.start_s) < before_s + after_s for other in truth) == 1
            loud = t.echo_db > 12 and t.duration_s > 0.02 * (not artefact)
            if (
                (t.kind, t.detail) == (kind, detail)
                and alone
                and loud
                and (detail != "none" or steady(iq, t))
                and before_s < t.start_s < 59 - after_s
            ):
                return iq, t.start_s - before_s, t
    raise LookupError(f"no {kind} {detail} stands alone")


def emboli() -> str:
    """Return three emboli, each with what the literature says."""
    parts = []
    for n, ((kind, detail), said) in enumerate(EMBOLI.items()):
        iq, first_s, t = example(kind, detail, 0.3, 0.5)
        axes = Axes((LEFT, 24 + 178 * n, 290, 120), (0, 0.8), (-2500, 1000))
        axes.spectrogram(iq, first_s)
        name = f"simulated: {kind}, {detail} · {1000 * t.duration_s:.0f} ms · HBR {t.hbr_db:.0f} dB"
        axes.frame(name, [0, 0.2, 0.4, 0.6, 0.8], [-2000, -1000, 0, 1000], "time (s)", "Doppler shift (Hz)", grid=False)
        parts += axes.parts
        parts += [text(376, 44 + 178 * n + 18 * row, words) for row, words in enumerate(said)]
    return picture(20 + 178 * 3, "Simulated emboli: three kinds of frequency modulation", parts)


def artefacts() -> str:
    """Return each kind of artefact, and real taps."""
    length = 1.2
    shown = {"real: probable taps (DWL)": (real(0)[-1], 0.75)}
    for kind in ARTEFACTS:
        iq, first_s, t = example("artefact", kind, 0.3, 0.9)
        shown[f"simulated: {kind}, {t.echo_db:.0f} dB"] = (iq, first_s)
    parts = []
    for n, (name, (iq, first_s)) in enumerate(shown.items()):
        row, column = divmod(n, 2)
        axes = Axes((LEFT + 316 * column, 24 + 178 * row, 262, 120), (0, length), (-2000, 2000))
        axes.spectrogram(iq, first_s)
        y_title = "" if column else "Doppler shift (Hz)"
        axes.frame(name, [0, 0.4, 0.8, 1.2], [-2000, -1000, 0, 1000, 2000], "time (s)", y_title, grid=False)
        parts += axes.parts
    parts += [
        text(LEFT + 316, 444, "Colours of all: 0 dB (dark) to 35 dB (light)"),
        text(LEFT + 316, 462, "over the density of noise."),
    ]
    return picture(20 + 178 * 3, "Simulated artefacts beside a real one", parts)


def table() -> str:
    """Return the numbers of real and simulated blood as Markdown."""
    columns = {f"real, gate {gate + 1}": [numbers_of(blood_of(real(gate), with_artefacts=True))] for gate in (0, 1)}
    for regime in REGIMES:
        drawn = (blood_of([simulated(seed, regime)[0]], with_artefacts=False) for seed in SEEDS)
        columns[f"simulated, {regime}"] = [numbers_of(blood) for blood in drawn]
    rows = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in next(iter(columns.values()))[0]:
        cells = []
        for found in columns.values():
            values = np.array([numbers[name] for numbers in found])
            style = "{:,.0f}" if np.median(values) > 50 else "{:.1f}" if "dB" in name else "{:.2f}"
            middle, low, high = (style.format(v) for v in (np.median(values), values.min(), values.max()))
            cells.append(middle if len(values) == 1 else f"{middle} ({low} to {high})")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def lengths() -> str:
    """Return how long emboli last, as Markdown."""
    rows = ["| regime | emboli | 5 % | median | 95 % | longest |", "|---|---|---|---|---|---|"]
    for regime in REGIMES:
        made = (Simulation(s, 600, regime, fs=FS, artefacts_per_minute=0).truth for s in SEEDS)
        ms = 1000 * np.array([t.duration_s for truth in made for t in truth])
        cells = (f"{value:.0f} ms" for value in [*np.quantile(ms, (0.05, 0.5, 0.95)), ms.max()])
        rows.append(f"| {regime} | {len(ms)} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Write the figures, and the numbers into the page."""
    bloods = {"real: DWL, gate 1": blood_of(real(0), with_artefacts=True)}
    for regime in REGIMES:
        iq, _ = simulated(SHOWN_SEED, regime)
        bloods[f"simulated: {regime}, seed {SHOWN_SEED}"] = blood_of([iq], with_artefacts=False)
    figures = {"spectra": spectra(bloods), "envelopes": envelopes(bloods), "emboli": emboli(), "artefacts": artefacts()}
    for name, svg in figures.items():
        (IMAGES / f"simulator-{name}.svg").write_text(svg + "\n", encoding="utf-8")
    put_block("numbers", table())
    put_block("lengths", lengths())


if __name__ == "__main__":
    main()
