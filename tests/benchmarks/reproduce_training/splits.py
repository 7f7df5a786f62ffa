"""Who learns, who chooses and who judges."""

from dataclasses import dataclass

import numpy as np

TEST, VALIDATION = 0.1, 0.1  # shares of the windows, where they are split at random


@dataclass(frozen=True)
class Three:
    """Row numbers of the three sides."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(y: np.ndarray, unit: np.ndarray, how: str, **options: int) -> Three:
    """Return the sides of a split; `how` is one of `SPLITS`."""
    return SPLITS[how](y, unit, **options)


def at_random(y: np.ndarray, unit: np.ndarray, seed: int) -> Three:
    """Split events, class by class, with no regard to their units: 10 % test, and 10 % of the others validation."""
    rng = np.random.default_rng(seed)
    sides = [_cut(rng.permutation(np.flatnonzero(y == c))) for c in np.unique(y)]
    return Three(*(np.sort(np.concatenate(part)) for part in zip(*sides, strict=True)))


def _cut(rows: np.ndarray) -> tuple[np.ndarray, ...]:
    n_test = round(TEST * len(rows))
    n_validation = round(VALIDATION * (len(rows) - n_test))
    test, validation, train = np.split(rows, [n_test, n_test + n_validation])
    return train, validation, test


def grouped(y: np.ndarray, unit: np.ndarray, fold: int, folds: int, validation_of: int = 6, seed: int = 0) -> Three:
    """Split units into folds of like classes: one is the test side, and of the others one part of `validation_of` validates."""
    kept, test = _fold(y, unit, np.arange(len(y)), folds, fold, seed)
    train, validation = _fold(y, unit, kept, validation_of, 0, seed + 1 + fold)
    return Three(train, validation, test)


def _fold(
    y: np.ndarray, unit: np.ndarray, rows: np.ndarray, folds: int, fold: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows outside and inside a fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    outside, inside = list(cutter.split(rows, y[rows], unit[rows]))[fold]
    return rows[outside], rows[inside]


SPLITS = {"random": at_random, "grouped": grouped}


def thinned(rows: np.ndarray, y: np.ndarray, every: dict[int, int]) -> np.ndarray:
    """Return the rows with only every so-manyth of some classes."""
    kept = [rows[y[rows] == c][:: every.get(int(c), 1)] for c in np.unique(y[rows])]
    return np.sort(np.concatenate(kept))
