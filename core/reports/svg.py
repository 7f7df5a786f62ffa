"""Pieces of figures as SVG text: attributes only, no style sheet, so that print engines draw them as browsers do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH = 660
TEXT, MUTED, GRID, FRAME = "#1b1f24", "#565e69", "#e3e6eb", "#8a919c"
FONT = 11


def picture(height: float, title: str, parts: Sequence[str]) -> str:
    """Return a figure of `WIDTH` px and a height; the title is for who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" viewBox="0 0 {WIDTH} {height:g}" '
        f'role="img" font-family="Helvetica, Arial, sans-serif" font-size="{FONT}"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str = FRAME, width: float = 1) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def rect(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none") -> str:
    """Return a rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{fill}" '
        f'stroke="{stroke}"/>'
    )


def text(x: float, y: float, said: str, anchor: str = "start", colour: str = TEXT, size: float = FONT) -> str:
    """Return text whose baseline lies at `y`; `anchor` is ``start``, ``middle`` or ``end``."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size:g}">{escape(said)}</text>'


def upright(x: float, y: float, said: str) -> str:
    """Return text that runs upwards, its middle at a place: the title of a vertical axis."""
    return (
        f'<text x="0" y="0" transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle" fill="{MUTED}" '
        f'font-size="{FONT}">{escape(said)}</text>'
    )


def ticks(last: float, most: int = 8, *, whole: bool = False) -> list[float]:
    """Return round numbers from 0 to the first at or beyond `last`, at most `most` steps of 1, 2 or 5 times a power of ten."""
    if not last > 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(last / most))
    step = next(m * power for m in (1, 2, 5, 10, 20) if last / (m * power) <= most)
    step = max(step, 1.0) if whole else step
    return [n * step for n in range(math.ceil(round(last / step, 9)) + 1)]


def shortened(said: str, most: int) -> str:
    """Return text of at most so many characters; what was cut is an ellipsis."""
    return said if len(said) <= most else said[: most - 1] + "…"
