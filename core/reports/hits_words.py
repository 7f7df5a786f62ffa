"""What a report of HITS says in sentences."""

from __future__ import annotations

from core.events import (
    BASES,
    Agreement,
    Criteria,
    Estimate,
    HitsSummary,
    PartCount,
    hbr_names,
    proportion,
    settings_text,
)
from core.events.hits.judging import HBR_ERROR_DB
from core.reports.hits_numbers import Detector, HitsReport

SOURCES = {"annotator": "by the annotator", "propagated": "propagated", "detector": "by the detector"}
USABLE = (
    "Usable: recorded time less what is missing, what is without blood flow, and artefacts on both sides of zero. Emboli per "
    "hour are of the usable time; where it is not known, of the recorded time. "
    "Noise or artefacts of some seconds and more, such as a probe off the skin, may stand as usable: the detector takes them for "
    "the signal's own level."
)
RANGES = frozenset(hbr_names(True))


def lead(report: HitsReport) -> str:
    """Return the number that people look for first."""
    total = report.summary.total
    n = "1 embolus" if total.emboli == 1 else f"{total.emboli:,} emboli"
    if total.per_hour.value is None:
        return f"{n}; no rate: {total.per_hour.why}."
    return f"{n} in {_rated_long(total)}: {total.per_hour.text()} per hour (95 % interval)."


def whose(report: HitsReport) -> str:
    """Return whose numbers these are."""
    if report.basis == "detector":
        return "All numbers are of the detector's suggestions: no person has judged them."
    if report.basis == "annotator":
        return (
            f"All numbers are of the verdicts of {report.annotator}; what the detector suggests has no part in them. "
            f"Undecided: {_events(report.summary.total.undecided)}."
        )
    by: dict[str, int] = {}
    for count in report.summary.classes:
        for source, n in count.by.items():
            by[source] = by.get(source, 0) + n
    propagated = f", {by['propagated']:,} propagated" if by.get("propagated") else ""
    return (
        f"The numbers are of two sources: {by.get('annotator', 0):,} verdicts of {report.annotator}{propagated}, and for "
        f"{_events(by.get('detector', 0))} without one the detector's suggestion, which no person has judged."
    )


def counted(report: HitsReport) -> str:
    """Return the basis of the numbers in a line."""
    return BASES[report.basis].title + (f" ({report.annotator})" if report.annotator else "")


def hours(value: float) -> str:
    """Return a length of time as one reads it."""
    if value >= 1 or value == 0:
        return f"{value:,.2f} h"
    return f"{60 * value:.1f} min" if value >= 1 / 60 else f"{3600 * value:.1f} s"


def usable(part: PartCount) -> str:
    """Return the usable time of a part, or that it is not known."""
    if not part.n_usable:
        return "not known"
    return hours(part.rated_hours) + ", in part recorded" * (part.n_usable < part.n_recordings)


def usable_at_length(report: HitsReport) -> str:
    """Return the usable time of all, and what it is."""
    total = report.summary.total
    if not total.n_usable:
        return "not known: the study notes no search of the detector. Rates are of the recorded time"
    named = [r.name for r in report.recordings if r.usable_hours is None]
    rest = f"; of {', '.join(named)}, of which it is not known, the recorded time" if named else ""
    return f"{hours(total.rated_hours)}{rest}. Rates are of it"


def _rated_long(total: PartCount) -> str:
    if not total.n_usable:
        return hours(total.hours)
    what = "usable time" if total.n_usable == total.n_recordings else "usable time, as far as it is known"
    return f"{hours(total.rated_hours)} of {what} ({hours(total.hours)} recorded)"


def subjects(report: HitsReport) -> str:
    """Return of how many people the recordings are."""
    n = report.summary.n_subjects
    unnamed = sum(1 for r in report.recordings if not r.subject)
    named = "1 named subject" if n == 1 else f"{n:,} named subjects"
    return f"{named}, {unnamed:,} without a subject" if unnamed else named


