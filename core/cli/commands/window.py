"""`hitscope window`: open the desktop application."""

from __future__ import annotations

import argparse
import subprocess
import sys

EXAMPLE = "hitscope window my-study"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("study", nargs="?", help="study folder to open")


def run(options: argparse.Namespace) -> int:
    """Start the window in a process of its own: the engine never imports Qt."""
    return subprocess.run(
        [sys.executable, "-m", "desktop", *([options.study] if options.study else [])], check=False
    ).returncode
