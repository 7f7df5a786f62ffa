import hashlib
import io
import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch

import resources
from core.compression import run_compression
from core.errors import InputError
from core.events import make_events
from core.export import export_bundle, run_export, verify_bundle
from core.export.archive import pack, unpack
from core.jobs import JobSpec, NullReporter, read_json, write_json
from core.signals import add_to_study
from core.study import Study, label_events
from core.training import load_run, run_training

MODELS = {
    "cnn2d": ({"name": "log_spectrogram", "preset": "ecg"}, {"name": "cnn2d", "n_filters": 4}),
    "cnn_transformer": (
        {"name": "raw"},
        {"name": "cnn_transformer", "d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_projection": 4},
    ),
}


def run_job(study, kind, function, params, parent=None):
    entry = study.new_run(kind, kind, params, parent=parent, seed=3)
    result = function(entry.job(), NullReporter())
    write_json(entry.folder / "result.json", result)
    return entry


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Some real beats of two classes, every twelfth labelled."""
    with Study.create(tmp_path_factory.mktemp("étude") / "s") as study:
        number = add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, number, "annotations", mapping="aami", with_labels=False))
        events = study.events()
        pairs = zip(events.id.tolist(), events.attributes, strict=True)
        ids, labels = zip(*[(i, a["symbol"]) for i, a in pairs if a["symbol"] in "NV"][::12], strict=True)
        study.apply(label_events(study, ids, labels, source="imported"))
        yield study


@pytest.fixture(scope="module", params=sorted(MODELS))
def runs(request, study):
    """A trained and a compressed model: the folders of both runs."""
    representation, model = MODELS[request.param]
    params = {"representation": representation, "model": model, "max_epochs": 2, "threads": 1}
    training = run_job(study, "training", run_training, params)
    params = {"run": training.id, "scheme": "pttq", "layers": "all_but_ends", "epochs": 1, "threads": 1}
    return training.folder, run_job(study, "compression", run_compression, params, training.id).folder


@pytest.fixture(scope="module")
def bundle(runs, tmp_path_factory):
    """The bundle of the compressed model, not to be written to."""
    return export_bundle(runs[1], tmp_path_factory.mktemp("a b") / "bundle.zip")


@pytest.fixture
def files(bundle):
    return unpack(bundle.read_bytes())


@pytest.fixture
def changed(bundle, files, tmp_path):
    """Return what verification says of the bundle with some files changed, their hashes stated as they are or as told."""

    def verify(changes, honest=True):
        manifest = json.loads(files["manifest.json"])
        everything = files | changes
        for name, data in changes.items() if honest else ():
            manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        everything["manifest.json"] = json.dumps(manifest).encode()
        (tmp_path / "changed.zip").write_bytes(pack(everything))
        return verify_bundle(tmp_path / "changed.zip")

    return verify


def failed(report):
    return [check.name for check in report.checks if not check.passed]


def test_a_bundle_verifies(bundle):
    report = verify_bundle(bundle)
    assert report.ok, report
    names = [check.name for check in report.checks]
    assert names[:2] == ["seal", "archive"]
    assert names[-4:] == ["model", "preprocessing", "probabilities", "classes"]
    assert "hash of model.onnx" in names


def test_a_full_precision_run_exports_too(runs, tmp_path):
    bundle = export_bundle(runs[0], tmp_path / "full.zip")
    assert verify_bundle(bundle).ok
    assert "Compression" not in unpack(bundle.read_bytes())["MODEL_CARD.md"].decode()


def test_another_process_writes_the_same_bytes(runs, bundle, tmp_path):
    code = "import sys; from core.export import export_bundle; export_bundle(*sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, runs[1], tmp_path / "b.zip"], check=True, capture_output=True)
    assert (tmp_path / "b.zip").read_bytes() == bundle.read_bytes()


def test_nothing_private_is_in_it(files, tmp_path, study):
    text = b"".join(files.values())
    for private in (
        b"/work/",
        b"/home/",
        b"/root",
        b"site-packages",
        b'.py"',
        str(study.folder).encode(),
        b"Traceback",
    ):
        assert private not in text.replace(b"check.py", b"")
    model = onnx.load_model_from_string(files["model.onnx"])
    assert not model.metadata_props
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)


def test_manifest_says_where_it_comes_from(files, runs):
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    result = read_json(runs[0] / "result.json")
    assert manifest["provenance"] == {
        "run": runs[1].name,
        "parent": runs[0].name,
        "seed": 3,
        "split_sha256": load_run(runs[0]).splits["sha256"],
        "label_sha256": result["data"]["label_hash"],
        "simulated": False,
    }
    assert manifest["tools"]["torch"] == torch.__version__
    assert manifest["tools"] | {"opset": 18, "ir": 8} == manifest["tools"]


def test_model_card_gives_figures_with_intervals_and_limits(files, runs):
    card, result = files["MODEL_CARD.md"].decode(), read_json(runs[1] / "result.json")
    test = result["metrics"]["test"]
    low, high = test["mcc_interval"]
    assert f"| test | {test['n']} | {test['mcc']:.3f} | {low:.3f} to {high:.3f} |" in card
    assert "not a medical device" in card
    assert "Trained on real recordings" in card
    assert "labelled events" in card
    assert f"{result['sparsity']:.1%}" in card
    assert "pieces of real recordings" in card
    assert "Redistribution" in files["LICENSE"].decode()


def test_vectors_are_test_events_of_every_class(files, runs):
    run = load_run(runs[1])
    events = json.loads(files["vectors/events.json"])["event_ids"]
    windows, inputs, expected = (
        np.load(io.BytesIO(files[f"vectors/{name}.npy"])) for name in ("windows", "inputs", "probabilities")
    )
    assert len(windows) == len(inputs) == len(expected) == len(events) >= 16
    assert set(events) <= set(run.splits["test"])
    np.testing.assert_allclose(run.predict(windows), expected, atol=1e-6)
    with np.load(runs[1] / "predictions.npz") as stored:
        assert set(stored["y_true"][np.isin(stored["ids"], events)]) == {0, 1}
        order = [int(np.flatnonzero(stored["ids"] == event)[0]) for event in events]
        np.testing.assert_allclose(stored["probabilities"][order], expected, atol=1e-5)


def test_instructions_of_the_bundle_work_literally(files, tmp_path):
    for name, data in files.items():
        path = tmp_path / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert "python check.py" in files["README.md"].decode()
    run = [sys.executable, "check.py"]
    good = subprocess.run(run, cwd=tmp_path / "bundle", capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    np.save(tmp_path / "bundle" / "vectors" / "probabilities.npy", np.zeros((1, 2)))
    assert subprocess.run(run, cwd=tmp_path / "bundle", capture_output=True, check=False).returncode != 0


def test_export_job_reports_its_checks_and_writes_the_same_bytes(runs, bundle, tmp_path, study):
    params = {"run": runs[1].name, "path": str(tmp_path / "c.zip")}
    result = run_export(JobSpec("export", params, str(tmp_path), str(study.folder)), NullReporter())
    assert result["ok"]
    assert result["sha256"] == hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert all(check["passed"] for check in result["checks"])


def test_a_changed_file_is_named(files, changed):
    for name in sorted(set(files) - {"manifest.json"}):
        data = bytearray(files[name])
        data[len(data) // 2] ^= 1
        assert failed(changed({name: bytes(data)}, honest=False)) == [f"hash of {name}"]


def test_a_file_too_many_is_named(changed):
    assert failed(changed({"run_me.py": b"import os"}, honest=False)) == ["hash of run_me.py"]


def test_flipped_bits_are_caught_and_damaged_files_named(bundle, tmp_path):
    good = bundle.read_bytes()
    for position in np.random.default_rng(0).integers(0, len(good), 60):
        bad = bytearray(good)
        bad[position] ^= 1 << int(position % 8)
        (tmp_path / "b.zip").write_bytes(bytes(bad))
        assert failed(verify_bundle(tmp_path / "b.zip"))[0] == "seal"
    bad = bytearray(good)
    bad[good.index(b"model.onnx") + 2000] ^= 1
    (tmp_path / "b.zip").write_bytes(bytes(bad))
    assert "model.onnx" in verify_bundle(tmp_path / "b.zip").checks[-1].detail


def test_wrong_answers_fail_even_with_right_hashes(files, changed):
    def saved(array):
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue()

    expected = np.load(io.BytesIO(files["vectors/probabilities.npy"]))
    assert failed(changed({"vectors/probabilities.npy": saved(expected[:, ::-1])})) == ["probabilities", "classes"]
    assert failed(changed({"vectors/probabilities.npy": saved(np.full_like(expected, np.nan))}))[0] == "probabilities"
    windows = np.load(io.BytesIO(files["vectors/windows.npy"]))
    assert "preprocessing" in failed(changed({"vectors/windows.npy": saved(windows * 2 + 1)}))
    pickled = saved(np.array([{"a": 1}], dtype=object))
    assert "allow_pickle" in changed({"vectors/windows.npy": pickled}).checks[-1].detail


def test_every_weight_matters_to_the_vectors(files, changed):
    """Vectors that a model without one of its layers passes too would check nothing."""
    model = onnx.load_model_from_string(files["model.onnx"])
    weights = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT and len(t.dims) > 1]
    assert weights
    for tensor in weights:
        mutant = onnx.load_model_from_string(files["model.onnx"])
        zeroed = next(t for t in mutant.graph.initializer if t.name == tensor.name)
        zeroed.raw_data = bytes(len(zeroed.raw_data))
        report = changed({"model.onnx": mutant.SerializeToString()})
        assert failed(report)[:1] == ["probabilities"], tensor.name


def test_a_model_that_reaches_outside_is_refused(files, changed):
    model = onnx.load_model_from_string(files["model.onnx"])
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    report = changed({"model.onnx": model.SerializeToString()})
    assert "a file outside the bundle" in report.checks[-1].detail
    model = onnx.load_model_from_string(files["model.onnx"])
    model.opset_import.add(domain="com.evil", version=1)
    assert "com.evil" in changed({"model.onnx": model.SerializeToString()}).checks[-1].detail
    assert not changed({"model.onnx": b"garbage"}).ok


def test_unfinished_runs_unknown_targets_and_bad_places(runs, tmp_path):
    with pytest.raises(InputError, match="no model yet"):
        export_bundle(tmp_path, tmp_path / "b.zip")
    with pytest.raises(InputError, match="Known targets"):
        export_bundle(runs[0], tmp_path / "b.zip", targets=("abacus",))
    with pytest.raises(InputError, match="could not be written"):
        export_bundle(runs[0], "/proc/nowhere/b.zip")
    (runs[0] / "result.json").rename(runs[0] / "kept.json")
    try:
        with pytest.raises(InputError, match="not finished"):
            export_bundle(runs[0], tmp_path / "b.zip")
    finally:
        (runs[0] / "kept.json").rename(runs[0] / "result.json")
    assert not (tmp_path / "b.zip").exists()


def test_a_model_scaled_by_recording_takes_what_is_usual_in_it_along(study, tmp_path):
    params = {"representation": {"name": "raw", "scaling": "recording"}, "model": MODELS["cnn_transformer"][1]}
    entry = run_job(study, "training", run_training, {**params, "max_epochs": 1, "threads": 1})
    bundle = export_bundle(entry.folder, tmp_path / "b.zip")
    assert verify_bundle(bundle).ok
    files = unpack(bundle.read_bytes())
    levels, windows, inputs = (
        np.load(io.BytesIO(files[f"vectors/{name}.npy"])) for name in ("levels", "windows", "inputs")
    )
    assert levels.shape == (len(windows), 1, 2)
    assert (levels == levels[0]).all()  # one recording
    np.testing.assert_allclose(inputs, (windows - levels[:, :, :1]) / levels[:, :, 1:], rtol=1e-5, atol=1e-6)
    manifest = json.loads(files["manifest.json"])
    del files["vectors/levels.npy"], manifest["files"]["vectors/levels.npy"]
    files["manifest.json"] = json.dumps(manifest).encode()
    (tmp_path / "without.zip").write_bytes(pack(files))
    assert not verify_bundle(tmp_path / "without.zip").ok
