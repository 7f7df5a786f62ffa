"""What can be chosen by name: losses, schedules of the learning rate, augmentations, ways to see what a model looked at,
programs that runs are written for.

To add one, write it where its neighbours stand and add its entry to `LOSSES`, `SCHEDULES`, `AUGMENTATIONS` or `TRACKERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.checks import check_each, check_names
from core.options import Option, number, whole_number
from core.registry import LazyEntry, chosen


@dataclass(frozen=True)
class OptionsEntry(LazyEntry):
    """Something to choose that has options; `where` is its function, whose defaults are theirs.

    Attributes
    ----------
    options : mapping of str to Option
        What its options are called and may be; their defaults are those of its function.
    """

    options: Mapping[str, Option] = field(default_factory=dict)


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


@dataclass(frozen=True)
class TrackerEntry(LazyEntry):
    """A program that follows runs; `where` is ``write(track, folder, replace)``.

    Attributes
    ----------
    package : str
        What has to be importable; the extra of the same name as the entry installs it.
    look : str
        The command that shows what was written; ``{folder}`` stands for where.
    """

    package: str
    look: str


Choice = TypeVar("Choice", bound=OptionsEntry)


def share(title: str, default: float, help: str = "") -> Option:
    """Return the option of a share, 0 to 1."""
    return number(title, default, least=0, most=1, help=help)


def warmup(default: float) -> Option:
    """Return how long the rate rises first."""
    return number("Warm-up", default, least=0, help="Below 1 a share of all steps, else a number of steps")


FLOOR = share("Least rate", 0.0, "As a share of the learning rate")

LOSSES: dict[str, LossEntry] = {
    "ce": LossEntry(
        "cross-entropy", "The usual one, where labels can be trusted", "core.training.losses:cross_entropy"
    ),
    "gce": LossEntry(
        "generalised cross-entropy: forgives wrong labels",
        "Between cross-entropy and the absolute error (Zhang and Sabuncu 2018); for propagated labels",
        "core.training.losses:generalized_cross_entropy",
        {"q": number("q", 0.7, above=0, most=1, help="Near 0 it is cross-entropy; at 1 it forgives most")},
    ),
    "sce": LossEntry(
        "symmetric cross-entropy: resists wrong labels",
        "Cross-entropy and the same with label and prediction exchanged (Wang et al. 2019)",
        "core.training.losses:symmetric_cross_entropy",
        {
            "alpha": number("α", 0.1, least=0, help="Weight of cross-entropy"),
            "beta": number("β", 1.0, least=0, help="Weight of the exchanged one"),
            "A": number("A", -6.0, below=0, help="What stands for the logarithm of 0"),
        },
    ),
    "smoothing": LossEntry(
        "cross-entropy with smoothed labels: less sure of itself",
        "A part of each label is spread over all classes (Szegedy et al. 2016)",
        "core.training.losses:label_smoothing",
        {"smoothing": share("Smoothing", 0.1, "What of each label is spread over all classes")},
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
        {
            "skew": share("Skew", 0.5, "0: KL(target‖prediction); 1: the reverse"),
            "smoothing": number("Smoothing", 0.01, above=0, below=1, help="Without it, hard labels would be infinite"),
        },
    ),
}

SCHEDULES: dict[str, OptionsEntry] = {
    "constant": OptionsEntry(
        "constant", "The rate stays as it is", "core.training.optimising:constant", {"warmup": warmup(0.0)}
    ),
    "cosine": OptionsEntry(
        "cosine: falls to nothing at the last epoch",
        "Half a cosine from the rate to a share of it (floor), step by step",
        "core.training.optimising:cosine",
        {"warmup": warmup(0.0), "floor": FLOOR},
    ),
    "noam": OptionsEntry(
        "Noam: rises, then falls with the root of the steps",
        "As Transformers are trained (Vaswani et al. 2017); the rate given is that of the peak",
        "core.training.optimising:noam",
        {"warmup": warmup(0.1)},
    ),
    "plateau": OptionsEntry(
        "plateau: falls when validation no longer rises",
        "The rate is multiplied by a factor after so many epochs (patience) without a better validation MCC",
        "core.training.optimising:plateau",
        {
            "warmup": warmup(0.0),
            "factor": number("Factor", 0.5, above=0, below=1, help="What the rate is multiplied by"),
            "patience": whole_number("Wait", 1, 3, unit="epochs"),
            "floor": FLOOR,
        },
    ),
}

BOTH = ("raw", "log_spectrogram")
AUGMENTATIONS: dict[str, AugmentationEntry] = {
    "time_shift": AugmentationEntry(
        "shift in time",
        "To and fro by up to a share of the window (most); the edges are repeated",
        "core.training.augment:time_shift",
        {"most": share("At most", 0.1, "Of the window")},
        views=BOTH,
    ),
    "gain": AugmentationEntry(
        "gain",
        "Louder or softer by up to so many decibels (most_db): samples are multiplied, decibels added",
        "core.training.augment:gain",
        {"most_db": number("At most", 6.0, least=0, unit="dB")},
        views=BOTH,
    ),
    "noise": AugmentationEntry(
        "noise",
        "Gaussian, a share (level) of the standard deviation of each channel",
        "core.training.augment:noise",
        {"level": number("Level", 0.1, least=0, help="Of the standard deviation of the channel")},
        views=("raw",),
    ),
    "channel_drop": AugmentationEntry(
        "silent channels",
        "Each channel is set to 0 by chance (p), never all of them",
        "core.training.augment:channel_drop",
        {"p": share("Chance", 0.1)},
        views=("raw",),
    ),
    "spec_augment": AugmentationEntry(
        "masks over spectrograms",
        "Bands of time and of frequency are set to the mean of their image (SpecAugment, Park et al. 2019)",
        "core.training.augment:spec_augment",
        {
            "n_time": whole_number("Bands of time", 0, 1),
            "time": share("Width at most", 0.1, "Of the image"),
            "n_freq": whole_number("Bands of frequency", 0, 1),
            "freq": share("Height at most", 0.1, "Of the image"),
        },
        views=("log_spectrogram",),
    ),
}

SALIENCIES: dict[str, LazyEntry] = {
    "integrated_gradients": LazyEntry(
        "integrated gradients",
        "Adds up to what the event's shape adds to the score; the one to begin with",
        "core.training.saliency:integrated_gradients",
    ),
    "input_times_gradient": LazyEntry(
        "input × gradient",
        "At once, but blind where the model is sure already",
        "core.training.saliency:input_times_gradient",
    ),
    "smooth_gradients": LazyEntry(
        "smoothed gradients", "The mean of noisy copies: less speckled", "core.training.saliency:smooth_gradients"
    ),
}

TRACKERS: dict[str, TrackerEntry] = {
    "tensorboard": TrackerEntry(
        "TensorBoard",
        "A folder of events for each run: curves by epoch, hyper-parameters, figures",
        "core.training.tracker_tensorboard:write",
        package="tensorboardX",
        look="tensorboard --logdir {folder}",
    ),
    "mlflow": TrackerEntry(
        "MLflow",
        "A database mlflow.db: runs with parameters, figures by epoch, figures of the end",
        "core.training.tracker_mlflow:write",
        package="mlflow",
        look="mlflow ui --backend-store-uri sqlite:///{folder}/mlflow.db",
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
    check_each({key: option.rule for key, option in entry.options.items()}, options)
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
