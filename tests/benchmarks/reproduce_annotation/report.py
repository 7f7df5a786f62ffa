"""The page of results, written from whatever parts have been run."""

import platform
import time
from collections import Counter
from pathlib import Path

import numpy as np

from .cache import Cache
from .comparing import METHODS, PLACES, SHORT, TAU
from .downstream import CLASSIFIERS
from .maps import PUBLISHED_GRID
from .statistics import paired, prose, spread, table
from .verdicts import PUBLISHED, column, verdicts
from .written_classifiers import classifiers

SPACES = {
    "autoencoder": "autoencoder",
    "published grid": "autoencoder, cells of the published grid alone",
    "pca": "PCA, 32 components",
    "plane": "autoencoder, on its two principal components instead of t-SNE",
}
SIGNALS = {
    "eeg-chunks": ("Bonn EEG, chunks of 1 s", "segments"),
    "eeg-segments": ("Bonn EEG, whole segments of 23.6 s", "segments"),
}


def write(cache: Cache, asked, out: Path) -> None:
    """Write the page."""
    sections = {
        "mnist": ("MNIST, 15,000 digits cropped to 20×20, 10 % labelled", _mnist),
        "published": ("The autoencoder as published", _published),
        "own": ("Hitscope's own settings", _own),
        "signals": ("Real signals, 5 % labelled", _signals),
        "classifiers": ("A classifier on propagated labels", classifiers),
    }
    results = {name: cache.results(name) for name in sections}
    results["classifiers"] = {name: draws for name in CLASSIFIERS if (draws := cache.results(name))}
    parts = [_head(asked, results)]
    for name, (title, section) in sections.items():
        parts.append(f"## {title}\n\n" + (section(results[name]) if results[name] else "Not run yet."))
    out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(asked, results: dict) -> str:
    text = f"""{time.strftime("%Y-%m-%d")}, {platform.machine()}, 2 cores shared with other work, Python
        {platform.python_version()}: `HITSCOPE_DATA=… make reproduce-annotation`, which runs `python -m
        tests.benchmarks.reproduce_annotation --maps {asked.maps} --draws {asked.draws} --epochs {asked.epochs}
        --reference-epochs {asked.reference_epochs}
        --talk-draws {asked.classifier_draws["talk"]} --cnn-draws {asked.classifier_draws["cnn2d"]}`.

        Everything is seeded: features and maps by 0, draw i by i. The true classes of unlabelled points judge and never
        choose: the map of each draw is chosen by the silhouette of its labelled points (squared Euclidean, as published),
        other settings by cross-validation over them. Figures are in per cent, mean ± standard deviation over draws; accuracy
        is that of newly labelled points, labelled is their share of the unlabelled. Differences are paired by draw, with the
        95 % interval of the mean by Student's t. They say how the draw of labels matters: features and maps were made once,
        and how their seeds matter is not in them."""
    return f"# Annotation: what the talk and the papers claim, made again\n\n{prose(text)}\n\n{verdicts(results)}"


def _mnist(found: dict) -> str:
    main = found["autoencoder"]
    made = f"{main['epochs']} epochs, {main['minutes']:.0f} minutes, at commit {main['commit']}"
    text = f"""The first 15,000 of `mnist_30k.npz`, whose order is not the published one. {len(main["draws"])} draws. Features:
        32 latents of the project's autoencoder ({made}), in
        evaluation mode. Local quality with ks = kt = 10, over its maximum; τ
        {TAU}; squared silhouette.

        {main["n_maps"]} t-SNE maps (of {main["asked"]} tried): that of Hitscope's defaults, which is not in the published
        grid, and {_of_grid(main["asked"] - 1)}. The autoencoder has
        Hitscope's settings: a rate of 0.002 instead of 0.05, few epochs instead of 50, latents in evaluation mode. So these
        are the published methods on other features; for the published ones, see the next section. The maps took
        {sum(main["map_seconds"]) / 60:.0f} minutes, each of 250 + 500 iterations."""
    tables = (_method_table(main["draws"], PUBLISHED), _differences(main["draws"]), _places(main), _spaces(found))
    return "\n\n".join([prose(text), *tables])


