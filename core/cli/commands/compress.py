"""`hitscope compress RUN`: ternary weights for a trained run, compared with full precision."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.checks import check, whole
from core.cli.commands.train import report_run
from core.cli.main import show_json
from core.cli.options import json_option
from core.cli.running import run_job, split_run
from core.compression import LAYERS, SCHEMES, CompressionSpec
from core.study import Study

EXAMPLE = "hitscope compress STUDY/runs/training-20261121-101500-ab12 --scheme pttq --layers paper --epochs 10"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("run", help="folder of a training run")
    options.add_argument("--scheme", default="pttq", choices=list(SCHEMES), help="default: pttq")
    options.add_argument(
        "--scheme-params", default="{}", help="parameters of the scheme as JSON, such as '{\"t\": 0.05}'"
    )
    options.add_argument("--layers", default="paper", help=f"{', '.join(LAYERS)}, or names separated by commas")
    options.add_argument("--epochs", type=int, default=10, help="epochs of fine-tuning at most")
    options.add_argument("--lr", type=float, default=1e-3, help="learning rate")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Compress and print the comparison."""
    layers = options.layers.split(",") if "," in options.layers else options.layers
    params = {
        "run": Path(options.run).name,
        "scheme": options.scheme,
        "scheme_params": json_option("--scheme-params", options.scheme_params),
        "layers": layers,
        "epochs": options.epochs,
        "lr": options.lr,
    }
    CompressionSpec.from_json(params)  # a mistake is said before there is a run
    check(whole(0), seed=options.seed)
    folder, parent = split_run(options.run, "training")
    params["run"] = parent
    with Study.open(folder) as study:
        name = f"{options.scheme} of {study.run(parent).name}"
        entry = run_job(study, study.new_run("compression", name, params, parent=parent, seed=options.seed))
    summary = entry.summary
    if options.json:
        show_json({"run": str(entry.folder), **summary})
        return
    report_run(summary, str(entry.folder), as_json=False)
    show_comparison(summary)


def show_comparison(summary: dict[str, Any]) -> None:
    """Print the compressed model beside the full-precision one."""
    account, (low, high) = summary["account"], summary["delta_mcc_interval"]
    print("against full precision (energy of counted operations at 45 nm, not measured):")
    print(f"  ΔMCC    {summary['delta_mcc']:+.3f} [{low:+.3f}, {high:+.3f}] (95 %)")
    print(f"  zeros   {summary['sparsity']:.1%} of {account['quantised_weights']:,} weights")
    print(f"  bits    {account['bits']:,} of {account['bits_full']:,}")
    print(
        f"  energy  {account['energy_j'] * 1e6:.3g} of {account['energy_full_j'] * 1e6:.3g} µJ per window, "
        f"{account['energy_saved']:.1%} saved"
    )
