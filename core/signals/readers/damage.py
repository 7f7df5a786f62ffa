"""How readers say that a file is damaged."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError, TruncatedError


def damaged(path: Path, detail: str) -> InputError:
    """Return the error for a file that breaks the rules of its format."""
    return InputError(
        detail,
        subject=path,
        kept="The file was not changed",
        remedy="Check that it is complete, and copy or export it again",
    )


def ends_early(path: Path, present: int, stated: int, what: str) -> TruncatedError:
    """Return the error for a file that holds `present` of the `stated` records or samples."""
    return TruncatedError(
        f"the file ends after {max(present, 0):,} of its {stated:,} {what}",
        subject=path,
        kept="The file was not changed",
        remedy="Copy it again from where it came, or use what is whole: --reader allow_truncated=true",
    )
