"""Running a job from the terminal: the same child process as in the window, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import InputError, JobCancelled, JobError
from core.jobs import LocalJob, TerminalReporter
from core.projection import ProjectionSet, load_projection
from core.study import RunEntry, Study


def run_job(study: Study, run: RunEntry) -> RunEntry:
    """Run a job to its end and return its entry; Ctrl+C stops it at its next checkpoint.

    Raises
    ------
    JobError
        If it failed; the message is the job's own.
    JobCancelled
        If it was stopped; starting it again resumes it.
    """
    job = LocalJob(run.job())
    errors: list[str] = []
    with TerminalReporter(f"{run.kind:<11}") as bar:

        def take(message: dict[str, Any]) -> None:
            if message["type"] == "progress":
                bar.progress(message["done"], message["total"], message.get("message", ""))
            elif message["type"] == "error":
                errors.append(message["message"])

        study.set_run_status(run.id, "running")
        job.start(take)
        try:
            job.wait()
        except KeyboardInterrupt:
            job.cancel()
            job.wait()
    study.sync_runs()
    done = study.run(run.id)
    if done.status == "cancelled":
        raise JobCancelled("stopped as asked", subject=run.id, remedy=f"Go on with: hitscope resume {run.folder}")
    if done.status != "done":
        raise JobError(
            errors[-1] if errors else "the job failed", subject=run.id, kept=f"Its log is {run.folder}/log.jsonl"
        )
    return done


def finished_maps(path: str | Path) -> tuple[Path, str, ProjectionSet]:
    """Return the study folder, the run id and the maps of a projection run's folder.

    Raises
    ------
    InputError
        As `split_run` and `load_projection`, or if it has not ended: which map is the best is not known yet.
    """
    study, run_id = split_run(path, "projection")
    maps = load_projection(study / "runs" / run_id)
    if not maps.finished:
        n = len(maps.maps)
        raise InputError(
            f"maps are still being made, or their making was stopped: {n} {'is' if n == 1 else 'are'} there",
            subject=run_id,
            remedy=f"Wait for them, or go on with: hitscope resume {path}",
        )
    return study, run_id, maps


def split_run(path: str | Path, *kinds: str) -> tuple[Path, str]:
    """Return the study folder and the run id of a run's folder ``STUDY/runs/RUN``, of one of some kinds if any are given.

    Raises
    ------
    InputError
        If there is no run there, or it is of another kind.
    """
    folder = Path(path).expanduser().resolve()
    study = folder.parent.parent
    if folder.parent.name != "runs" or not (study / "study.sqlite").exists():
        raise InputError(
            "this is not the folder of a run",
            subject=path,
            remedy="Give STUDY/runs/RUN; `hitscope study show STUDY` lists them",
        )
    kind = folder.name.partition("-")[0]
    if not folder.is_dir() or (kinds and kind not in kinds):
        raise InputError(
            f"this is no {' or '.join(kinds) or 'known'} run",
            subject=path,
            remedy=f"`hitscope study show {study}` lists the runs there are",
        )
    return study, folder.name
