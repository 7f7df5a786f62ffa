"""A report of HITS as one page of HTML, figures in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.events import EMBOLI, Agreement, Estimate, PartCount, RaterAgreement, hbr_of
from core.reports import hits_words as words
from core.reports.hits_figures import MOST_ROWS, hbr_histogram, rate_figure, timeline
from core.reports.hits_numbers import HitsReport
from core.reports.html import bullets, element, page, paragraph, table

CLASS_NAMES = {"embolus": "embolus", "solid": "embolus, solid", "gaseous": "embolus, gaseous", "": "undecided"}


def hits_html(report: HitsReport) -> str:
    """Return the page. It loads nothing from elsewhere, and says what is simulated before it says any number."""
    title = f"HITS report: {report.study}"
    parts = [
        element("h1", title),
        paragraph(f"{report.made:%Y-%m-%d %H:%M} · Hitscope {report.version}", "muted"),
        _banner(report),
        paragraph(words.lead(report), "lead"),
        paragraph(words.whose(report)),
        *_what(report),
        *_classes(report),
        *_strength(report),
        *_where(report),
        *_agreements(report),
        element("h2", "Methods"),
        *(paragraph(said) for said in words.methods(report)),
        *([element("h2", "Notes"), bullets(report.notes)] if report.notes else []),
    ]
    return page(title, parts)


def _banner(report: HitsReport) -> str:
    names = report.simulated
    if not names:
        return ""
    what = "All of it: " if len(names) == len(report.recordings) else ""
    is_are = (
        "is a simulated recording, not of a person" if len(names) == 1 else "are simulated recordings, not of people"
    )
    mixed = "" if what else f" Numbers over all recordings include {'it' if len(names) == 1 else 'them'}."
    said = f"SIMULATED DATA. {what}{', '.join(names)} {is_are}.{mixed}"
    return f'<table width="100%"><tr>{element("td", said, "banner")}</tr></table>'


def _what(report: HitsReport) -> list[str]:
    hours = report.summary.total.hours
    judges = ", ".join(f"{name} ({n:,} verdicts)" for name, n in report.annotators.items()) or "none"
    rows = [
        ("Study", report.study),
        ("Recordings", f"{len(report.recordings):,}, of {words.subjects(report)}"),
        ("Recorded time", f"{words.hours(hours)}, without gaps"),
        ("Usable time", words.usable_at_length(report)),
        ("Events", f"{report.summary.total.n:,} of kind HITS"),
        ("Counted", words.counted(report)),
        ("Annotators", judges),
        *((("Found by" if n == 0 else ""), words.detector(d)) for n, d in enumerate(report.detectors)),
    ]
    return [element("h2", "What was counted"), table(("", ""), rows, left=2)]


def _classes(report: HitsReport) -> list[str]:
    mixed = {source for count in report.summary.classes for source in count.by}
    sources = [name for name in words.SOURCES if name in mixed]
    head = ["Class", "Events", *(words.SOURCES[s] for s in sources), "% of verdicts", "per hour"]
    rows = [_class(CLASS_NAMES.get(c.key, c.key), c.n, [c.by.get(s, 0) for s in sources], c.share, c.per_hour)
            for c in report.summary.classes]  # fmt: skip
    kinds = [c for c in report.summary.classes if c.key in EMBOLI]
    if len(kinds) > 1:
        n, judged = sum(c.n for c in kinds), report.summary.total.n - report.summary.total.undecided
        by = [sum(c.by.get(s, 0) for c in kinds) for s in sources]
        rows.insert(
            len(kinds), _class("emboli, all kinds", n, by, words.share(n, judged), report.summary.total.per_hour)
        )
    return [
        element("h2", "Classes"),
        table(head, rows),
        paragraph(
            "In brackets: 95 % intervals. An event without a verdict is undecided and no part of the percentages.",
            "caption",
        ),
    ]


def _class(name: str, n: int, by: Sequence[int], share: Estimate, per_hour: Estimate) -> list[str]:
    return [name, f"{n:,}", *(f"{m:,}" for m in by), share.text(1, 100), per_hour.text()]


def _strength(report: HitsReport) -> list[str]:
    figure = hbr_histogram(hbr_of(report.events), report.verdicts.groups)
    if not figure:
        return [element("h2", "Hits-to-blood ratio"), paragraph("It was measured of no event.")]
    names, rows = _columns(report.summary.by_hbr)
    return [
        element("h2", "Hits-to-blood ratio"), figure, table(["HBR", "Events", *names], rows),
        paragraph("Each range includes its lower end.", "caption"),
    ]  # fmt: skip


def _where(report: HitsReport) -> list[str]:
    summary = report.summary
    several = len(summary.by_subject) > 1 or any(p.name for p in summary.by_subject)
    events = report.events
    figure = timeline(report.recordings, events.recording, np.asarray(events.start_s), report.verdicts.groups)
    more = len(report.recordings) > MOST_ROWS
    cut = f" The first {MOST_ROWS} are drawn." if more else ""
    names, rows = _columns(summary.by_recording)
    rows = [
        [row[0], p.subject or "not named", *_rated(row, p)] for row, p in zip(rows, summary.by_recording, strict=True)
    ]
    parts = [
        element("h2", "Recordings"), figure,
        paragraph(f"Emboli above the line, everything else below; gaps are grey.{cut}", "caption"),
        table(["Recording", "Subject", "Recorded", "Usable", "Events", *names, "Emboli per hour"], rows, left=2),
        *_said_of(report),
    ]  # fmt: skip
    if not several:
        return [*parts, rate_figure(summary.by_recording, summary.total)]
    names, rows = _columns(summary.by_subject)
    rows = [[row[0], str(p.n_recordings), *_rated(row, p)] for row, p in zip(rows, summary.by_subject, strict=True)]
    cut = f" The first {MOST_ROWS} are drawn." if len(summary.by_subject) > MOST_ROWS else ""
    return [
        *parts, element("h2", "Subjects"), paragraph(words.with_emboli(summary)),
        rate_figure(summary.by_subject, summary.total), paragraph(cut.strip(), "caption") if cut else "",
        table(["Subject", "Recordings", "Recorded", "Usable", "Events", *names, "Emboli per hour"], rows),
    ]  # fmt: skip


def _rated(row: Sequence[str], part: PartCount) -> list[str]:
    return [words.hours(part.hours), words.usable(part), *row[1:], part.per_hour.text()]


def _said_of(report: HitsReport) -> list[str]:
    """Return what the usable time is, and what the detector said of each recording."""
    parts = [paragraph(words.USABLE, "caption")]
    if said := [f"{r.name}: {note}." for r in report.recordings for note in r.notes]:
        parts += [paragraph("What the detector said of them:"), bullets(said)]
    return parts


def _columns(parts: Sequence[PartCount]) -> tuple[list[str], list[list[str]]]:
    """Return the titles of counts, and name and counts of each part; beside emboli and artefacts, those that occur."""
    columns = {"Emboli": [p.emboli for p in parts], "Artefacts": [p.artefacts for p in parts]}
    further = {"Unsure": [p.unsure for p in parts], "Undecided": [p.undecided for p in parts]}
    further["Other"] = [p.others for p in parts]
    columns.update({title: counts for title, counts in further.items() if any(counts)})
    rows = []
    for n, p in enumerate(parts):
        name = (p.name or "not named") + " (simulated)" * (p.simulated and p.name not in words.RANGES)
        rows.append([name, f"{p.n:,}", *(f"{counts[n]:,}" for counts in columns.values())])
    return list(columns), rows


def _agreements(report: HitsReport) -> list[str]:
    if not report.agreements:
        return []
    return [
        element("h2", "Agreement of annotators"),
        *(part for pair in report.agreements for part in _agreement(pair)),
    ]


def _agreement(pair: RaterAgreement) -> list[str]:
    first, second = pair.raters
    head = [f"{first} \\ {second}", *pair.every.classes]
    rows = [
        [name, *(f"{n:,}" for n in row)]
        for name, row in zip(pair.every.classes, pair.every.table.tolist(), strict=True)
    ]
    figures = [("Both said embolus or artefact", pair.decided), ("All verdicts, unsure among them", pair.every)]
    return [
        element("h3", f"{first} and {second}: {pair.every.n:,} events that both judged"),
        table(head, rows),
        paragraph(f"Rows: {first}; columns: {second}. What was propagated from other events is left out.", "caption"),
        table(["", *(name for name, _ in figures)], _figures([found for _, found in figures])),
        bullets(words.undefined(found, name) for name, found in figures if words.undefined(found, name)),
    ]


def _figures(found: Sequence[Agreement]) -> list[list[str]]:
    classes = list(dict.fromkeys(name for a in found for name in a.classes))
    rows = [
        ["Events", *(f"{a.n:,}" for a in found)],
        ["Observed agreement (%)", *(a.observed.text(1, 100) for a in found)],
        ["Cohen's kappa", *(a.kappa.text(2) for a in found)],
        ["Gwet's AC1", *(a.ac1.text(2) for a in found)],
    ]
    for name in classes:
        cells = (a.specific[name].text(1, 100) if name in a.specific else "–" for a in found)
        rows.append([f"Specific agreement, {name} (%)", *cells])
    return rows
