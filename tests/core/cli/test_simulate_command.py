"""`hitscope simulate`: what is written is known, said to be simulated, and can be made again."""

import csv
import json
from importlib import import_module

import numpy as np
import pytest
import soundfile

from core.signals import open_recording
from core.signals.simulate import Simulation

wav_module = import_module("core.signals.simulate.wav")
SHORT = ("--hours", 0.004, "--emboli-per-minute", 40, "--artefacts-per-minute", 20)


def truth_of(path):
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_same_seed_writes_the_same_bytes(run, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("simulate", "--seed", seed, "--out", tmp_path / f"{name}.wav", *SHORT)[0] == 0
    for end in (".wav", "_truth.csv", "_simulation.json"):
        a, b, c = ((tmp_path / f"{name}{end}").read_bytes() for name in "abc")
        assert a == b != c


@pytest.mark.parametrize("gates", [1, 2])
def test_what_is_written_opens_as_simulated_iq_and_can_be_made_again(gates, run, tmp_path):
    status, out, err = run(
        "simulate", "--out", tmp_path / "s.wav", "--gates", gates, "--regime", "low_flow", *SHORT, "--json"
    )
    assert (status, err) == (0, "")
    recording = open_recording(tmp_path / "s.wav")
    assert recording.simulated
    assert len(recording.gates) == gates
    made = json.loads((tmp_path / "s_simulation.json").read_text())
    again = Simulation(**json.loads(out)["parameters"])
    assert again.parameters == made["parameters"]
    samples = np.concatenate(list(again.blocks()), axis=1)
    for gate in range(gates):
        read = recording.read_iq(gate, 0, again.n_samples) * made["full_scale"]
        np.testing.assert_allclose(read, samples[gate], atol=2 * made["full_scale"] / 2**15)
    rows = truth_of(tmp_path / "s_truth.csv")
    assert [row["detail"] for row in rows] == [t.detail for t in again.truth]
    assert {float(row["delay_s"]) != 0 for row in rows if row["kind"] != "artefact"} == {gates == 2}
    for row, t in zip(rows, again.truth, strict=True):
        assert float(row["start_s"]) == pytest.approx(t.start_s, abs=1e-4)
        assert float(row["shift_hz"]) == pytest.approx(t.shift_hz, abs=0.1)
        assert float(row["hbr_db"]) == pytest.approx(t.hbr_db, abs=0.01)


def test_beyond_what_wav_can_say_it_is_rf64(run, tmp_path, monkeypatch):
    monkeypatch.setattr(wav_module, "WAV_BYTES", 1000)
    assert run("simulate", "--out", tmp_path / "long.wav", *SHORT)[0] == 0
    assert soundfile.info(tmp_path / "long.wav").format == "RF64"
    assert open_recording(tmp_path / "long.wav").simulated


def test_nothing_is_replaced_unless_that_is_said(run, tmp_path):
    (tmp_path / "s_truth.csv").write_text("mine")
    status, _, err = run("simulate", "--out", tmp_path / "s.wav", *SHORT)
    assert status == 1
    assert "s_truth.csv" in err
    assert "--replace" in err
    assert [path.name for path in tmp_path.iterdir()] == ["s_truth.csv"]
    assert run("simulate", "--out", tmp_path / "s.wav", *SHORT, "--replace")[0] == 0
    assert truth_of(tmp_path / "s_truth.csv")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--regime", "martian"), "atrial_fibrillation"),
        (("--hours", "nan"), "31 days"),
        (("--gates", 3), "1 or 2 gates"),
        (("--fs", 100), "1000 to 20000"),
        (("--seed", -1), "seed of 0"),
        (("--emboli-per-minute", "inf"), "600 a minute"),
        (("--echo-db", 20, 3), "lower one first"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_words(given, said, run, tmp_path):
    status, _, err = run("simulate", "--out", tmp_path / "s.wav", *given)
    assert status == 1
    assert said in err
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_not_wav_and_a_folder_that_is_a_file_are_refused(run, tmp_path):
    assert "ends in .wav" in run("simulate", "--out", tmp_path / "s.flac", *SHORT)[2]
    (tmp_path / "file").write_text("")
    status, _, err = run("simulate", "--out", tmp_path / "file" / "s.wav", *SHORT)
    assert status == 1
    assert "s.wav" in err
    assert "choose a folder you may write to" in err


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_is_stopped_leaves_nothing(stop, run, tmp_path, monkeypatch):
    def stopped(*_):
        raise stop

    monkeypatch.setattr(wav_module, "_write_truth", stopped)
    status, _, err = run("simulate", "--out", tmp_path / "s.wav", *SHORT)
    assert (status, "No space left" in err) == ((130, False) if stop is KeyboardInterrupt else (1, True))
    assert not list(tmp_path.iterdir())
