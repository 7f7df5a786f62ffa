"""In which order an epoch takes the events."""

from __future__ import annotations

import torch


def order_of(classes: torch.Tensor, how: str) -> torch.Tensor:
    """Return the rows of one epoch, drawn by torch's random numbers.

    Parameters
    ----------
    classes : (n,) int64 tensor
        The class of each event.
    how : str
        ``shuffled``: each event once. ``balanced``: as many of each class that occurs, give or take one, n in all; events
        of a small class come again once all of it have had their turn, of a large one some wait for another epoch.

    Returns
    -------
    (n,) int64 tensor
    """
    if how == "shuffled":
        return torch.randperm(len(classes))
    numbers = torch.unique(classes)
    share, left_over = divmod(len(classes), len(numbers))
    one_more = set(torch.randperm(len(numbers))[:left_over].tolist())
    drawn = [
        _in_turn(torch.nonzero(classes == number)[:, 0], share + (place in one_more))
        for place, number in enumerate(numbers)
    ]
    rows = torch.cat(drawn)
    return rows[torch.randperm(len(rows))]


def _in_turn(rows: torch.Tensor, n: int) -> torch.Tensor:
    rounds = [rows[torch.randperm(len(rows))] for _ in range(-(-n // len(rows)))]
    return torch.cat([*rounds, rows[:0]])[:n]
