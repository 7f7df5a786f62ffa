"""Runs as MLflow reads them: in a database of a folder, without a server."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.training.tracking import Track

ID = "hitscope.run"
PARAMETERS, METRICS = 100, 1000  # that MLflow takes at once


def write(track: Track, folder: Path, replace: bool) -> None:
    """Write a run to ``mlflow.db`` in `folder`, in an experiment named as the study.

    Raises
    ------
    InputError
        If it is there and is not to be replaced, or cannot be written.
    """
    # Clinical data are at work here: nobody is told that they are.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(track, folder, replace)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise InputError(
            f"the run could not be written ({error})",
            subject=folder / "mlflow.db",
            kept="The run itself, and the runs that were written before, are kept",
            remedy="Free some disk space or choose a folder you may write to, then try again",
        ) from error


def _write(track: Track, folder: Path, replace: bool) -> None:
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    found = client.get_experiment_by_name(track.study)
    experiment = (
        found.experiment_id if found else client.create_experiment(track.study, (folder / "artifacts").as_uri())
    )
    earlier = [run for run in _runs(client, experiment) if run.data.tags.get(ID) == track.name]
    # One that did not come to its end is what an earlier try left.
    if not replace and any(run.info.status == "FINISHED" for run in earlier):
        raise InputError(
            "this run is there already",
            subject=track.name,
            kept="It was not changed",
            remedy="Choose another folder, or say that it is to be replaced (--replace)",
        )
    times = [round(1000 * time) for time in track.times] or [0]
    tags = {ID: track.name, **{f"hitscope.{name}": value for name, value in track.facts.items()}}
    run = client.create_run(experiment, start_time=times[0], tags=tags, run_name=track.name).info.run_id
    for some in _parts([Param(_name(key), str(value)) for key, value in track.parameters.items()], PARAMETERS):
        client.log_batch(run, params=some)
    metrics = [
        Metric(_name(name), value, time, step)
        for step, (epoch, time) in enumerate(zip(track.epochs, times, strict=False), 1)
        for name, value in epoch.items()
    ]
    metrics += [Metric(_name(name), value, times[-1], len(track.epochs)) for name, value in track.figures.items()]
    for some in _parts(metrics, METRICS):
        client.log_batch(run, metrics=some)
    client.set_terminated(run, end_time=times[-1])
    for old in earlier:
        client.delete_run(old.info.run_id)


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _parts(things: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _name(text: str) -> str:
    """Return a name that MLflow takes."""
    return re.sub(r"[^\w\-. /]", "_", text)
