"""What a training run can choose by name: losses, schedules of the learning rate, augmentations.

To add one, write it where its neighbours stand and add its entry to `LOSSES`, `SCHEDULES` or `AUGMENTATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.checks import Rule, check_each, check_names, finite, whole
from core.registry import LazyEntry, chosen


@dataclass(frozen=True)
class OptionsEntry(LazyEntry):
    """Something to choose that has options; `where` is its function, whose defaults are theirs.

    Attributes
    ----------
    options : mapping of str to Rule
        What its options may be.
    """

    options: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True)
class LossEntry(OptionsEntry):
    """A loss to choose.

    Attributes
    ----------
    soft : bool
        Whether it takes shares of classes (batch, n_outputs) beside class numbers.
    """

    soft: bool = True


@dataclass(frozen=True)
class AugmentationEntry(OptionsEntry):
    """An augmentation to choose.

    Attributes
    ----------
    views : tuple of str
        Representations that it changes; where it is two, those of one event alike.
    """

    views: tuple[str, ...] = ()


Choice = TypeVar("Choice", bound=OptionsEntry)
SHARE = finite(least=0, most=1)
RATE_OPTIONS = {"warmup": finite(least=0)}

LOSSES: dict[str, LossEntry] = {
    "ce": LossEntry(
        "cross-entropy", "The usual one, where labels can be trusted", "core.training.losses:cross_entropy"
    ),
    "gce": LossEntry(
        "generalised cross-entropy: forgives wrong labels",
        "Between cross-entropy and the absolute error (Zhang and Sabuncu 2018); for propagated labels",
        "core.training.losses:generalized_cross_entropy",
        {"q": finite(above=0, most=1)},
    ),
    "sce": LossEntry(
        "symmetric cross-entropy: resists wrong labels",
        "Cross-entropy and the same with label and prediction exchanged (Wang et al. 2019)",
        "core.training.losses:symmetric_cross_entropy",
        {"alpha": finite(least=0), "beta": finite(least=0), "A": finite(below=0)},
    ),
    "smoothing": LossEntry(
        "cross-entropy with smoothed labels: less sure of itself",
        "A part of each label is spread over all classes (Szegedy et al. 2016)",
        "core.training.losses:label_smoothing",
        {"smoothing": SHARE},
    ),
    "js": LossEntry(
        "Jensen-Shannon: bounded, for labels in doubt",
        "The divergence of target and prediction from their mean (Lin 1991); no event costs more than log 2",
        "core.training.losses:jensen_shannon",
    ),
    "gjs": LossEntry(
        "geometric Jensen-Shannon: for labels that are shares",
        "With the geometric mean (Nielsen 2019); its skew leads from KL(target‖prediction) to the reverse",
        "core.training.losses:geometric_jensen_shannon",
        {"skew": SHARE, "smoothing": finite(above=0, below=1)},
    ),
}

SCHEDULES: dict[str, OptionsEntry] = {
    "constant": OptionsEntry("constant", "The rate stays as it is", "core.training.optimising:constant", RATE_OPTIONS),
    "cosine": OptionsEntry(
        "cosine: falls to nothing at the last epoch",
        "Half a cosine from the rate to a share of it (floor), step by step",
        "core.training.optimising:cosine",
        RATE_OPTIONS | {"floor": SHARE},
    ),
    "noam": OptionsEntry(
        "Noam: rises, then falls with the root of the steps",
        "As Transformers are trained (Vaswani et al. 2017); the rate given is that of the peak",
        "core.training.optimising:noam",
        RATE_OPTIONS,
    ),
    "plateau": OptionsEntry(
        "plateau: falls when validation no longer rises",
        "The rate is multiplied by a factor after so many epochs (patience) without a better validation MCC",
        "core.training.optimising:plateau",
        RATE_OPTIONS | {"factor": finite(above=0, below=1), "patience": whole(1), "floor": SHARE},
    ),
}

BOTH = ("raw", "log_spectrogram")
AUGMENTATIONS: dict[str, AugmentationEntry] = {
    "time_shift": AugmentationEntry(
        "shift in time",
        "To and fro by up to a share of the window (most); the edges are repeated",
        "core.training.augment:time_shift",
        {"most": SHARE},
        views=BOTH,
    ),
    "gain": AugmentationEntry(
        "gain",
        "Louder or softer by up to so many decibels (most_db): samples are multiplied, decibels added",
        "core.training.augment:gain",
        {"most_db": finite(least=0)},
        views=BOTH,
    ),
    "noise": AugmentationEntry(
        "noise",
        "Gaussian, a share (level) of the standard deviation of each channel",
        "core.training.augment:noise",
        {"level": finite(least=0)},
        views=("raw",),
    ),
    "channel_drop": AugmentationEntry(
        "silent channels",
        "Each channel is set to 0 by chance (p), never all of them",
        "core.training.augment:channel_drop",
        {"p": SHARE},
        views=("raw",),
    ),
    "spec_augment": AugmentationEntry(
        "masks over spectrograms",
        "Bands of time and of frequency are set to the mean of their image (SpecAugment, Park et al. 2019)",
        "core.training.augment:spec_augment",
        {"n_time": whole(0), "time": SHARE, "n_freq": whole(0), "freq": SHARE},
        views=("log_spectrogram",),
    ),
}


def check_choice(table: Mapping[str, Choice], what: str, several: str, name: str, **options: Any) -> Choice:
    """Return the entry of a table, if there is one and it can have these options; nothing heavy is loaded.

    Raises
    ------
    InputError
        Naming what is wrong, and what there is.
    """
    entry = chosen(table, name, what, several)
    check_names(f"the {what} {name}", options, entry.options)
    check_each(entry.options, options)
    return entry


def check_loss(name: str, **options: Any) -> LossEntry:
    """Return the entry of a loss, or raise `InputError` as `check_choice`."""
    return check_choice(LOSSES, "loss", "losses", name, **options)


def check_schedule(name: str, **options: Any) -> OptionsEntry:
    """Return the entry of a schedule, or raise `InputError` as `check_choice`."""
    return check_choice(SCHEDULES, "schedule", "schedules", name, **options)


def check_augmentation(name: str, **options: Any) -> AugmentationEntry:
    """Return the entry of an augmentation, or raise `InputError` as `check_choice`."""
    return check_choice(AUGMENTATIONS, "augmentation", "augmentations", name, **options)
