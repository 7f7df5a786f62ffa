"""Where the demo study of the window lies, and how it is made."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths

from core.cli import create_demo_study


def demo_folder() -> Path:
    """Return the folder of this user's demo study."""
    base = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(base) / "hitscope" / "demo"


def make_demo(folder: Path) -> None:
    """Make the demo study (in a task)."""
    create_demo_study(folder).close()
