"""`hitscope info FILE`: what a recording holds."""

from __future__ import annotations

import argparse
from collections import Counter

from core.cli.main import show_json
from core.cli.options import add_reader, reader_options
from core.signals import open_recording

EXAMPLE = "hitscope info resources/demo/208.hea --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording, of any format that can be read")
    add_reader(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print channels, rates, units, duration, start and annotation counts."""
    recording = open_recording(options.file, **reader_options(options))
    counts = Counter(annotation.text for annotation in recording.annotations)
    channels = [
        {"name": c.name, "fs_hz": c.fs, "unit": c.unit, "n_samples": c.n_samples, "kind": c.kind}
        for c in recording.channels
    ]
    summary = {
        "file": str(recording.path),
        "format": recording.format,
        "duration_s": recording.duration,
        "start_time": None if recording.start_time is None else recording.start_time.isoformat(),
        "subject": recording.subject,
        "simulated": recording.simulated,
        "channels": channels,
        "annotations": dict(counts.most_common()),
    }
    if options.json:
        show_json(summary)
        return
    badge = "  [SIMULATED]" if recording.simulated else ""
    print(
        f"{recording.path}{badge}\n{recording.format}, {recording.duration:.1f} s, starts {summary['start_time'] or 'unknown'}"
    )
    for c in recording.channels:
        print(f"  {c.name:<16} {c.kind:<16} {c.fs:>9g} Hz  {c.n_samples:>10} samples  {c.unit}")
    print(f"{sum(counts.values())} annotations " + ", ".join(f"{text}: {n}" for text, n in counts.most_common(12)))
