"""Trials of settings: what the recipes were chosen by. Their test sides are never predicted."""

from .recipes import BARE, GUIDANCE, cosine
from .runs import Run
from .stages import Cell

RANDOM = {"how": "random", "seed": 0}
GROUPED = {"how": "grouped", "fold": 0, "folds": 5}
ON = {
    "EEG as published": ({"name": "eeg", "scaling": "window"}, RANDOM),
    "EEG by segment, amplitude kept": ({"name": "eeg", "scaling": "kept"}, GROUPED),
}


def _trial(on: str, model: str, lr: float, epochs: int, batch: int, **guidance: object) -> Cell:
    data, split = ON[on]
    options = {"preset": "esr"} | ({"guided": True} if guidance else {})
    fit = BARE | cosine(lr, epochs, batch) | ({"guidance": guidance} if guidance else {})
    who = f"{model}, rate {lr:g}, {epochs} epochs, batch {batch}"
    return Cell(on, who, 0, Run(data, split, model, options, fit, 0, judged=False))


TRIALS = [
    *(_trial(on, "cnn2d", lr, 6, 32) for on in ON for lr in (1e-3, 3e-4)),
    *(_trial(on, "cnn_transformer", lr, 12, 64) for on in ON for lr in (1e-3, 3e-4)),
    *(_trial(on, "intermediate_fusion", lr, 6, 32, **GUIDANCE) for on in ON for lr in (1e-3, 3e-4)),
]
