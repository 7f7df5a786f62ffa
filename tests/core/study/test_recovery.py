"""A killed writer loses nothing that it was told is saved."""

import os
import random
import signal
import sqlite3
import subprocess
import sys

import pytest

from core.errors import StudyError
from core.jobs import LocalJob, write_json
from core.study import Study, define_classes, label_events

WRITER = """
import sys
from core.study import Study, label_events
with Study.open(sys.argv[1], annotator="Writer") as study:
    ids = study.events().id.tolist()
    n = 0
    while True:
        event, label = ids[n % len(ids)], f"class {n % 7}"
        study.apply(label_events(study, [event], label))
        print(event, label, flush=True)
        n += 1
"""


def test_kill_9_while_labelling_loses_no_acknowledged_label(study, ids):
    folder = study.folder
    study.close()
    rng = random.Random(7)
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        acknowledged = {}
        for _ in range(rng.randrange(5, 60)):
            event, label = writer.stdout.readline().rstrip("\n").split(" ", 1)
            acknowledged[int(event)] = label
        os.kill(writer.pid, signal.SIGKILL)
        for line in writer.communicate()[0].splitlines():
            event, label = line.split(" ", 1)
            acknowledged[int(event)] = label
        with Study.open(folder, annotator="Writer") as again:
            table = again.events(ids=acknowledged)
            # The very last commit may have happened without its acknowledgement.
            shown = dict(zip(table.id.tolist(), table.label, strict=True))
            newest = again.history(limit=1)[0]
            differing = [e for e in acknowledged if shown[e] != acknowledged[e]]
            assert all(again.changeset(newest.id).event_ids == [e] for e in differing)
            assert "ended without closing" in str(again.recovery)
            assert again.recovery.n_changesets >= len(acknowledged)
            assert newest.title in str(again.recovery)
    with Study.open(folder) as clean:
        assert clean.recovery is None


def test_runs_left_by_a_dead_window_are_taken_up(study):
    done = study.new_run("training", "finished while nobody looked", {}, seed=3)
    torn = study.new_run("training", "torn", {})
    failed = study.new_run("compression", "failed", {}, parent=done.id)
    write_json(done.folder / "result.json", {"metrics": 1})
    (failed.folder / "log.jsonl").write_text('{"type": "started"}\n{"type": "error", "message": "out of memory"}\n{"ty')
    assert set(study.sync_runs()) == {done.id, failed.id}
    assert study.run(torn.id).status == "running"
    folder = study.folder
    die(study)
    with Study.open(folder) as again:
        states = {run.name: run.status for run in again.runs()}
        assert states == {"finished while nobody looked": "done", "torn": "interrupted", "failed": "failed"}
        assert again.run(done.id).summary == {"metrics": 1}
        assert "torn (training)" in str(again.recovery)
        job = again.run(torn.id).job()
        assert (job.kind, job.folder, job.study) == ("training", torn.folder, str(folder))


def die(study):
    """Let go of a study as the kernel does for a killed process: the owner's name stays behind."""
    study._engine.dispose()
    study._lock._lock.release()
    study._lock = None


@pytest.mark.parametrize("how", ["fails", "dies"])
def test_an_opening_that_does_not_go_well_keeps_what_there_is_to_recover(study, ids, monkeypatch, how):
    study.apply(label_events(study, ids[:1], "solid"))
    die(study)

    def fail(self):
        if how == "dies":
            die(self)
        raise StudyError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Study, "_take_up", fail)
        if how == "dies":
            patch.setattr(Study, "close", lambda self: None)
        for _ in range(2):
            with pytest.raises(StudyError, match="no"):
                Study.open(study.folder, annotator="Ben")
    with Study.open(study.folder, annotator="Cleo") as again:
        assert "Ana" in again.recovery.owner
        assert again.recovery.last_title == "label 1 event as solid"
    with Study.open(study.folder) as clean:
        assert clean.recovery is None


