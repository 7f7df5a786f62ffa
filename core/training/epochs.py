"""The epochs of one stage: what is trained with what, and how an epoch goes."""

from __future__ import annotations

import math

import torch
from torch import nn

from core.checks import check, one_of, whole
from core.errors import InputError, JobError
from core.jobs import Reporter
from core.training.augment import build_augmentation
from core.training.checkpoint import Progress
from core.training.device import Engine
from core.training.learner import Learner
from core.training.losses import build_loss
from core.training.metrics_mcc import confusion, mcc
from core.training.objective import Objective, class_weights
from core.training.optimising import Moment, build_optimiser, build_schedule, join, set_rates
from core.training.pairs import Pairs
from core.training.predict import scores_of
from core.training.registry import check_loss
from core.training.sampling import order_of
from core.training.settings import SAMPLINGS, Guidance, Links
from core.training.side import Side
from core.training.stages import Stage

LOOKED_AT = 20  # batches between looks at the loss, for which a GPU has to be waited for


class Epochs:
    """A stage under way.

    Parameters
    ----------
    stage : Stage
    train, validation : Side
        With the views that the stage takes.
    pairs : Pairs, optional
        Of rows of `train`.
    engine : Engine
    report : Reporter
    span : (int, int)
        Epochs that earlier stages may take, and all stages together: what progress is told of.

    Raises
    ------
    InputError
        If a setting is unknown or does not fit.
    """

    def __init__(
        self,
        stage: Stage,
        train: Side,
        validation: Side,
        pairs: Pairs | None,
        engine: Engine,
        report: Reporter,
        span: tuple[int, int],
    ) -> None:
        self.stage, self.settings, self.engine, self.report = stage, stage.settings, engine, report
        self.train_side, self.validation_side, self.span = train, validation, span
        settings = stage.settings
        check(whole(2), batch_size=settings.batch_size)  # batch norm cannot learn from one sample
        check(one_of(SAMPLINGS), sampling=settings.sampling)
        if train.targets.ndim == 2 and not check_loss(**settings.loss).soft:
            raise InputError(
                f"the loss {settings.loss['name']} does not take soft targets",
                remedy="Give class numbers, or another loss",
            )
        guidance = None if settings.guidance is None else Guidance.from_json(settings.guidance)
        links = None if settings.links is None or pairs is None else Links.from_json(settings.links)
        guided = guidance is not None or (links is not None and links.on == "embedding")
        self.learner = Learner(stage.module, guided, engine.autocast)
        self.optimiser = build_optimiser(settings.optimiser, stage.parameters, settings.lr, settings.weight_decay)
        self.rate = build_schedule(settings.schedule, **settings.schedule_options)
        self.per_epoch = -(-len(train) // settings.batch_size)
        self.total = self.per_epoch * settings.max_epochs
        y, n_classes = (
            train.targets.cpu().numpy(),
            len(scores_of(stage.module, [v[:1] for v in train.views], engine.device)[0]),
        )
        self.weight = class_weights(y, n_classes, settings.class_weights)
        self.objective = Objective(
            build_loss(**settings.loss),
            # Balanced sampling draws the classes evenly: there is nothing left to weigh.
            None if self.weight is None or settings.sampling == "balanced" else self.weight.to(engine.device),
            build_augmentation(settings.augment, [view.ndim for view in train.views]),
            guidance,
            links,
            pairs,
        )
        self.net: nn.Module | None = None
        self.n_classes, self.true = n_classes, train.classes.to(engine.device)

    @property
    def clusters_from(self) -> int:
        """Epochs of the stage before clusters guide it; 0 if none do."""
        guidance = self.objective.guidance
        return guidance.dec_from if guidance is not None and guidance.dec > 0 else 0

    def resume(self, optimiser: dict[str, object]) -> None:
        """Take back the state of the optimiser; centres that were restored join it first."""
        if self.learner.centres is not None:
            join(self.optimiser, self.learner.centres, self.settings.lr)
        self.optimiser.load_state_dict(optimiser)

    def train(self, progress: Progress) -> dict[str, float]:
        """Go once through the training side; return the mean loss, and the MCC of what each event was given before its step.

        Raises
        ------
        JobError
            If the loss becomes NaN.
        """
        # Every epoch has random numbers of its own, so that a resumed run draws the same as an uninterrupted one.
        torch.manual_seed(self.settings.seed * 1_000_003 + progress.epoch)
        epoch = progress.epoch - progress.first_epoch
        self._cluster(epoch)
        net = self.net = self.net or self.engine.wrap(self.learner)
        order = order_of(self.train_side.classes, self.settings.sampling)
        pairs = self._draw_pairs()
        self.stage.begin()
        total, n_seen = torch.zeros((), device=self.engine.device), 0
        cells = torch.zeros(self.n_classes**2, device=self.engine.device)
        for batch, rows in enumerate(order.split(self.settings.batch_size)):
            self.report.check()
            mine = self.engine.share(rows)
            if len(rows) == 1 or not len(mine):
                continue  # one left over
            step = epoch * self.per_epoch + batch
            moment = Moment(step, self.total, progress.history[progress.first_epoch :])
            set_rates(self.optimiser, self.rate(moment))
            linked = pairs[batch :: self.per_epoch][: self.settings.batch_size]
            total = total + self._step(net, mine, linked) * len(rows)
            cells += self._cells(mine)
            n_seen += len(rows)
            if batch % LOOKED_AT == 0 or batch + 1 == self.per_epoch:
                _refuse_nan(total)
            done = self.span[0] + epoch + (batch + 1) / self.per_epoch
            self.report.progress(done, self.span[1], f"epoch {progress.epoch + 1}")
        _refuse_nan(total)
        self.engine.share_statistics(self.learner)
        counts = self.engine.mean(cells).cpu().numpy().reshape(self.n_classes, -1)
        return {"train_loss": float(self.engine.mean(total)) / max(n_seen, 1), "train_mcc": float(mcc(counts))}

    def _cells(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the confusion matrix of the rows of the last step, flat."""
        predicted = self.objective.predicted
        assert predicted is not None
        cell = self.true[rows.to(self.true.device)] * self.n_classes + predicted
        return torch.bincount(cell, minlength=self.n_classes**2)

    def validate(self) -> dict[str, float]:
        """Return loss and MCC of the validation side, in float32 and without guidance."""
        side = self.validation_side
        logits, targets = scores_of(self.stage.module, side.views, self.engine.device), side.targets.cpu()
        counts = confusion(side.classes.numpy(), logits.argmax(dim=1).numpy(), logits.shape[1])
        value = float(self.objective.loss(logits, targets, self.weight))
        return {"validation_loss": value if math.isfinite(value) else 1e9, "validation_mcc": float(mcc(counts))}

    def _cluster(self, epoch: int) -> None:
        """Set what the assignments to clusters are drawn to, from the embeddings of the whole side as they are now."""
        guidance = self.objective.guidance
        if guidance is None or not guidance.dec or epoch < guidance.dec_from:
            return
        from core.models.dec import kmeans_centres, soft_assignment, target_distribution

        embeddings = self.learner.embeddings(self.train_side.views, self.engine.device)
        if self.learner.centres is None:
            n = len(self.train_side.classes.unique())
            self.learner.set_centres(kmeans_centres(embeddings, n, self.settings.seed))
            join(self.optimiser, self.learner.centres, self.settings.lr)
            self.net = None  # several processes must learn of the new parameter
        with torch.no_grad():
            self.objective.target = target_distribution(soft_assignment(embeddings, self.learner.centres))

    def _draw_pairs(self) -> torch.Tensor:
        """Return the numbers of the pairs in the order of this epoch."""
        pairs = self.objective.pairs
        return torch.randperm(0 if self.objective.links is None or pairs is None else len(pairs.must))

    def _step(self, net: nn.Module, rows: torch.Tensor, linked: torch.Tensor) -> torch.Tensor:
        """Move the parameters once; return the loss before."""
        self.optimiser.zero_grad(set_to_none=True)
        value = self.objective(net, self.train_side, rows, linked)
        self.engine.backward(value)
        if self.settings.gradient_clip is not None:
            trained = [p for group in self.optimiser.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(trained, self.settings.gradient_clip)
        self.optimiser.step()
        return value.detach()


def _refuse_nan(total: torch.Tensor) -> None:
    if not torch.isfinite(total):
        raise JobError(
            "the loss is no longer a number",
            kept="The checkpoint of the last epoch is kept",
            remedy="Lower the learning rate, or scale the windows",
        )
