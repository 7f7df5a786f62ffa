"""New events into an old feature space: what was learnt then is applied, and nothing is learnt anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.features import FeatureSpace, Windows, gather_windows, units_of
from core.jobs import Reporter, read_json
from core.pretraining.encoders import Array
from core.pretraining.stored import encoder_of
from core.study import EventTable, Study


def embed_new(folder: str | Path, windows: Windows, attributes: Sequence[Mapping[str, Any]] = ()) -> Array:
    """Return the features of windows, by what a run learnt.

    Parameters
    ----------
    folder : path
        Of a features, training or compression run.
    windows : Windows
        Of the same length, channels, rate and unit.
    attributes : sequence of mappings, optional
        Of each event, as `measures_of` gives them; only hand-crafted features use them.

    Returns
    -------
    (N, D) float32 array
        The same for a window whatever stands beside it.

    Raises
    ------
    InputError
        If the run keeps no encoder, or the windows are others than it takes.
    """
    return encoder_of(Path(folder)).embed(windows, attributes)


def embed_events(study: Study, folder: str | Path, ids: Iterable[int], report: Reporter | None = None) -> FeatureSpace:
    """Return features of events of a study, by what a run of it or of another learnt; its test subjects are marked again.

    Raises
    ------
    InputError
        As `embed_new`, and if no event has a whole window.
    """
    stored = encoder_of(Path(folder))
    windows = gather_windows(study, ids, stored.intake.window, report, levels=stored.intake.representation.needs_levels)
    vectors = stored.embed(windows, measures_of(study.events(ids=windows.ids.tolist())))
    path = Path(folder) / "features.json"
    spec = read_json(path) if path.exists() else {}
    who = spec.get("held_out", {})
    # Recordings are numbered by study: in another, the same number is somebody else.
    here = Path(folder).resolve().parent.parent == Path(study.folder).resolve()
    held_out = {*who.get("subjects", ()), *(who.get("recordings", ()) if here else ())}
    test = [unit in held_out for unit in units_of(windows.subject, windows.recording.tolist())]
    return FeatureSpace(windows.ids, vectors, spec, np.array(test, dtype=bool))


def measures_of(events: EventTable) -> list[dict[str, Any]]:
    """Return the attributes of events with their durations, s."""
    pairs = zip(events.attributes, events.duration_s.tolist(), strict=True)
    return [{**attributes, "duration_s": duration} for attributes, duration in pairs]
