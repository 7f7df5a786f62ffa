"""The folds of an experiment: split, and looked at, as those of a run are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import InputError
from core.jobs import NullReporter, Reporter
from core.study import Study
from core.training.data import Dataset, load_dataset
from core.training.experiment_spec import Protocol
from core.training.leaks import subjects_kept_apart
from core.training.review import SplitReview, review
from core.training.spec import TrainingSpec
from core.training.splits import Split, fold_split, split_dataset

APART = 1000  # between the seeds of repeated splits, which use the next ones too


@dataclass(frozen=True)
class Fold:
    """One split of the experiment, or why there is none."""

    number: int
    split: Split | None
    reviewed: SplitReview | None
    why: str = ""


def review_folds(
    study: Study, spec: TrainingSpec, protocol: Protocol, seed: int, report: Reporter | None = None
) -> list[Fold]:
    """Return the folds of an experiment as somebody should see them before it begins; it reads the windows.

    Parameters
    ----------
    study : Study
        Opened for the annotator whose labels are to be learnt.
    spec : TrainingSpec
    protocol : Protocol
    seed : int
        Of the job.
    report : Reporter, optional

    Raises
    ------
    InputError
        If the windows cannot be read; see `load_dataset`. A fold that cannot be split says why.
    """
    dataset = load_dataset(study, spec, report)
    return list(folds_of(study, dataset, spec, protocol, seed, report or NullReporter()))


def folds_of(
    study: Study, dataset: Dataset, training: TrainingSpec, protocol: Protocol, seed: int, report: Reporter
) -> Iterator[Fold]:
    """Yield the folds of a dataset."""
    apart = subjects_kept_apart(study, dataset.ids.tolist())
    for number in range(protocol.n_folds):
        report.check()
        try:
            if protocol.name == "kfold":
                split = fold_split(dataset, training, protocol.k, number, seed)
            else:
                split = split_dataset(dataset, training, seed + APART * number, apart)
        except InputError as error:
            yield Fold(number, None, None, str(error))
            continue
        yield Fold(number, split, review(study, dataset, split))
