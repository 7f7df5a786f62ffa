"""`hitscope info FILE`: what a recording holds."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from core.cli.main import show_json
from core.cli.options import add_reader, reader_options
from core.signals import Recording, open_recording
from core.signals.recording import Gaps

EXAMPLE = "hitscope info resources/demo/208.hea --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("file", help="recording, of any format that can be read")
    add_reader(options)
    options.add_argument("--identifying", action="store_true", help="also show what the file says of the person")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print channels, rates, units, duration, start, gaps, identifying fields and annotation counts."""
    recording = open_recording(options.file, **reader_options(options))
    summary = summary_of(recording, identifying=options.identifying)
    if options.json:
        show_json(summary)
    else:
        print("\n".join(_lines(recording, summary)))


def summary_of(recording: Recording, *, identifying: bool) -> dict[str, Any]:
    """Return what a recording holds as JSON-able fields; what tells who the person is only if so asked."""
    counts = Counter(annotation.text for annotation in recording.annotations)
    return {
        "file": str(recording.path),
        "format": recording.format,
        "duration_s": recording.duration,
        "start_time": None if recording.start_time is None else recording.start_time.isoformat(),
        "subject": recording.subject if identifying else None,
        "simulated": recording.simulated,
        "emission_hz": recording.emission_hz,
        "channels": [
            {
                "name": c.name,
                "fs_hz": c.fs,
                "unit": c.unit,
                "n_samples": c.n_samples,
                "n_present": recording.n_present(number),
                "kind": c.kind,
                "gaps_s": [list(gap) for gap in recording.gaps_of(number)],
            }
            for number, c in enumerate(recording.channels)
        ],
        "gaps_s": [list(gap) for gap in recording.gaps],
        "identifying": dict(recording.identifying) if identifying else list(recording.identifying),
        "annotations": dict(counts.most_common()),
    }


def _line(recording: Recording, number: int) -> str:
    """Return what is said of a channel; samples that are counted but lie in gaps are named."""
    c, own, present = recording.channels[number], recording.channel_gaps.get(number), recording.n_present(number)
    line = f"  {c.name:<16} {c.kind:<16} {c.fs:>9g} Hz  {c.n_samples:>10} samples  {c.unit}"
    line += f"  {present} of them present" if present < c.n_samples else ""
    return line + (f", {_said(own, 'gaps of its own')}" if own else "")


def _said(gaps: Gaps, what: str) -> str:
    lost = sum(stop - start for start, stop in gaps)
    return f"{len(gaps)} {what}, {lost:.1f} s in all, the first at {gaps[0][0]:.1f} s"


def _lines(recording: Recording, summary: dict[str, Any]) -> list[str]:
    badge = "  [SIMULATED]" if recording.simulated else ""
    lines = [
        f"{recording.path}{badge}",
        f"{recording.format}, {recording.duration:.1f} s, starts {summary['start_time'] or 'unknown'}",
        *(_line(recording, number) for number in range(len(recording.channels))),
    ]
    if recording.emission_hz is not None:
        lines.append(f"the probe emitted {recording.emission_hz / 1e6:.6g} MHz")
    if recording.gaps:
        lines.append(_said(recording.gaps, "gaps of all channels"))
    elif any(recording.channel_gaps.values()):
        lines.append("no gaps that all channels share")
    if recording.identifying:
        said = summary["identifying"]
        shown = [f"{k}: {v}" for k, v in said.items()] if isinstance(said, dict) else said
        lines.append(f"says of the person: {', '.join(shown)}")
    counts: dict[str, int] = summary["annotations"]
    most = ", ".join(f"{text}: {n}" for text, n in list(counts.items())[:12])
    return [*lines, f"{sum(counts.values())} annotations {most}"]
