"""Schemes by name. To add one, write a `Scheme` and add its line to `SCHEMES`."""

from __future__ import annotations

import inspect

import torch

from core.compression.published import PublishedAsymmetricTTQ, PublishedPruningTTQ, PublishedTTQ
from core.compression.schemes import TTQ, TWN, AsymmetricTTQ, DoReFa, PruningTTQ, Scheme, TwoScales
from core.errors import InputError

SCHEMES: dict[str, type[Scheme]] = {
    "ttq": TTQ,
    "attq": AsymmetricTTQ,
    "pttq": PruningTTQ,
    "twn": TWN,
    "dorefa": DoReFa,
}
PUBLISHED: dict[str, type[Scheme]] = {
    "ttq": PublishedTTQ,
    "attq": PublishedAsymmetricTTQ,
    "pttq": PublishedPruningTTQ,
}


def make_scheme(name: str, *, as_published: bool = False, **params: float) -> Scheme:
    """Return a scheme by name.

    Raises
    ------
    InputError
        If the name or a parameter is unknown.
    """
    known = PUBLISHED if as_published else SCHEMES
    if name not in known:
        raise InputError(f"there is no compression scheme {name!r}", remedy=f"Known schemes: {', '.join(known)}")
    try:
        return known[name](**params)
    except TypeError as error:
        names = ", ".join(inspect.signature(known[name]).parameters) or "none"
        raise InputError(f"{name} does not know a parameter ({error})", remedy=f"Its parameters: {names}") from error


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

    Returns
    -------
    tensor
        Of the same shape and type.

    Raises
    ------
    InputError
        If the scheme or a parameter is unknown, or the weights hold NaN.
    """
    if not torch.isfinite(weight).all() or weight.numel() < 2:
        raise InputError("weights must be at least two finite numbers", remedy="Train the model again")
    scales = {name: params.pop(name) for name in ("w_p", "w_n") if name in params}
    made = make_scheme(scheme, as_published=as_published, **params).to(weight)
    if scales and not isinstance(made, TwoScales):
        raise InputError(f"{scheme} has no scales to choose", remedy="Leave w_p and w_n out")
    with torch.no_grad():
        made.start(weight)
        for name, value in scales.items():
            getattr(made, name).fill_(value)
        out: torch.Tensor = made(weight)
    return out.clone()
