"""Objectives by name. To add one, write its function and its encoder, and add their entry to `OBJECTIVES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import TEXT, YES_OR_NO, Rule, check_each, check_names, finite, one_of, whole
from core.errors import InputError
from core.registry import Entry, LazyEntry, chosen


@dataclass(frozen=True)
class Option:
    """An option of an objective.

    Attributes
    ----------
    title : str
        What the window and the help call it.
    rule : Rule
        What it may be.
    default : Any
        What holds where it is not given; None where it must be given, if the rule does not let None pass.
    """

    title: str
    rule: Rule
    default: Any = None


@dataclass(frozen=True)
class Preset(Entry):
    """Options of an objective that go together."""

    options: Mapping[str, Any]


@dataclass(frozen=True)
class ObjectiveEntry(LazyEntry):
    """A way to get features without labels; `where` is its function ``(inputs, fit, *, seed, report, folder, …) -> Learnt``.

    Attributes
    ----------
    encoder : str
        ``module:name`` of the class that places new events, see `core.pretraining.encoders.Encoder`.
    options : mapping of str to Option
        In the order in which a dialog shows them.
    presets : mapping of str to Preset
        Options given beside a preset win.
    from_run : bool
        Whether it uses what another run learnt, named by its option ``run``: window and representation are then that run's.
    raw : bool
        Whether it is of the samples themselves, so that no representation can be chosen.
    """

    encoder: str
    options: Mapping[str, Option] = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    from_run: bool = False
    raw: bool = False


RUN = Rule("the id of a features, training or compression run", TEXT.fits)
N_LATENT = Option("Features", whole(1), 32)

OBJECTIVES: dict[str, ObjectiveEntry] = {
    "autoencoder": ObjectiveEntry(
        "Autoencoder",
        "Convolutions that learn to draw each window again from a few numbers, which are its features",
        "core.pretraining.autoencoder:learn",
        "core.pretraining.autoencoder:AutoencoderEncoder",
        {
            "n_latent": N_LATENT,
            "epochs": Option("Epochs at most", whole(1), 15),
            "lr": Option("Learning rate", finite(above=0), 2e-3),
            "weight_decay": Option("Weight decay", finite(least=0), 1e-5),
            "batch_size": Option("Windows per batch", whole(2), 64),
            "validation": Option("Share of windows that decides when to stop", finite(least=0, most=0.5), 0.1),
            "patience": Option("Epochs without a lower loss before it stops", whole(1), 4),
            "bounded": Option("Inputs scaled to 0 to 1, output bounded by a sigmoid", YES_OR_NO, False),
            "initial": Option("Initial weights", one_of(("default", "xavier")), "default"),
            "momentum": Option("Share of the newest batch in running statistics", finite(above=0, most=1), 0.1),
            "latents": Option("When latents are taken", one_of(("evaluation", "training")), "evaluation"),
        },
        {
            "reference": Preset(
                "as the published annotation study",
                "Sigmoid, Xavier √2, Adamax 0.05, 50 epochs without early stop, batch norm of the last batch, latents taken while "
                "it trains: to try the published figures, not to be preferred",
                {
                    "n_latent": 32,
                    "epochs": 50,
                    "lr": 0.05,
                    "weight_decay": 1e-5,
                    "batch_size": 32,
                    "validation": 0.0,
                    "bounded": True,
                    "initial": "xavier",
                    "momentum": 0.99,
                    "latents": "training",
                },
            )
        },
    ),
    "pca": ObjectiveEntry(
        "Principal components",
        "The directions in which windows differ most: the control that learnt features must beat",
        "core.pretraining.pca:learn",
        "core.pretraining.pca:PrincipalComponents",
        {"n_latent": N_LATENT},
    ),
    "handcrafted": ObjectiveEntry(
        "Hand-crafted: spectrum, shape and what was measured",
        "Named quantities of the samples, and those that the detector measured, such as the HBR",
        "core.pretraining.handcrafted:learn",
        "core.pretraining.handcrafted:HandcraftedEncoder",
        {
            "iq": Option("Channels are pairs I and Q (none: where they are Doppler I and Q)", YES_OR_NO.or_none()),
            "measured": Option("With what the event's maker measured", YES_OR_NO, True),
        },
        raw=True,
    ),
    "encoder": ObjectiveEntry(
        "Encoder of an earlier run",
        "What a trained model, or an earlier features run, makes of these events; nothing is learnt anew",
        "core.pretraining.stored:learn",
        "core.pretraining.stored:ModelEncoder",
        {"run": Option("Features, training or compression run", RUN)},
        from_run=True,
    ),
}


def objective_options(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option of an objective: those given, else of the preset that is given, else the defaults.

    Parameters
    ----------
    name : str
        One of `OBJECTIVES`.
    given : mapping
        Options, and ``preset``. Nothing heavy is loaded.

    Raises
    ------
    InputError
        If the objective, the preset or an option is unknown, or a value cannot be.
    """
    entry = chosen(OBJECTIVES, name, "objective", "objectives")
    given = dict(given)
    preset = given.pop("preset", None)
    check_names(f"the objective {name}", given, entry.options)
    if preset is not None and preset not in entry.presets:
        known = ", ".join(entry.presets) or "none"
        raise InputError(f"{name} has no preset {preset!r}", remedy=f"Known presets: {known}")
    defaults = {key: option.default for key, option in entry.options.items()}
    of_preset = {} if preset is None else entry.presets[preset].options
    options = defaults | dict(of_preset) | given
    check_each({key: option.rule for key, option in entry.options.items()}, options)
    if options.get("latents") == "training" and options["validation"]:
        raise InputError(
            "latents can be taken while it trains only if it does not stop early",
            remedy="Give validation = 0, or latents = evaluation",
        )
    return options
