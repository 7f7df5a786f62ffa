"""Trials of settings: what the recipes were chosen by. Their test sides are never predicted."""

from collections.abc import Mapping
from typing import Any

from .recipes import BARE, GUIDANCE, PRE_NORM, SHIFTED, cosine
from .runs import Run
from .stages import Cell

RANDOM = {"how": "random", "seed": 0}
GROUPED = {"how": "grouped", "fold": 0, "folds": 5}
ON = {
    "EEG as published": ({"name": "eeg", "scaling": "window"}, RANDOM),
    "EEG by segment, amplitude kept": ({"name": "eeg", "scaling": "kept"}, GROUPED),
}


def _trial(on: str, model: str, epochs: int, batch: int, options: Mapping[str, Any], **more: Any) -> Cell:
    data, split = ON[on]
    fit = BARE | cosine(1e-3, epochs, batch) | more
    said = [model, f"{epochs} epochs", f"batch {batch}", *options, *(part["name"] for part in more.get("augment", ()))]
    return Cell(on, ", ".join(said), 0, Run(data, split, model, {"preset": "esr"} | options, fit, 0, judged=False))


PUBLISHED, HONEST = ON
GUIDED = {"guided": True} | PRE_NORM
SHIFTED_AND_LOUDER = {"augment": [*SHIFTED["augment"], {"name": "gain", "most_db": 3.0}]}
TRIALS = [
    _trial(PUBLISHED, "cnn2d", 6, 32, {}),
    _trial(PUBLISHED, "cnn_transformer", 8, 16, PRE_NORM),
    _trial(PUBLISHED, "cnn_transformer", 16, 16, PRE_NORM),
    _trial(PUBLISHED, "cnn_transformer", 14, 16, PRE_NORM, **SHIFTED),
    _trial(HONEST, "cnn_transformer", 12, 16, PRE_NORM, **SHIFTED_AND_LOUDER),
    _trial(HONEST, "intermediate_fusion", 6, 32, GUIDED, guidance=GUIDANCE),
    _trial(HONEST, "intermediate_fusion", 6, 32, GUIDED, guidance=GUIDANCE, **SHIFTED_AND_LOUDER),
]
