"""Who gave a label to whom: what methods that pass labels from point to point keep while they run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.annotation.inputs import Floats, Given, Ints


@dataclass
class Chains:
    """Labels so far, and the way each came.

    Attributes
    ----------
    labels : (N,) int64 array
        -1 where none arrived.
    donor, origin : (N,) int64 arrays
        Row numbers: who gave it (-1 for given labels) and the given label it descends from (-1 where none arrived).
    round : (N,) int64 array
        Steps from the given label, which has 0.
    """

    labels: Ints
    donor: Ints
    origin: Ints
    round: Ints

    @classmethod
    def start(cls, given: Given) -> Chains:
        """Begin with the labels given."""
        n = len(given.labels)
        origin = np.where(given.labels >= 0, np.arange(n), -1)
        return cls(given.labels.copy(), np.full(n, -1), origin, np.zeros(n, np.int64))

    def give(self, donor: npt.NDArray[np.integer] | int, receiver: npt.NDArray[np.integer] | int) -> None:
        """Pass the label of `donor` on to `receiver`: row numbers, one donor each or one for all."""
        self.labels[receiver] = self.labels[donor]
        self.donor[receiver] = donor
        self.origin[receiver] = self.origin[donor]
        self.round[receiver] = self.round[donor] + 1

    def soft(self, given: Given) -> Floats | None:
        """Return the distribution that each label descends from, or None where labels were given as classes."""
        if given.soft is None:
            return None
        return np.where(self.origin[:, None] >= 0, given.soft[self.origin], 0.0)

    def least(self, quality: Floats) -> Floats:
        """Return the least quality on the way from the given label to each point, both included; 0 without a label."""
        result = np.where(self.labels >= 0, quality, 0.0)
        order = np.argsort(self.round, kind="stable")
        for step in np.split(order, np.flatnonzero(np.diff(self.round[order])) + 1)[1:]:
            result[step] = np.minimum(result[self.donor[step]], quality[step])
        return result


def first_come(
    given: Given,
    neighbours: npt.NDArray[np.integer],
    trusted: npt.NDArray[np.bool_],
    first: npt.ArrayLike | None = None,
) -> Chains:
    """Pass labels on one point at a time: each gives its own at once to its free neighbours, and the first wins.

    Points are visited labelled first (in the order of `first`, by default by index), then by index, until a pass
    changes nothing. Only trusted points give and receive. The result depends on the order of the data: that is the
    fault of these methods, kept for comparison. O(N·k), and O(N) per pass, in Python: whoever has given has no free
    neighbour left, and is not visited again.

    Parameters
    ----------
    given : Given
    neighbours : (N, k) int array
    trusted : (N,) bool array
    first : (m,) int array, optional
        Row numbers.
    """
    chains = Chains.start(given)
    begin = np.flatnonzero(given.labels >= 0) if first is None else np.asarray(first, dtype=np.int64)
    order = np.concatenate([begin, np.setdiff1d(np.arange(len(trusted)), begin)])
    order = order[trusted[order]]
    holds, before, waiting = (chains.labels >= 0).tolist(), -1, order.tolist()
    while len(waiting) != before:
        before, still = len(waiting), []
        for i in waiting:
            if not holds[i]:
                still.append(i)
                continue
            near = neighbours[i]
            free = near[(chains.labels[near] < 0) & trusted[near]]
            if len(free):
                chains.give(i, free)
                for receiver in free.tolist():
                    holds[receiver] = True
        waiting = still
    return chains