@pytest.fixture
def stopped_run(study):
    """A run that was cancelled and is to go on; its log ends in a line that a crash cut off."""
    run = study.new_run("training", "to be resumed", {})
    (run.folder / "log.jsonl").write_text('{"type": "started"}\n{"type": "cancelled", "what": "as asked"}\n{"ty')
    assert study.sync_runs() == [run.id]
    assert study.run(run.id).status == "cancelled"
    study.set_run_status(run.id, "running")
    return run


def test_a_run_that_is_starting_is_running_until_its_child_dies(study, stopped_run, tmp_path, monkeypatch):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nread line\n")  # a child that never comes to its first word
    slow.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(slow))
    job = LocalJob(stopped_run.job())
    job.start(lambda message: None)
    try:
        assert study.sync_runs(ended=[stopped_run.id]) == []
        study.close()
        with Study.open(study.folder) as again:
            assert again.run(stopped_run.id).status == "running"
            job.cancel()
            job.wait(60)
            assert again.sync_runs(ended=[stopped_run.id]) == [stopped_run.id]
            assert again.run(stopped_run.id).status == "interrupted"
    finally:
        job.cancel(patience=0)
        job.wait(60)


STARTER = """
import os, signal, subprocess, sys
from core.jobs import JobSpec, LocalJob

subprocess.Popen = lambda *args, **how: os.kill(os.getpid(), signal.SIGKILL)
LocalJob(JobSpec("training", out=sys.argv[1])).start(print)
"""


def test_a_run_whose_window_died_before_its_child_began_is_interrupted(study, stopped_run):
    subprocess.run([sys.executable, "-c", STARTER, str(stopped_run.folder)], check=False)
    study.close()
    with Study.open(study.folder) as again:
        assert again.run(stopped_run.id).status == "interrupted"


def test_reader_of_a_read_only_folder(tmp_path):
    """SQLite cannot make its shared-memory file there; the study must open all the same."""
    with Study.create(tmp_path / "s") as study:
        study.apply(label_events(study, [], "x"))
    probe = (
        f"from core.study import Study\ns = Study.open({str(tmp_path / 's')!r}, readonly=True)\nprint(len(s.classes()))"
    )
    for path in sorted((tmp_path / "s").iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "s").chmod(0o555)
    try:
        result = run_without_privileges(probe)
        assert (result.returncode, result.stdout.strip()) == (0, "0"), result.stderr
        write = probe.replace("readonly=True", "readonly=False")
        result = run_without_privileges(write)
        assert "ReadOnlyStudyError" in result.stderr
        assert "cannot be written to" in result.stderr
    finally:
        for path in [tmp_path / "s", *(tmp_path / "s").iterdir()]:
            path.chmod(0o755)


def run_without_privileges(code):
    """Run Python so that file permissions count, also where the tests run as root."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.run([*drop, sys.executable, "-c", code], capture_output=True, text=True, check=False)


CREATOR = """
import os, pathlib, resource, signal, sys
import sqlalchemy as sa
from core.study import Study

folder, how = sys.argv[1:]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if how == "full disk":
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
elif how == "killed before it is in place":
    pathlib.Path.replace = die
else:
    sa.event.listen(sa.Engine, "before_cursor_execute", lambda *a: "INSERT INTO meta" in a[2] and die())
