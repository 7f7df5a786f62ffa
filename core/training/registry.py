"""Losses by name. To add one, write it in `losses.py` and add its entry to `LOSSES`."""

from __future__ import annotations

from core.registry import LazyEntry

LOSSES: dict[str, LazyEntry] = {
    "ce": LazyEntry(
        "cross-entropy", "The usual one, where labels can be trusted", "core.training.losses:cross_entropy"
    ),
    "gce": LazyEntry(
        "generalised cross-entropy: forgives wrong labels",
        "Between cross-entropy and the absolute error (Zhang and Sabuncu 2018); for propagated labels",
        "core.training.losses:generalized_cross_entropy",
    ),
}
