"""Writes the table of parameters into docs/simulator.md, from the code: `.venv/bin/python docs/examples/simulator_page.py`."""

from __future__ import annotations

from pathlib import Path

from core.signals.simulate import PARAMETERS, REGIMES

PAGE = Path(__file__).parents[1] / "simulator.md"


def parameters() -> str:
    """Return a row for each parameter: unit, whole range, range of each regime, source."""
    rows = [
        "| parameter | unit | range | " + " | ".join(REGIMES) + " | source |",
        "|---|---|---|" + "---|" * len(REGIMES) + "---|",
    ]
    for name, p in PARAMETERS.items():
        ranges = [
            f"{low:g} to {high:g}" for low, high in [(p.low, p.high), *(drawn[name] for drawn in REGIMES.values())]
        ]
        rows.append(f"| `{name}` | {p.unit or '1'} | " + " | ".join(ranges) + f" | {p.source} |")
    return "\n".join(rows)


def with_block(page: str, name: str, block: str) -> str:
    """Return a page with what stands between the marks of `name` replaced."""
    begin, end = f"<!-- {name}: made by docs/examples -->", f"<!-- end of {name} -->"
    before, after = page.split(begin)[0], page.split(end)[1]
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"


def put_block(name: str, block: str) -> None:
    """Write a block into the page."""
    PAGE.write_text(with_block(PAGE.read_text(encoding="utf-8"), name, block), encoding="utf-8")


if __name__ == "__main__":
    put_block("parameters", parameters())
