"""Draws of labels, scores of what came of them, means, and paired differences with their intervals."""

import textwrap
from collections.abc import Sequence

import numpy as np


def drawn_labels(classes: np.ndarray, share: float, seed: int, among: np.ndarray | None = None) -> np.ndarray:
    """Return labels of a random share of each class, -1 elsewhere: ``floor(share · n_c)`` of n_c, but at least one.

    Parameters
    ----------
    classes : (N,) int array
    share : float
        0 to 1, of the points of each class.
    seed : int
    among : (N,) bool array, optional
        Only these can be drawn.
    """
    rng, labels = np.random.default_rng(seed), np.full(len(classes), -1)
    for c in np.unique(classes):
        members = np.flatnonzero((classes == c) if among is None else (classes == c) & among)
        if len(members):
            chosen = rng.choice(members, max(1, int(share * len(members))), replace=False)
            labels[chosen] = c
    return labels


def score(classes: np.ndarray, given: np.ndarray, got: np.ndarray, judged: np.ndarray | None = None) -> dict:
    """Return accuracy, balanced accuracy and coverage of what was unlabelled, as shares.

    Parameters
    ----------
    classes, given, got : (N,) int arrays
        The truth, the labels before and those after, -1 for none.
    judged : (N,) bool array, optional
        Only these points count.

    Returns
    -------
    dict
        ``accuracy`` of points newly labelled, ``balanced`` (its mean over classes, of those reached), ``coverage``
        (newly labelled of unlabelled), ``n`` newly labelled.
    """
    open_points = (given < 0) if judged is None else (given < 0) & judged
    new = open_points & (got >= 0)
    right = got[new] == classes[new]
    by_class = [right[classes[new] == c].mean() for c in np.unique(classes[new])]
    return {
        "accuracy": float(right.mean()) if len(right) else float("nan"),
        "balanced": float(np.mean(by_class)) if by_class else float("nan"),
        "coverage": float(new.sum() / max(open_points.sum(), 1)),
        "n": int(new.sum()),
    }


def most_confident(proposal, unlabelled: np.ndarray, share: float) -> np.ndarray:
    """Return labels (N,) of the share of unlabelled points that a proposal is surest of, -1 elsewhere.

    The proposal's ids are row numbers. At least that share is labelled where the proposal reaches so many; of equal
    confidence, lower rows come first.
    """
    rows = np.asarray(proposal.ids)
    order = np.argsort(-proposal.confidence, kind="stable")[: int(np.ceil(share * unlabelled.sum()))]
    labels = np.full(len(unlabelled), -1)
    labels[rows[order]] = np.asarray(proposal.labels)[order]
    return labels


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of values and its 95 % interval by Student's t: infinite for a single value."""
    from scipy.stats import t

    x = np.asarray(values, dtype=float)
    if len(x) < 2:
        return float(x.mean()), float("-inf"), float("inf")
    half = float(t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
    return float(x.mean()), float(x.mean()) - half, float(x.mean()) + half


def spread(values: Sequence[float]) -> str:
    """Return shares as ``mean ± standard deviation`` in per cent."""
    x = 100 * np.asarray(values, dtype=float)
    return f"{x.mean():.2f} ± {x.std(ddof=1) if len(x) > 1 else 0:.2f}"


def paired(one: Sequence[float], other: Sequence[float]) -> str:
    """Return `one` minus `other`, draw by draw, as ``mean [low, high]`` in points of per cent."""
    mean, low, high = interval(100 * (np.asarray(one, dtype=float) - np.asarray(other, dtype=float)))
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def prose(text: str) -> str:
    """Return paragraphs, as they stand indented in the source, in lines of a page."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(textwrap.fill(part, 130, break_long_words=False, break_on_hyphens=False) for part in paragraphs)
