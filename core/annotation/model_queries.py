"""What to label next by what models say: uncertainty, margin, disagreement."""

from __future__ import annotations

from collections import Counter

import numpy as np

from core.annotation.inputs import Floats
from core.annotation.pool import Asked, Pool


def uncertainty(pool: Pool, n: int) -> list[Asked]:
    """Return the events of the highest entropy of the first model, as a share of the highest there can be."""
    p = pool.models[0]
    score = _entropy(p) / np.log2(p.shape[1])

    def why(row: int) -> str:
        best = int(p[row].argmax())
        return f"The model spreads its bets: {score[row]:.2f} of 1 unsure, at most {p[row, best]:.2f} for {pool.name(best)}."

    return pool.first(score, n, why)


def margin(pool: Pool, n: int) -> list[Asked]:
    """Return the events with the smallest difference between the two likeliest classes of the first model."""
    p = pool.models[0]
    # Stable, so that of equal shares the lower class is named first.
    order = np.argsort(-p, axis=1, kind="stable")[:, :2]
    two = np.take_along_axis(p, order, axis=1)
    gap = two[:, 0] - two[:, 1]

    def why(row: int) -> str:
        first, second = (pool.name(c) for c in order[row].tolist())
        return f"The model hardly tells {first} ({two[row, 0]:.2f}) from {second} ({two[row, 1]:.2f})."

    return [Asked(a.id, -a.value, a.why) for a in pool.first(-gap, n, why)]


def disagreement(pool: Pool, n: int) -> list[Asked]:
    """Return the events on which models differ most: Jensen-Shannon divergence of their shares, in bits (Lin 1991)."""
    stack = np.stack(pool.models)
    # Rounded, so that models that say the same do not differ by the last digit of their mean.
    score = np.round(_entropy(stack.mean(axis=0)) - np.stack([_entropy(p) for p in stack]).mean(axis=0), 12)
    votes = np.argmax(np.nan_to_num(stack), axis=2)

    def why(row: int) -> str:
        said = ", ".join(f"{count} × {pool.name(c)}" for c, count in sorted(Counter(votes[:, row].tolist()).items()))
        return f"{len(stack)} models say {said}, and differ by {score[row]:.2f} bit."

    return pool.first(score, n, why)


def _entropy(p: Floats) -> Floats:
    """Return the entropy of each row in bits; NaN where the row is."""
    logs = np.log2(p, out=np.zeros_like(p), where=p > 0)
    result: Floats = -(p * logs).sum(axis=1)
    return result
