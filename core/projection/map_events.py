"""The events of a map, and what each may be used for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.jobs import replacing

Mask = npt.NDArray[np.bool_]


def _unsaid() -> Mask:
    return np.empty(0, bool)


@dataclass(frozen=True)
class MapEvents:
    """Events of a map.

    Attributes
    ----------
    ids : (N,) int64 array
        Event ids.
    test : (N,) bool array
        Events of test subjects; by default none.
    usable : (N,) bool array
        Events that may decide something: pass labels on, be counted or be asked for. By default all but test events;
        those too where their features are transductive.
    placed : (N,) bool array
        Events that were placed in the finished map, which they did not shape. By default none.

    Raises
    ------
    InputError
        If the arrays are not of one length.
    """

    ids: npt.NDArray[np.int64]
    test: Mask = field(default_factory=_unsaid)
    usable: Mask = field(default_factory=_unsaid)
    placed: Mask = field(default_factory=_unsaid)

    def __post_init__(self) -> None:
        for name in ("test", "placed"):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.zeros(len(self.ids), bool))
        if not self.usable.size:
            object.__setattr__(self, "usable", ~self.test)
        if not len(self.ids) == len(self.test) == len(self.usable) == len(self.placed):
            raise InputError(
                f"{len(self.ids)} events of a map, {len(self.test)} marks of test subjects, {len(self.usable)} of what is "
                f"usable and {len(self.placed)} of what was placed do not go together",
                remedy="Make the maps again",
            )

    @property
    def left_out(self) -> int:
        """How many events decide nothing: those of test subjects, unless transductive."""
        return int((~self.usable).sum())

    def describe(self) -> list[str]:
        """Return what a user should know of test subjects, in sentences; none where there are none."""
        if not self.left_out:
            return []
        n = f"{self.left_out:,} event{'s' * (self.left_out != 1)} of test subjects"
        return [f"{n} {'are' if self.left_out != 1 else 'is'} left out."]

    def and_placed(self, ids: npt.NDArray[np.int64], test: Mask, usable: Mask) -> MapEvents:
        """Return these events and others that were placed in the same map."""
        return MapEvents(
            np.concatenate([self.ids, ids]),
            np.concatenate([self.test, test]),
            np.concatenate([self.usable, usable]),
            np.concatenate([self.placed, np.ones(len(ids), bool)]),
        )

    def save(self, folder: Path) -> None:
        """Write them to the folder of a run."""
        for name in ("ids", "test", "usable", "placed"):
            with replacing(folder / f"{name}.npy") as file:
                np.save(file, getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> MapEvents:
        """Read them from the folder of a run; in one of before there were test subjects, all have the same part.

        Raises
        ------
        InputError
            If they are not there or damaged.
        """
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            marks = {
                name: np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("test", "usable", "placed")
                if (folder / f"{name}.npy").exists()
            }
        except (OSError, ValueError) as error:
            raise InputError(
                f"the events of the maps cannot be read ({error})", subject=folder, remedy="Make the maps again"
            ) from error
        return cls(ids, **marks)
