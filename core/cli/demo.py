"""The demo: what it is made of, and the parameters of each step, shared by the command and by the window's tour."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

import resources
from core.annotation import OnMap, Proposal, propagate, to_changeset
from core.events import HITS_CLASSES, make_events
from core.jobs import NullReporter, Reporter
from core.projection import load_projection
from core.signals import add_to_study
from core.study import EventTable, RunEntry, Study, combine, define_classes, label_events

SEED = 2026
LABELLED_SHARE = 0.2

# Job parameters by step. Everything runs on the real beats of MIT-BIH record 208.
DEMO: dict[str, dict[str, Any]] = {
    "features": {"kinds": ["beat"], "objective": "autoencoder", "n_latent": 16, "epochs": 12},
    "projection": {"perplexities": [30, 100], "exaggerations": [12], "learning_rates": ["auto"], "iterations": 400},
    "propagation": {"k": 10, "tau": 0.1},
    "cnn2d": {
        "kinds": ["beat"],
        "classes": ["N", "V", "F"],
        "representation": {"name": "log_spectrogram", "preset": "ecg"},
        "model": {"name": "cnn2d", "preset": "quick"},
        "max_epochs": 8,
        "patience": 4,
    },
    "cnn_transformer": {
        "kinds": ["beat"],
        "classes": ["N", "V", "F"],
        "representation": {"name": "raw"},
        "model": {"name": "cnn_transformer", "preset": "quick"},
        "lr": 2e-3,
        "max_epochs": 8,
        "patience": 4,
    },
    "ttq": {"scheme": "ttq", "layers": "paper", "epochs": 4},
    "pttq": {"scheme": "pttq", "layers": "paper", "scheme_params": {"t_min": 1.5, "t_max": 1.5}, "epochs": 4},
}


def create_demo_study(folder: str | Path, report: Reporter | None = None) -> Study:
    """Make the demo study and return it open: a real ECG, a real EEG, real TCD events and a simulated TCD recording.

    The cardiologists' beats become events; a random fifth of them keeps the cardiologists' labels, the others are there to
    be labelled. Labels of simulated events come from the truth table and say so.
    """
    report = report or NullReporter()
    study = Study.create(folder, name="Hitscope demo", annotator="demo")
    recordings = [("208.hea", "MIT-BIH 208"), ("S001R04.edf", "EEGMMI S001")]
    recordings += [(f"tcd_device_event_{n:02d}.wav", "DWL volunteer") for n in range(1, 11)]
    recordings += [("tcd_simulated.wav", "simulated")]
    for done, (name, subject) in enumerate(recordings):
        report.progress(done, len(recordings), name)
        number = add_to_study(study, resources.path(f"demo/{name}"), subject=subject)
        if name == "208.hea":
            study.apply(make_events(study, number, "annotations", with_labels=False))
            _label_a_share(study, number)
        elif name.endswith(".edf"):
            study.apply(make_events(study, number, "windows", length_s=2.0))
        else:
            study.apply(make_events(study, number, "hits"))
    _label_simulated(study, number)
    report.progress(1, 1, "demo study")
    return study


def _label_a_share(study: Study, recording: int) -> None:
    events = study.events(recording)
    symbols = np.array([a["symbol"] for a in events.attributes])
    chosen = np.random.default_rng(SEED).random(len(events)) < LABELLED_SHARE
    chosen &= np.isin(symbols, ["N", "V", "F"])
    done = label_events(
        study, events.id[chosen], symbols[chosen].tolist(), "imported", annotator="MIT-BIH cardiologists"
    )
    study.apply(done, reason=f"a random {LABELLED_SHARE:.0%} of the expert labels, seed {SEED}")


def _label_simulated(study: Study, recording: int) -> None:
    """Label the candidates that overlap an event of the truth table; the others are chance and stay unlabelled."""
    events = study.events(recording)
    with resources.path("demo/tcd_simulated_truth.csv").open(encoding="utf-8") as stream:
        truth = [(float(row["start_s"]), float(row["duration_s"]), row["kind"]) for row in csv.DictReader(stream)]
    found = [
        (i, _kind_at(start, length, truth))
        for i, start, length in zip(events.id.tolist(), events.start_s, events.duration_s, strict=True)
    ]
    ids, labels = zip(*[(i, kind) for i, kind in found if kind], strict=True)
    said = label_events(study, ids, labels, "simulated", annotator="truth table of the simulation")
    classes = define_classes(study, ((key, key) for key in HITS_CLASSES))  # in the order that the queue gives them
    study.apply(combine(said.title, classes, said))


def _kind_at(start: float, length: float, truth: list[tuple[float, float, str]]) -> str | None:
    for begin, duration, kind in truth:
        if start < begin + duration and begin < start + length:
            return kind
    return None


def accept_best_propagation(study: Study, projection: RunEntry) -> tuple[Proposal, float]:
    """Propagate over the best map, accept, and return the proposal with its accuracy against the cardiologists."""
    maps = load_projection(projection.folder)
    best = maps.maps[maps.best]
    classes = [c.key for c in study.classes()]
    events = study.events(ids=maps.ids)
    on = OnMap(best, events, classes)
    k, tau = DEMO["propagation"]["k"], DEMO["propagation"]["tau"]
    proposal = propagate(on.points, on.labels, on.quality, k, tau, ids=on.ids)
    accuracy = expert_agreement(events, proposal, classes)
    changeset = combine(
        f"accept {len(proposal.ids):,} labels propagated by LQ-KNN", to_changeset(study, proposal, classes)
    )
    study.apply(changeset, reason=proposal.describe(on.name(projection.id, maps.best)))
    return proposal, accuracy


def expert_agreement(events: EventTable, proposal: Proposal, classes: list[str]) -> float:
    """Return the share of proposed labels that equal the expert's symbol, which the propagation never saw."""
    symbol = {event: a.get("symbol") for event, a in zip(events.id.tolist(), events.attributes, strict=True)}
    proposed = zip(proposal.ids.tolist(), proposal.labels.tolist(), strict=True)
    return float(np.mean([symbol[event] == classes[number] for event, number in proposed]))
