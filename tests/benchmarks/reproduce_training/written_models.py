"""The sections on data sets: EEG, beats, simulated HITS."""

from collections.abc import Sequence

import numpy as np

from tests.benchmarks.reproduce_annotation.statistics import prose, table

from .events import SETS
from .figures import HYBRIDS, SHOWN, SINGLE, Found, common, difference_with, differences, mean_with, points
from .stages import EVERY_NORMAL, HITS
from .verdicts import PUBLISHED

ARMS = {
    ("random", "window"): "as published (a)",
    ("random", "kept"): "(a), amplitude kept",
    ("grouped", "window"): "(a), split by segment",
    ("grouped", "kept"): "honest (b)",
}


def eeg(reference: Found, honest: Found, between: Found) -> str:
    """Return the section on the EEG, empty where nothing is finished."""
    found = {("random", "window"): reference, ("grouped", "kept"): honest}
    found |= {("random", "kept"): between, ("grouped", "window"): between}
    if not any(stage.done for stage in found.values()):
        return ""
    text = f"""10,350 windows of one second from 450 of the 500 Bonn segments, a fifth of them seizures. As published (a): windows
        are split at random, 10 % test, and 10 % of the others validate (the published runs had no validation data); each
        window is scaled to [0, 1]. So windows of one segment are on all sides, and the amplitude, the main cue, is lost.
        Honest (b): whole segments in {len(honest.of("grouped, kept", "late")) or 5} folds, a sixth of the rest validates,
        and windows stay in microvolts. Of the segments it is not known which of the five persons of a set they are of:
        persons may be on both sides. Models have the published sizes (presets `esr`)."""
    parts = [prose(text), _four(found), _gap(found)]
    for arm, title in ((("random", "window"), "as published"), (("grouped", "kept"), "honest")):
        parts += _details(found[arm], ", ".join(arm), title, SETS["eeg"][1], pooled=arm[0] == "grouped")
    return "\n\n".join(part for part in parts if part)


def _four(found: dict) -> str:
    rows = []
    for who, place in SHOWN.items():
        cells = [mean_with(list(stage.by_draw(", ".join(arm), place).values())) for arm, stage in _in_order(found)]
        rows.append([who, f"{PUBLISHED[who]}" if who in PUBLISHED else "", *cells])
    return table(["test MCC", "published", *(ARMS[arm] for arm, _ in _in_order(found))], rows)


def _in_order(found: dict) -> list[tuple]:
    return [(arm, found[arm]) for arm in ARMS]


def _gap(found: dict) -> str:
    """Return what each of the two changes does by itself, draws of different splits being independent."""
    rows = []
    for who, place in SHOWN.items():
        values = {arm: list(stage.by_draw(", ".join(arm), place).values()) for arm, stage in found.items()}
        steps = [
            (("random", "window"), ("random", "kept")),
            (("random", "window"), ("grouped", "window")),
            (("random", "window"), ("grouped", "kept")),
        ]
        rows.append([who, *(_unpaired(values[a], values[b]) for a, b in steps)])
    head = ["change of MCC from (a)", "amplitude kept", "split by segment", "both: (b)"]
    text = """(a) and (b) differ in two things, changed here one at a time from (a). Scaling each window to [0, 1] hides the
        amplitude, which should make (a) harder; splitting at random lets a model see other seconds of the segments that it
        is tested on, which should make (a) easier than new segments are. The table says how much of either there is.
        Intervals by Welch's t; the draws of the two ways of splitting are not paired."""
    return table(head, rows) + "\n\n" + prose(text)


def _unpaired(one: Sequence[float], other: Sequence[float]) -> str:
    if len(one) < 2 or len(other) < 2:
        return "not run yet"
    from scipy.stats import ttest_ind

    difference = 100 * (np.mean(other) - np.mean(one))
    low, high = ttest_ind(other, one, equal_var=False).confidence_interval()
    return f"{difference:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"


