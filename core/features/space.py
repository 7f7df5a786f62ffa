"""A feature space: one vector per event, how the vectors were made, and which events are for testing only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import read_json, replacing, write_json


@dataclass(frozen=True)
class FeatureSpace:
    """Features of events.

    Attributes
    ----------
    ids : (N,) int64 array
        Event ids.
    vectors : (N, D) float32 array
    spec : dict
        How they were made: window, representation, objective, seed; ``names`` of the D features; ``held_out``: whose
        events are for testing; ``transductive``: whether the features were learnt from those, too.
    test : (N,) bool array
        Events of test subjects; by default none.

    Raises
    ------
    InputError
        If the arrays are not of one length.
    """

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    spec: dict[str, Any] = field(default_factory=dict)
    test: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))

    def __post_init__(self) -> None:
        if not self.test.size:
            object.__setattr__(self, "test", np.zeros(len(self.ids), bool))
        if not len(self.ids) == len(self.vectors) == len(self.test):
            raise InputError(
                f"{len(self.ids)} events, {len(self.vectors)} vectors and {len(self.test)} marks do not go together",
                remedy="Learn the features again",
            )

    @property
    def transductive(self) -> bool:
        """Whether test subjects were looked at when the features were learnt, and may be in what follows."""
        return bool(self.spec.get("transductive", False))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features; empty where they have none."""
        return tuple(self.spec.get("names", ()))

    def usable(self, *, for_choice: bool = True) -> npt.NDArray[np.bool_]:
        """Return which events may be used.

        Parameters
        ----------
        for_choice : bool
            For what decides something, by fitting, scoring or passing labels on: test subjects only if transductive. For
            what only shows them, all.

        Returns
        -------
        (N,) bool array
        """
        if for_choice and not self.transductive:
            return ~self.test
        return np.ones(len(self.ids), bool)

    def describe_test(self) -> list[str]:
        """Return what a user should know of the test subjects, in sentences."""
        if not self.test.any():
            return []
        n, who = int(self.test.sum()), self.spec.get("held_out", {})
        names = [*who.get("subjects", ()), *(f"recording {number}" for number in who.get("recordings", ()))]
        said = [f"{n} of {len(self.ids)} events are for testing: those of {', '.join(names)}."]
        if self.transductive:
            said.append(
                "Transductive: the features were also learnt from the test subjects' signals, so figures of these subjects say "
                "less about new patients."
            )
        return said

    def save(self, folder: str | Path) -> None:
        """Write it to a folder."""
        folder = Path(folder)
        for name, array in (("ids", self.ids), ("vectors", self.vectors), ("test", self.test)):
            with replacing(folder / f"{name}.npy") as file:
                np.save(file, array)
        write_json(folder / "features.json", self.spec)

    @classmethod
    def load(cls, folder: str | Path) -> FeatureSpace:
        """Read it from a folder; those of before there were test subjects have none.

        Raises
        ------
        InputError
            If it is not there or damaged.
        """
        folder = Path(folder)
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            vectors = np.load(folder / "vectors.npy", allow_pickle=False)
            path = folder / "test.npy"
            test = np.load(path, allow_pickle=False) if path.exists() else np.zeros(len(ids), bool)
            return cls(ids, vectors, read_json(folder / "features.json"), test)
        except (OSError, ValueError) as error:
            raise InputError(
                f"no feature space can be read here ({error})", subject=folder, remedy="Learn it again"
            ) from error
