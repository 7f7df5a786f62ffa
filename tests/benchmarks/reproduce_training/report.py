"""The page of results, written from whatever parts have been run."""

import platform
import time
from pathlib import Path

from tests.benchmarks.reproduce_annotation.statistics import prose, table

from .cache import Cache
from .figures import Found
from .stages import STAGES, Asked
from .trials import TRIALS
from .verdicts import verdicts
from .written_labels import noise, raters
from .written_models import beats, eeg, hits
from .written_steps import steps, trials


def write(cache: Cache, asked: Asked, out: Path) -> None:
    """Write the page."""
    found = {name: Found(cache, cells(asked)) for name, cells in STAGES.items()}
    tried = Found(cache, TRIALS)
    measured = cache.read("steps")[1] if cache.has("steps") else None
    sections = {
        "Bonn EEG, seizure against rest": eeg(found["reference"], found["honest"], found["between"]),
        "MIT-BIH beats, five AAMI classes, by record": beats(found["beats"]),
        "Simulated HITS, three classes, by simulated patient": hits(found["hits"]),
        "Wrong labels": noise(found["noise"]),
        "Soft against hard labels": raters(found["raters"]),
        "A training step": steps(measured),
        "How the settings were chosen": trials(tried),
    }
    parts = [_head(asked, found), verdicts(found, measured), _state(found)]
    parts += [f"## {title}\n\n{text or 'Not run yet.'}" for title, text in sections.items()]
    out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(asked: Asked, found: dict[str, Found]) -> str:
    told = f"--seeds {asked.seeds} --folds {asked.folds} --draws {asked.draws} --epochs {asked.epochs:g}"
    commits = sorted({one.about["environment"]["commit"] for stage in found.values() for one in stage.done})
    hours = sum(one.about["processor_seconds"] for stage in found.values() for one in stage.done) / 3600
    text = f"""{time.strftime("%Y-%m-%d")}, {platform.machine()}, processor only, one thread a training, Python
        {platform.python_version()}: `HITSCOPE_DATA=… make reproduce-training`, which runs `python -m
        tests.benchmarks.reproduce_training {told}`. Commits: {", ".join(commits) or "none yet"}. What is here took
        {hours:.1f} hours of one processor.

        Everything is seeded: draw i is the i-th split or fold, and its models begin from seed i. Settings and the epoch that is
        kept are chosen by validation MCC alone; the test side is predicted once, by the chosen epoch. MCC is in per cent: mean ±
        standard deviation over draws, and the 95 % interval of the mean by Student's t in brackets. Draws share training data,
        so these intervals are too narrow rather than too wide. "Pooled" puts the test sides of all folds together; its
        intervals, and those of its differences, are of a bootstrap of whole segments, records or patients (2,000 draws).

        The single models are the members of the late fusion, which trains each on its own view by itself before it weighs their
        votes. "Guided fusion" is intermediate fusion by concatenation, with auxiliary heads (weights 1 and 0.01) and
        clusters of its embedding (0.0001): the talk's MIF-GR. Schedules are short: 8 to 24 epochs of a cosine where 100 to 200 were
        published."""
    return f"# Training: what the papers and the talk claim, made again\n\n{prose(text)}"


def _state(found: dict[str, Found]) -> str:
    rows = [[name, f"{len(stage.done)} of {stage.asked}"] for name, stage in found.items()]
    return table(["part", "trainings finished"], rows)
