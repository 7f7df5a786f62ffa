"""A classifier trained on the labelled 10 % alone against the same one trained on propagated labels, tested on other digits."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from core.models.cnn2d import CNN2d
from core.training import FitSettings, fit
from core.training.predict import predict_logits

BATCH = 64
LOSSES = {"CE": {"name": "ce"}, "GCE": {"name": "gce", "q": 0.7}}


def of_the_talk() -> nn.Module:
    """Return the classifier of the talk (reference specification 1.5; 9,840 parameters), without dropout at test."""
    return nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(10, 20, 5), nn.Dropout2d(0.5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(80, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10),
    )  # fmt: skip


# Who learns, and how many steps it is given.
CLASSIFIERS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "talk": (of_the_talk, 3_000),
    "cnn2d": (lambda: CNN2d(10, 1, 20, 20, n_filters=8), 1_500),
}


def accuracies(
    classifier: str,
    images: np.ndarray,
    given: np.ndarray,
    ways: Mapping[str, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> dict[str, float]:
    """Return the accuracy on `test` of a classifier by way of labelling and loss.

    Every way takes the same number of steps, so that more labels are not more training. The same tenth of the labels
    given, never a propagated one, chooses the epoch of each.

    Parameters
    ----------
    classifier : str
        Key in `CLASSIFIERS`.
    images : (N, 20, 20) float32 array
    given : (N,) int array
        Human labels, -1 for none.
    ways : mapping of str to (N,) int array
        Labels to train on, -1 for none.
    """
    held_out = np.random.default_rng(seed).permutation(np.flatnonzero(given >= 0))[: int(0.1 * (given >= 0).sum())]
    validation = images[held_out, None], given[held_out]
    found = {}
    for way, labels in ways.items():
        rows = np.setdiff1d(np.flatnonzero(labels >= 0), held_out)
        for loss, options in LOSSES.items():
            started = time.perf_counter()
            train = images[rows, None], labels[rows]
            found[f"{way}, {loss}"] = _accuracy(classifier, train, validation, test, options, seed)
            print(f"  {way}, {loss}: {found[f'{way}, {loss}']:.4f}, {time.perf_counter() - started:.0f} s", flush=True)
    return found


def _accuracy(classifier: str, train: tuple, validation: tuple, test: tuple, loss: dict, seed: int) -> float:
    make, steps = CLASSIFIERS[classifier]
    torch.manual_seed(seed)
    model = make()
    epochs = max(1, round(steps / -(-len(train[0]) // BATCH)))
    settings = FitSettings(
        loss=loss, class_weights=None, optimiser="adamax", lr=0.007, weight_decay=1e-7, batch_size=BATCH,
        max_epochs=epochs, patience=epochs, seed=seed,
    )  # fmt: skip
    fit(model, train, validation, settings)
    predicted = predict_logits(model, test[0][:, None]).argmax(dim=1).numpy()
    return float((predicted == test[1]).mean())
