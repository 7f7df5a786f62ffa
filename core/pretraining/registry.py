"""Objectives by name. To add one, write its function and its encoder, and add their entry to `OBJECTIVES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import check_each, check_names
from core.errors import InputError
from core.options import Option, choice, number, run_of, whole_number, yes_or_no
from core.registry import Entry, LazyEntry, chosen

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Clash:
    """Options that are possible each, but not together.

    Attributes
    ----------
    option : str
        The one to say it of.
    there : callable
        Whether the options clash.
    what, remedy : str
        What the user is told.
    """

    option: str
    there: Callable[[Options], bool]
    what: str
    remedy: str


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
    clashes : tuple of Clash
        Options that cannot be together.
    least : int
        Events that it needs to learn from.
    smallest : int
        Samples that a window, or each side of an image, must have.
    width : callable, optional
        How many features come of its options, learnt from so many events of so many values; None where the events say.
    """

    encoder: str
    options: Mapping[str, Option] = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    from_run: bool = False
    raw: bool = False
    clashes: tuple[Clash, ...] = ()
    least: int = 1
    smallest: int = 1
    width: Callable[[Options, int, int], int] | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """Its options where none are given."""
        return {name: option.default for name, option in self.options.items()}

    def filled(self, preset: str | None) -> dict[str, Any]:
        """Return its options as a preset has them, or by default."""
        return self.defaults | dict(self.presets[preset].options if preset is not None else {})

    def problems(self, options: Options) -> dict[str, str]:
        """Return by option what is wrong, to stand beside its field; `options` are complete, but may be anything."""
        wrong = {name: said for name, option in self.options.items() if (said := option.problem(options[name]))}
        clashing = {} if wrong else {one.option: f"{one.what}. {one.remedy}." for one in self._clashing(options)}
        return wrong | clashing

    def check(self, options: Options) -> None:
        """Refuse complete options that cannot be.

        Raises
        ------
        InputError
            Naming each, and what it must be.
        """
        check_each({name: option.rule for name, option in self.options.items()}, options)
        for clash in self._clashing(options):
            raise InputError(clash.what, remedy=clash.remedy)

    def _clashing(self, options: Options) -> list[Clash]:
        return [clash for clash in self.clashes if clash.there(options)]


RUNS = {"features": "features", "training": "training", "compression": "compression"}
N_LATENT = whole_number("Features", 1, 32, help="How many numbers say what an event looks like")

OBJECTIVES: dict[str, ObjectiveEntry] = {
    "autoencoder": ObjectiveEntry(
        "Autoencoder",
        "Convolutions that learn to draw each window again from a few numbers, which are its features",
        "core.pretraining.autoencoder:learn",
        "core.pretraining.autoencoder:AutoencoderEncoder",
        {
            "n_latent": N_LATENT,
            "epochs": whole_number("Epochs at most", 1, 15, help="Times that it goes through all windows"),
            "lr": number("Learning rate", 2e-3, above=0),
            "weight_decay": number("Weight decay", 1e-5, least=0),
            "batch_size": whole_number("Windows per batch", 2, 64),
            "validation": number(
                "Share of windows that decides when to stop", 0.1, least=0, most=0.5, help="0: it does not stop early"
            ),
            "patience": whole_number("Epochs without a lower loss before it stops", 1, 4),
            "bounded": yes_or_no("Inputs scaled to 0 to 1, output bounded by a sigmoid", False),
            "initial": choice("Initial weights", {"default": "usual", "xavier": "Xavier, gain √2"}, "default"),
            "momentum": number("Share of the newest batch in running statistics", 0.1, above=0, most=1),
            "latents": choice(
                "When latents are taken",
                {"evaluation": "when it is trained", "training": "in the last epoch, while it trains"},
                "evaluation",
            ),
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
        clashes=(
            Clash(
                "latents",
                lambda options: options["latents"] == "training" and options["validation"] > 0,
                "latents can be taken while it trains only if it does not stop early",
                "Give validation = 0, or latents = evaluation",
            ),
        ),
        least=10,
        smallest=8,
        width=lambda options, _n, _size: int(options["n_latent"]),
    ),
    "pca": ObjectiveEntry(
        "Principal components",
        "The directions in which windows differ most: the control that learnt features must beat",
        "core.pretraining.pca:learn",
        "core.pretraining.pca:PrincipalComponents",
        {"n_latent": N_LATENT},
        least=2,
        width=lambda options, n, size: min(int(options["n_latent"]), size, n - 1),
    ),
    "handcrafted": ObjectiveEntry(
        "Hand-crafted: spectrum, shape and what was measured",
        "Named quantities of the samples, and those that the detector measured, such as the HBR",
        "core.pretraining.handcrafted:learn",
        "core.pretraining.handcrafted:HandcraftedEncoder",
        {
            "iq": yes_or_no("Channels are pairs I and Q").or_none("where they are Doppler I and Q"),
            "measured": yes_or_no("With what the event's maker measured", True, help="Such as the HBR"),
        },
        raw=True,
        smallest=4,
    ),
    "encoder": ObjectiveEntry(
        "Encoder of an earlier run",
        "What a trained model, or an earlier features run, makes of these events; nothing is learnt anew",
        "core.pretraining.stored:learn",
        "core.pretraining.stored:ModelEncoder",
        {"run": run_of("Features, training or compression run", RUNS)},
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
    options = entry.filled(preset) | given
    entry.check(options)
    return options


def changed_options(name: str, options: Options, preset: str | None = None) -> dict[str, Any]:
    """Return those of an objective's options that are others than by default, or than its preset has them."""
    usual = OBJECTIVES[name].filled(preset)
    return {key: value for key, value in options.items() if value != usual[key]}