def beats(found: Found) -> str:
    """Return the section on the beats, empty where nothing is finished."""
    if not found.done:
        return ""
    text = f"""Both leads about the annotated peak, 0.9 s before to 0.6 s after at 125 Hz, so that the beat before is seen; each
        lead of a record less its median and over its standard deviation. 22 records of the first set of de Chazal (2004),
        in {found.asked // 2} folds of whole records; training and validation take every {EVERY_NORMAL}th normal beat and all
        others, the test side is all beats of its records. Models have the published sizes (presets `ecg`), but for the
        second lead. There are 8 beats of class Q: nothing can be said of it. Nine in ten beats of class F are of record
        208: the fold that tests it has next to none to learn from."""
    return "\n\n".join([prose(text), *_details(found, "by record", "by record", SETS["beats"][1], pooled=True)])


def hits(found: Found) -> str:
    """Return the section on simulated HITS, empty where nothing is finished."""
    if not found.done:
        return ""
    text = f"""**Simulated**: no public recording holds confirmed emboli, so this says how the models compare on what the
        simulator makes (`docs/simulator.md`), and nothing of patients. {HITS["patients"]} simulated patients of all regimes,
        {HITS["seconds"]} s each; I/Q windows of 1,400 samples (0.32 s) about each event that is alone in its window, one gain for
        a patient. {found.asked // 2} folds of whole patients. Models are smaller than published, as those need 5.7 s a step
        here: 16 filters, and 2 layers of width 32 after four convolutions. "Simulated" holds for every figure below."""
    arm = "by simulated patient"
    return "\n\n".join([prose(text), *_details(found, arm, "simulated", SETS["hits"][1], pooled=True)])


def _details(found: Found, arm: str, title: str, classes: Sequence[str], *, pooled: bool) -> list[str]:
    """Return figures by model, differences of the hybrids, and the votes of late fusion."""
    if not found.arms:
        return []
    parts = [f"### By model, {title}", _by_model(found, arm, classes, pooled=pooled), _above(found, arm, pooled=pooled)]
    return [*parts, _votes(found, arm, classes)]


def _by_model(found: Found, arm: str, classes: Sequence[str], *, pooled: bool) -> str:
    rows, n = [], {}
    for who, place in SHOWN.items():
        together = found.pooled(arm, place)
        if together is None:
            continue
        figures = together.evaluate(classes)
        low, high = (100 * end for end in figures["mcc_interval"])
        n = dict(zip(classes, np.sum(figures["confusion"], axis=1), strict=True))
        f1 = [f"{100 * figures['f1'][name]:.1f}" for name in classes]
        shown = [f"{100 * figures['mcc']:.2f} [{low:.2f}, {high:.2f}]"] if pooled else []
        validation = f"{100 * np.mean(found.chosen(arm, place)):.2f}"
        rows.append([who, validation, mean_with(list(found.by_draw(arm, place).values())), *shown, *f1])
    head = ["", "validation MCC", "test MCC", *(["pooled test MCC"] if pooled else [])]
    return table([*head, *(f"F1 {name} (n = {n.get(name, 0):,})" for name in classes)], rows)


def _above(found: Found, arm: str, *, pooled: bool) -> str:
    rows = []
    for hybrid in HYBRIDS:
        for single in SINGLE:
            places = SHOWN[hybrid], SHOWN[single]
            row = [f"{hybrid} − {single}", difference_with(differences(found, arm, *places))]
            if pooled and (pair := common(found, arm, *places)):
                row.append(points(pair[0].above(pair[1])))
            rows.append(row + [""] * (2 + pooled - len(row)))
    return table(["difference of MCC", "by draw", *(["pooled, units drawn"] if pooled else [])], rows)


def _votes(found: Found, arm: str, classes: Sequence[str]) -> str:
    """Return the weights of the members of late fusion, as the talk's interpretability table."""
    told = [one.about["weights"] for one in found.of(arm, "late").values()]
    if not told:
        return ""
    mean = np.mean([weights["by_class"] for weights in told], axis=0)
    rows = [[name, *(f"{value:.2f}" for value in row)] for name, row in zip(told[0]["members"], mean, strict=True)]
    return table([f"weight of the vote, mean of {len(told)}", *classes], rows)
