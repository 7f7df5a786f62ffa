"""Verifying a bundle: safe to open, nothing changed, and the same answers; nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BundleError, HitscopeError, InputError
from core.export.archive import MAX_BYTES, is_sealed, unpack
from core.export.onnx_file import describe_onnx
from core.features import build_representation

SCHEMA = 1
TOLERANCE = 1e-4
REQUIRED = (
    "labels.json",
    "model.json",
    "model.onnx",
    "model.safetensors",
    "preprocessing.json",
    "vectors/inputs.npy",
    "vectors/probabilities.npy",
    "vectors/windows.npy",
)


@dataclass(frozen=True)
class Check:
    """One check that ran."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Report:
    """All checks that ran, in order; a failed one stops what depends on it."""

    path: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}


def verify_bundle(path: str | Path, sha256: str | None = None) -> Report:
    """Check a bundle: the seal of the archive, its safety, the hash of every file, then its test vectors.

    Parameters
    ----------
    path : str or Path
    sha256 : str, optional
        What its maker says the SHA-256 of the whole file is: a bundle that is sound but another one fails.

    Returns
    -------
    Report
        Names what is damaged. Nothing but the manifest is read before all hashes are right. The vectors run from the raw
        windows: preprocessing by Hitscope, the model in onnxruntime, probabilities within 1e-4 of the stored ones and the
        same classes.

    Raises
    ------
    InputError
        If there is no such file.
    BundleError
        If it is no zip at all, or too large to be a bundle.
    """
    data = _read(Path(path))
    sealed = is_sealed(data)
    checks = [
        Check("seal", sealed, "not one bit differs" if sealed else "the archive is not as Hitscope wrote it"),
    ]
    try:
        files = unpack(data)
        checks.append(Check("archive", True, f"{len(files)} files, {sum(map(len, files.values())):,} bytes"))
        checks += _hashes(files, _manifest(files))
        if all(check.passed for check in checks):
            checks += _answers(files)
    except Exception as error:  # whatever damaged data makes zipfile, zlib, json, numpy or onnxruntime raise
        what = error.what if isinstance(error, HitscopeError) else f"{type(error).__name__}: {error}"
        checks.append(Check("readable", False, what))
    if sha256 is not None:
        digest = hashlib.sha256(data).hexdigest()
        detail = "SHA-256 as stated" if digest == sha256.lower() else f"SHA-256 is {digest}, not {sha256}"
        checks.append(Check("same bundle", digest == sha256.lower(), detail))
    return Report(str(path), tuple(checks))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise InputError("there is no such bundle", subject=path, remedy="Check the path")
    if path.stat().st_size > MAX_BYTES:
        raise BundleError("this file is too large to be a bundle", subject=path, remedy="Choose another file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"could not be read ({error.strerror})", subject=path, remedy="Check who may read it"
        ) from error
    if not data.startswith(b"PK") and not zipfile.is_zipfile(io.BytesIO(data)):
        raise BundleError(
            "this is not a bundle: it is no zip", subject=path, remedy="Choose a file that Hitscope wrote"
        )
    return data


def _manifest(files: dict[str, bytes]) -> dict[str, Any]:
    if "manifest.json" not in files:
        raise BundleError("the bundle has no manifest")
    manifest = json.loads(files["manifest.json"])
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BundleError("the manifest is not a manifest")
    if manifest.get("schema") != SCHEMA:
        raise BundleError(f"the bundle is of schema {manifest.get('schema')}; this Hitscope knows schema {SCHEMA}")
    return manifest


def _hashes(files: dict[str, bytes], manifest: dict[str, Any]) -> list[Check]:
    stated = manifest["files"]
    checks = []
    for name in sorted(set(stated) | (set(files) - {"manifest.json"})):
        if name not in files or name not in stated:
            where = "missing from the archive" if name not in files else "not in the manifest"
            checks.append(Check(f"hash of {name}", False, where))
            continue
        digest = hashlib.sha256(files[name]).hexdigest()
        same = digest == stated[name]["sha256"] and len(files[name]) == stated[name]["bytes"]
        checks.append(Check(f"hash of {name}", same, digest[:16] if same else "the file was changed"))
    absent = [name for name in REQUIRED if name not in files]
    if absent:
        checks.append(Check("complete", False, f"missing: {', '.join(absent)}"))
    return checks


def _answers(files: dict[str, bytes]) -> list[Check]:
    """Return the checks of the model and of its answers to the test vectors."""
    preprocessing = json.loads(files["preprocessing.json"])
    model = describe_onnx(files["model.onnx"])
    checks = [
        Check("model", True, f"opset {model['opset']}, IR {model['ir']}, {model['bytes']:,} bytes, self-contained")
    ]
    windows, inputs, expected = (
        np.load(io.BytesIO(files[f"vectors/{name}.npy"]), allow_pickle=False)
        for name in ("windows", "inputs", "probabilities")
    )
    known = files.get("vectors/levels.npy")
    levels = None if known is None else np.load(io.BytesIO(known), allow_pickle=False)
    recomputed = build_representation(preprocessing["representation"])(windows, preprocessing["fs"], levels)
    difference = _largest(recomputed, inputs)
    same_input = difference <= TOLERANCE * max(1.0, float(np.abs(inputs).max()))
    checks.append(Check("preprocessing", same_input, f"{len(windows)} windows, largest difference {difference:.2g}"))
    got = _run_onnx(files["model.onnx"], recomputed if same_input else inputs)
    off = _largest(got, expected)
    checks.append(Check("probabilities", off <= TOLERANCE, f"{len(got)} vectors, largest difference {off:.2g}"))
    agree = got.shape == expected.shape and bool((got.argmax(axis=1) == expected.argmax(axis=1)).all())
    checks.append(Check("classes", agree, "the same for every vector" if agree else "some differ"))
    return checks


def _largest(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, infinite if shapes differ or a value is NaN."""
    if a.shape != b.shape or not a.size:
        return float("inf")
    difference = float(np.abs(a - b).max())
    return difference if np.isfinite(difference) else float("inf")


def _run_onnx(model: bytes, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(None, {session.get_inputs()[0].name: x.astype(np.float32)})[0]
    return result
