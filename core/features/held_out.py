"""Which subjects are kept for testing, so that nothing chosen by looking at features has seen them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checks import TEXT, Rule, check_each, check_names, finite, list_of, whole
from core.errors import InputError

RULES: dict[str, Rule] = {
    "subjects": list_of("subjects", TEXT),
    "recordings": list_of("recording numbers", whole(0)),
    "share": finite(above=0, below=1),
    "seed": whole(0),
}
Unit = str | int


@dataclass(frozen=True)
class HeldOut:
    """Events of test subjects.

    Attributes
    ----------
    test : (N,) bool array
    subjects : tuple of str
        Whose events are for testing.
    recordings : tuple of int
        Recordings of unknown subjects that are for testing.
    notes : tuple of str
        What this cannot promise.
    """

    test: npt.NDArray[np.bool_]
    subjects: tuple[str, ...] = ()
    recordings: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what a record says of it; `hold_out` takes it again."""
        return {"subjects": list(self.subjects), "recordings": list(self.recordings)}


def check_held_out(wanted: Mapping[str, Any] | None) -> None:
    """Refuse what `hold_out` cannot take: names it does not know, a share beside names, nothing at all.

    Raises
    ------
    InputError
    """
    if wanted is None:
        return
    check_names("what is held out", wanted, RULES)
    check_each(RULES, wanted)
    if ("share" in wanted) == bool({"subjects", "recordings"} & set(wanted)):
        raise InputError("test subjects are given by name or as a share", remedy="Give one of the two")


def hold_out(
    subject: npt.NDArray[np.object_],
    recording: npt.NDArray[np.int64],
    wanted: Mapping[str, Any] | None,
    seed: int = 0,
) -> HeldOut:
    """Return which events are of test subjects; a recording of an unknown subject counts as one subject.

    Parameters
    ----------
    subject : (N,) object array of str
        ``""`` where unknown.
    recording : (N,) int64 array
    wanted : mapping or None
        ``{"subjects": […], "recordings": […]}``, or ``{"share": 0.2, "seed": 0}``: that share of the subjects, at least
        one, drawn by the seed. None: nobody.
    seed : int
        Where `wanted` has none.

    Raises
    ------
    InputError
        If one that is named has no events here, or nobody would be left to learn from.
    """
    check_held_out(wanted)
    if wanted is None or not any(wanted.get(name) for name in ("subjects", "recordings", "share")):
        return HeldOut(np.zeros(len(recording), bool))
    units = units_of(subject, recording)
    there = in_order(units)
    taken = _named(there, wanted) if "share" not in wanted else _drawn(there, wanted["share"], wanted.get("seed", seed))
    if len(taken) == len(there):
        raise InputError(
            "nobody is left to learn features from: all events are of test subjects",
            remedy="Hold fewer subjects out, or choose events of more subjects",
        )
    unknown = sum(isinstance(unit, int) for unit in there)
    notes: tuple[str, ...] = ()
    if unknown:
        notes = (
            f"Whose {unknown} of these recordings are is not known: each counts as a subject of its own, so one person may be "
            "both among the test subjects and among the others.",
        )
    return HeldOut(np.array([unit in taken for unit in units], dtype=bool), **by_kind(taken), notes=notes)


def units_of(subject: Iterable[str], recording: Iterable[int]) -> list[Unit]:
    """Return the subject of each event, or the number of its recording where the subject is ``""``."""
    return [who or int(where) for who, where in zip(subject, recording, strict=True)]


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Return distinct units, subjects first."""
    return sorted(set(units), key=lambda unit: (isinstance(unit, int), unit))


def by_kind(units: Iterable[Unit]) -> dict[str, Any]:
    """Return units as ``subjects`` and ``recordings``."""
    ordered = in_order(units)
    return {
        "subjects": tuple(unit for unit in ordered if isinstance(unit, str)),
        "recordings": tuple(unit for unit in ordered if isinstance(unit, int)),
    }


def _named(there: list[Unit], wanted: Mapping[str, Any]) -> set[Unit]:
    named: list[Unit] = [*wanted.get("subjects", ()), *(int(n) for n in wanted.get("recordings", ()))]
    if missing := [str(unit) for unit in named if unit not in there]:
        known = ", ".join(str(unit) for unit in there)
        raise InputError(f"no event here is of {', '.join(missing)}", remedy=f"There are events of {known}")
    return set(named)


def _drawn(there: list[Unit], share: float, seed: int) -> set[Unit]:
    order = np.random.default_rng(seed).permutation(len(there))
    return {there[n] for n in order[: max(1, round(share * len(there)))].tolist()}
