"""The model card that a run writes of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.jobs import read_json, write_bytes_atomically

FILE = "MODEL_CARD.md"
SIDES = ("train", "validation", "test")
LISTED = 12  # subjects of a side
CARD = """# Model card: {model}

Tells **{classes}** apart in windows of {n_times} samples ({seconds:.3g} s at {fs:g} Hz) of {channels}. {nature}

## Data
{data}

| side | events | {class_columns} | subjects |
|---|---|{class_rules}---|
{sides}

Split by {unit}. The weights are those of the epoch that did best on the validation events; the test events were measured once,
when training was over.

## Figures on test events
{figures}

| class | n | precision | recall | F1 | ROC area |
|---|---|---|---|---|---|
{per_class}

{subjects}

All intervals are 95 %, by a bootstrap over {over}.

## What leaked
{leaks}

## Limits
A research result, **not a medical device**: it must not decide about patients. The figures hold for recordings like those it
was trained on; windows at another sampling rate, of other channels or in other units are to be converted first.{limits}

## Made by
Hitscope {hitscope}, torch {torch}, seed {seed}, {parameters:,} parameters, {epochs} epochs (best: {best}). The specification is in
`model.json`, who was on which side in `review.json`, every prediction in `predictions.npz`.
"""


def write_card(folder: Path, result: dict[str, Any]) -> None:
    """Write ``MODEL_CARD.md`` of a run from its result and the files in its folder."""
    write_bytes_atomically(folder / FILE, describe_run(folder, result).encode())


def describe_run(folder: Path, result: dict[str, Any]) -> str:
    """Return the card of a run: data, subjects, split, figures with intervals, leaks, limits, whether it is simulated.

    Parameters
    ----------
    folder : Path
        Of the run: ``model.json``, ``review.json`` and ``figures.json`` are read.
    result : dict
        What the run returned.
    """
    model, review = read_json(folder / "model.json"), read_json(folder / "review.json")
    test = read_json(folder / "figures.json")["test"]
    classes, n_times = model["classes"], model["window"]["n_times"]
    return CARD.format(
        model=model["model"]["name"],
        classes=", ".join(classes),
        n_times=n_times,
        seconds=n_times / model["fs"],
        fs=model["fs"],
        channels=", ".join(f"{name} ({unit})" for name, unit in zip(model["channels"], model["units"], strict=True)),
        nature="**Trained on simulated recordings.**" if model["simulated"] else "Trained on real recordings.",
        data=_data(result["data"], classes),
        class_columns=" | ".join(classes),
        class_rules="---|" * len(classes),
        sides="\n".join(_side(name, review["sides"][name], classes) for name in SIDES),
        unit=review["unit"],
        figures=_overall(test),
        per_class="\n".join(_of_class(name, test) for name in classes),
        subjects=_subjects(test["subjects"]),
        over=test["interval_over"] + _few(test),
        leaks=_leaks(review["leaks"], result),
        limits="".join(f"\n- {text}" for text in dict.fromkeys([*review["warnings"], *_not_leaks(review, result)])),
        hitscope=model["hitscope"],
        torch=result["environment"]["torch"],
        seed=result["seed"],
        parameters=result["parameters"],
        epochs=result["epochs"],
        best=result["best_epoch"],
    )


def figure(value: float | None, between: list[float] | None, digits: int = 3) -> str:
    """Return a figure with its interval as a card has it; a dash where it is undefined."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + (f" [{between[0]:.{digits}f}, {between[1]:.{digits}f}]" if between else "")


def _data(data: dict[str, Any], classes: list[str]) -> str:
    counts = ", ".join(f"{data['classes'][name]} {name}" for name in classes)
    text = f"{data['n']} labelled events ({counts}) of {data['recordings']} recordings and {data['subjects']} known subjects."
    if data["propagated"]:
        text += f" {data['propagated']} labels were propagated: they were trained on, and score nothing."
    if data["rejected"]:
        text += f" {data['rejected']} events have no window and were left out."
    return text


def _side(name: str, side: dict[str, Any], classes: list[str]) -> str:
    counts = " | ".join(str(side["classes"][key]) for key in classes)
    people = sorted(side["subjects"].items(), key=lambda who: (-who[1], who[0]))
    listed = ", ".join(f"{who} ({n})" for who, n in people[:LISTED])
    more = len(people) - LISTED
    return f"| {name} | {side['n']} | {counts} | {listed}{f' and {more} more' if more > 0 else ''} |"


def _overall(test: dict[str, Any]) -> str:
    calibration = test["calibration"]
    lines = {
        "MCC": figure(test["mcc"], test["mcc_interval"]),
        "Balanced accuracy": figure(test["balanced_accuracy"], test["balanced_accuracy_interval"]),
        "Accuracy": figure(test["accuracy"], test["accuracy_interval"]),
        "Calibration error (ECE)": figure(calibration["ece"], calibration["ece_interval"]),
        "Brier score": figure(calibration["brier"], calibration["brier_interval"]),
    }
    return "\n".join(f"- {name}: {text}" for name, text in lines.items()) + f"\n- n = {test['n']} events"


def _few(test: dict[str, Any]) -> str:
    few = test["interval_over"] == "events"
    return ", since less than five subjects are known on the test side: they say nothing of how patients differ" * few


def _of_class(name: str, test: dict[str, Any]) -> str:
    entry, curve = test["per_class"][name], test["curves"][name]
    told = [figure(entry[key], entry[f"{key}_interval"], 2) for key in ("precision", "recall", "f1")]
    told.append("–" if curve is None else figure(curve["roc_auc"], curve["roc_auc_interval"], 2))
    return f"| {name} | {entry['n']} | " + " | ".join(told) + " |"


def _subjects(subjects: list[dict[str, Any]]) -> str:
    if not subjects:
        return "Whose events these are is not known, so nothing is said of single subjects."
    rows = [
        f"| {one['subject']} | {one['n']} | {figure(one['accuracy'], one['accuracy_interval'], 2)} | "
        f"{figure(one['mcc'], one['mcc_interval'], 2)} |"
        for one in subjects
    ]
    return "\n".join(["| test subject, the worst first | n | accuracy | MCC |", "|---|---|---|---|", *rows])


def _leaks(leaks: list[dict[str, Any]], result: dict[str, Any]) -> str:
    if not leaks:
        return "Nothing that Hitscope looks for: subjects, labels propagated by way of test events, duplicate windows, scaling."
    accepted = ["**These were known before the run, and accepted.**"] if result.get("accepted_leaks") else []
    return "\n".join([*accepted, *(f"- {leak['severity']}: {leak['what']}" for leak in leaks)])


def _not_leaks(review: dict[str, Any], result: dict[str, Any]) -> list[str]:
    told = {leak["what"] for leak in review["leaks"]}
    return [text for text in result["warnings"] if text not in told]
