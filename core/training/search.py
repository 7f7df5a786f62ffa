"""The search for fields of a specification that do best on validation events; what is tested is never there to be seen."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from core.errors import HitscopeError, InputError, JobCancelled
from core.jobs import NullReporter, Reporter, append_line, write_bytes_atomically
from core.training.data import Dataset, only, with_views
from core.training.loop import fit
from core.training.pairs import pairs_of
from core.training.run import build_for
from core.training.search_space import SearchSpec, with_values
from core.training.side import take
from core.training.spec import TrainingSpec
from core.training.splits import Split, inner_splits

LOG = "trials.jsonl"
AT_RANDOM = 10  # trials before the sampler learns from earlier ones


@dataclass(frozen=True)
class Found:
    """What a search chose.

    Attributes
    ----------
    training : TrainingSpec
        With the values of the best trial.
    values : dict
        By field.
    mcc : float
        Validation MCC of the best trial, the mean over the inner folds.
    trials : list of dict
        ``number``, ``params`` (as the sampler knows them), ``values``, ``mcc`` (None where it failed), ``why`` it failed.
    """

    training: TrainingSpec
    values: dict[str, Any]
    mcc: float
    trials: list[dict[str, Any]]


def search(
    dataset: Dataset,
    split: Split,
    training: TrainingSpec,
    wanted: SearchSpec,
    seed: int,
    folder: Path,
    report: Reporter | None = None,
) -> Found:
    """Choose fields by Optuna's tree-structured Parzen estimator (Bergstra and others 2011).

    Parameters
    ----------
    dataset : Dataset
    split : Split
        Only events of its training and validation side are looked at: those tested are taken out before anything begins.
    training : TrainingSpec
        What is not searched.
    wanted : SearchSpec
    seed : int
        Of the trials and of every training.
    folder : Path
        Where the trials are logged as JSON and the training under way has its checkpoint; started again there, the search
        goes on, and ends as if it had not been interrupted.
    report : Reporter, optional

    Raises
    ------
    InputError
        If Optuna is not installed, the inner folds are not possible, or every trial failed.
    JobCancelled
        If asked to stop.
    """
    report = report or NullReporter()
    wanted.check(training)
    seen = only(dataset, np.sort(np.concatenate([split.train, split.validation])))
    folds = _folds(seen, dataset, split, training, wanted.inner, seed)
    log = _Log(folder / LOG, _key(seen, folds, training, wanted, seed))
    for number in range(len(log.trials), wanted.trials):
        asked = _ask(wanted, log.trials, seed, number)
        values = {name: _value(wanted, name, asked[name]) for name in wanted.space}
        part, place = _Trial(report, number, wanted.trials), folder / f"trial {number}"
        came_to = _try(seen, folds, training, values, seed, place, part)
        log.add({"number": number, "params": asked, "values": values, **came_to})
        shutil.rmtree(place, ignore_errors=True)  # checkpoints
    best = max((trial for trial in log.trials if trial["mcc"] is not None), key=lambda t: t["mcc"], default=None)
    if best is None:
        raise InputError(
            f"all {wanted.trials} trials of the search failed; the last: {log.trials[-1]['why']}",
            remedy="Search where training is possible",
        )
    return Found(with_values(training, best["values"]), best["values"], best["mcc"], log.trials)


class _Log:
    """The trials so far, one line of JSON each after a line that says what was searched."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.trials = path, list[dict[str, Any]]()
        lines: list[dict[str, Any]] = []
        with suppress(OSError):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(json.JSONDecodeError):  # one that a crash cut off
                    lines.append(json.loads(line))
        if lines and lines[0].get("search") == key:
            self.trials = lines[1:]
        else:
            write_bytes_atomically(path, json.dumps({"search": key}).encode() + b"\n")

    def add(self, trial: dict[str, Any]) -> None:
        """Keep a trial."""
        append_line(self.path, trial)
        self.trials.append(trial)


