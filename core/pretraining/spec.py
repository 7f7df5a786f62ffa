"""What a features run is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.checks import TABLE, TEXT, YES_OR_NO, check_each, list_of, whole
from core.errors import InputError
from core.features import Raw, WindowSpec, build_representation, check_held_out
from core.pretraining.registry import OBJECTIVES, objective_options

RULES = {
    "kinds": list_of("kinds of events", TEXT).or_none(),
    "recordings": list_of("recording numbers", whole(0)).or_none(),
    "ids": list_of("event numbers", whole(0)).or_none(),
    "window": TABLE.or_none(),
    "representation": TABLE.or_none(),
    "objective": TEXT,
    "held_out": TABLE.or_none(),
    "transductive": YES_OR_NO,
    "threads": whole(1).or_none(),
}


@dataclass(frozen=True)
class FeaturesSpec:
    """A features run; the parameters of a job of kind ``features`` are its fields, and the objective's options beside them.

    Attributes
    ----------
    kinds, recordings, ids : list, optional
        Which events; by default all.
    window : dict, optional
        As `core.features.WindowSpec`; by default what is usual for the first recording, or the earlier run's.
    representation : dict, optional
        As `core.features.build_representation`; by default the samples, or the earlier run's.
    objective : str
        One of `OBJECTIVES`.
    held_out : dict, optional
        Test subjects, as `core.features.hold_out`: nothing is learnt from their events, but they get features.
    transductive : bool
        Whether features are learnt from the test subjects' events all the same.
    threads : int, optional
    options : dict
        The objective's, complete.
    """

    kinds: list[str] | None = None
    recordings: list[int] | None = None
    ids: list[int] | None = None
    window: dict[str, Any] | None = None
    representation: dict[str, Any] | None = None
    objective: str = "autoencoder"
    held_out: dict[str, Any] | None = None
    transductive: bool = False
    threads: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, params: Mapping[str, Any]) -> FeaturesSpec:
        """Make it from the parameters of a job.

        Raises
        ------
        InputError
            If something is unknown, or cannot be as it is.
        """
        own = {name: value for name, value in params.items() if name in RULES}
        check_each(RULES, own)
        spec = cls(**own)
        given = {name: value for name, value in params.items() if name not in RULES}
        options = objective_options(spec.objective, given)
        check_held_out(spec.held_out)
        # Refused before a job is started, rather than by it.
        WindowSpec.from_json(spec.window or {"n_times": 1})
        representation = build_representation(spec.representation or {"name": Raw.name})
        if OBJECTIVES[spec.objective].raw and representation.name != Raw.name:
            raise InputError(
                f"{spec.objective} features are of the samples themselves, not of a {representation.name}",
                remedy="Leave the representation out",
            )
        return cls(**own, options=options)
