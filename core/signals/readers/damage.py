"""How readers say that a file is damaged."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError


def damaged(path: Path, detail: str) -> InputError:
    """Return the error for a file that breaks the rules of its format."""
    return InputError(
        detail,
        subject=path,
        kept="The file was not changed",
        remedy="Check that it is complete, and copy or export it again",
    )


def ends_early(path: Path, present: int, stated: int, what: str) -> InputError:
    """Return the error for a file that holds `present` of the `stated` records or samples."""
    return InputError(
        f"the file ends after {max(present, 0):,} of its {stated:,} {what}",
        subject=path,
        kept="The file was not changed",
        remedy="Copy it again from where it came, or open it with allow_truncated to use what is whole",
    )
