"""The montages of the study in the menu: used, made, changed and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from core.errors import HitscopeError
from core.signals import (
    Montage,
    Recording,
    applicable,
    apply_montage,
    make_montage,
    remove_montage,
    save_montage,
    saved_montages,
)
from core.study import Study
from desktop.services.session import Session

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


@dataclass(frozen=True)
class Offered:
    """Why each usual montage does not fit a recording, empty where it does; the same of those of the study; what failed."""

    fits: Mapping[str, str]
    own: tuple[tuple[Montage, str], ...]
    error: HitscopeError | None = None


def offered_for(study: Study | None, stored: Recording, bad: Sequence[str]) -> Offered:
    """Look which montages fit (in a task: of many electrodes it takes 0.1 s)."""
    try:
        saved = saved_montages(study) if study is not None else []
    except HitscopeError as error:
        return Offered(applicable(stored, bad), (), error)
    return Offered(applicable(stored, bad), tuple((montage, _why_not(stored, montage, bad)) for montage in saved))


class OwnMontages(QObject):
    """Knows which montages fit what is shown, and keeps those that were made for the study."""

    changed = Signal()

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.offered: Offered | None = None
        self._of: tuple[Recording, list[str]] | None = None

    def look(self, *, again: bool = False) -> None:
        """Look in the background which montages fit the recording; `again` where those of the study have changed."""
        opened, bad = self._room.opened, sorted(self._room.appearance.look.bad)
        if opened is None:
            return
        same = self._of is not None and self._of[0] is opened.stored
        if same and self._of[1] == bad and not again:
            return
        if not same:
            self.offered = None
        self._of = (opened.stored, bad)

        def done(offered: Offered) -> None:
            self.offered = offered
            self.changed.emit()

        self._session.tasks.submit(
            "review montages", offered_for, self._session.study, opened.stored, bad,
            done=done, failed=self._session.failed.emit,
        )  # fmt: skip

    def fill_menu(self, menu: QMenu) -> None:
        """Add the study's montages, and what makes one."""
        room, offered = self._room, self.offered
        assert offered is not None
        if offered.error is not None:
            self._session.failed.emit(offered.error)
        if offered.own:
            menu.addSection(self.tr("Of this study"))
        for montage, why in offered.own:
            action = menu.addAction(montage.name, lambda m=montage: room.derived.use_montage(m))
            action.setCheckable(True)
            action.setChecked(_same(room.derived.montage, montage))
            action.setEnabled(not why)
            action.setToolTip(why or ", ".join(d.name for d in montage.derivations[:12]))
        menu.addSeparator()
        menu.addAction(self.tr("Your own…"), self.make).setEnabled(self._session.writable)
        if offered.own:
            gone = menu.addMenu(self.tr("Remove from the study"))
            gone.setEnabled(self._session.writable)
            for montage, _ in offered.own:
                gone.addAction(montage.name, lambda m=montage: self.remove(m))

    def make(self) -> None:
        """Make a montage, or change the one in use; it is saved with the study and used."""
        from desktop.views.review.montage_dialog import MontageDialog

        room = self._room
        if room.opened is None or self.offered is None:
            return
        fitting = [key for key, why in self.offered.fits.items() if not why]
        stored, bad, now = room.opened.stored, sorted(room.appearance.look.bad), room.derived.montage
        if not isinstance(now, Montage):
            now = make_montage(now, stored, bad) if now in fitting else Montage("")
        dialog = MontageDialog(stored, bad, fitting, [montage for montage, _ in self.offered.own], now, room)
        dialog.accepted.connect(lambda: self.keep(dialog.montage))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep(self, montage: Montage) -> None:
        """Save a montage with the study, and use it."""
        self._write(lambda: save_montage(self._session.study, montage), lambda: self._room.derived.use_montage(montage))

    def remove(self, montage: Montage) -> None:
        """Remove a montage from the study; what is shown through it stays so."""
        told = self.tr("{} was removed from the study. Montage, Your own… brings it back while it is in use.").format(
            montage.name
        )
        used = _same(self._room.derived.montage, montage)
        plain = self.tr("{} was removed from the study.").format(montage.name)
        self._write(
            lambda: remove_montage(self._session.study, montage.name),
            lambda: self._session.told.emit(told if used else plain),
        )

    def _write(self, write: Callable[[], None], then: Callable[[], None]) -> None:
        def done(_none: None) -> None:
            then()
            self.look(again=True)

        self._session.tasks.submit(None, write, done=done, failed=self._session.failed.emit)


def _why_not(stored: Recording, montage: Montage, bad: Sequence[str]) -> str:
    """Return why a montage does not fit a recording."""
    try:
        apply_montage(stored, montage, bad)
    except HitscopeError as error:
        return error.what
    return ""


def _same(used: str | Montage, saved: Montage) -> bool:
    """Return whether they are one; a file does not keep the order of weights."""
    if not isinstance(used, Montage) or used.name != saved.name:
        return False
    return [(d.name, dict(d.weights)) for d in used.derivations] == [
        (d.name, dict(d.weights)) for d in saved.derivations
    ]
