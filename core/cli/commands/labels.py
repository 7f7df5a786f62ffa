"""`hitscope labels …`: labels as a table, hard or soft; agreement of annotators, and what they disagree on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.annotation import ADJUDICATED, adjudicate, agreement_of_raters, disagreements, export_labels, soft_labels
from core.cli.actions import Do, actions_of, run_action
from core.cli.options import add_annotator, add_replace, parse_options
from core.errors import InputError
from core.events import Estimate
from core.study import Study

EXAMPLE = """hitscope labels export my-study labels.csv --soft
  hitscope labels export my-study labels.csv --weight Ana=2 --no-propagated
  hitscope labels agreement my-study --rater Ana --rater Ben
  hitscope labels adjudicate my-study 12 artefact"""


def configure(options: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    add = actions_of(options)

    def action(name: str, text: str, do: Do) -> argparse.ArgumentParser:
        parser = add(name, text, do)
        parser.add_argument("study", type=Path, help="study folder")
        return parser

    parser = action("export", "write the labels of all annotators to a CSV file, one row for each event", export)
    parser.add_argument("file", type=Path)
    parser.add_argument("--soft", action="store_true", help="with the share of each class, besides the largest")
    parser.add_argument(
        "--weight", action="append", default=[], metavar="NAME=WEIGHT", help="of an annotator (default: 1; 0: left out)"
    )
    parser.add_argument("--no-propagated", action="store_true", help="only what somebody gave")
    add_replace(parser)
    parser = action("agreement", "kappa with intervals, who said what, and the events to settle", agree)
    parser.add_argument("--rater", action="append", metavar="NAME", help="only these (default: all who judged)")
    parser.add_argument("--kind", help="only events of this kind")
    parser.add_argument("--no-unsure", action="store_true", help="leave the verdict unsure out of kappa")
    parser = action("adjudicate", f"settle what an event is: a label of the annotator {ADJUDICATED}", settle)
    parser.add_argument("event", type=int)
    parser.add_argument("label")
    add_annotator(parser)


run = run_action


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the labels to a file."""
    with Study.open(options.study, readonly=True) as study:
        found = soft_labels(study, weights=parse_options(options.weight), propagated=not options.no_propagated)
        n = export_labels(study, options.file, found, soft=options.soft, replace=options.replace)
    tied = found.hard().count("unsure")
    note = f"; {tied:,} have no largest share" if tied else ""
    return {
        "done": f"{n:,} labels written to {options.file}{note}",
        "labels": n,
        "tied": tied,
        "file": str(options.file),
    }


def agree(options: argparse.Namespace) -> dict[str, Any]:
    """Compare what annotators said."""
    with Study.open(options.study, readonly=True) as study:
        ids = None if options.kind is None else study.events(kind=options.kind).id.tolist()
        found = agreement_of_raters(study, options.rater, ids, unsure=not options.no_unsure)
        open_ = disagreements(study, options.rater, ids)
    several, n = found.several, len(found.raters)
    apart = n * (n - 1) // 2 - len(found.pairs)
    lines = [
        f"{', '.join(found.raters)}: {found.n_all:,} events were judged by all, {several.n:,} by at least two",
        f"Fleiss' kappa {_text(several.kappa)}",
        *(f"  {name}: {_text(one)}" for name, one in several.by_class.items()),
        *(f"Cohen's kappa of {a} and {b} {_text(one.kappa)}, n {one.n:,}" for (a, b), one in found.pairs.items()),
        *([f"{apart:,} pair{'s' * (apart != 1)} of annotators judged no event in common"] if apart else []),
        f"{len(open_):,} events to settle, of which {sum(bool(one.settled) for one in open_):,} are",
        *(
            f"  {one.event}: {', '.join(f'{a} {b}' for a, b in one.said.items())} {_settled(one.settled)}"
            for one in open_
        ),
    ]
    return {
        "done": "\n".join(line.rstrip() for line in lines),
        "raters": found.raters,
        "classes": found.classes,
        "fleiss": {**vars(several.kappa), "n": several.n, "n_all": found.n_all, "z": several.z, "p": several.p},
        "by_class": {name: vars(one) for name, one in several.by_class.items()},
        "pairs": [
            {"raters": pair, "n": one.n, "cohen": vars(one.kappa), "table": one.table.tolist()}
            for pair, one in found.pairs.items()
        ],
        "disagreements": [vars(one) for one in open_],
    }


def settle(options: argparse.Namespace) -> dict[str, Any]:
    """Settle what an event is."""
    with Study.open(options.study, annotator=options.annotator) as study:
        if not len(study.events(ids=[options.event])):
            raise InputError(
                f"there is no event {options.event}",
                subject=study.folder,
                remedy="`hitscope labels agreement` lists some",
            )
        done = study.apply(adjudicate(study, [options.event], options.label))
    return {"done": done.title, "events": done.event_ids}


def _text(figure: Estimate) -> str:
    return figure.text(3) + (f" ({figure.why})" if figure.why else "")


def _settled(label: str) -> str:
    return f"(settled: {label})" if label else ""
