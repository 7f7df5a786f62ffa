import json
import os
import signal
import threading

import pytest

from core.errors import InputError
from core.jobs import JobSpec, LocalJob, replacing, run_child, works, write_json
from core.jobs.files import append_line
from core.jobs.local import NICENESS


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
    assert logged == ["starting", "started", "error"]


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


def test_a_line_of_a_log_stands_by_itself(tmp_path):
    log = tmp_path / "log.jsonl"
    append_line(log, {"type": "starting"})
    append_line(log, {"type": "é"})
    assert log.read_text(encoding="utf-8").splitlines() == ['{"type": "starting"}', '{"type": "é"}']
    log.write_text('{"ty')
    append_line(log, 1)
    assert log.read_text().splitlines() == ['{"ty', "1"]


def test_a_job_is_at_work_from_its_start_to_its_end(tmp_path):
    spec = JobSpec("selftest", {"steps": 10_000, "pause_s": 0.01}, out=str(tmp_path / "out"))
    job, begun = LocalJob(spec), threading.Event()
    assert not works(spec.folder)
    job.start(lambda message: begun.set())
    seen = []
    while not begun.is_set():
        seen.append(works(spec.folder))
    assert all(seen)
    assert works(spec.folder)
    job.cancel()
    job.wait(60)
    assert not works(spec.folder)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="priorities of processes are POSIX")
def test_a_child_gives_way_to_the_window(tmp_path):
    job = LocalJob(JobSpec("selftest", {"steps": 5000, "pause_s": 0.01}, out=str(tmp_path / "out")))
    job.start(lambda message: None)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, job._process.pid) == max(own, NICENESS)
    job.cancel()
    job.wait()


def test_a_child_that_cannot_be_started_is_not_at_work(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "nothing"))
    job = LocalJob(JobSpec("selftest", out=str(tmp_path / "out")))
    with pytest.raises(FileNotFoundError):
        job.start(print)
    assert not works(tmp_path / "out")
