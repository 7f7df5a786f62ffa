"""Features runs: from the events of a study to a feature space."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.features import FeatureSpace, WindowSpec, build_representation, default_window, gather_windows
from core.jobs import JobSpec, Reporter
from core.pretraining.objectives import OBJECTIVES
from core.registry import chosen
from core.signals import open_from_study
from core.study import EventTable, Study

CHOICE = ("kinds", "recordings", "ids", "window", "representation", "objective", "threads")


def run_features(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Learn features of events (job kind ``features``).

    Its parameters: which events (``kinds``, ``recordings`` or ``ids``), ``window``, ``representation``, ``objective``
    (``autoencoder`` or ``pca``) and the objective's own. Labels play no part.
    """
    params = spec.params
    objective = params.get("objective", "autoencoder")
    learn = chosen(OBJECTIVES, objective, "objective", "objectives")
    if params.get("threads"):
        import torch

        torch.set_num_threads(int(params["threads"]))
    with Study.open(spec.study or "", readonly=True) as study:
        events = _events(study, params)
        first = open_from_study(study, int(events.recording[0]), report)
        window = WindowSpec.from_json(params["window"]) if params.get("window") else default_window(first)
        windows = gather_windows(study, events.id, window, report)
    representation = build_representation(params.get("representation") or {"name": "raw"})
    x = representation(windows.x, windows.fs)
    options = {name: value for name, value in params.items() if name not in CHOICE}
    try:
        vectors, summary = learn(x, seed=spec.seed, report=report, **options)
    except TypeError as error:
        raise InputError(f"{objective} does not know a parameter ({error})", remedy="Leave it out") from error
    how = {
        "objective": objective,
        "options": options,
        "window": window.to_json() | {"fs": windows.fs, "channels": list(windows.channels)},
        "representation": representation.to_json(),
        "seed": spec.seed,
        "simulated": windows.simulated,
    }
    FeatureSpace(windows.ids, vectors, how).save(spec.folder)
    made = {"n": len(vectors), "dim": int(vectors.shape[1]), "warnings": windows.describe_rejected()}
    return {**how, **summary, **made}


def _events(study: Study, params: dict[str, Any]) -> EventTable:
    events = study.events(ids=params.get("ids"))
    keep = np.ones(len(events), bool)
    if params.get("kinds") is not None:
        keep &= np.isin(events.kind.astype(str), params["kinds"])
    if params.get("recordings") is not None:
        keep &= np.isin(events.recording, params["recordings"])
    if not keep.any():
        raise InputError(
            "there is no such event", subject=study.folder, remedy="Find events first, or choose another kind"
        )
    return events.take(keep)
