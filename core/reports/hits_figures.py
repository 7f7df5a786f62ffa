"""The figures of a report of HITS: strength by class, rates with their intervals, events over the recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.events import EMBOLI, PartCount, Recorded
from core.reports.svg import FRAME, GRID, MUTED, TEXT, WIDTH, line, picture, rect, shortened, text, ticks, upright
from core.study import UNSURE

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
# Okabe and Ito (2008), of different lightness for prints without colour.
COLOURS = {"embolus": "#0072b2", "artefact": "#e69f00", UNSURE: "#8a919c", "other": "#cc79a7", "": "#ffffff"}
NAMES = {"embolus": "embolus", "artefact": "artefact", UNSURE: "unsure", "other": "other class", "": "undecided"}
MOST_ROWS, MOST_BINS, ROW_PX, NAME_PX = 40, 30, 22, 150


def kinds_of(groups: Texts) -> Texts:
    """Return the classes that figures tell apart: all but the usual ones are ``other``."""
    return np.array([key if key in COLOURS else "other" for key in groups.tolist()], dtype=object)


def hbr_histogram(hbr_db: Floats, groups: Texts) -> str:
    """Return how strong the events of each class are; empty if no HBR was measured."""
    good = np.isfinite(hbr_db)
    if not good.any():
        return ""
    hbr, kinds = hbr_db[good], kinds_of(groups[good])
    low, high = float(np.floor(hbr.min())), float(np.floor(hbr.max())) + 1
    step = max(1.0, float(np.ceil((high - low) / MOST_BINS)))
    edges = low + step * np.arange(int(np.ceil((high - low) / step)) + 1)
    used = [key for key in COLOURS if (kinds == key).any()]
    counts = {key: np.histogram(hbr[kinds == key], edges)[0] for key in used}
    scale = ticks(float(np.sum(list(counts.values()), axis=0).max()), 6, whole=True)
    left, right, top, bottom = 52.0, WIDTH - 12.0, 34.0, 232.0
    wide, tall = (right - left) / (len(edges) - 1), (bottom - top) / scale[-1]
    parts = _legend(used, left)
    for value in scale:
        y = bottom - value * tall
        parts += [line(left, y, right, y, GRID), text(left - 6, y + 4, f"{value:,g}", "end", MUTED)]
    for n in range(len(edges) - 1):
        y = bottom
        for key in used:
            height = float(counts[key][n]) * tall
            y -= height
            if height:
                parts.append(rect(left + n * wide + 1, y, wide - 2, height, COLOURS[key], TEXT if not key else "none"))
    every = max(1, -(-len(edges) // 16))
    for n in range(0, len(edges), every):
        parts.append(text(left + n * wide, bottom + 16, f"{edges[n]:g}", "middle", MUTED))
    parts += [line(left, bottom, right, bottom), text((left + right) / 2, bottom + 34, "HBR (dB)", "middle", MUTED)]
    parts.append(upright(14, (top + bottom) / 2, "events"))
    return picture(bottom + 42, "Events by HBR and class", parts)


def rate_figure(parts_of: Sequence[PartCount], total: PartCount) -> str:
    """Return emboli per hour of each part, and of all at the end, with 95 % intervals; empty without recorded time."""
    rows = [p for p in parts_of if p.per_hour.value is not None][:MOST_ROWS]
    if total.per_hour.value is None or not rows:
        return ""
    rows += [total] * (len(parts_of) > 1)
    scale = ticks(max(p.per_hour.high or 0.0 for p in rows))
    left, right, top = NAME_PX + 10.0, WIDTH - 170.0, 8.0
    bottom = top + ROW_PX * len(rows)
    wide = (right - left) / scale[-1]
    drawn = []
    for value in scale:
        x = left + value * wide
        drawn += [line(x, top, x, bottom, GRID), text(x, bottom + 15, f"{value:,g}", "middle", MUTED)]
    for n, part in enumerate(rows):
        y, is_total = top + ROW_PX * (n + 0.5), part is total and len(rows) > 1
        value, low, high = (
            left + wide * (x or 0.0) for x in (part.per_hour.value, part.per_hour.low, part.per_hour.high)
        )
        if is_total:
            drawn.append(line(0, y - ROW_PX / 2, WIDTH, y - ROW_PX / 2))
        name = "all" if is_total else shortened((part.name or "not named") + " (simulated)" * part.simulated, 26)
        drawn += [text(NAME_PX, y + 4, name, "end"), line(low, y, high, y, COLOURS["embolus"], 2)]
        drawn += [line(end, y - 4, end, y + 4, COLOURS["embolus"], 2) for end in (low, high)]
        drawn.append(rect(value - 4, y - 4, 8, 8, COLOURS["embolus"]))
        drawn.append(text(right + 14, y + 4, f"{part.per_hour.text()}  n = {part.emboli:,}"))
    drawn.append(line(left, bottom, right, bottom))
    drawn.append(text((left + right) / 2, bottom + 32, "emboli per hour [95 % interval]", "middle", MUTED))
    return picture(bottom + 40, "Emboli per hour with 95 % intervals", drawn)


def timeline(recordings: Sequence[Recorded], recording: npt.NDArray[np.int64], start_s: Floats, groups: Texts) -> str:
    """Return when the events of each recording are: emboli above the line, all else below; gaps are grey."""
    shown = [r for r in recordings if r.duration_s > 0][:MOST_ROWS]
    if not shown:
        return ""
    kinds = kinds_of(groups)
    longest = max(r.duration_s for r in shown)
    unit, seconds = ("h", 3600.0) if longest > 3 * 3600 else ("min", 60.0) if longest > 180 else ("s", 1.0)
    scale = ticks(longest / seconds)
    used = [key for key in COLOURS if (kinds[np.isin(recording, [r.id for r in shown])] == key).any()]
    left, right, top, row = NAME_PX + 10.0, WIDTH - 20.0, 34.0, 36.0
    bottom, wide = top + row * len(shown), (right - left) / (scale[-1] * seconds)
    drawn = _legend(used, left)
    for value in scale:
        x = left + value * seconds * wide
        drawn += [line(x, top, x, bottom, GRID), text(x, bottom + 15, f"{value:,g}", "middle", MUTED)]
    for n, entry in enumerate(shown):
        middle, own = top + row * (n + 0.5), recording == entry.id
        name = entry.name + " (simulated)" * entry.simulated
        drawn.append(text(NAME_PX, middle + 4, shortened(name, 26), "end"))
        drawn.append(line(left, middle, left + entry.duration_s * wide, middle))
        drawn += [rect(left + a * wide, middle - 5, max((b - a) * wide, 0.5), 10, "#c9ced6") for a, b in entry.gaps]
        for key in reversed(used):
            places = sorted({round(left + wide * t, 1) for t in start_s[own & (kinds == key)].tolist()})
            drawn.append(_strokes(places, middle, key))
    drawn += [
        line(left, bottom, right, bottom),
        text((left + right) / 2, bottom + 32, f"time ({unit})", "middle", MUTED),
    ]
    return picture(bottom + 40, "Events over the recordings", drawn)


def _strokes(places: Sequence[float], middle: float, key: str) -> str:
    """Return a stroke at each place, one element for all, however many there are."""
    if not places:
        return ""
    up = key in EMBOLI
    path = "".join(
        f"M{x:.1f} {middle + (-1 if up else 1):.1f}v{-13 if up else 11 if key == 'artefact' else 7}" for x in places
    )
    return f'<path d="{path}" fill="none" stroke="{COLOURS[key] if key else FRAME}" stroke-width="1.5"/>'


def _legend(keys: Sequence[str], left: float) -> list[str]:
    parts, x = [], left
    for key in keys:
        parts += [rect(x, 8, 11, 11, COLOURS[key], TEXT if not key else "none"), text(x + 16, 18, NAMES[key])]
        x += 34 + 7 * len(NAMES[key])
    return parts
