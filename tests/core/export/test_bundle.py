import hashlib
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import resources
from core.compression import run_compression
from core.errors import InputError
from core.events import make_events
from core.export import export_bundle, run_export, verify_bundle
from core.jobs import JobSpec, NullReporter, write_json
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


@pytest.fixture(scope="module", params=sorted(MODELS))
def runs(request, tmp_path_factory):
    """A model trained and compressed on some real beats: the folders of both runs."""
    representation, model = MODELS[request.param]
    with Study.create(tmp_path_factory.mktemp("étude") / "s") as study:
        number = add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, number, "annotations", mapping="aami", with_labels=False))
        events = study.events()
        chosen = [
            (i, a["symbol"]) for i, a in zip(events.id.tolist(), events.attributes, strict=True) if a["symbol"] in "NV"
        ]
        ids, labels = zip(*chosen[::12], strict=True)
        study.apply(label_events(study, ids, labels, source="imported"))
        params = {"representation": representation, "model": model, "max_epochs": 2, "threads": 1}
        training = study.new_run("training", "t", params)
        result = run_training(JobSpec("training", params, str(training.folder), str(study.folder)), NullReporter())
        write_json(training.folder / "result.json", result)
        params = {"run": training.id, "scheme": "pttq", "layers": "all_but_ends", "epochs": 1, "threads": 1}
        compression = study.new_run("compression", "c", params, parent=training.id)
        result = run_compression(
            JobSpec("compression", params, str(compression.folder), str(study.folder)), NullReporter()
        )
        write_json(compression.folder / "result.json", result)
    return training.folder, compression.folder, result


def test_compression_run_compares_on_the_same_events(runs):
    training, compression, result = runs
    assert json.loads(json.dumps(result, allow_nan=False))["metrics"]["test"]["n"] == result["full"]["n"]
    low, high = result["delta_mcc_interval"]
    assert low <= result["delta_mcc"] <= high
    assert load_run(compression).splits["test"] == load_run(training).splits["test"]
    detail = json.loads((compression / "compression.json").read_text())
    assert len(detail["disagreements"]) == result["n_disagreements"]
    assert {layer["name"] for layer in detail["layers"]}
    assert set(detail["accounts"]) == {"operations", "talk"}


@pytest.mark.parametrize("which", [0, 1])
def test_bundle_verifies_and_is_the_same_each_time(runs, tmp_path, which):
    first = export_bundle(runs[which], tmp_path / "a b.zip")
    report = verify_bundle(first)
    assert report.ok, report
    assert {"preprocessing", "probabilities", "classes", "hash of model.onnx"} <= {
        check.name for check in report.checks
    }
    assert export_bundle(runs[which], tmp_path / "again.zip").read_bytes() == first.read_bytes()
    with zipfile.ZipFile(first) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
        card = archive.read("MODEL_CARD.md").decode()
    for private in (b"/work/", b"/home/", b"/root", b"site-packages", str(tmp_path).encode()):
        assert private not in text
    assert "not a medical device" in card
    assert "MCC" in card


def test_instructions_of_the_bundle_work_literally(runs, tmp_path):
    bundle = export_bundle(runs[0], tmp_path / "b.zip")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "bundle")
        assert "python check.py" in archive.read("README.md").decode()
    run = [sys.executable, "check.py"]
    good = subprocess.run(run, cwd=tmp_path / "bundle", capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    np.save(tmp_path / "bundle" / "vectors" / "probabilities.npy", np.zeros((1, 2)))
    assert subprocess.run(run, cwd=tmp_path / "bundle", capture_output=True, check=False).returncode != 0


def test_export_job_reports_its_checks(runs, tmp_path):
    run = runs[1]
    params = {"run": run.name, "path": str(tmp_path / "c.zip")}
    result = run_export(JobSpec("export", params, str(tmp_path), str(run.parent.parent)), NullReporter())
    assert result["ok"]
    assert len(result["sha256"]) == 64
    assert all(check["passed"] for check in result["checks"])


def rewrite(bundle, change):
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    bundle.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    "name", ["model.onnx", "model.safetensors", "preprocessing.json", "vectors/windows.npy", "LICENSE"]
)
def test_a_changed_file_is_named(runs, tmp_path, name):
    bundle = export_bundle(runs[0], tmp_path / "b.zip")

    def flip(files):
        data = bytearray(files[name])
        data[len(data) // 2] ^= 1
        files[name] = bytes(data)

    rewrite(bundle, flip)
    report = verify_bundle(bundle)
    assert [check.name for check in report.checks if not check.passed] == [f"hash of {name}"]


def test_every_flipped_bit_of_the_archive_is_caught(runs, tmp_path):
    bundle = export_bundle(runs[0], tmp_path / "b.zip")
    good = bundle.read_bytes()
    for position in np.random.default_rng(0).integers(0, len(good), 60):
        bad = bytearray(good)
        bad[position] ^= 1 << int(position % 8)
        bundle.write_bytes(bytes(bad))
        report = verify_bundle(bundle)
        # Only the zip's own dates and attributes may change without harm.
        assert not report.ok or _same_contents(bytes(bad), good)


def _same_contents(a, b):
    contents = []
    for data in (a, b):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contents.append({name: archive.read(name) for name in archive.namelist()})
    return contents[0] == contents[1]


def test_hostile_and_foreign_archives(tmp_path):
    with pytest.raises(InputError, match="no such bundle"):
        verify_bundle(tmp_path / "nowhere.zip")
    (tmp_path / "text.zip").write_text("hello")
    assert not verify_bundle(tmp_path / "text.zip").ok
    for name in ("../outside.txt", "/etc/passwd", "C:\\x"):
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
            archive.writestr(name, "x")
        report = verify_bundle(tmp_path / "evil.zip")
        assert "outside itself" in report.checks[-1].detail
    with zipfile.ZipFile(tmp_path / "bare.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert "no manifest" in verify_bundle(tmp_path / "bare.zip").checks[-1].detail


def test_wrong_answers_fail_even_with_right_hashes(runs, tmp_path):
    bundle = export_bundle(runs[0], tmp_path / "b.zip")

    def lie(files):
        expected = np.load(io.BytesIO(files["vectors/probabilities.npy"]))
        buffer = io.BytesIO()
        np.save(buffer, expected[:, ::-1])
        files["vectors/probabilities.npy"] = buffer.getvalue()
        manifest = json.loads(files["manifest.json"])
        data = files["vectors/probabilities.npy"]
        manifest["files"]["vectors/probabilities.npy"] = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
        }
        files["manifest.json"] = json.dumps(manifest).encode()

    rewrite(bundle, lie)
    failed = {check.name for check in verify_bundle(bundle).checks if not check.passed}
    assert "probabilities" in failed


def test_unfinished_runs_and_unknown_targets(runs, tmp_path):
    with pytest.raises(InputError, match="no model yet"):
        export_bundle(tmp_path, tmp_path / "b.zip")
    with pytest.raises(InputError, match="Known targets"):
        export_bundle(runs[0], tmp_path / "b.zip", targets=("abacus",))
    with pytest.raises(InputError, match="could not be written"):
        export_bundle(runs[0], "/proc/nowhere/b.zip")
