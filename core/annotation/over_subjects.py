"""A share of labels that came back right, with an interval that knows that labels of one person resemble each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.events import Estimate, proportion

LEAST_SUBJECTS = 5  # of fewer, draws of subjects say nothing of how much people differ
DRAWS = 2_000


def share_over_subjects(right: npt.ArrayLike, subject: npt.ArrayLike, seed: int = 0) -> Estimate:
    """Return the share that is right with its 95 % interval over subjects.

    Parameters
    ----------
    right : (n,) bool array
        One or more.
    subject : (n,) array
        Whose each is.
    seed : int
        Of the draws.

    Returns
    -------
    Estimate
        The interval is the percentile bootstrap of 2,000 draws of whole subjects, but never narrower than if all labels
        were of different people (Wilson): where all are right in every subject, draws alone would know no doubt. Below
        `LEAST_SUBJECTS` there is none, and `why` says so.
    """
    correct = np.asarray(right, dtype=np.int64)
    number = np.unique(np.asarray(subject), return_inverse=True)[1]
    n = int(number.max()) + 1
    apart = proportion(int(correct.sum()), len(correct))
    if apart.value is None or apart.low is None or apart.high is None or n < LEAST_SUBJECTS:
        return Estimate(apart.value, why=f"too few subjects for a 95 % interval: it takes {LEAST_SUBJECTS}")
    counts = np.stack([np.bincount(number, correct, n), np.bincount(number, minlength=n)])
    drawn = counts @ np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS).T
    low, high = np.percentile(drawn[0] / drawn[1], [2.5, 97.5])
    return Estimate(apart.value, min(float(low), apart.low), max(float(high), apart.high))
