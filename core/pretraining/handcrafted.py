"""The objective of hand-crafted features: nothing is learnt but how they are scaled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.features import RobustScale, Table, handcrafted, measured
from core.jobs import Reporter
from core.pretraining.encoders import Array, Arrays, Inputs, Learnt


class HandcraftedEncoder:
    """Named quantities, scaled as the events were that it was made from.

    Parameters
    ----------
    scale : RobustScale
    iq : bool
        Channels are pairs I and Q.
    """

    def __init__(self, scale: RobustScale, iq: bool) -> None:
        self.scale, self.iq, self.names = scale, iq, scale.names

    def embed(self, inputs: Inputs) -> Array:
        """Return the features; without attributes, what was measured of events counts as not known."""
        return self.scale(quantities(inputs, self.iq, with_measured=True))

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        """Return names and scale."""
        card = {"columns": list(self.scale.columns), "indicators": list(self.scale.indicators), "iq": self.iq}
        return card, {"middle": self.scale.middle, "spread": self.scale.spread}

    @classmethod
    def from_state(cls, card: Mapping[str, Any], arrays: Arrays) -> Self:
        """Make it again."""
        scale = RobustScale(tuple(card["columns"]), arrays["middle"], arrays["spread"], tuple(card["indicators"]))
        return cls(scale, bool(card["iq"]))


def quantities(inputs: Inputs, iq: bool, *, with_measured: bool) -> Table:
    """Return all quantities of events."""
    table = handcrafted(inputs.raw, inputs.fs, iq=iq)
    attributes = inputs.attributes or [{}] * len(inputs.raw)
    return table.beside(measured(attributes)) if with_measured else table


def learn(
    inputs: Inputs,
    fit: npt.NDArray[np.bool_],
    *,
    iq: bool | None,
    measured: bool,
    seed: int,
    report: Reporter,
    folder: Path | None = None,
) -> Learnt:
    """Measure the windows, and learn from those at `fit` how to scale the quantities; nothing is drawn by `seed`."""
    iq = inputs.iq if iq is None else iq
    table = quantities(inputs, iq, with_measured=measured)
    report.check()
    scale = RobustScale.of(Table(table.names, table.values[fit]))
    unknown = {name: int(n) for name, n in zip(table.names, (~np.isfinite(table.values)).sum(axis=0), strict=True) if n}
    return Learnt("handcrafted", HandcraftedEncoder(scale, iq), {"unknown": unknown}, scale(table))
