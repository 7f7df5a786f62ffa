"""Labels that are wrong on purpose, and raters who disagree: simulated, seeded, and never on the test side."""

import numpy as np


def flipped(y: np.ndarray, n_classes: int, share: float, seed: int) -> np.ndarray:
    """Return class numbers of which each became another class, any of them, with the chance `share`."""
    rng = np.random.default_rng(seed)
    other = (y + rng.integers(1, n_classes, len(y))) % n_classes
    return np.where(rng.random(len(y)) < share, other, y)


def votes(y: np.ndarray, n_classes: int, raters: int, error: float, seed: int) -> np.ndarray:
    """Return the shares (N, n_classes) of simulated raters' votes; each rater errs alone with the chance `error`."""
    said = [np.eye(n_classes)[flipped(y, n_classes, error, seed + 1_000 * rater)] for rater in range(raters)]
    return np.mean(said, axis=0).astype(np.float32)


def given(y: np.ndarray, n_classes: int, seed: int, share: float = 0.0, **raters: object) -> np.ndarray:
    """Return the labels that training and validation get: class numbers, or shares of raters if `soft`.

    Parameters
    ----------
    y : (N,) int array
        The truth.
    n_classes, seed : int
    share : float
        Of wrong labels.
    raters
        ``raters``, ``error`` as `votes`, and ``soft``: whether shares are learnt, or the class most voted for.
    """
    if not raters:
        return flipped(y, n_classes, share, seed)
    shares = votes(y, n_classes, int(raters["raters"]), float(raters["error"]), seed)
    return shares if raters["soft"] else shares.argmax(axis=1)
