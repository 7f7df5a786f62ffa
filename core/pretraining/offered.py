"""What is asked for beside the options of an objective: windows, what is made of them, test subjects; and the job of all that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.features import PRESETS, REPRESENTATIONS, LogSpectrogram
from core.options import Option, choice, number, some_of, whole_number, yes_or_no
from core.pretraining.registry import changed_options

# The fields of `core.features.WindowSpec`.
WINDOW: dict[str, Option] = {
    "n_times": whole_number("Length", 1, unit="samples"),
    "fs": number("Sampling rate", above=0, unit="Hz", help="Recordings of another rate are resampled").or_none(
        "as recorded"
    ),
    "channels": some_of("Channels", "names of channels").or_none("I and Q of the first gate, else all"),
    "anchor": choice("Window and event", {"centre": "have the same middle", "start": "begin together"}, "centre"),
    "scaling": choice(
        "Amplitudes",
        {
            "none": "as recorded",
            "window": "scaled to mean and standard deviation of the window",
            "recording": "scaled to median and quartiles of the recording",
        },
        "none",
    ),
}

# What `core.features.build_representation` takes, as far as a dialog asks for it.
REPRESENTATION: dict[str, Option] = {
    "name": choice("Learn from", {name: kind.title for name, kind in REPRESENTATIONS.items()}, "raw"),
    "preset": choice("Settings as for", {"hits": "HITS (I and Q)", "ecg": "ECG", "esr": "EEG"}, "ecg"),
    "nfft": whole_number("Frame", 2, PRESETS["ecg"]["nfft"], unit="samples"),
    "hop": whole_number("Step", 1, PRESETS["ecg"]["hop"], unit="samples"),
    "iq": yes_or_no(
        "Channels are pairs I and Q", False, help="Both sides of the image are then the directions of flow"
    ),
}

# Who is kept for testing, as `core.features.hold_out` takes it.
SHARE: dict[str, Option] = {
    "share": number("Share of the subjects", 0.2, above=0, below=1),
    "seed": whole_number("Seed of the draw", 0, 0),
}


def representation_of(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the specification that values of `REPRESENTATION` make; None of the samples themselves."""
    if values["name"] == REPRESENTATION["name"].default:
        return None
    usual = (
        usual_of(values["preset"]) if values["name"] == LogSpectrogram.name else {}
    )  # others are as their preset says
    changed = {name: value for name, value in values.items() if name in usual and value != usual[name]}
    return {"name": values["name"], "preset": values["preset"], **changed}


def usual_of(preset: str) -> dict[str, Any]:
    """Return what a preset of `REPRESENTATION` fills in."""
    return {name: PRESETS[preset].get(name, REPRESENTATION[name].default) for name in ("nfft", "hop", "iq")}


def job_parameters(
    kinds: Sequence[str],
    objective: str,
    options: Mapping[str, Any],
    *,
    preset: str | None = None,
    window: Mapping[str, Any] | None = None,
    representation: Mapping[str, Any] | None = None,
    held_out: Mapping[str, Any] | None = None,
    transductive: bool = False,
) -> dict[str, Any]:
    """Return the parameters of a features job: what is as usual is left out, so that the same wishes are the same parameters.

    Parameters
    ----------
    kinds : sequence of str
        Which events.
    objective : str
        One of `OBJECTIVES`.
    options : mapping
        Its options, all or some.
    preset : str, optional
    window, representation, held_out : mapping, optional
        As `FeaturesSpec`; empty ones are none.
    transductive : bool
    """
    more = {
        "preset": preset,
        "window": window and dict(window),
        "representation": representation and dict(representation),
        "held_out": held_out and dict(held_out),
        "transductive": transductive,
    }
    given = {name: value for name, value in more.items() if value}
    return {"kinds": list(kinds), "objective": objective, **changed_options(objective, options, preset), **given}
