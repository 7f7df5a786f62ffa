"""`hitscope deidentify FILE OUT`: a copy of a recording without what tells who the person is."""

from __future__ import annotations

import argparse

from core.cli.main import show_json
from core.jobs import TerminalReporter
from core.signals import changes_of, open_recording, write_deidentified

EXAMPLE = "hitscope deidentify night.edf shared/p01.edf --drop-time"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording: EDF, BDF, WFDB (.hea), WAV or FLAC; it is not changed")
    options.add_argument("out", help="file to write, of the same type; one that is there is not replaced")
    options.add_argument("--drop-time", action="store_true", help="leave out the time of day, too")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Write the copy and name its files."""
    with TerminalReporter("copying") as report:
        written = write_deidentified(options.file, options.out, keep_time=not options.drop_time, report=report)
    changes = changes_of(open_recording(options.file), keep_time=not options.drop_time)
    if options.json:
        show_json({"files": [str(path) for path in written], "removed": changes.removed, "kept": changes.kept})
        return
    print("\n".join(str(path) for path in written))
    print(f"removed: {', '.join(changes.removed)}")
    print(f"kept: {', '.join(changes.kept)}: read them before you share it")
