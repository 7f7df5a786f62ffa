"""HITS held against a table of what is there, such as the one that comes with a simulated recording."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.events.hits.scoring import match
from core.events.hits_summary import HBR_EDGES_DB, hbr_names
from core.events.intervals import Estimate, proportion, rate
from core.events.made import MadeEvent
from core.events.verdicts import ARTEFACT, EMBOLI, EMBOLUS

COLUMNS = ("start_s", "duration_s", "hbr_db", "kind")
LONG_S = 0.01  # durations are compared of emboli that last longer
NEAR = 0.2  # of the true duration


@dataclass(frozen=True)
class Known:
    """A row of a truth table: times in s, HBR in dB; `kind` is ``artefact`` or one of `EMBOLI`."""

    start_s: float
    duration_s: float
    hbr_db: float
    kind: str

    @property
    def span(self) -> tuple[float, float]:
        """Start and end, s."""
        return self.start_s, self.start_s + self.duration_s


@dataclass(frozen=True)
class Range:
    """The emboli of a range of true HBR, and how many of them were found."""

    name: str
    n: int
    n_found: int
    sensitivity: Estimate


@dataclass(frozen=True)
class TruthAgreement:
    """How what was called an embolus agrees with what is there.

    Attributes
    ----------
    ranges : tuple of Range
        By true HBR, weakest first, those with emboli; the last one is of all.
    n_false, n_on_artefacts : int
        Calls without an embolus, and how many of them lie on an artefact of the table.
    hours : float
        Length of the recording, h.
    false_per_hour : Estimate
    hbr_error_db : (float, float) or None
        Mean and standard deviation of measured less true HBR, dB, of the emboli found; None of none.
    n_long : int
        How many of those found last more than 10 ms.
    duration_ratio : float or None
        Median of measured over true duration of these; None of none.
    duration_near : Estimate
        Share of these within 20 %.
    """

    ranges: tuple[Range, ...]
    n_false: int
    n_on_artefacts: int
    hours: float
    false_per_hour: Estimate
    hbr_error_db: tuple[float, float] | None
    n_long: int
    duration_ratio: float | None
    duration_near: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-able."""
        return asdict(self)

    def describe(self) -> list[str]:
        """Return it in lines."""
        said = [
            f"Sensitivity, {r.name}: {r.sensitivity.text(1, 100)} % ({r.n_found:,} of {r.n:,})"
            if r.n
            else "Sensitivity: there is no embolus in the table"
            for r in self.ranges
        ]
        on = f", {self.n_on_artefacts:,} on artefacts of the table" if self.n_on_artefacts else ""
        said.append(
            f"False alarms an hour: {self.false_per_hour.text()} ({self.n_false:,} in {60 * self.hours:.1f} min{on})"
        )
        if self.hbr_error_db is not None:
            mean, spread = self.hbr_error_db
            said.append(f"HBR, measured less true: {mean:+.2f} ± {spread:.2f} dB (mean and SD of those found)")
        if self.duration_ratio is not None:
            said.append(
                f"Duration, measured over true: {self.duration_ratio:.2f} in the median; within {100 * NEAR:.0f} %: "
                f"{self.duration_near.text(1, 100)} % (of {self.n_long:,} found that last more than {1000 * LONG_S:.0f} ms)"
            )
        return said


