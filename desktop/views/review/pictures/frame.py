"""Where a page of time lies in a picture, and where its time ticks stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from PySide6.QtCore import QLocale, QRectF

from desktop.widgets.parts import clock

# Distances between ticks of a time axis, s: round as clocks are, not as decimals are.
CLOCK_STEPS = (
    *(m * 10.0**e for e in range(-4, 0) for m in (1, 2, 5)), 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600,
)  # fmt: skip
DAY_S = 86_400.0
TICK_PX = 84  # between two labels of a time axis, at least


@dataclass(frozen=True)
class Frame:
    """A stretch of a recording, `start_s` to ``start_s + length_s``, drawn across `rect` (px)."""

    rect: QRectF
    start_s: float
    length_s: float

    @property
    def stop_s(self) -> float:
        """Where it ends, s."""
        return self.start_s + self.length_s

    @property
    def px_per_s(self) -> float:
        """How many pixels a second takes."""
        return self.rect.width() / self.length_s

    def x(self, t: float) -> float:
        """Return where a time lies, px."""
        return self.rect.left() + (t - self.start_s) * self.px_per_s

    def t(self, x: float) -> float:
        """Return the time at a place, s."""
        return self.start_s + (x - self.rect.left()) / self.px_per_s

    def span(self, start_s: float, length_s: float) -> QRectF:
        """Return the rectangle of a stretch of time, over the whole height."""
        return QRectF(self.x(start_s), self.rect.top(), length_s * self.px_per_s, self.rect.height())

    def at(self, start_s: float, length_s: float) -> Frame:
        """Return the same place for another stretch of time."""
        return replace(self, start_s=start_s, length_s=length_s)


@dataclass(frozen=True)
class TimeScale:
    """How times are written: from the start of the recording or, with `began`, as the clock on the wall."""

    began: datetime | None = None

    @property
    def zero_s(self) -> float:
        """What the clock that is shown says when the recording begins, s."""
        if self.began is None:
            return 0.0
        midnight = self.began.replace(hour=0, minute=0, second=0, microsecond=0)
        return (self.began - midnight).total_seconds()

    def text(self, seconds: float, decimals: int = 1) -> str:
        """Return a time of the recording, such as ``2:05.5``, or on the wall ``23:59:05.5``."""
        if self.began is None:
            return clock(seconds, decimals)
        ticks = round((self.zero_s + seconds) * 10**decimals)
        whole, rest = divmod(ticks, 10**decimals)
        hours, second = divmod(whole, 3600)
        tail = f"{QLocale().decimalPoint()}{rest:0{decimals}d}" if decimals else ""
        return f"{hours % 24:02d}:{second // 60:02d}:{second % 60:02d}{tail}"

    def read(self, text: str) -> float | None:
        """Return the time that somebody wrote, s: ``90``, ``1:30``, ``1:02:03.5``, or the time of day; None for none."""
        parts = text.strip().replace(",", ".").split(":")
        try:
            values = [float(part) for part in parts]
        except ValueError:
            return None
        if not 1 <= len(values) <= 3 or any(v < 0 for v in values) or not np.isfinite(values).all():
            return None
        seconds = sum(value * 60**place for place, value in enumerate(reversed(values)))
        if self.began is None or len(values) == 1:
            return float(seconds)
        return float((seconds - self.zero_s) % DAY_S) if seconds < DAY_S else None

    def ticks(self, frame: Frame) -> list[tuple[float, str]]:
        """Return times of ticks and what is written at them, at round times of whichever clock is shown."""
        step = tick_step(frame)
        offset = self.zero_s
        first = np.ceil((frame.start_s + offset) / step - 1e-9)
        last = np.floor((frame.stop_s + offset) / step + 1e-9)
        decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
        times = (np.arange(first, last + 1) * step - offset).tolist()
        return [(t, self.text(t, decimals)) for t in times]


def tick_step(frame: Frame) -> float:
    """Return the distance between labelled times, s: round as clocks are, and wide enough to be read."""
    least = TICK_PX / frame.px_per_s
    return float(next((step for step in CLOCK_STEPS if step >= least), CLOCK_STEPS[-1]))


def minor_step(frame: Frame) -> float:
    """Return the distance between the fine lines of the grid, s."""
    place = CLOCK_STEPS.index(tick_step(frame))
    return float(CLOCK_STEPS[max(place - 2, 0)])
