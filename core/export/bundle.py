"""The bundle: a zip that a device engineer can check without Hitscope's study, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__
from core.errors import InputError
from core.export.documents import CHECK, licence, model_card, readme
from core.export.onnx_model import export_onnx
from core.export.verify import verify_bundle
from core.features import gather_windows
from core.jobs import JobSpec, Reporter, read_json, write_bytes_atomically
from core.study import Study
from core.training import TrainedRun, load_run, predict_probabilities

SCHEMA = 1
N_VECTORS = 32
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no export differs by its hour
TARGETS = ("onnx",)


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
    run = load_run(run_folder)
    windows, ids = _vectors(run)
    inputs = run.representation(windows, run.card["fs"])
    files = {
        "model.onnx": export_onnx(run.model, inputs.shape[1:]),
        "model.safetensors": (run_folder / "model.safetensors").read_bytes(),
        "model.json": _json(_public(run.card)),
        "preprocessing.json": _json(_preprocessing(run.card, inputs.shape[1:])),
        "labels.json": _json({"classes": run.classes, "decision": "the class of highest probability"}),
        "vectors/windows.npy": _npy(windows),
        "vectors/inputs.npy": _npy(inputs),
        "vectors/probabilities.npy": _npy(predict_probabilities(run.model, inputs)),
        "vectors/events.json": _json({"event_ids": ids, "side": "test"}),
        "MODEL_CARD.md": model_card(
            run, read_json(run_folder / "result.json") if (run_folder / "result.json").exists() else {}
        ),
        "README.md": readme(run),
        "check.py": CHECK.encode(),
        "LICENSE": licence(),
    }
    compression = run_folder / "compression.json"
    if compression.exists():
        files["compression.json"] = _json({k: v for k, v in read_json(compression).items() if k != "disagreements"})
    files["manifest.json"] = _json(_manifest(run, files, targets))
    write_bytes_atomically(path, _zip(files))
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


def _vectors(run: TrainedRun) -> tuple[np.ndarray, list[int]]:
    """Return windows of test events and their ids, spread over the classes and the recordings by their order."""
    test = run.splits["test"]
    ids = [test[i] for i in np.unique(np.linspace(0, len(test) - 1, min(N_VECTORS, len(test))).astype(int))]
    with Study.open(run.folder.parent.parent, readonly=True) as study:
        windows = gather_windows(study, ids, run.window)
    return windows.x, windows.ids.tolist()


def _public(card: dict[str, Any]) -> dict[str, Any]:
    """Return the card without what concerns only the study."""
    return {name: value for name, value in card.items() if name != "training"}


def _preprocessing(card: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    return {name: card[name] for name in ("fs", "channels", "units", "window", "representation")} | {
        "window_layout": ["batch", "channel", "time"],
        "model_input_shape": ["batch", *shape],
        "dtype": "float32",
    }


def _manifest(run: TrainedRun, files: dict[str, bytes], targets: Sequence[str]) -> dict[str, Any]:
    import onnx

    return {
        "schema": SCHEMA,
        "hitscope": __version__,
        "onnx": onnx.__version__,
        "targets": list(targets),
        "run": run.folder.name,
        "split_sha256": run.splits["sha256"],
        "simulated": run.card["simulated"],
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
        },
    }


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
