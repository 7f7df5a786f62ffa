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
    errors: list[dict[str, Any]] = []
    with TerminalReporter(f"{run.kind:<11}") as bar:

        def take(message: dict[str, Any]) -> None:
            if message["type"] == "progress":
                bar.progress(message["done"], message["total"], message.get("message", ""))
            elif message["type"] == "error":
                errors.append(message)

        study.set_run_status(run.id, "running")
        job.start(take)
        try:
            job.wait()
        except KeyboardInterrupt:
            job.cancel()
            job.wait()
    study.sync_runs([run.id])
    done = study.run(run.id)
    if done.status == "cancelled":
        raise JobCancelled("stopped as asked", subject=run.id, remedy=f"Go on with: hitscope resume {run.folder}")
    if done.status != "done":
        raise _failed(done, errors[-1] if errors else {})
    return done


def _failed(run: RunEntry, told: dict[str, Any]) -> JobError:
    """Return the error of a job that failed, with what was kept and what to do as the job itself said it."""
    explained = bool(told.get("what")) and "trace" not in told
    # Before there is a checkpoint, what was asked for is usually wrong: it would be the same again.
    again = f"go on with: hitscope resume {run.folder}"
    again = again if not explained or (run.folder / "checkpoint.safetensors").exists() else ""
    remedy = told.get("remedy") if explained else None
    return JobError(
        told["what"] if explained else told.get("message", "the job failed"),
        subject=told.get("subject") or run.id,
        kept=told.get("kept") or (None if explained else f"Its log is {run.folder / 'log.jsonl'}"),
        remedy=f"{remedy}; {again}" if remedy and again else remedy or again.capitalize(),
    )


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
