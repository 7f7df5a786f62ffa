"""A few of the mutants of `make fuzz`, and that the fuzz finds what it looks for."""

import os
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.signals import FORMATS, open_recording
from core.signals.readers import audio
from tests.contracts.reader_cases import CASES
from tests.fuzz.judge import judge, make_mutant, options_of, put_case
from tests.fuzz.supervise import run

WAV = CASES["wav_two_gates"]


@pytest.mark.parametrize("reader", FORMATS, ids=lambda reader: reader.FORMAT)
def test_damaged_files_are_refused_or_read(reader, tmp_path):
    cases = {key: case for key, case in CASES.items() if case.format == reader.FORMAT}
    wholes = {key: put_case(case, tmp_path / "whole" / key) for key, case in cases.items()}
    for number in range(60):
        key = sorted(cases)[number % len(cases)]
        mutant = make_mutant(wholes[key], number, seed=1)
        folder = tmp_path / f"{number}"
        shutil.copytree(wholes[key].parent, folder)
        (folder / mutant.name).write_bytes(mutant.data)
        verdict = judge(folder / wholes[key].name, **options_of(mutant, cases[key], wholes[key]))
        assert verdict.outcome != "finding", f"{key}, mutant {number}: {verdict.detail}"


def test_a_mutant_is_the_same_for_the_same_seed_and_differs_from_its_file(tmp_path):
    whole = put_case(WAV, tmp_path / "whole")
    mutants = [make_mutant(whole, number, seed=2) for number in range(30)]
    assert mutants == [make_mutant(whole, number, seed=2) for number in range(30)]
    assert sum(mutant.data != whole.read_bytes() for mutant in mutants) > 25
    assert len({mutant.data for mutant in mutants}) > 25


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda r: replace(r, channels=(replace(r.channels[0], fs=float("nan")),)), "at nan Hz"),
        (lambda r: replace(r, channels=(r.channels[0], r.channels[0])), "two channels have one name"),
        (lambda r: replace(r, gaps=((3.0, 2.0),)), "out of order"),
        (lambda r: replace(r, identifying={"name": b"x"}), "a text of the header"),
        (lambda r: replace(r, channels=(replace(r.channels[0], kind="nose"),)), "no known kind"),
    ],
)
def test_a_recording_that_breaks_its_promises_is_found(monkeypatch, change, detail):
    recording = open_recording(WAV.folder / WAV.names[0])
    monkeypatch.setattr(audio, "open_file", lambda path: change(recording))
    verdict = judge(WAV.folder / WAV.names[0])
    assert verdict.outcome == "finding"
    assert detail in verdict.detail


def _hang(path, allow_truncated=False):
    time.sleep(60)


def _crash(path, allow_truncated=False):
    os._exit(11)


def _gorge(path, allow_truncated=False):
    np.ones(1 << 26)  # 512 MB, all of it filled


def _refuse(path, allow_truncated=False):
    raise InputError("no")


@pytest.mark.parametrize(
    ("reader", "detail"),
    [(_hang, "hang"), (_crash, "crash: the process ended with 11"), (_gorge, "memory"), (_refuse, "")],
)
def test_what_a_reader_does_to_its_process_is_found_and_the_run_goes_on(monkeypatch, reader, detail):
    monkeypatch.setattr(audio, "open_file", reader)
    tasks = [("wav_two_gates", number) for number in range(3)]
    judged = list(run({"wav_two_gates": WAV}, tasks, seed=0, workers=1, limit_s=3.0, limit_mb=64))
    assert [task for task, _ in judged] == tasks
    assert {verdict.outcome for _, verdict in judged} == {"finding" if detail else "refused"}
    assert all(verdict.detail.startswith(detail) for _, verdict in judged)
