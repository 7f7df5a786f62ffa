"""`hitscope verify BUNDLE`: hashes first, then the test vectors in onnxruntime."""

from __future__ import annotations

import argparse

from core.cli.main import show_json
from core.export import verify_bundle

EXAMPLE = "hitscope verify bundle.zip --json"


def configure(options: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_argument("bundle", help="bundle (.zip) written by `hitscope export`")
    options.add_argument("--sha256", metavar="HEX", help="what its maker says the SHA-256 of the bundle is")
    options.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print every check that ran; exit status 1 if one failed."""
    report = verify_bundle(options.bundle, options.sha256)
    if options.json:
        show_json(report.to_json())
    else:
        for check in report.checks:
            print(f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.detail}")
    return 0 if report.ok else 1
