"""What people read in a bundle: the model card, the instructions, the licence of Hitscope's own parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.training import TrainedRun

CARD = """# Model card

{what} for **{classes}**, from {channels} at {fs:g} Hz.{simulated}

## Data and figures
{data}

| side | n | MCC | 95 % interval (over {over}) | F1 by class |
|---|---|---|---|---|
{rows}

{compared}
{warnings}

## Limits
A research result, **not a medical device**: it must not decide about patients. The figures hold for recordings like
those it was trained on. Windows at another sampling rate, of other channels or in other units must be converted first.
"""

README = """# A Hitscope device bundle

`preprocessing.json` says how a window of {n_times} samples at {fs:g} Hz of {channels} becomes the input of `model.onnx`;
`model.onnx` turns it into probabilities of {classes}. `vectors/` holds {note}windows with what must come out.

Check it in three commands:

    pip install numpy onnxruntime
    unzip BUNDLE.zip -d bundle && cd bundle
    python check.py

With Hitscope, `hitscope verify BUNDLE.zip` also checks every hash and recomputes the inputs from the raw windows.
"""


CHECK = """# Runs the test vectors of this bundle: needs numpy and onnxruntime only.
import numpy
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
probabilities = session.run(None, {"x": numpy.load("vectors/inputs.npy")})[0]
difference = abs(probabilities - numpy.load("vectors/probabilities.npy")).max()
print(len(probabilities), "vectors, largest difference", difference)
assert difference < 1e-4, "the answers differ"
"""


def model_card(run: TrainedRun, result: dict[str, Any]) -> bytes:
    """Return ``MODEL_CARD.md``."""
    metrics = result.get("metrics", {})
    over = metrics.get("test", {}).get("interval_over", "events")
    text = CARD.format(
        what=f"A {run.card['model']['name']}" + (f" with {result['scheme']} weights" if "scheme" in result else ""),
        classes=", ".join(run.classes),
        channels=", ".join(run.card["channels"]),
        fs=run.card["fs"],
        simulated=" **Trained on simulated recordings.**" if run.card["simulated"] else "",
        data=f"Split by {run.splits['unit']}; chosen on validation events, measured once on test events.",
        over=over,
        rows="\n".join(_row(side, metrics[side]) for side in ("validation", "test") if side in metrics),
        compared=_compared(result),
        warnings="\n".join(f"- {warning}" for warning in result.get("warnings", [])),
    )
    return text.encode()


def _row(side: str, figures: dict[str, Any]) -> str:
    low, high = figures["mcc_interval"]
    f1 = ", ".join(f"{name} {value:.2f}" for name, value in figures["f1"].items())
    return f"| {side} | {figures['n']} | {figures['mcc']:.3f} | {low:.3f} to {high:.3f} | {f1} |"


def _compared(result: dict[str, Any]) -> str:
    if "delta_mcc" not in result:
        return ""
    low, high = result["delta_mcc_interval"]
    return (
        f"Against full precision on the same test events: ΔMCC {result['delta_mcc']:+.3f} ({low:+.3f} to {high:+.3f}); "
        f"{result['sparsity']:.1%} of the compressed weights are zero."
    )


def readme(run: TrainedRun) -> bytes:
    """Return ``README.md``."""
    text = README.format(
        n_times=run.window.n_times,
        fs=run.card["fs"],
        channels=", ".join(run.card["channels"]),
        classes=", ".join(run.classes),
        note="simulated " if run.card["simulated"] else "real test ",
    )
    return text.encode()


def licence() -> bytes:
    """Return the licence of what Hitscope itself put into the bundle; the weights are their maker's."""
    own = Path(__file__).parents[2] / "LICENSE"
    text = own.read_text(encoding="utf-8") if own.exists() else "BSD-3-Clause, the Hitscope developers\n"
    return ("The weights belong to whoever trained them. Hitscope's own parts:\n\n" + text).encode()
