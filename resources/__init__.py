"""Files that come with Hitscope."""

from pathlib import Path


def path(name: str) -> Path:
    """Return the path of a file that comes with Hitscope, such as ``demo/208.hea``."""
    return Path(__file__).parent / name
