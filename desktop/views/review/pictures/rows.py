"""How traces are laid out: which channels, in which row, at which scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.signals import Channel, Typical, conversion
from desktop.widgets.parts import decimals_for, number, unit_of

FILL = 0.85  # of a row: what the range of nearly all of a channel's samples takes
COMMON = ("eeg", "ecg", "eog", "emg", "doppler_i", "doppler_q", "doppler_forward", "doppler_reverse")
ABOVE, BELOW = 20.0, 4.0  # px above the first row, where events are named, and below the last

LARGE, SMALL = 1e6, 1e-3  # amounts beyond are written in powers of ten
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Look:
    """How a page is drawn.

    Attributes
    ----------
    channels : tuple of int
        Those shown, from top to bottom.
    gain : float
        How much larger than fitted all traces are.
    factors : mapping of str to float
        How much larger single channels are, by name.
    sensitivity : mapping of str to float
        µV per mm by kind of channel; the kinds left out are fitted to their rows.
    overlaid : bool
        Whether all traces share one row.
    paper : bool
        Whether the grid of ECG paper lies behind them.
    bad : frozenset of str
        Names of channels marked bad: they are drawn muted.
    """

    channels: tuple[int, ...] = ()
    gain: float = 1.0
    factors: Mapping[str, float] = field(default_factory=dict)
    sensitivity: Mapping[str, float] = field(default_factory=dict)
    overlaid: bool = False
    paper: bool = False
    bad: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """A trace's place: its middle line (px from the top), how tall its unit is, and what the gutter says of it.

    `middle` is the value that lies on that line, which is `above` the channel's median.
    `bar_px` is the height of its scale bar, which stands for `bar`. `fitted` says that nobody has chosen its scale.
    """

    channel: int
    name: str
    y: float
    height: float
    px_per_unit: float
    middle: float
    colour: str
    bad: bool
    bar: str
    bar_px: float
    unit: str = ""
    fitted: bool = False
    above: float = 0.0

    def shrunk(self, factor: float) -> Row:
        """Return the row at a smaller scale."""
        per_unit = self.px_per_unit / factor
        bar = nice(0.5 * self.height / per_unit)
        return replace(self, px_per_unit=per_unit, bar=amount(bar, self.unit), bar_px=bar * per_unit)


def lay_rows(
    channels: Sequence[Channel], typical: Sequence[Typical], look: Look, height: float, px_per_mm: float
) -> tuple[Row, ...]:
    """Return the rows of a page in a picture `height` px tall. O(channels)."""
    n = 1 if look.overlaid else max(1, len(look.channels))
    tall = (height - ABOVE - BELOW) / n
    spreads = _spreads(channels, typical, look)
    rows = []
    for place, channel in enumerate(look.channels):
        known = channels[channel]
        factor = look.gain * look.factors.get(known.name, 1.0)
        per_mm, microvolts = look.sensitivity.get(known.kind), conversion(known.unit, "µV")
        fitted = per_mm is None or microvolts is None
        px_per_unit = factor * tall * FILL / spreads[channel]
        if per_mm is not None and microvolts is not None:
            px_per_unit = factor * px_per_mm * microvolts / per_mm
        bar = nice(0.5 * tall / px_per_unit)
        if look.paper and known.kind == "ecg":
            bar = conversion("mV", known.unit) or bar  # a millivolt, as on all ECG paper
        colour = place % 8 + 1 if look.overlaid else colour_of(channels, channel)
        above = 0.0 if look.overlaid else _above(typical[channel], px_per_unit, tall)
        rows.append(
            Row(
                channel, known.name, ABOVE + (0.5 if look.overlaid else place + 0.5) * tall, tall, px_per_unit,
                typical[channel].middle + above, f"trace-{colour}", known.name in look.bad, amount(bar, unit_of(known)),
                bar * px_per_unit, unit_of(known), fitted, above,
            )
        )  # fmt: skip
    return tuple(rows)


def _above(typical: Typical, px_per_unit: float, tall: float) -> float:
    """Return how far above its median a channel's middle line is: at the centre of its usual range, so that a signal that goes
    one way only stays in its row.

    The median stays in the row too, and near its middle where the range is far too large for it: who enlarges a trace so much
    looks at what is small in it.
    """
    too_large = max(1.0, typical.spread * px_per_unit / (2 * tall))
    most = FILL / 2 * tall / px_per_unit / too_large
    return float(np.clip(typical.above, -most, most))


def _spreads(channels: Sequence[Channel], typical: Sequence[Typical], look: Look) -> dict[int, float]:
    """Return the range that each row stands for: channels of one kind and unit share theirs, so that they can be compared."""
    groups: dict[object, list[int]] = {}
    for channel in look.channels:
        known = channels[channel]
        family = "doppler" if known.kind.startswith("doppler") else known.kind  # I and Q are parts of one signal
        groups.setdefault((family, known.unit) if known.kind in COMMON else channel, []).append(channel)
    spreads = {}
    for members in groups.values():
        good = [n for n in members if channels[n].name not in look.bad] or members
        common = float(np.median([typical[n].spread for n in good]))
        spreads |= dict.fromkeys(members, common)
    return spreads


def fit_strokes(rows: Sequence[Row], tall: Sequence[float]) -> tuple[Row, ...]:
    """Return the rows, those of one fitted scale shrunk together where their strokes would run into their neighbours.

    On pages so long that a pixel holds whole waves, a stroke is as tall as those: `tall` is how tall each row's typically are,
    in the channel's unit. Scales shrink by powers of two, so that they do not flicker from page to page.
    """
    groups: dict[tuple[float, str], list[int]] = {}
    for n, row in enumerate(rows):
        if row.fitted and np.isfinite(tall[n]):
            groups.setdefault((row.px_per_unit, row.unit), []).append(n)
    fitted = list(rows)
    for members in groups.values():
        share = float(np.median([tall[n] * rows[n].px_per_unit / rows[n].height for n in members]))
        if share > FILL:
            factor = 2.0 ** np.ceil(np.log2(share / FILL))
            for n in members:
                fitted[n] = rows[n].shrunk(factor)
    return tuple(fitted)


def colour_of(channels: Sequence[Channel], channel: int) -> int:
    """Return which of the eight trace colours a channel takes: gates differ; channels of a kind look alike."""
    kind = channels[channel].kind
    if kind in ("doppler_i", "doppler_q"):
        return sum(c.kind == kind for c in channels[:channel]) % 8 + 1
    return list(dict.fromkeys(c.kind for c in channels)).index(kind) % 8 + 1


def nice(value: float) -> float:
    """Return the largest of …, 0.1, 0.2, 0.5, 1, 2, 5, … that is at most `value`; 1 for what is not positive."""
    if not (np.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)))


def amount(value: float, unit: str) -> str:
    """Return a nice value with its unit, with as many digits as it has."""
    if value >= LARGE or 0 < value < SMALL:
        power = int(np.floor(np.log10(value) + 1e-9))
        return f"{number(value / 10.0**power)}×10{str(power).translate(RAISED)} {unit}"
    return f"{number(value, decimals_for(value, 1))} {unit}"