Study.create(folder)
"""


@pytest.mark.parametrize("how", ["killed while it is made", "killed before it is in place", "full disk"])
def test_a_creation_that_was_cut_off_can_be_done_again(tmp_path, how):
    folder = tmp_path / "s"
    code = [sys.executable, "-c", CREATOR, str(folder), how]
    result = subprocess.run(code, capture_output=True, text=True, check=False)
    if how == "full disk":
        message = result.stderr.splitlines()[-1]
        assert "StudyError" in message
        assert "Free some disk space" in message
        assert "sqlalche.me" not in message
    else:
        assert result.returncode == -signal.SIGKILL
    with pytest.raises(StudyError, match="no study in this folder"):
        Study.open(folder)
    with Study.create(folder, name="second try") as study:
        assert study.name == "second try"
        assert study.recovery is None


@pytest.mark.parametrize("sql", ["DROP TABLE meta", "DELETE FROM meta", "UPDATE meta SET value = 'x'"])
@pytest.mark.parametrize("readonly", [True, False])
def test_a_file_without_a_version_is_no_study(tmp_path, sql, readonly):
    Study.create(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s" / "study.sqlite") as raw:
        raw.execute(sql)
    raw.close()
    with pytest.raises(StudyError, match=r"no complete study.*not changed.*create the study anew"):
        Study.open(tmp_path / "s", readonly=readonly)


def test_the_log_of_a_file_that_was_moved_away_stays_out_of_a_new_study(tmp_path):
    study = Study.create(tmp_path / "s", name="old")
    study.apply(define_classes(study, [("solid", "Solid")]))
    log = (tmp_path / "s" / "study.sqlite-wal").read_bytes()
    study.close()
    (tmp_path / "s" / "study.sqlite").unlink()
    (tmp_path / "s" / "study.sqlite-wal").write_bytes(log)
    with Study.create(tmp_path / "s", name="new") as study:
        assert (study.name, study.classes()) == ("new", [])
    assert (tmp_path / "s" / "backups" / "study.sqlite-wal").read_bytes() == log


MIGRATOR = """
import resource, sys
from core.study import Study, database, schema

schema.VERSION += 1
database.MIGRATIONS[schema.VERSION - 1] = lambda connection: None
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
Study.open(sys.argv[1])
"""


def test_a_migration_without_space_leaves_the_study_and_no_false_backup(study, ids):
    folder, before = study.folder, study.events().label_hash()
    study.apply(define_classes(study, [(f"class {n}", "x" * 200) for n in range(400)]))
    study.close()
    assert (folder / "study.sqlite").stat().st_size > 65536
    code = [sys.executable, "-c", MIGRATOR, str(folder)]
    message = subprocess.run(code, capture_output=True, text=True, check=False).stderr.splitlines()[-1]
    assert "StudyError" in message
    assert "could not be brought from format" in message
    assert "Everything in it is kept" in message
    assert "sqlalche.me" not in message
    assert list((folder / "backups").iterdir()) == []
    with Study.open(folder) as again:
        assert again.events().label_hash() == before


@pytest.fixture
def damaged(study, ids):
    """A study whose tables of events and of the audit have a page of nonsense each."""
    study.apply(label_events(study, ids, "solid"))
    folder = study.folder
    study.close()
    path = folder / "study.sqlite"
    with sqlite3.connect(path) as raw:
        size = raw.execute("PRAGMA page_size").fetchone()[0]
        query = "SELECT rootpage FROM sqlite_master WHERE name IN ('events', 'changesets')"
        roots = [row[0] for row in raw.execute(query)]
    raw.close()
    data = bytearray(path.read_bytes())
    for root in roots:
        data[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(data)
    return folder


@pytest.mark.parametrize("readonly", [True, False])
def test_a_damaged_page_is_told_when_it_is_read(damaged, readonly):
    with (
        Study.open(damaged, readonly=readonly) as study,
        pytest.raises(StudyError, match=r"study\.sqlite.*damaged.*not changed.*backups") as told,
    ):
        study.events()
    assert "SELECT" not in str(told.value)


def test_a_damaged_page_is_told_when_it_is_written(damaged):
    with Study.open(damaged) as study:
        with pytest.raises(StudyError, match=r"study\.sqlite.*damaged.*not changed.*backups") as told:
            study.apply(define_classes(study, [("gaseous", "Gaseous")]))
        assert "INSERT" not in str(told.value)
        assert [c.key for c in study.classes()] == ["solid"]
