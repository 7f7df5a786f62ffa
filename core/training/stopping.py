"""Which epoch is best, and when no better one is to be expected."""

from __future__ import annotations

from collections.abc import Mapping

from core.training.checkpoint import Progress

Figures = Mapping[str, float]


def is_better(figures: Figures, than: Figures) -> bool:
    """Return whether an epoch beats another: by validation MCC, and at the same MCC by validation loss."""
    return (figures["validation_mcc"], -figures["validation_loss"]) > (than["validation_mcc"], -than["validation_loss"])


def note(progress: Progress, figures: dict[str, float]) -> bool:
    """Add an epoch to where training stands; return whether it is the best of its stage so far."""
    progress.epoch += 1
    progress.history.append(figures)
    best = {"validation_mcc": progress.best_score, "validation_loss": progress.best_loss}
    if not is_better(figures, best):
        return False
    progress.best_epoch, progress.best_score = progress.epoch, figures["validation_mcc"]
    progress.best_loss = figures["validation_loss"]
    return True


def is_over(progress: Progress, max_epochs: int, patience: int, not_before: int = 0) -> bool:
    """Return whether a stage is over: after `max_epochs`, or `patience` without a better one.

    The epochs before `not_before` of the stage, when guidance starts, do not try the patience.
    """
    since = max(progress.best_epoch, progress.first_epoch + min(not_before, max_epochs))
    return progress.epoch - progress.first_epoch >= max_epochs or progress.epoch - since >= patience


def next_stage(progress: Progress) -> None:
    """Go on to the next stage: the epochs are counted on, the best is sought anew."""
    progress.stage += 1
    progress.first_epoch = progress.best_epoch = progress.epoch
    progress.best_score, progress.best_loss = Progress.best_score, Progress.best_loss
