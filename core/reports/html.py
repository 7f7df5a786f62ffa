"""Pieces of a page: everything that is said is escaped, everything that it needs stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# Also what Qt's rich text understands, for the PDF; what it does not, such as widths of the screen, it passes over.
STYLE = """
body { font-family: Helvetica, Arial, sans-serif; font-size: 13px; line-height: 1.45; color: #1b1f24; background: #ffffff;
  max-width: 720px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 22px; margin: 0 0 4px 0; }
h2 { font-size: 16px; margin: 26px 0 6px 0; }
h3 { font-size: 13px; margin: 16px 0 4px 0; }
p { margin: 6px 0; }
table { border-collapse: collapse; margin: 8px 0 4px 0; }
th { text-align: left; color: #565e69; font-weight: normal; border-bottom: 1px solid #8a919c; padding: 3px 14px 3px 0;
  vertical-align: bottom; }
td { border-bottom: 1px solid #e3e6eb; padding: 3px 14px 3px 0; vertical-align: top; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.muted { color: #565e69; }
.caption { color: #565e69; font-size: 12px; margin: 2px 0 12px 0; }
.lead { font-size: 16px; margin: 10px 0; }
.banner { background: #fff1d6; color: #5c3b00; border: 2px solid #8a5a00; padding: 8px 12px; margin: 12px 0;
  font-weight: bold; }
svg { display: block; max-width: 100%; height: auto; margin: 8px 0; }
"""
PRINT = """@media print { body { margin: 0; max-width: none; } h2, h3 { break-after: avoid; }
  svg, tr, .banner { break-inside: avoid; } } @page { margin: 18mm; }"""


def page(title: str, parts: Iterable[str]) -> str:
    """Return a page that loads nothing from anywhere: a browser is told to refuse it, too."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<style>{PRINT}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def element(name: str, said: str, role: str = "") -> str:
    """Return an element with text."""
    shown = f' class="{role}"' if role else ""
    return f"<{name}{shown}>{escape(said)}</{name}>"


def paragraph(said: str, role: str = "") -> str:
    """Return a paragraph; `role` is a class of the style sheet."""
    return element("p", said, role)


def bullets(items: Iterable[str]) -> str:
    """Return a list; empty if there is no item."""
    made = "".join(element("li", item) for item in items)
    return f"<ul>{made}</ul>" if made else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table whose first `left` columns are words, and the others numbers."""
    lines = [_row("th", head, left)] if any(head) else []
    return "<table>" + "".join([*lines, *(_row("td", row, left) for row in rows)]) + "</table>"


def _row(name: str, cells: Sequence[str], left: int) -> str:
    made = "".join(element(name, cell, "" if n < left else "n") for n, cell in enumerate(cells))
    return f"<tr>{made}</tr>"
