"""What a job is asked to do, as plain JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.jobs.files import read_json, write_json


@dataclass(frozen=True)
class JobSpec:
    """One job: the same specification and seed give the same numbers, here or on another machine.

    Parameters
    ----------
    kind : str
        A kind of job, such as ``"training"``; the table of kinds is in ``core.cli``.
    params : dict
        JSON-able parameters of that kind.
    out : str
        Folder that the job writes to, and nowhere else.
    study : str, optional
        Folder of the study it reads (never writes).
    seed : int
        Seed of everything random in it.
    """

    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    out: str = "."
    study: str | None = None
    seed: int = 0

    @property
    def folder(self) -> Path:
        """The folder that the job writes to."""
        return Path(self.out)

    def save(self, path: Path) -> Path:
        """Write the specification as JSON and return its path."""
        write_json(
            path, asdict(self), sort=False
        )  # the first variant of an experiment is what others are compared with
        return path

    @classmethod
    def load(cls, path: Path) -> JobSpec:
        """Read a specification.

        Raises
        ------
        InputError
            If the file is missing, is not JSON, or has unknown or missing fields.
        """
        try:
            return cls(**read_json(path))
        except (TypeError, json.JSONDecodeError) as error:
            raise InputError(
                f"this is not a job specification ({error})", subject=path, remedy="Start the job again from the window"
            ) from error