def _published(found: dict) -> str:
    draws = found["draws"]
    text = f"""The settings of the published study (preset `reference`: a rate of 0.05, batches of 32, sigmoid, Xavier, batch norm
        of the last batch, latents taken while it trains), {found["epochs"]} epochs (published: 50;
        {found["minutes"]:.0f} minutes), and {found["n_maps"]} maps that came to something of {_of_grid(found["asked"])}.
        {len(draws)} draws, the same."""
    return "\n\n".join([prose(text), _method_table(draws, PUBLISHED), _differences(draws), _places(found)])


def _of_grid(n: int) -> str:
    whole = len(PUBLISHED_GRID)
    return f"all {whole} of the published grid" if n >= whole else f"{n} of the {whole} of the published grid"


def _method_table(draws: list[dict], published: dict | None = None, *, balanced: bool = False) -> str:
    rows = []
    for name in METHODS:
        row = [name, *(spread(column(draws, "best", name, key)) for key in ("accuracy", "coverage"))]
        if balanced:
            row.insert(2, spread(column(draws, "best", name, "balanced")))
        if published is not None:
            row += published.get(name, ("", ""))
        rows.append([*row, f"{np.mean(column(draws, 'best', name, 'seconds')):.2f}"])
    head = ["on the map of the best silhouette", "accuracy", *(["balanced accuracy"] if balanced else []), "labelled"]
    return table([*head, *(["published accuracy", "published labelled"] if published is not None else []), "s"], rows)


def _differences(draws: list[dict]) -> str:
    """Return LQ-KNN minus Std-KNN on the same draws: on all that each labelled, and on what both did."""
    rows = []
    for k in ("K 5", "K 10"):
        each = [column(draws, "best", f"{name}, {k}") for name in ("LQ-KNN", "Std-KNN")]
        common = [[draw["common"][k][name]["accuracy"] for draw in draws] for name in ("LQ-KNN", "Std-KNN")]
        share = np.mean([_shared(draw, k) for draw in draws])
        rows.append([f"LQ-KNN − Std-KNN, {k}", paired(*each), paired(*common), f"{100 * share:.2f}"])
    return table(["same draws", "each on what it labelled", "on what both labelled", "share of these"], rows)


def _shared(draw: dict, k: str) -> float:
    """Return the share of unlabelled points that both methods labelled."""
    one = draw["scores"]["best"][f"LQ-KNN, {k}"]
    return draw["common"][k]["LQ-KNN"]["n"] * one["coverage"] / max(one["n"], 1)


def _places(found: dict) -> str:
    """Return the methods on the best, middle and worst map by silhouette."""
    draws = found["draws"]
    rows = []
    for place in PLACES:
        usual, times = Counter(draw["maps"][place] for draw in draws).most_common(1)[0]
        shape = np.mean([draw["silhouette"][place] for draw in draws])
        cells = [
            f"{spread(column(draws, place, m))} at {100 * np.mean(column(draws, place, m, 'coverage')):.1f}"
            for m in SHORT
        ]
        rows.append([place, f"{shape:.3f}", *cells, f"{usual} ({times} of {len(draws)})"])
    differences = [paired(*(column(draws, place, name) for place in ("best", "worst"))) for name in SHORT]
    rows.append(["best − worst", "", *differences, ""])
    maps = "" if len(found["maps"]) >= len(PUBLISHED_GRID) else f" Maps: {'; '.join(found['maps'])}."
    text = f"""Accuracy, and the share labelled, on the map that the silhouette of the labelled points calls best, middle and
        worst; published for LQ-KNN: 90.2 best, 70.7 worst.{maps}"""
    return table(["map", "silhouette", *SHORT, "most often"], rows) + "\n\n" + prose(text)


def _spaces(found: dict) -> str:
    few = ("LQ-KNN, K 5", "LQ-KNN, K 10", "Std-KNN, K 10")
    rows = []
    for kind, title in SPACES.items():
        if kind in found:
            draws = found[kind]["draws"]
            cells = [
                f"{spread(column(draws, 'best', m))} at {100 * np.mean(column(draws, 'best', m, 'coverage')):.1f}"
                for m in few
            ]
            rows.append([title, str(found[kind]["n_maps"]), *cells])
    return table(["features", "maps", *few], rows)


