"""Schemes by name. To add one, write a `Scheme` and add its entry to `SCHEMES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.checks import Rule, check, check_each, check_names, finite
from core.errors import InputError
from core.registry import LazyEntry, chosen, resolve

if TYPE_CHECKING:  # the window lists schemes without loading torch
    import torch

    from core.compression.schemes import Scheme


@dataclass(frozen=True)
class Parameter:
    """A number that a scheme is given.

    Attributes
    ----------
    title : str
    start : float
        What the window proposes.
    low, high, step : float
        What it may be, and by how much a key press changes it.
    """

    title: str
    start: float
    low: float = -10.0
    high: float = 10.0
    step: float = 0.1

    @property
    def rule(self) -> Rule:
        """What its value may be."""
        return finite(least=self.low, most=self.high)


@dataclass(frozen=True)
class SchemeEntry(LazyEntry):
    """A scheme to choose; `where` is its class.

    Attributes
    ----------
    params : mapping of str to Parameter
        Those of its parameters that a user chooses.
    further : mapping of str to Rule
        What the others may be.
    published : str
        ``module:name`` of the public code's version, faults included; empty where there is none.
    """

    params: Mapping[str, Parameter] = field(default_factory=dict)
    further: Mapping[str, Rule] = field(default_factory=dict)
    published: str = ""

    @property
    def rules(self) -> dict[str, Rule]:
        """What each of its parameters may be."""
        return {**{name: parameter.rule for name, parameter in self.params.items()}, **self.further}


def below_and_above(low: float, high: float, smallest: float = -10.0) -> dict[str, Parameter]:
    """Return the two thresholds of the asymmetric schemes."""
    return {
        "t_min": Parameter("Threshold below, in standard deviations", low, smallest),
        "t_max": Parameter("Threshold above, in standard deviations", high, smallest),
    }


SCHEMES: dict[str, SchemeEntry] = {
    "pttq": SchemeEntry(
        "pTTQ: thresholds learnt, follows the loss",
        "Thresholds δ = |μ + t·σ| on both sides, learnt with the two scales",
        "core.compression.schemes:PruningTTQ",
        below_and_above(1.5, 1.5, smallest=0.0),
        {"alpha": finite(above=0)},
        published="core.compression.published:PublishedPruningTTQ",
    ),
    "ttq": SchemeEntry(
        "TTQ: threshold a share of the largest weight",
        "Δ = t·max|w| on both sides, two learnt scales (Zhu et al. 2017)",
        "core.compression.schemes:TTQ",
        {"t": Parameter("Threshold, share of the largest weight", 0.05, 0.0, 1.0, 0.01)},
        published="core.compression.published:PublishedTTQ",
    ),
    "attq": SchemeEntry(
        "aTTQ: thresholds from mean and spread",
        "Thresholds μ + t·σ, one for each side, two learnt scales",
        "core.compression.schemes:AsymmetricTTQ",
        below_and_above(-1.0, 1.0),
        published="core.compression.published:PublishedAsymmetricTTQ",
    ),
    "twn": SchemeEntry(
        "TWN: one scale, nothing learnt but weights",
        "Δ = 0.7·mean|w|, one scale (Li and Liu 2016)",
        "core.compression.schemes:TWN",
    ),
    "dorefa": SchemeEntry(
        "DoReFa: one bit per weight",
        "The sign times mean|w|; no weight becomes 0 (Zhou et al. 2016)",
        "core.compression.schemes:DoReFa",
    ),
}


def check_scheme(name: str, **params: Any) -> None:
    """Refuse a scheme that there is not, or parameters that it cannot have; nothing heavy is loaded.

    Raises
    ------
    InputError
        Naming it, and what there is.
    """
    rules = chosen(SCHEMES, name, "compression scheme", "schemes").rules
    check_names(f"the scheme {name}", params, rules)
    check_each(rules, params)


def make_scheme(name: str, *, as_published: bool = False, **params: float) -> Scheme:
    """Return a scheme by name.

    Raises
    ------
    InputError
        If the name or a parameter is unknown, or a parameter out of its range.
    """
    check_scheme(name, **params)
    where = SCHEMES[name].published if as_published else SCHEMES[name].where
    if not where:
        known = ", ".join(key for key, entry in SCHEMES.items() if entry.published)
        raise InputError(f"there is no published code of {name}", remedy=f"Known schemes: {known}")
    made: Scheme = resolve(where)(**params)
    return made


def ternarize(weight: torch.Tensor, scheme: str, *, as_published: bool = False, **params: float) -> torch.Tensor:
    """Return the ternary (or binary) form of a weight tensor.

    Parameters
    ----------
    weight : tensor
        Floating point, of any shape, at least two elements.
    scheme : str
        ``ttq`` (`t`), ``attq`` (`t_min`, `t_max`), ``pttq`` (`t_min`, `t_max`, `alpha`), each with scales `w_p` and
        `w_n`, by default the mean magnitude of each class; ``twn``; ``dorefa``.
    as_published : bool
        The public code's values instead (`core.compression.published`; scales are 1 by default). For comparison only.
    **params : float
        Those of the scheme, finite. `t` is 0 to 1, `t_min` and `t_max` of ``attq`` -10 to 10, of ``pttq`` 0 to 10, `alpha`
        above 0.

    Returns
    -------
    tensor
        Of the same shape and type.

    Raises
    ------
    InputError
        If the scheme or a parameter is unknown, a parameter is out of its range, or the weights are no such tensor or hold
        NaN.
    """
    import torch

    from core.compression.schemes import TwoScales

    check(Rule("a tensor of floating point", _is_floating), weight=weight)
    if not torch.isfinite(weight).all() or weight.numel() < 2:
        raise InputError("weights must be at least two finite numbers", remedy="Train the model again")
    scales = {name: params.pop(name) for name in ("w_p", "w_n") if name in params}
    check(finite(), **scales)
    made = make_scheme(scheme, as_published=as_published, **params).to(weight)
    if scales and not isinstance(made, TwoScales):
        raise InputError(f"{scheme} has no scales to choose", remedy="Leave w_p and w_n out")
    with torch.no_grad():
        made.start(weight)
        for name, value in scales.items():
            getattr(made, name).fill_(value)
        out: torch.Tensor = made(weight)
    return out.clone()


def _is_floating(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.is_floating_point()
