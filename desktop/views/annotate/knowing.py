"""What is known of events beside their table: what the newest model says of them, and who labelled them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.study import EventTable
from desktop.services.collecting import uncollected
from desktop.services.session import Session
from desktop.views.annotate import data


class Knowing(QObject):
    """Reads it in the background; signals: `predicted` and `annotated` when there is something else to show."""

    predicted = Signal()
    annotated = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.predictions: dict[int, str] = {}
        self.annotators: dict[int, str] = {}
        self._asked: tuple[EventTable, np.ndarray] | None = None  # of which labels, of which events
        self.model = ""  # the run whose predictions they are

    def forget(self) -> None:
        """Forget all: another study is open."""
        self.predictions, self.annotators, self.model, self._asked = {}, {}, "", None

    def read_predictions(self) -> None:
        """Read what the newest model says, if it is another than before."""
        study = self._session.study
        assert study is not None
        runs = data.models_by_age(study.runs("training") + study.runs("compression"))
        newest = runs[0].id if runs else ""
        if newest != self.model:
            self.model, done, failed = newest, self._read, self._failed
            self._session.tasks.submit("annotate predictions", data.read_predictions, runs, done=done, failed=failed)

    def _failed(self, error: Exception) -> None:
        self._read({})
        self._session.failed.emit(error)

    def _read(self, predictions: dict[int, str]) -> None:
        self.predictions = predictions
        self.predicted.emit()

    def read_annotators(self, ids: np.ndarray) -> None:
        """Read who labelled what, unless that was read: the table of events does not say it, and it takes all labels."""
        study, events = self._session.study, self._session.events
        if self._asked is not None and self._asked[0] is events and self._asked[1] is ids:
            return
        self._asked, read = (events, ids), uncollected(data.read_annotators)

        def done(names: dict[int, str]) -> None:
            if names != self.annotators:
                self.annotators = names
                self.annotated.emit()

        self._session.tasks.submit("annotate annotators", read, study, ids.tolist(), done=done)
