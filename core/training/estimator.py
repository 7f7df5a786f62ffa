"""A classifier of windows in the manner of scikit-learn: for notebooks, cross-validation and pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit
from sklearn.utils.validation import check_is_fitted

from core.checks import check, finite
from core.errors import InputError
from core.features import build_representation, default_representation
from core.models import MODELS
from core.registry import chosen
from core.training.loop import fit
from core.training.predict import predict_probabilities
from core.training.run import build_for_shapes
from core.training.settings import FitSettings
from core.training.side import take

Windows = npt.NDArray[np.float32]


class HitscopeClassifier(ClassifierMixin, BaseEstimator):
    """Any classifier of Hitscope on raw windows; what the model sees of them is made inside.

    Parameters
    ----------
    model : str
        One of `core.models.MODELS`.
    preset : str or None
        One of the model's.
    model_options : dict or None
        Options of the model that win over the preset's.
    representation : dict, list of dict or None
        As `TrainingSpec.representation`; None for what is usual for the model.
    fs : float
        Sampling rate of the windows, Hz.
    loss : str or dict
        A name in `core.training.LOSSES`, or a table with its options.
    class_weights, optimiser, lr, weight_decay, schedule, batch_size, max_epochs, patience, sampling, augment, guidance, device
        As `TrainingSpec`; ``augment`` None for none.
    validation : float
        Share of the windows that decide when to stop, above 0, below 1; whole groups where `fit` is given groups.
    random_state : int
        Of weights, order and split.

    Attributes
    ----------
    classes_ : (K,) array
        The labels that were there, sorted.
    model_ : nn.Module
        The trained model.
    n_features_in_ : int
        Samples of a window.
    n_channels_ : int
    history_ : list of dict
        Figures of each epoch.
    best_epoch_ : int
        From 1.

    Examples
    --------
    >>> from core.training import HitscopeClassifier
    >>> classifier = HitscopeClassifier("cnn_transformer", fs=125, max_epochs=10)
    >>> classifier.fit(windows, labels, groups=subjects).predict(others)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str = "cnn_transformer",
        preset: str | None = "quick",
        model_options: Mapping[str, Any] | None = None,
        representation: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        fs: float = 1.0,
        loss: str | Mapping[str, Any] = "ce",
        class_weights: str | None = "balanced",
        optimiser: str = "adam",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        schedule: str = "constant",
        batch_size: int = 32,
        max_epochs: int = 30,
        patience: int = 6,
        sampling: str = "shuffled",
        augment: Sequence[Mapping[str, Any]] | None = None,
        guidance: Mapping[str, Any] | None = None,
        device: str = "auto",
        validation: float = 0.2,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.preset = preset
        self.model_options = model_options
        self.representation = representation
        self.fs = fs
        self.loss = loss
        self.class_weights = class_weights
        self.optimiser = optimiser
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.sampling = sampling
        self.augment = augment
        self.guidance = guidance
        self.device = device
        self.validation = validation
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> HitscopeClassifier:
        """Train.

        Parameters
        ----------
        X : (n, C, T) array
            Raw windows; (n, T) for one channel.
        y : (n,) array
            Labels of any type that can be sorted.
        groups : (n,) array, optional
            Whom each window is of: nobody is trained on and decides when to stop.

        Raises
        ------
        InputError
            If windows hold NaN or are of one class, a class has too few, or a parameter cannot be as it is.
        """
        x, labels = _windows(X), np.asarray(y)
        if labels.shape != (len(x),):
            raise InputError(f"{len(x)} windows have labels of shape {labels.shape}", remedy="Give one label for each")
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        numbers = numbers.astype(np.int64)
        self.n_channels_, self.n_features_in_ = x.shape[1:]
        train, validation = self._sides(numbers, groups)
        views = self._views(x)
        torch.manual_seed(self.random_state)
        wanted = {"name": self.model, "preset": self.preset, **(self.model_options or {})}
        self.model_ = build_for_shapes(wanted, [view.shape[1:] for view in views], len(self.classes_))
        fitted = fit(
            self.model_,
            (take(views, train), numbers[train]),
            (take(views, validation), numbers[validation]),
            self._settings(),
        )
        self.history_, self.best_epoch_ = fitted.history, fitted.best_epoch
        return self

    def predict_proba(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the probabilities (n, K) of `classes_` of windows as `fit` takes them."""
        check_is_fitted(self)
        x = _windows(X)
        if x.shape[1:] != (self.n_channels_, self.n_features_in_):
            raise InputError(
                f"windows of {x.shape[1]} × {x.shape[2]} samples are not as those trained on",
                remedy=f"Give {self.n_channels_} channels of {self.n_features_in_} samples",
            )
        return predict_probabilities(self.model_, self._views(x))

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the most probable label of each window."""
        best: npt.NDArray[Any] = self.predict_proba(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def _settings(self) -> FitSettings:
        return FitSettings(
            loss={"name": self.loss} if isinstance(self.loss, str) else dict(self.loss),
            class_weights=self.class_weights,
            optimiser=self.optimiser,
            lr=self.lr,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            patience=self.patience,
            seed=self.random_state,
            sampling=self.sampling,
            augment=[dict(one) for one in self.augment or ()],
            guidance=None if self.guidance is None else dict(self.guidance),
            device=self.device,
        )

    def _views(self, x: Windows) -> tuple[Windows, ...]:
        given = self.representation
        if given is None:
            names = chosen(MODELS, self.model, "model", "models").representations
            given = [default_representation(name) for name in names]
        tables = [given] if isinstance(given, Mapping) else given
        return tuple(build_representation(table)(x, self.fs) for table in tables)

    def _sides(
        self, y: npt.NDArray[np.int64], groups: npt.ArrayLike | None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the rows to train on and those that decide when to stop."""
        check(finite(above=0, below=1), validation=self.validation)
        counts = np.bincount(y)
        if len(counts) < 2:
            raise InputError("all windows are of one class", remedy="Give windows of two classes or more")
        units = np.arange(len(y)) if groups is None else np.asarray(groups)
        few = [str(label) for n, label in enumerate(self.classes_) if len(np.unique(units[y == n])) < 2]
        if few:
            what = "window" if groups is None else "group"
            raise InputError(
                f"of class {', '.join(few)} there is one {what} only: it cannot be learnt and judged",
                remedy="Give more of it, or leave it out",
            )
        if groups is None:
            n = max(round(self.validation * len(y)), len(counts))
            split = StratifiedShuffleSplit(1, test_size=n, random_state=self.random_state)
        else:
            split = StratifiedGroupKFold(
                max(2, min(round(1 / self.validation), int(counts.min()), len(np.unique(units)))),
                shuffle=True,
                random_state=self.random_state,
            )
        train, validation = next(iter(split.split(y, y, None if groups is None else units)))
        return train, validation


def _windows(given: npt.ArrayLike) -> Windows:
    """Return windows as (n, C, T), or refuse what are none."""
    x = np.asarray(given, dtype=np.float32)
    if x.ndim == 2:
        x = x[:, None]
    if x.ndim != 3 or not x.size:
        raise InputError(f"windows of shape {x.shape} are none", remedy="Give (windows, channels, samples)")
    bad = np.flatnonzero(~np.isfinite(x).all(axis=(1, 2)))
    if len(bad):
        raise InputError(
            f"{len(bad)} of {len(x)} windows hold missing samples (NaN) or infinite ones, the first is number {bad[0]}",
            remedy="Leave them out",
        )
    return np.ascontiguousarray(x)
