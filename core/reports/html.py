"""Pieces of a page: everything that is said is escaped, everything that it needs stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

UNBROKEN = 24  # characters of a name that stay on one line
# What Qt's rich text understands, too, since the PDF is made of the same page.
STYLE = """
body { font-family: Helvetica, Arial, sans-serif; font-size: 13px; color: #1b1f24; }
h1 { font-size: 22px; margin: 0 0 4px 0; }
h2 { font-size: 16px; margin: 24px 0 6px 0; }
h3 { font-size: 13px; margin: 16px 0 4px 0; }
p { margin: 6px 0; }
table { border-collapse: collapse; margin: 8px 0 4px 0; }
th, td { font-size: 11px; }
th { white-space: nowrap;
  text-align: left; color: #565e69; font-weight: normal; border-bottom: 1px solid #8a919c; padding: 3px 12px 3px 0;
  vertical-align: bottom; }
td { border-bottom: 1px solid #e3e6eb; padding: 3px 12px 3px 0; vertical-align: top; }
th.n, td.n { text-align: right; }
td.n, td.name { white-space: nowrap; }
td.banner { background-color: #fff1d6; color: #5c3b00; border: 2px solid #8a5a00; padding: 8px 12px; font-size: 14px;
  font-weight: bold; }
.muted { color: #565e69; }
.caption { color: #565e69; font-size: 12px; margin: 2px 0 12px 0; }
.lead { font-size: 16px; margin: 10px 0; }
"""
# What browsers alone understand.
LAYOUT = """
body { background: #ffffff; line-height: 1.45; max-width: 720px; margin: 32px auto; padding: 0 20px; }
svg { display: block; max-width: 100%; height: auto; margin: 8px 0; }
td.n { font-variant-numeric: tabular-nums; }
@media print { body { margin: 0; max-width: none; padding: 0; } h2, h3 { break-after: avoid; }
  svg, tr { break-inside: avoid; } }
@page { margin: 18mm; }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """Return a page that loads nothing from anywhere: a browser is told to refuse it, too."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<style media='screen, print'>{LAYOUT}</style>\n</head>\n<body>\n"
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
    made = "".join(element(name, cell, _role(n, cell, left)) for n, cell in enumerate(cells))
    return f"<tr>{made}</tr>"


def _role(column: int, cell: str, left: int) -> str:
    if column >= left:
        return "n"
    return "name" if len(cell) <= UNBROKEN else ""
