import json
import os
import signal
import threading

import pytest

from core.errors import InputError
from core.jobs import JobSpec, LocalJob, replacing, run_child, write_json


def messages_of(spec, action=lambda job: None):
    """Run a job in a child process; `action` gets the job at its first message."""
    messages, first = [], threading.Event()
    job = LocalJob(spec)

    def take(message):
        messages.append(message)
        if not first.is_set():
            first.set()
            action(job)

    job.start(take)
    job.wait(60)
    return messages


def test_unknown_kind_fails_with_a_sentence(tmp_path):
    messages = messages_of(JobSpec("nonsense", out=str(tmp_path / "out")))
    assert messages[-1]["status"] == "failed"
    error = next(m for m in messages if m["type"] == "error")
    assert "no job of kind" in error["message"]
    assert "training" in error["message"]
    logged = [json.loads(line)["type"] for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert logged == ["started", "error"]


def test_killed_child_is_reported_and_the_parent_lives(tmp_path):
    spec = JobSpec("selftest", {"steps": 10_000, "pause_s": 0.01}, out=str(tmp_path / "out"))
    messages = messages_of(spec, lambda job: os.kill(job.pid, signal.SIGKILL))
    assert messages[-1] == {"type": "finished", "status": "failed", "code": -9}
    assert "signal 9" in next(m for m in messages if m["type"] == "error")["message"]


def test_cancel_is_polite(tmp_path):
    spec = JobSpec("selftest", {"steps": 10_000, "pause_s": 0.01}, out=str(tmp_path / "out"))
    messages = messages_of(spec, lambda job: job.cancel())
    assert messages[-1]["status"] == "cancelled"
    assert not (tmp_path / "out" / "result.json").exists()


def test_result_is_written_and_sent(tmp_path):
    messages = messages_of(JobSpec("selftest", {"steps": 3}, out=str(tmp_path / "ö ü"), seed=5))
    assert messages[-1]["status"] == "done"
    result = json.loads((tmp_path / "ö ü" / "result.json").read_text())
    assert result == {"steps": 3, "seed": 5}
    assert [m["done"] for m in messages if m["type"] == "progress"][-1] == 3


def test_spec_round_trip_and_bad_spec(tmp_path):
    spec = JobSpec("training", {"a": [1, 2]}, out="o", study="s", seed=1)
    assert JobSpec.load(spec.save(tmp_path / "spec.json")) == spec
    (tmp_path / "bad.json").write_text('{"colour": 1}')
    with pytest.raises(InputError, match=r"bad\.json"):
        JobSpec.load(tmp_path / "bad.json")


def test_fault_of_the_program_is_told_not_thrown(tmp_path, capsys):
    spec = JobSpec("broken", out=str(tmp_path))
    assert run_child(spec, {"broken": "core.jobs:no_such_function"}, listen=False) == 1
    message = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "fault of the program" in message["message"]
    assert "trace" in message


def test_a_failed_write_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", float("nan"))
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.json") as file:
        file.write(b"%d" % (1 / 0))
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "1\n"
    with pytest.raises(InputError, match="could not be written"):
        write_json("/proc/nowhere/a.json", 1)
