"""Experiments: variants of a training run on the same folds with the same seeds, each cell a run of its own."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import InputError, JobError
from core.jobs import JobSpec, NullReporter, Reporter, append_line, write_json
from core.study import Study
from core.training import checkpoint
from core.training.data import Dataset, describe, load_dataset, with_views
from core.training.experiment_cells import place_of, result_of, slug
from core.training.experiment_folds import Fold, folds_of
from core.training.experiment_spec import ExperimentSpec
from core.training.experiment_table import Cell, tabulate
from core.training.run import environment, split_summary, train_on
from core.training.search import Found, search
from core.training.spec import TrainingSpec


def run_experiment(spec: JobSpec, report: Reporter) -> dict[str, Any]:
    """Train every variant on every fold with every seed (job kind ``experiment``); parameters are those of `ExperimentSpec`.

    Each cell is a run of its own in ``cells/VARIANT/fold F seed S``, as `core.training.load_run` takes it. Started again in the
    same folder, cells that are done are kept, and the one under way goes on from its last whole epoch. A fold that cannot be
    split, or a cell whose loss becomes NaN, is said to have failed, and the others go on.

    Returns
    -------
    dict
        See `core.training.experiment_table.tabulate`; and ``folds``, ``searches``, ``data``, ``protocol``, ``seeds``,
        ``warnings``, ``environment``, ``seconds``.

    Raises
    ------
    InputError
        If the labels changed while it ran, a split leaks what blocks a run, or no cell could be trained.
    """
    wanted, started = ExperimentSpec.from_json(spec.params), time.perf_counter()
    bench = _Bench(spec, wanted, report)
    cells, searches = [], []
    for variant in wanted.variants:
        training, dataset = bench.dataset(variant)
        for fold in bench.folds[bench.key(training)]:
            if fold.split is None:
                cells += [Cell(variant, fold.number, seed, why=fold.why) for seed in wanted.seeds]
                bench.done += bench.of_fold
                continue
            chosen, found = bench.choose(variant, training, dataset, fold)
            searches += [] if found is None else [_told(variant, fold, found)]
            cells += [bench.train(variant, chosen, dataset, fold, seed) for seed in wanted.seeds]
    if not any(cell.folder for cell in cells):
        raise InputError(f"no cell could be trained: {cells[0].why}", remedy="See the splits, and label more events")
    report.progress(1, 1, "comparing")
    return {
        **tabulate(spec.folder, cells, list(wanted.variants), spec.seed),
        **bench.describe(),
        "searches": searches,
        "protocol": {"name": wanted.splitting.name, "folds": wanted.splitting.n_folds},
        "seeds": list(wanted.seeds),
        "seed": spec.seed,
        "environment": environment(),
        "seconds": time.perf_counter() - started,
    }


class _Bench:
    """What all cells of an experiment are made with: the events as they were when it began, the folds, the reporter."""

    def __init__(self, spec: JobSpec, wanted: ExperimentSpec, report: Reporter) -> None:
        self.spec, self.wanted, self.report, self.done = spec, wanted, report, 0
        searched = 0 if wanted.searching is None else wanted.searching.trials
        self.of_fold = len(wanted.seeds) + searched
        self.total = len(wanted.variants) * wanted.splitting.n_folds * self.of_fold
        self._data: dict[str, Dataset] = {}
        self.folds: dict[str, list[Fold]] = {}
        first = wanted.training(next(iter(wanted.variants)))
        if first.threads:
            import torch

            torch.set_num_threads(first.threads)
        with Study.open(spec.study or "", readonly=True, annotator=first.annotator) as study:
            for variant in wanted.variants:
                training = wanted.training(variant)
                key = self.key(training)
                if key not in self._data:
                    self._data[key] = dataset = load_dataset(study, training, report)
                    self.folds[key] = list(self._split(study, dataset, training))
        if len({dataset.label_hash for dataset in self._data.values()}) > 1:
            raise InputError(
                "labels changed while events were read", kept="Nothing was trained", remedy="Start it again"
            )

    @staticmethod
    def key(training: TrainingSpec) -> str:
        """Return what decides which arrays there are, but for their representations."""
        return json.dumps([training.window, training.targets, training.validation], sort_keys=True)

    def dataset(self, variant: str) -> tuple[TrainingSpec, Dataset]:
        """Return the specification of a variant and its data."""
        training = self.wanted.training(variant)
        return training, with_views(self._data[self.key(training)], training)

    def _split(self, study: Study, dataset: Dataset, training: TrainingSpec) -> Iterator[Fold]:
        """Yield the folds; what blocks a run is refused before any training."""
        for fold in folds_of(study, dataset, training, self.wanted.splitting, self.spec.seed, self.report):
            if fold.reviewed is None:
                self.report.log(f"Fold {fold.number + 1}: {fold.why}")
            elif not training.accept_leaks:
                fold.reviewed.refuse_blocked()
            yield fold

    def choose(
        self, variant: str, training: TrainingSpec, dataset: Dataset, fold: Fold
    ) -> tuple[TrainingSpec, Found | None]:
        """Return the specification to train with on a fold: searched by events that it does not test, if asked for."""
        if self.wanted.searching is None or fold.split is None:
            return training, None
        folder = self.spec.folder / "searches" / slug(variant) / f"fold {fold.number}"
        part = Part(
            self.report, self.done, self.wanted.searching.trials, self.total, f"{variant}, fold {fold.number + 1}"
        )
        found = search(dataset, fold.split, training, self.wanted.searching, self.wanted.seeds[0], folder, part)
        self.done += self.wanted.searching.trials
        return found.training, found

    def train(self, variant: str, training: TrainingSpec, dataset: Dataset, fold: Fold, seed: int) -> Cell:
        """Train one cell, unless it is done."""
        assert fold.split is not None
        assert fold.reviewed is not None
        folder = place_of(self.spec.folder, variant, fold.number, seed)
        key = _key(training, seed, fold.reviewed.sha256, dataset.label_hash)
        title = f"{variant}, fold {fold.number + 1}, seed {seed}"
        part, done = Part(self.report, self.done, 1, self.total, title, folder), result_of(folder)
        self.done += 1
        if done.get("key") == key:
            return Cell(variant, fold.number, seed, folder, done)
        (folder / "result.json").unlink(missing_ok=True)  # of other labels: it would look as if the cell were done
        if training.representation != self.wanted.training(variant).representation:
            dataset = with_views(dataset, training)
        try:
            result = train_on(dataset, fold.split, fold.reviewed, training, seed, folder, part)
        except JobError as error:
            self.report.log(f"{title}: {error}")
            return Cell(variant, fold.number, seed, why=str(error))
        write_json(folder / "result.json", {**result, "key": key})
        (folder / checkpoint.FILE).unlink(missing_ok=True)
        return Cell(variant, fold.number, seed, folder, result)

    def describe(self) -> dict[str, Any]:
        """Return what the result says of data and folds."""
        key, dataset = next(iter(self._data.items()))
        folds = [
            {"fold": fold.number, "why": fold.why}
            if fold.split is None or fold.reviewed is None
            else {
                "fold": fold.number,
                **split_summary(fold.split, dataset),
                "sides": fold.reviewed.sides,
                "leaks": [leak.to_json() for leak in fold.reviewed.leaks],
            }
            for fold in self.folds[key]
        ]
        said = [
            text
            for fold in self.folds[key]
            if fold.split is not None and fold.reviewed is not None
            for text in (*fold.split.warnings, *(leak.what for leak in fold.reviewed.leaks))
        ]
        warnings = [*dict.fromkeys(said), *dataset.windows.describe_rejected()]
        if len({tuple(one.ids.tolist()) for one in self._data.values()}) > 1:
            warnings.append(
                "The variants have windows of different events: they are compared on those that all of them have."
            )
        return {"data": describe(dataset), "folds": folds, "warnings": warnings}


class Part(NullReporter):
    """The reporter of one cell: its progress is a part of the experiment's; its epochs go to a log of its own too."""

    def __init__(
        self, report: Reporter, before: int, size: int, total: int, title: str, folder: Path | None = None
    ) -> None:
        self._report, self._before, self._size, self._total = report, before, size, total
        self._title, self._folder = title, folder

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far the experiment is."""
        text = f"{self._title}: {message}" if message else self._title
        self._report.progress(self._before + self._size * done / max(total, 1e-9), self._total, text)

    def metrics(self, step: int, **values: float) -> None:
        """Publish the figures of an epoch, and keep them in the folder of the cell."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            line = {"type": "metrics", "time": time.time(), "step": step, "values": values}
            append_line(self._folder / "log.jsonl", line)
        self._report.metrics(step, **values)

    def log(self, text: str) -> None:
        """Say of which cell a line is."""
        self._report.log(f"{self._title}: {text}")

    def check(self) -> None:
        """Raise if the experiment should stop."""
        self._report.check()


def _key(training: TrainingSpec, seed: int, split: str, labels: str) -> str:
    """Return a hash of what a cell is trained with: one that is done is kept if it is the same."""
    told = {"training": replace(training, threads=0, device="auto").to_json(), "seed": seed}
    return hashlib.sha256(json.dumps([told, split, labels], sort_keys=True).encode()).hexdigest()


def _told(variant: str, fold: Fold, found: Found) -> dict[str, Any]:
    failed = sum(trial["mcc"] is None for trial in found.trials)
    return {
        "variant": variant,
        "fold": fold.number,
        "values": found.values,
        "validation_mcc": found.mcc,
        "trials": len(found.trials),
        "failed": failed,
    }
