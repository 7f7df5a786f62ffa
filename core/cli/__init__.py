"""The command `hitscope`: everything the window does, headless."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    from core.cli.app import run

    return run(argv)
