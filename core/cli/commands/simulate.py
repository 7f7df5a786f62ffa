"""`hitscope simulate --out FILE.wav`: a simulated TCD recording, its truth table, and how to make it again."""

from __future__ import annotations

import argparse
from collections import Counter

from core.cli.main import show_json
from core.cli.options import add_replace
from core.jobs import NullReporter, TerminalReporter, refuse_taken
from core.signals.simulate import REGIMES, SimulatedFiles, Simulation, write_simulation

EXAMPLE = "hitscope simulate --seed 7 --hours 1 --regime atrial_fibrillation --gates 2 --out af.wav"
LONG_S = 300.0  # what takes so little time that a bar would only flicker


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("--out", required=True, metavar="FILE.wav", help="file to write; two more go beside it")
    options.add_argument("--seed", type=int, default=0, help="the same seed makes the same recording (default: 0)")
    options.add_argument("--hours", type=float, default=0.05, help="length (default: 0.05, which is 3 minutes)")
    options.add_argument("--regime", default="regular", help=f"{', '.join(REGIMES)} (default: regular)")
    options.add_argument("--gates", type=int, default=1, help="1, or 2 at depths 12 mm apart (default: 1)")
    options.add_argument("--fs", type=int, default=4385, metavar="HZ", help="repetition rate (default: 4385)")
    options.add_argument("--emission-hz", type=float, default=2e6, metavar="HZ", help="(default: 2e6)")
    options.add_argument("--emboli-per-minute", type=float, default=10.0, metavar="N", help="(default: 10)")
    options.add_argument("--artefacts-per-minute", type=float, default=10.0, metavar="N", help="(default: 10)")
    options.add_argument(
        "--echo-db",
        type=float,
        nargs=2,
        default=(0.0, 20.0),
        metavar=("LOW", "HIGH"),
        help="emboli's echo over blood, dB; 0 dB are 3 dB of HBR (default: 0 20)",
    )
    add_replace(options)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Write the recording and name its files."""
    files = SimulatedFiles.named(options.out)
    if not options.replace:
        refuse_taken(files.wav, files.truth, files.made)
    simulation = Simulation(
        options.seed,
        3600 * options.hours,
        options.regime,
        fs=float(options.fs),
        emission_hz=options.emission_hz,
        gates=options.gates,
        emboli_per_minute=options.emboli_per_minute,
        artefacts_per_minute=options.artefacts_per_minute,
        echo_db=tuple(options.echo_db),
    )
    if simulation.n_samples / simulation.fs < LONG_S:
        write_simulation(files.wav, simulation, NullReporter())
    else:
        with TerminalReporter("simulating") as report:
            write_simulation(files.wav, simulation, report)
    counts = Counter(t.kind for t in simulation.truth)
    if options.json:
        told = {"wav": str(files.wav), "truth": str(files.truth), "made": str(files.made)}
        show_json({"simulated": True, "files": told, "parameters": simulation.parameters, "counts": counts})
        return
    print(f"{files.wav}: {simulation.n_samples / simulation.fs:.1f} s of simulated TCD, not a patient")
    print(f"{files.truth}: " + ", ".join(f"{counts[kind]} {kind}" for kind in ("solid", "gaseous", "artefact")))
    print(f"{files.made}: what it was made with")
