"""What propagation would do, while sliders move: the proposal, what to expect of it, and accepting it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from core.annotation import TradeOff
from core.errors import InputError
from core.study import UNSURE
from desktop.services.session import Session
from desktop.views.annotate import data
from desktop.views.annotate.newest import Newest
from desktop.views.annotate.propagation_bar import PropagationBar, Wanted

AT_ONCE = 30_000  # events up to which a proposal follows the slider; above, it waits until the slider rests
KEPT = 3  # maps whose neighbour lists are kept


class Proposing(QObject):
    """Proposals of one map; `changed` when there is another, or none any more."""

    changed = Signal()

    def __init__(self, session: Session, bar: PropagationBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._bar = session, bar
        self.proposal: data.Preview | None = None
        self.stale = False  # the proposal was made from other labels or parameters than the present ones
        self.wanted = False  # somebody asked for a preview and has not put it away
        self._shown: data.Shown | None = None
        self._lists: dict[tuple[str, int], data.Lists] = {}
        self._estimates, self._curves = Newest(), Newest()
        self._point: TradeOff | None = None  # what to expect at the present values, once it is there
        bar.moved.connect(self._moved)
        bar.changed.connect(self._rested)
        bar.preview.connect(self.preview)
        bar.accept.connect(self.accept)
        bar.discard.connect(self.discard)

    def forget(self) -> None:
        """Forget all maps: another study is open."""
        self._shown = None
        self._lists.clear()
        self._bar.resting.stop()
        self._bar.show_curve([])
        self._bar.say("")
        self.discard()

    def take(self, shown: data.Shown) -> None:
        """Propose on another map from now on."""
        if self._shown is not None and shown.key == self._shown.key and len(shown.ids) == len(self._shown.ids):
            self._shown = shown
            return
        self._shown = shown
        self._bar.limit(shown.n_usable)
        self.discard()
        if shown.key not in self._lists:
            self._session.tasks.submit(
                "annotate neighbours", data.neighbours, shown, done=lambda lists: self._listed(shown.key, lists)
            )

    def _listed(self, key: tuple[str, int], lists: data.Lists) -> None:
        self._lists[key] = lists
        for old in list(self._lists)[:-KEPT]:
            del self._lists[old]

    @property
    def lists(self) -> data.Lists | None:
        """The neighbour lists of the map, once they are there."""
        return self._lists.get(self._shown.key) if self._shown is not None else None

    # What to expect

    def labels_changed(self) -> None:
        """The labels are others: what was shown is out of date."""
        self._mark_stale()
        self._expect()
        self._read_curve()
        if self.wanted:
            self._propose()

    def _moved(self) -> None:
        self._mark_stale()
        if self._shown is not None and len(self._shown.ids) <= AT_ONCE:
            self._follow()

    def _rested(self) -> None:
        if self._shown is None:
            return
        if len(self._shown.ids) > AT_ONCE:
            self._follow()
        self._read_curve()

    def _follow(self) -> None:
        """Propose at the present values; whoever moves a slider wants to see what it does."""
        if self._any_label():
            self.wanted = True
            self._propose()
        self._expect()

    def _any_label(self) -> bool:
        """Return whether any event that may pass its label on has one; test subjects' do not."""
        events, shown = self._session.events, self._shown
        given = (events.label != "") & (events.label != UNSURE) & (events.label_source != "propagated")
        return shown is not None and bool(
            np.isin(shown.made.events.ids[shown.made.events.usable], events.id[given]).any()
        )

    def _known(self, shown: data.Shown) -> data.Known:
        subject = {r.id: r.subject or f"recording {r.id}" for r in self._session.recordings}
        return data.Known(
            shown, self._session.events, self._classes(), self._lists.get(shown.key), subject, self._session.study
        )

    def _classes(self) -> list[str]:
        return [c.key for c in self._session.classes]

    def _expect(self) -> None:
        """Estimate at exactly the present values."""
        wanted, shown = self._bar.wanted, self._shown
        self._point = None
        if shown is None:
            return
        self._session.tasks.submit(
            "annotate estimate", data.estimate, self._known(shown), *wanted, self._estimates.report(),
            done=lambda point: self._expected(point, wanted), failed=self._nothing_to_expect,
        )  # fmt: skip

    def _expected(self, point: TradeOff, wanted: Wanted) -> None:
        # The window may have been closed while it was computed, or the sliders moved on.
        if isValid(self._bar) and wanted == self._bar.wanted:
            self._point = point
            self._bar.show_point(point, self.proposal.notes if self.proposal is not None else ())

    def _nothing_to_expect(self, error: Exception) -> None:
        if isValid(self._bar):
            self._bar.say(str(error))

    def _read_curve(self) -> None:
        wanted, shown = self._bar.wanted, self._shown
        if shown is None:
            return
        self._session.tasks.submit(
            "annotate curve", data.curve, self._known(shown), *wanted, self._curves.report(),
            done=lambda curve: self._curve_read(curve, wanted),
        )  # fmt: skip

    def _curve_read(self, curve: list[TradeOff], wanted: Wanted) -> None:
        if isValid(self._bar) and wanted[0] == self._bar.wanted[0]:
            self._bar.show_curve(curve)

    # Proposing

    def _mark_stale(self) -> None:
        """Say that the preview shown is of other labels or values; it stays until the new one is there."""
        self.stale = True
        if self.proposal is not None:
            self._bar.show_preview(len(self.proposal.keys), stale=True)

    def preview(self) -> None:
        """Propose labels at the present values; nothing is changed yet."""
        if self._shown is not None and self._session.study is not None:
            self.wanted = True
            self._propose()

    def _propose(self) -> None:
        study, shown, bar = self._session.study, self._shown, self._bar
        if study is None or shown is None:
            return
        source = data.Source(shown.run_id, shown.which, *bar.wanted)
        self._session.tasks.submit(
            "annotate preview", data.preview, study, shown, self._session.events, self._classes(), source,
            self._lists.get(shown.key), done=self._previewed, failed=self._failed,
        )  # fmt: skip

    def _previewed(self, made: data.Preview) -> None:
        if not isValid(self._bar):
            return
        # Put away meanwhile, or another one follows when the slider rests.
        source = made.source
        if not self.wanted or (source.method, source.params, source.surest) != self._bar.wanted:
            return
        self.proposal, self.stale = made, False
        self._bar.show_preview(len(made.keys))
        if self._point is not None:
            self._bar.show_point(self._point, made.notes)  # else the estimate brings the notes along
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self.discard()
        if isinstance(error, InputError):
            self._session.told.emit(str(error))  # it passes: once there are labels, it is no longer true
        else:
            self._session.failed.emit(error)

    def accept(self) -> None:
        """Accept the proposal: one step of undo. Labels that somebody gave meanwhile are kept."""
        made = self.proposal
        if made is None or not made.keys:
            return
        if made.study is not self._session.study:  # its ids mean other events here
            self.discard()
            return
        if self.stale:
            self._session.told.emit(self.tr("The preview is out of date; a new one follows. Accept that one."))
            return
        self.discard()
        self._session.edit(made.changeset, made.reason)

    def discard(self) -> None:
        """Put the proposal away."""
        self.proposal, self.wanted = None, False
        self._bar.show_preview(None)
        self.changed.emit()
