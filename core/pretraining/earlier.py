"""Earlier runs of a study whose encoder can be used again, as a list of choices shows them; no weights are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import HitscopeError
from core.features import WindowSpec, channels_of
from core.jobs import read_json
from core.pretraining.registry import RUNS
from core.signals import Recording, conversion
from core.study import RunEntry, Study

CARDS = ("encoder.json", "model.json")  # of features runs, and of models


@dataclass(frozen=True)
class EarlierEncoder:
    """An encoder that there is.

    Attributes
    ----------
    run : RunEntry
    window : WindowSpec
    representation : dict
        As `core.features.build_representation` takes it.
    units : tuple of str
        Of its channels.
    width : int or None
        How many features it gives, if its run says.
    learnt_from : frozenset of str and int
        Subjects, and recordings of unknown subjects, that a features run was learnt from; empty of models.
    """

    run: RunEntry
    window: WindowSpec
    representation: dict[str, Any]
    units: tuple[str, ...]
    width: int | None = None
    learnt_from: frozenset[str | int] = frozenset()

    def fits(self, recordings: Sequence[Recording]) -> bool:
        """Whether it takes windows of these recordings: they have its channels, in its units or some that can be converted.

        Windows are in the units of the first recording, which must therefore be the encoder's.
        """
        try:
            found = [
                [recording.channels[n].unit for n in channels_of(recording, self.window)] for recording in recordings
            ]
        except HitscopeError:
            return False
        if any(len(units) != len(self.units) for units in found):
            return False
        if self.window.scaling != "none":  # scaled windows have no unit left
            return True
        alike = all(
            conversion(unit, to) is not None for units in found for unit, to in zip(units, self.units, strict=True)
        )
        return alike and tuple(found[0]) == self.units


def earlier_encoders(study: Study, recordings: Sequence[Recording]) -> list[EarlierEncoder]:
    """Return the encoders of finished runs that fit these recordings, newest first; a run that is damaged is none."""
    done = [run for kind in RUNS for run in study.runs(kind) if run.status == "done"]
    found = [one for run in sorted(done, key=lambda run: run.created, reverse=True) if (one := _encoder(run))]
    return [one for one in found if one.fits(recordings)]


def _encoder(run: RunEntry) -> EarlierEncoder | None:
    card = next((path for name in CARDS if (path := run.folder / name).exists()), None)
    if card is None:
        return None
    try:
        said = read_json(card)
        window = WindowSpec.from_json(said["window"])
        width = run.summary.get("dim")
        return EarlierEncoder(run, window, said["representation"], tuple(said["units"]), width, _seen(run.folder))
    except (HitscopeError, OSError, ValueError, KeyError, TypeError):
        return None


def _seen(folder: Path) -> frozenset[str | int]:
    path = folder / "features.json"
    who = read_json(path).get("learnt_from", {}) if path.exists() else {}
    return frozenset([*who.get("subjects", ()), *who.get("recordings", ())])
