"""A text for each of many events, as numbers: what is counted, compared, sorted and coloured then costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from desktop.models.event_facts import coded


@dataclass(frozen=True)
class Named:
    """The different texts, and for each of N events the place of its text among them.

    Attributes
    ----------
    codes : (N,) intp array
    names : list of str
    """

    codes: npt.NDArray[np.intp]
    names: list[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Named:
        """Find the different texts. O(N)."""
        return cls(*coded(texts))

    @classmethod
    def by(cls, keys: Iterable[int], names: Mapping[int, str]) -> Named:
        """Name each by its key, ``""`` where it has no name; keys of the same name are one. O(N)."""
        return cls.of(map(names.get, keys, repeat("")))

    def __len__(self) -> int:
        return len(self.codes)

    def having(self, text: str) -> npt.NDArray[np.bool_]:
        """Return whose text this is, (N,)."""
        return np.fromiter((name == text for name in self.names), bool, len(self.names))[self.codes]

    @property
    def counts(self) -> dict[str, int]:
        """How many have each of the texts."""
        found = np.bincount(self.codes, minlength=len(self.names)).tolist()
        return dict(zip(self.names, found, strict=True))

    def ranks(self) -> npt.NDArray[np.unsignedinteger]:
        """Return the place of each text in the alphabet, whose capitals stand beside its small letters, (N,)."""
        order = sorted(range(len(self.names)), key=lambda n: (self.names[n].casefold(), self.names[n]))
        ranks = np.empty(len(order), np.min_scalar_type(len(order)))  # the narrower, the sooner sorted
        ranks[order] = np.arange(len(order))
        return ranks[self.codes]
