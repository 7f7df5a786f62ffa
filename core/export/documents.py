"""What people read in a bundle: the model card, the instructions, the licence of Hitscope's own parts."""

from __future__ import annotations

from importlib.metadata import distribution
from typing import Any

from core.training import TrainedRun

CARD = """# Model card

{what} for **{classes}**, from {channels} at {fs:g} Hz. {nature}

## Data
{data}

## Figures
| side | n | MCC | 95 % interval (over {over}) | F1 by class |
|---|---|---|---|---|
{rows}

{notes}
{compressed}
## Limits
A research result, **not a medical device**: it must not decide about patients. The figures hold for recordings like
those it was trained on. Windows at another sampling rate, of other channels or in other units must be converted first.
{vectors}
"""

COMPRESSED = """
## Compression
{scheme}: {sparsity:.1%} of the {n:,} compressed weights are zero. On the same test events, ΔMCC against full precision
{delta:+.3f} (95 % interval {low:+.3f} to {high:+.3f}).

| one inference | full precision | compressed |
|---|---|---|
| multiplies | {full[multiplies]:,} | {now[multiplies]:,} |
| additions | {full[additions]:,} | {now[additions]:,} |
| weights, bytes (best encoding: {encoding}) | {bytes_full:,} | {bytes_now:,} |
| energy, estimate, µJ | {energy_full:.3g} | {energy_now:.3g} |

The energy is an estimate from counted operations and 45 nm figures (Horowitz 2014), not a measurement. The files of this
bundle hold the compressed weights in 32 bits each.
"""

README = """# A Hitscope device bundle

`preprocessing.json` says how a window of {n_times} samples at {fs:g} Hz of {channels} becomes the input of `model.onnx`;
`model.onnx` turns it into probabilities of {classes}. `vectors/` holds {note}windows with what must come out.

Check it in three commands:

    pip install numpy onnxruntime
    unzip BUNDLE.zip -d bundle && cd bundle
    python check.py

With Hitscope, `hitscope verify BUNDLE.zip` also checks every hash and recomputes the inputs from the raw windows. Hashes
show damage, not who made the bundle: compare the SHA-256 of the zip with the one its maker tells you.
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
    metrics, simulated = result["metrics"], run.card["simulated"]
    text = CARD.format(
        what=f"A {run.card['model']['name']}" + (f" with {result['scheme']} weights" if "scheme" in result else ""),
        classes=", ".join(run.classes),
        channels=", ".join(run.card["channels"]),
        fs=run.card["fs"],
        nature="**Trained on simulated recordings.**" if simulated else "Trained on real recordings.",
        data=_data(run, result.get("data")),
        over=metrics["test"]["interval_over"],
        rows="\n".join(_row(side, metrics[side]) for side in ("validation", "test")),
        notes="".join(f"- {warning}\n" for warning in result.get("warnings", [])),
        compressed=_compressed(result),
        vectors=""
        if simulated
        else "The test vectors are pieces of real recordings: pass them on only as you may pass on the recordings.",
    )
    return text.encode()


def _data(run: TrainedRun, data: dict[str, Any] | None) -> str:
    sides = ", ".join(f"{len(run.splits[side])} {side}" for side in ("train", "validation", "test"))
    split = (
        f"Split by {run.splits['unit']} ({sides}). Training was stopped by the validation events; the test events had no "
        "part in it and were measured when it was done."
    )
    if data is None:
        return split
    counts = ", ".join(f"{n} {name}" for name, n in data["classes"].items())
    return (
        f"{data['n']} labelled events ({counts}) of {data['recordings']} recordings and {data['subjects']} known subjects; "
        f"{data['propagated']} labels were propagated (used to train only), {data['rejected']} events were left out for "
        f"missing samples.\n{split}"
    )


def _row(side: str, figures: dict[str, Any]) -> str:
    low, high = figures["mcc_interval"]
    f1 = ", ".join(f"{name} {value:.2f}" for name, value in figures["f1"].items())
    return f"| {side} | {figures['n']} | {figures['mcc']:.3f} | {low:.3f} to {high:.3f} | {f1} |"


def _compressed(result: dict[str, Any]) -> str:
    if "delta_mcc" not in result:
        return ""
    account, (low, high) = result["account"], result["delta_mcc_interval"]
    return COMPRESSED.format(
        scheme=result["scheme"],
        sparsity=result["sparsity"],
        n=account["quantised_weights"],
        delta=result["delta_mcc"],
        low=low,
        high=high,
        full=account["operations_full"],
        now=account["operations"],
        encoding=account["best_encoding"].replace("_", " "),
        bytes_full=-(-account["bits_full"] // 8),
        bytes_now=-(-account["bits"] // 8),
        energy_full=1e6 * account["energy_full_j"],
        energy_now=1e6 * account["energy_j"],
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
    own = distribution("hitscope").read_text("licenses/LICENSE") or "BSD-3-Clause, the Hitscope developers\n"
    return ("The weights belong to whoever trained them. Hitscope's own parts:\n\n" + own).encode()
