"""Features runs: from the events of a study to a feature space."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import InputError
from core.features import (
    FeatureSpace,
    HeldOut,
    Windows,
    WindowSpec,
    build_representation,
    by_kind,
    channels_of,
    default_window,
    gather_windows,
    hold_out,
    units_of,
)
from core.jobs import JobSpec, Reporter
from core.pretraining.encoders import Inputs, Intake, Learnt, StoredEncoder, refuse_alike
from core.pretraining.placing import measures_of
from core.pretraining.registry import OBJECTIVES
from core.pretraining.spec import FeaturesSpec
from core.pretraining.stored import Source, find_source
from core.signals import open_from_study
from core.study import EventTable, Study
from core.training.run import environment


def run_features(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Learn features of events (job kind ``features``); its parameters are those of `FeaturesSpec`. Labels play no part.

    Nothing is learnt from the events of test subjects, scaling, components and early stopping included, unless the run is
    transductive. Started again in the same folder, the autoencoder goes on from its checkpoint.
    """
    wanted = FeaturesSpec.from_json(spec.params)
    if wanted.threads:
        import torch

        torch.set_num_threads(wanted.threads)
    with Study.open(spec.study or "", readonly=True) as study:
        source = find_source(study, wanted.options["run"]) if OBJECTIVES[wanted.objective].from_run else None
        events = _events(study, wanted)
        intake, windows = _windows(study, events, wanted, source, report)
    events = events.take(events.row_of(windows.ids))
    held = _held_out(windows, wanted, source, spec.seed)
    inputs = intake.inputs(windows, measures_of(events))
    learnt = _learn(inputs, held, wanted, source, spec, report)
    vectors = learnt.encoder.embed(inputs) if learnt.vectors is None else learnt.vectors
    refuse_alike(vectors)
    how = _describe(intake, windows, events, held, wanted, source) | {
        "names": list(learnt.encoder.names),
        "seed": spec.seed,
        "environment": environment(),
    }
    StoredEncoder(learnt.objective, learnt.encoder, intake).save(spec.folder)
    space = FeatureSpace(windows.ids, vectors, how, held.test)
    space.save(spec.folder)
    warnings = [*windows.describe_rejected(), *space.describe_test(), *held.notes, *learnt.notes]
    made = {"n": len(vectors), "dim": int(vectors.shape[1]), "n_test": int(held.test.sum()), "warnings": warnings}
    return {**how, **learnt.summary, **made}


def _windows(
    study: Study, events: EventTable, wanted: FeaturesSpec, source: Source | None, report: Reporter
) -> tuple[Intake, Windows]:
    """Return what an encoder takes, and the windows."""
    if source is not None:
        window, representation = source.window(wanted.window), source.representation(wanted.representation)
        intake = replace(source.stored.intake, window=window, representation=representation)
        return intake, gather_windows(study, events.id, window, report, levels=representation.needs_levels)
    first = open_from_study(study, int(events.recording[0]), report)
    window = WindowSpec.from_json(wanted.window) if wanted.window else default_window(first)
    representation = build_representation(wanted.representation or {"name": "raw"})
    windows = gather_windows(study, events.id, window, report, levels=representation.needs_levels)
    settled = replace(window, fs=windows.fs, channels=windows.channels)
    kinds = {first.channels[n].kind for n in channels_of(first, window)}
    iq = bool(kinds) and kinds <= {"doppler_i", "doppler_q"}
    return Intake(settled, representation, windows.fs, windows.units, iq), windows


def _held_out(windows: Windows, wanted: FeaturesSpec, source: Source | None, seed: int) -> HeldOut:
    """Return the test subjects: those asked for, else those that the earlier run held out."""
    who: dict[str, Any] | None = wanted.held_out
    if who is None and source is not None:
        there = set(units_of(windows.subject, windows.recording.tolist()))
        who = {kind: [unit for unit in units if unit in there] for kind, units in source.held_out.items()}
        if there <= {unit for units in who.values() for unit in units}:  # nothing is learnt: all may be for testing
            return HeldOut(np.ones(len(windows.ids), bool), tuple(who["subjects"]), tuple(who["recordings"]))
    held = hold_out(windows.subject, windows.recording, who, seed)
    if source is not None and not wanted.transductive:
        source.refuse_seen(held.to_json())
    return held


def _learn(
    inputs: Inputs, held: HeldOut, wanted: FeaturesSpec, source: Source | None, spec: JobSpec, report: Reporter
) -> Learnt:
    fit = np.ones(len(held.test), bool) if wanted.transductive else ~held.test
    options = wanted.options if source is None else {"source": source}
    learn = OBJECTIVES[wanted.objective].load()
    learnt: Learnt = learn(inputs, fit, seed=spec.seed, report=report, folder=spec.folder, **options)
    return learnt


def _describe(
    intake: Intake,
    windows: Windows,
    events: EventTable,
    held: HeldOut,
    wanted: FeaturesSpec,
    source: Source | None,
) -> dict[str, Any]:
    """Return how features were made."""
    units = units_of(windows.subject, windows.recording.tolist())
    seen = by_kind(unit for unit, test in zip(units, held.test, strict=True) if wanted.transductive or not test)
    return {
        "objective": wanted.objective,
        "options": wanted.options,
        "window": intake.window.to_json(),
        "representation": intake.representation.to_json(),
        "simulated": windows.simulated,
        "held_out": held.to_json(),
        "transductive": wanted.transductive,
        "learnt_from": {kind: list(who) for kind, who in (seen if source is None else source.learnt_from).items()},
        "events_sha256": _hash_of(events),
    }


def _hash_of(events: EventTable) -> str:
    """Return a SHA-256 of which events there are and where: the event set that features were made from."""
    digest = hashlib.sha256()
    for column in (events.id, events.recording, events.start_s, events.duration_s):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _events(study: Study, wanted: FeaturesSpec) -> EventTable:
    events = study.events(ids=wanted.ids)
    keep = np.ones(len(events), bool)
    if wanted.kinds is not None:
        keep &= np.isin(events.kind.astype(str), wanted.kinds)
    if wanted.recordings is not None:
        keep &= np.isin(events.recording, wanted.recordings)
    if not keep.any():
        raise InputError(
            "there is no such event", subject=study.folder, remedy="Find events first, or choose another kind"
        )
    return events.take(keep)