class _Trial(NullReporter):
    """The reporter of one trial: its progress is a part of the search's."""

    def __init__(self, report: Reporter, number: int, total: int) -> None:
        self._report, self._number, self._total = report, number, total

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far the search is."""
        self._report.progress(self._number + done / total, self._total, f"trial {self._number + 1} of {self._total}")

    def check(self) -> None:
        """Raise if the search should stop."""
        self._report.check()


def _folds(seen: Dataset, dataset: Dataset, split: Split, training: TrainingSpec, inner: int, seed: int) -> list[Split]:
    """Return splits of what may be seen: that of the fold itself, or inner folds."""
    if inner > 1:
        return inner_splits(seen, training, inner, seed)
    sides = [np.flatnonzero(np.isin(seen.ids, dataset.ids[rows])) for rows in (split.train, split.validation)]
    return [Split(sides[0], sides[1], np.zeros(0, np.int64), split.unit)]


def _ask(wanted: SearchSpec, trials: list[dict[str, Any]], seed: int, number: int) -> dict[str, Any]:
    """Return what the sampler proposes after the trials so far; it is made anew from them, so that nothing else is to be kept."""
    optuna = _optuna()
    spaces = {name: _distribution(wanted, name) for name in wanted.space}
    random = min(AT_RANDOM, max(3, wanted.trials // 3))
    own = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(seed=own, n_startup_trials=random)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    states = optuna.trial.TrialState
    for trial in trials:
        state = {"state": states.FAIL} if trial["mcc"] is None else {"value": trial["mcc"]}
        study.add_trial(optuna.trial.create_trial(params=trial["params"], distributions=spaces, **state))
    asked: dict[str, Any] = study.ask(spaces).params
    return asked


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            "a search needs the package optuna", remedy="Install it: pip install 'hitscope[search]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _distribution(wanted: SearchSpec, name: str) -> Any:
    distributions, choice = _optuna().distributions, wanted.choice(name)
    if choice.choices is not None:  # by number: a choice may be a table
        return distributions.CategoricalDistribution(list(range(len(choice.choices))))
    if choice.whole:
        low, high = (int(end) for end in choice.ends)
        return distributions.IntDistribution(low, high, log=choice.log, step=int(choice.step or 1))
    return distributions.FloatDistribution(choice.low, choice.high, log=choice.log, step=choice.step)


def _value(wanted: SearchSpec, name: str, asked: Any) -> Any:
    choices = wanted.choice(name).choices
    return asked if choices is None else choices[asked]


def _try(
    seen: Dataset,
    folds: list[Split],
    training: TrainingSpec,
    values: Mapping[str, Any],
    seed: int,
    folder: Path,
    report: Reporter,
) -> dict[str, Any]:
    """Train on each inner fold; return the mean validation MCC, or why it failed."""
    try:
        tried = with_values(training, values)
        data = seen if tried.representation == training.representation else with_views(seen, tried)
        scores = [_score(data, split, tried, seed, folder / str(number), report) for number, split in enumerate(folds)]
    except JobCancelled:
        raise
    except HitscopeError as error:
        if isinstance(error.__cause__, OSError):  # a full disk, say: that is no fault of the trial
            raise
        return {"mcc": None, "why": str(error)}
    return {"mcc": fmean(scores)}


def _score(data: Dataset, split: Split, tried: TrainingSpec, seed: int, folder: Path, report: Reporter) -> float:
    torch.manual_seed(seed)
    model = build_for(tried.model, data)
    sides = (
        (take(data.x, split.train), data.targets[split.train]),
        (take(data.x, split.validation), data.y[split.validation]),
    )
    pairs = pairs_of(data.ids[split.train], tried.links)
    return fit(model, *sides, tried.fit_settings(seed), report, folder, pairs=pairs).best_score


def _key(seen: Dataset, folds: list[Split], training: TrainingSpec, wanted: SearchSpec, seed: int) -> str:
    """Return a hash of what is searched, and on what."""
    digest = hashlib.sha256()
    told = {"training": training.to_json(), "inner": wanted.inner, "space": wanted.space, "seed": seed}
    digest.update(json.dumps(told, sort_keys=True).encode())
    for array in (seen.ids, seen.targets, seen.raw):
        digest.update(np.ascontiguousarray(array).tobytes())
    for split in folds:
        digest.update(split.train.tobytes() + split.validation.tobytes())
    return digest.hexdigest()