def _own(found: dict) -> str:
    rows, chosen = [], []
    for family, title in (("all", "all candidates"), ("not upright", "without upright digits")):
        draws = found["draws"][family]
        cells = [spread([draw[key] for draw in draws]) for key in ("estimated", "accuracy", "coverage")]
        above = sum(draw["accuracy"] > 0.95 and draw["coverage"] >= 0.94 for draw in draws)
        rows.append([title, *cells, f"{above} of {len(draws)}"])
        counts = Counter(draw["chosen"] for draw in draws).most_common()
        chosen.append(prose(f"* {title}: " + "; ".join(f"{name} ({n})" for name, n in counts) + "."))
    text = f"""For each draw, {len(found["candidates"])} candidates are compared by 3-fold cross-validation over the labelled
        1,500 digits: label spreading over the nearest neighbours in feature space (the autoencoder's, PCA's, and PCA's of
        digits sheared upright by their second moments, which is a knowledge of digits that other data do not have), and
        LQ-KNN on a t-SNE map of each, of Hitscope's defaults. Each abstains: the surest 94.5 % of the unlabelled points get a
        label. The candidate of the highest estimate that labels that many is taken, and only then scored by the truth.

        The list of candidates was written after a trial on 6,000 of these digits had shown that upright digits and label
        spreading do well; the choice in each draw knew nothing of that."""
    head = ["chosen among", "estimated by cross-validation", "true accuracy", "labelled", "draws above 95 at ≥ 94"]
    return "\n\n".join([prose(text), table(head, rows), "Chosen, and in how many draws:", "\n".join(chosen)])


def _signals(found: dict) -> str:
    beats = next(name for name in found if name.startswith("beats"))
    titles = {beats: (f"MIT-BIH, every {beats.split('-')[1]}th beat", "records")} | SIGNALS
    text = """MIT-BIH: 22 records, windows of 1 s about the annotated peaks in two leads (24 principal components) and the
        two intervals around, in AAMI classes N, S, V, F; Q is left out. Bonn EEG: logarithms of band powers, amplitude,
        line length and curvature; five classes. Every class has at least one label. Since nine of ten beats are normal, see
        the balanced accuracy, the mean over the classes of the points that were labelled: calling all beats normal has 25 in
        it, and its accuracy stands above each table.

        "From half" draws 10 % of a random half of the records or segments, and is judged on the other half alone. Records are
        of different persons, so these are new patients; of the Bonn segments it is not known who they are of, so persons may
        be on both sides. K and τ are those of MNIST, not tuned. There are fewer maps than on MNIST."""
    parts = [prose(text)]
    for name, (title, group) in titles.items():
        if name in found:
            parts.append(f"### {title}\n\n" + _of_signals(found[name], group))
    return "\n\n".join(parts)


def _of_signals(about: dict, group: str) -> str:
    draws = about["anywhere"]
    made = f"{about['n']:,} events of {about['n_groups']} {group}, by class {about['classes']}; {about['n_maps']} maps."
    places = [f"{place} {spread(column(draws, place, 'LQ-KNN, K 10'))}" for place in PLACES]
    parts = [
        f"{made} {len(draws)} draws from all {group}; {_largest(draws)}:",
        _method_table(draws, balanced=True),
        _differences(draws),
    ]
    parts.append("LQ-KNN, K 10, by map: " + ", ".join(places) + ".")
    if "by group" in about:
        parts.append(f"From half of the {group}, judged on the others; {_largest(about['by group'])}:")
        parts += [_method_table(about["by group"], balanced=True), _differences(about["by group"])]
    return "\n\n".join(parts)


def _largest(draws: list[dict]) -> str:
    """Say what calling all of the largest class scores, and whether LQ-KNN is any better."""
    largest, found = [draw["largest"] for draw in draws], column(draws, "best", "LQ-KNN, K 10")
    worse = ", **more than LQ-KNN**" if np.mean(largest) >= np.mean(found) else ""
    return f"calling all of the largest class scores {spread(largest)}{worse}"
