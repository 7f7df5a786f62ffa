"""The section on classifiers trained on propagated labels."""

from .downstream import BATCH, CLASSIFIERS
from .statistics import paired, prose, spread, table
from .verdicts import CLASSIFIER_NAMES


def classifiers(found: dict) -> str:
    """Return the section from the accuracies by draw of each classifier."""
    steps = " and ".join(f"{n:,}" for _, n in CLASSIFIERS.values())
    text = f"""Trained on the 1,500 labelled digits alone, or on these and the propagated ones; tested on the other 15,000
        digits of the file. Two classifiers: that of the talk (9,840 parameters; without dropout at test, where the published
        code left it on) and Hitscope's 2-D CNN with 8 filters instead of 64. Adamax, rate 0.007, weight decay 1e-7, batches of
        {BATCH}; GCE with q = 0.7. Every way takes the same number of steps ({steps}), so that more labels are not
        more training; the published runs took 100 epochs each, thus about ten times the steps where ten times the labels
        were. A tenth of the labels given chooses the epoch. LQ-KNN and Std-KNN label on the autoencoder's map of Hitscope's
        defaults; "chosen by CV" labels by Hitscope's own settings, above. Fewer draws than the 50 published: 82.2 alone, 87.9
        on LQ-KNN's labels. Where a classifier of the labels given alone is already as accurate as the propagated labels
        are right, there is little to gain by them."""
    return "\n\n".join([prose(text), *(_one(name, draws) for name, draws in found.items() if draws)])


def _one(name: str, draws: list[dict]) -> str:
    rows = []
    for method in draws[0]:
        way, loss = method.rsplit(", ", 1)
        values, alone = ([draw[m] for draw in draws] for m in (method, f"alone, {loss}"))
        rows.append([way, loss, spread(values), "" if way == "alone" else paired(values, alone)])
    who = CLASSIFIER_NAMES[name]
    title = f"### {who[0].upper()}{who[1:]}, {len(draws)} draw{'' if len(draws) == 1 else 's'}"
    return title + "\n\n" + table(["trained on", "loss", "accuracy", "minus alone"], rows)