def read_truth(path: str | Path) -> list[Known]:
    """Read a truth table: CSV with the columns of `COLUMNS` among others.

    Raises
    ------
    InputError
        If it cannot be read, a column is missing, there is no row, or a row says no time, ratio or kind that is known.
    """
    path = Path(path).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(
            f"the truth table could not be read ({why})", subject=path, remedy="Give the CSV of a simulation"
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    there = [name.strip() for name in rows.fieldnames or ()]
    if missing := [name for name in COLUMNS if name not in there]:
        raise InputError(
            f"the truth table has no column {', '.join(missing)}",
            subject=path,
            remedy=f"Name its columns {', '.join(COLUMNS)}; `hitscope simulate` writes such a table",
        )
    rows.fieldnames = there
    try:
        known = [_row(row, rows.line_num) for row in rows]
    except (ValueError, csv.Error) as error:
        raise InputError(f"the truth table is wrong: {error}", subject=path, remedy="Correct that row") from error
    if not known:
        raise InputError(
            "the truth table has no row", subject=path, remedy="Give one that says what is in the recording"
        )
    return known


def _row(cells: Mapping[str, str | None], line: int) -> Known:
    values = {}
    for name in COLUMNS[:3]:
        try:
            values[name] = float(cells[name] or "")
        except ValueError:
            values[name] = math.nan
        if not math.isfinite(values[name]) or (name == "duration_s" and values[name] < 0):
            raise ValueError(f"in line {line}, {name} is {cells[name] or 'empty'}")
    kind = (cells["kind"] or "").strip()
    if kind not in (*EMBOLI, ARTEFACT):
        raise ValueError(f"in line {line}, kind is {kind or 'empty'}, none of {', '.join((*EMBOLI, ARTEFACT))}")
    return Known(**values, kind=kind)


def compare_with_truth(made: Sequence[MadeEvent], known: Sequence[Known], duration_s: float) -> TruthAgreement:
    """Return how candidates that are called emboli agree with what is there, matched one to one within 50 ms.

    Parameters
    ----------
    made : sequence of MadeEvent
        Of the maker ``hits``.
    known : sequence of Known
    duration_s : float
        Of the recording, s.

    Raises
    ------
    InputError
        If a row lies outside the recording: the table is of another one.
    """
    if outside := [k for k in known if not 0 <= k.start_s < duration_s]:
        raise InputError(
            f"the truth table has {len(outside):,} events outside the {duration_s:g} s of the recording, the first at "
            f"{outside[0].start_s:g} s",
            remedy="Give the table of this recording",
        )
    emboli = [k for k in known if k.kind != ARTEFACT]
    calls = [e for e in made if e.attributes["suggestion"] == EMBOLUS]
    spans = [(e.start_s, e.start_s + e.duration_s) for e in calls]
    matched = match([k.span for k in emboli], spans)
    false = [span for span, embolus in zip(spans, matched.event_of, strict=True) if embolus < 0]
    on_artefacts = match([k.span for k in known if k.kind == ARTEFACT], false)
    pairs = [(k, calls[a]) for k, a in zip(emboli, matched.alarm_of, strict=True) if a >= 0]
    errors = np.array([call.attributes["hbr_db"] - k.hbr_db for k, call in pairs])
    ratios = np.array([call.duration_s / k.duration_s for k, call in pairs if k.duration_s > LONG_S])
    return TruthAgreement(
        ranges=_ranges(np.array([k.hbr_db for k in emboli]), matched.alarm_of >= 0),
        n_false=len(false),
        n_on_artefacts=int((on_artefacts.event_of >= 0).sum()),
        hours=duration_s / 3600,
        false_per_hour=rate(len(false), duration_s / 3600),
        hbr_error_db=(float(errors.mean()), float(errors.std())) if len(errors) else None,
        n_long=len(ratios),
        duration_ratio=float(np.median(ratios)) if len(ratios) else None,
        duration_near=proportion(int((np.abs(ratios - 1) <= NEAR).sum()), len(ratios)),
    )


def _ranges(hbr_db: np.ndarray, found: np.ndarray) -> tuple[Range, ...]:
    """Return the emboli of each range of HBR, where there are any, and of all."""
    place = np.digitize(hbr_db, HBR_EDGES_DB)
    masks = [(name, place == n) for n, name in enumerate(hbr_names()) if (place == n).any()]
    return tuple(
        Range(name, n := int(mask.sum()), k := int(found[mask].sum()), proportion(k, n))
        for name, mask in [*masks, ("all", np.ones(len(hbr_db), bool))]
    )
