"""Verifying a bundle: safe to open, nothing changed, and the same answers; nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from core.errors import BundleError, HitscopeError, InputError
from core.features import build_representation

MAX_FILES, MAX_BYTES = 200, 512 * 2**20
TOLERANCE = 1e-4
REQUIRED = (
    "model.onnx",
    "preprocessing.json",
    "vectors/windows.npy",
    "vectors/inputs.npy",
    "vectors/probabilities.npy",
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


def verify_bundle(path: str | Path) -> Report:
    """Check a bundle: the archive, the hash of every file, then its test vectors.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Report
        Names what is damaged. The vectors run from the raw windows: preprocessing by Hitscope, the model in onnxruntime,
        probabilities within 1e-4 of the stored ones and the same classes.

    Raises
    ------
    InputError
        If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("there is no such bundle", subject=path, remedy="Check the path")
    checks: list[Check] = []
    try:
        files = _contents(path)
        checks.append(Check("archive", True, f"{len(files)} files, {sum(map(len, files.values())):,} bytes"))
        manifest = _manifest(files)
        checks += _hashes(files, manifest)
        if all(check.passed for check in checks):
            checks += _vectors(files)
    except (
        HitscopeError,
        zipfile.BadZipFile,
        ValueError,
        KeyError,
        TypeError,
        OSError,
        EOFError,
        NotImplementedError,
    ) as error:
        what = error.what if isinstance(error, HitscopeError) else f"{type(error).__name__}: {error}"
        checks.append(Check("readable", False, what))
    except Exception as error:  # zlib and onnxruntime raise types of their own for damaged data
        checks.append(Check("readable", False, f"{type(error).__name__}: {error}"))
    return Report(str(path), tuple(checks))


def _contents(path: Path) -> dict[str, bytes]:
    """Return the files of the archive, read into memory and nowhere else, within fixed limits."""
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if len(names) > MAX_FILES or len(set(names)) != len(names):
            raise BundleError("the archive holds too many files, or one twice", subject=path)
        for name in names:
            parts = PurePosixPath(name).parts
            if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
                raise BundleError(f"the archive names a file outside itself ({name})", subject=path)
        if sum(info.file_size for info in infos) > MAX_BYTES:
            raise BundleError("the archive would unpack to too much", subject=path)
        files = {}
        for info in infos:
            with archive.open(info) as member:
                data = member.read(info.file_size + 1)
            if len(data) != info.file_size:
                raise BundleError(f"{info.filename} is not as large as the archive says", subject=path)
            files[info.filename] = data
        return files


def _manifest(files: dict[str, bytes]) -> dict[str, Any]:
    if "manifest.json" not in files:
        raise BundleError("the bundle has no manifest")
    manifest = json.loads(files["manifest.json"])
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BundleError("the manifest is not a manifest")
    if manifest.get("schema") != 1:
        raise BundleError(f"the bundle is of schema {manifest.get('schema')}; this Hitscope knows schema 1")
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


def _vectors(files: dict[str, bytes]) -> list[Check]:
    preprocessing = json.loads(files["preprocessing.json"])
    windows, inputs, expected = (
        _array(files[f"vectors/{name}.npy"]) for name in ("windows", "inputs", "probabilities")
    )
    recomputed = build_representation(preprocessing["representation"])(windows, preprocessing["fs"])
    difference = float(np.abs(recomputed - inputs).max()) if recomputed.shape == inputs.shape else float("inf")
    scale = max(1.0, float(np.abs(inputs).max()))
    same_input = difference <= TOLERANCE * scale
    checks = [Check("preprocessing", same_input, f"{len(windows)} windows, largest difference {difference:.2g}")]
    got = _run_onnx(files["model.onnx"], recomputed if same_input else inputs)
    off = float(np.abs(got - expected).max()) if got.shape == expected.shape else float("inf")
    checks.append(Check("probabilities", off <= TOLERANCE, f"{len(got)} vectors, largest difference {off:.2g}"))
    agree = got.shape == expected.shape and bool((got.argmax(axis=1) == expected.argmax(axis=1)).all())
    checks.append(Check("classes", agree, "the same for every vector" if agree else "some differ"))
    return checks


def _array(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)


def _run_onnx(model: bytes, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(None, {session.get_inputs()[0].name: x.astype(np.float32)})[0]
    return result
