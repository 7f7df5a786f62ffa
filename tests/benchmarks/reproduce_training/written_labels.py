"""The sections on wrong labels, and on soft against hard ones."""

import numpy as np

from tests.benchmarks.reproduce_annotation.statistics import prose, table

from .figures import Found, difference_with, mean_with
from .stages import EVERY_WINDOW, RATERS
from .verdicts import HELPS, paired_at

LEARNERS = ("CE, plain", "GCE, plain", "CE, GDEC", "GCE, GDEC")
WAYS = ("hard, CE", "hard, GCE", "soft, CE", "soft, JS", "soft, geometric JS")


def noise(found: Found) -> str:
    """Return the section on wrong labels, empty where nothing is finished."""
    if not found.done:
        return ""
    text = f"""Bonn EEG by segment, amplitude kept; every {EVERY_WINDOW}rd window of training and validation; intermediate fusion
        of the preset `quick` (16 filters, 2 layers of width 32), 12 epochs. Each label of training *and validation* becomes
        the other class with the chance given, as nobody has clean validation data where labels are wrong; test labels stay as
        they are. As a fifth of the windows are seizures, at 20 % about half of those called seizures are none. GDEC: auxiliary
        heads and clusters with the weights published for ESR; plain: neither. GCE with q = 0.7. All learn from the same
        wrong labels of a draw; a draw is a fold, its flips and its first weights."""
    rows = [
        [f"{100 * float(arm):g} %", *(mean_with(list(found.by_draw(arm, (who, "model")).values())) for who in LEARNERS)]
        for arm in found.arms
    ]
    helps = [
        [
            f"{100 * float(arm):g} %",
            *(difference_with(list(paired_at(found, arm, *pair).values())) for pair in HELPS.values()),
        ]
        for arm in found.arms
    ]
    return "\n\n".join(
        [prose(text), table(["wrong labels: test MCC", *LEARNERS], rows), table(["differences of MCC", *HELPS], helps)]
    )


def raters(found: Found) -> str:
    """Return the section on soft labels, empty where nothing is finished."""
    if not found.done:
        return ""
    text = f"""The same data and model, without GDEC. {RATERS} **simulated** raters label each window of training and
        validation; each errs by itself with the chance given. Hard: the class that most say; soft: the shares of their votes.
        Validation is by the class that most say in either case, the test labels are true. Raters who err alike on the
        same windows, as people do, were not simulated."""
    rows, against = [], []
    for arm in found.arms:
        title = f"{100 * float(arm):g} %"
        rows.append([title, *(mean_with(list(found.by_draw(arm, (way, "model")).values())) for way in WAYS)])
        pairs = [paired_at(found, arm, way, "hard, CE") for way in WAYS[1:]]
        against.append([title, *(difference_with(list(pair.values())) for pair in pairs)])
    head = table(["each rater errs: test MCC", *WAYS], rows)
    return "\n\n".join([prose(text), head, table(["less hard, CE", *WAYS[1:]], against), _wrong(found)])


def _wrong(found: Found) -> str:
    """Say how many of the majority's labels are wrong."""
    parts = []
    for arm in found.arms:
        error = float(arm)
        parts.append(f"{100 * (3 * error**2 * (1 - error) + error**3):.1f} % where each errs at {100 * error:g} %")
    assert RATERS == 3  # what the formula is of
    return prose("Of the labels by majority are wrong: " + ", ".join(parts) + ".") if np.size(parts) else ""
