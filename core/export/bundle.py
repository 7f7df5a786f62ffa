"""The bundle: a zip that a device engineer can check without Hitscope's study, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.export.archive import pack
from core.export.documents import CHECK, licence, model_card, readme
from core.export.onnx_model import IR_VERSION, OPSET, export_onnx
from core.export.verify import SCHEMA, verify_bundle
from core.features import Windows, gather_windows
from core.jobs import JobSpec, Reporter, read_json, write_bytes_atomically
from core.study import Study
from core.training import TrainedRun, load_run, predict_probabilities

N_VECTORS = 32
TARGETS = ("onnx",)
TOOLS = ("hitscope", "torch", "onnx", "onnxscript", "onnxruntime", "safetensors", "numpy")


def export_bundle(run_folder: str | Path, path: str | Path, targets: Sequence[str] = ("onnx",)) -> Path:
    """Write the bundle of a finished training or compression run.

    Parameters
    ----------
    run_folder : str or Path
        ``STUDY/runs/RUN``; the test vectors are cut from the recordings of that study.
    path : str or Path
        The zip to write; replaced as a whole.
    targets : sequence of str
        ``onnx``.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the run is not finished, a recording is gone, a target is unknown, or the path cannot be written.
    """
    unknown = [target for target in targets if target not in TARGETS]
    if unknown:
        raise InputError(
            f"there is no export target {', '.join(unknown)}", remedy=f"Known targets: {', '.join(TARGETS)}"
        )
    run_folder, path = Path(run_folder).resolve(), Path(path)
    run, result = load_run(run_folder), _result(run_folder)
    vectors = _vectors(run)
    windows, levels = vectors.x, vectors.levels
    inputs = run.representation(windows, run.card["fs"], levels)
    files = {
        "model.onnx": export_onnx(run.model, inputs.shape[1:]),
        "model.safetensors": (run_folder / "model.safetensors").read_bytes(),
        "model.json": _json(_public(run.card)),
        "preprocessing.json": _json(_preprocessing(run.card, inputs.shape[1:])),
        "labels.json": _json({"classes": run.classes, "decision": "the class of highest probability"}),
        "vectors/windows.npy": _npy(windows),
        "vectors/inputs.npy": _npy(inputs),
        "vectors/probabilities.npy": _npy(predict_probabilities(run.model, inputs)),
        "vectors/events.json": _json({"event_ids": vectors.ids.tolist(), "side": "test"}),
        "MODEL_CARD.md": model_card(run, result),
        "README.md": readme(run),
        "check.py": CHECK.encode(),
        "LICENSE": licence(),
    }
    if levels is not None:
        files["vectors/levels.npy"] = _npy(levels)
    compression = run_folder / "compression.json"
    if compression.exists():
        files["compression.json"] = _json({k: v for k, v in read_json(compression).items() if k != "disagreements"})
    files["manifest.json"] = _json(_manifest(run, result, files, targets))
    write_bytes_atomically(path, pack(files))
    return path


def run_export(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Export a run and verify what was written (job kind ``export``); parameters: ``run``, ``path``, ``targets``."""
    report.progress(0, 3, "exporting")
    run_folder = Path(spec.study or "") / "runs" / spec.params["run"]
    path = export_bundle(run_folder, spec.params["path"], tuple(spec.params.get("targets", TARGETS)))
    report.progress(2, 3, "verifying")
    verified = verify_bundle(path)
    for check in verified.checks:
        report.log(f"{'passed' if check.passed else 'FAILED'}: {check.name} ({check.detail})")
    report.progress(3, 3, "verified" if verified.ok else "verification failed")
    data = path.read_bytes()
    return {"path": str(path), "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **verified.to_json()}


def _result(run_folder: Path) -> dict[str, Any]:
    """Return the result of a run, with what only that of its training run says, if that is still there."""
    path = run_folder / "result.json"
    if not path.exists():
        raise InputError(
            "this run is not finished", subject=run_folder.name, remedy="Wait until it is done, or resume it"
        )
    result: dict[str, Any] = read_json(path)
    if "parent" in result and (run_folder.parent / result["parent"] / "result.json").exists():
        result = _result(run_folder.parent / result["parent"]) | result
    return result


def _vectors(run: TrainedRun) -> Windows:
    """Return windows of test events: as many of each class as there are, spread over all of them."""
    with (run.folder / "predictions.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        test = file["split"] == "test"
        events, y = file["ids"][test], file["y_true"][test]
    classes = np.unique(y)
    ids: list[int] = []
    for number in classes:
        found = events[y == number]
        places = np.linspace(0, len(found) - 1, min(-(-N_VECTORS // len(classes)), len(found)))
        ids += found[np.unique(places.astype(int))].tolist()
    with Study.open(run.folder.parent.parent, readonly=True) as study:
        return gather_windows(study, ids, run.window, levels=run.representation.needs_levels)


def _public(card: dict[str, Any]) -> dict[str, Any]:
    """Return the card without what concerns only the study."""
    return {name: value for name, value in card.items() if name != "training"}


def _preprocessing(card: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    return {name: card[name] for name in ("fs", "channels", "units", "window", "representation")} | {
        "window_layout": ["batch", "channel", "time"],
        "model_input_shape": ["batch", *shape],
        "dtype": "float32",
    }


def _manifest(
    run: TrainedRun, result: dict[str, Any], files: dict[str, bytes], targets: Sequence[str]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "targets": list(targets),
        "tools": {name: version(name) for name in TOOLS} | {"opset": OPSET, "ir": IR_VERSION},
        "provenance": {
            "run": run.folder.name,
            "parent": result.get("parent"),
            "seed": result["seed"],
            "split_sha256": run.splits["sha256"],
            "label_sha256": result.get("data", {}).get("label_hash"),
            "simulated": run.card["simulated"],
        },
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
        },
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
