"""Labels that are passed on one point at a time."""

import numpy as np

from core.annotation.chains import first_come
from core.annotation.inputs import checked


class Read:
    """Neighbour lists that count how often somebody's are read."""

    def __init__(self, lists):
        self.lists, self.times = lists, np.zeros(len(lists), int)

    def __getitem__(self, i):
        self.times[i] += 1
        return self.lists[i]


def test_whoever_has_given_is_not_visited_again():
    # A line of points in which each knows the one before only: a label takes one pass for every step of the way.
    n = 60
    lists = Read(np.maximum(np.arange(n) - 1, 0)[:, None])
    labels = np.full(n, -1)
    labels[-1] = 0
    points = np.stack([np.arange(n), np.zeros(n)], axis=1)
    chains = first_come(checked(points, labels), lists, np.ones(n, bool))
    assert (chains.labels == 0).all()
    assert chains.round.tolist() == list(range(n - 1, -1, -1))
    assert lists.times.max() == 1