def share(n: int, of: int) -> Estimate:
    """Return a share of the verdicts."""
    return proportion(n, of)


def with_emboli(summary: HitsSummary) -> str:
    """Return how many people had emboli."""
    if not summary.n_subjects:
        return "No subject is named."
    found = summary.with_emboli.text(1, 100)
    return f"{summary.n_with_emboli:,} of {summary.n_subjects:,} named subjects had one embolus or more: {found} %."


def detector(found: Detector) -> str:
    """Return what found events, and how it was set."""
    n = _events(found.n)
    if found.by_hand:
        return f"drawn by hand, {n}"
    return f"{found.maker}, {n}; settings: {settings_text(found.settings) or 'not noted with the events'}"


def undefined(found: Agreement, name: str) -> str:
    """Return why a figure of an agreement, or its interval, is undefined; empty if none is."""
    figures = {"observed agreement": found.observed, "kappa": found.kappa, "AC1": found.ac1}
    figures.update({f"specific agreement, {key}": figure for key, figure in found.specific.items()})
    reasons: dict[str, list[str]] = {}
    for title, figure in figures.items():
        if figure.why:
            reasons.setdefault(figure.why, []).append(title)
    said = "; ".join(f"{', '.join(titles)}: {why}" for why, titles in reasons.items())
    return f"{name}: {said}." if said else ""


def methods(report: HitsReport) -> list[str]:
    """Return the sentences that a paper needs."""
    least, longest = Criteria().min_hbr_db, 1000 * Criteria().max_duration_s
    made = [
        "Candidates are high-intensity transient signals by the consensus criteria (Consensus Committee, Stroke 1995;26:1123; "
        f"Ringelstein et al., Stroke 1998;29:725): an embolic signal lasts less than 300 ms, is at least {least:g} dB above the "
        f"background and goes one way. The detector's usual limits are {longest:g} ms and {least:g} dB; those that were used "
        f"stand above where its events note them. Strength is measured with an error, so that from {least - HBR_ERROR_DB:g} dB "
        "measured on an event still counts as strong enough: the table of HBR may have emboli below the limit.",
        "Hitscope's detector holds each place in time and frequency against the blood's own there, learnt for each phase of the "
        "cardiac cycle. The hits-to-blood ratio (HBR) is 10 log10 of the mean power of signal and blood together while the signal "
        "passes over the power of the blood alone, in the direction of the flow. Probabilities are calibrated on simulated "
        "recordings. Events of other makers keep the values that came with them.",
        "Rates are events per hour of usable time: what the detector saw of a recording, less what was missing, silent or "
        "constant, what was without blood flow, and artefacts on both sides of zero, among which an embolus is not seen. An "
        "event in such a stretch counts all the same. Where the usable time is not known, the recorded time counts, gaps "
        "left out.",
        "Intervals of rates are exact Poisson intervals (Garwood, Biometrika 1936;28:437). They hold of independent events at a "
        "constant rate: where emboli come in showers, or subjects differ, the interval of several recordings together is too "
        "narrow. Proportions have score intervals (Wilson, J Am Stat Assoc "
        "1927;22:209). All intervals are of 95 %. Solid and gaseous emboli are emboli.",
    ]
    if report.agreements:
        made.append(
            "Agreement is that on the events of the study, hence on candidates, not on all moments of a recording. Cohen's kappa "
            "has the interval of its asymptotic standard error (Fleiss, Cohen and Everitt, Psychol Bull 1969;72:323); AC1 is "
            "Gwet's (Br J Math Stat Psychol 2008;61:29). The proportion of specific agreement is 2a / (2a + b + c), as in "
            "intercentre studies of embolic signals (Markus et al., Stroke 1997;28:1307); its interval is Wilson's of "
            "a / (a + b + c), transformed."
        )
    return made


def _events(n: int) -> str:
    return "1 event" if n == 1 else f"{n:,} events"
