"""The montages of the study in the menu: used, made, changed and removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from core.errors import HitscopeError
from core.signals import Montage, applicable, apply_montage, make_montage, remove_montage, save_montage, saved_montages
from desktop.services.session import Session

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView


class OwnMontages(QObject):
    """Keeps the montages that were made for a study."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room

    def saved(self) -> list[Montage]:
        """Return those of the study; a damaged file is told, and counts as none."""
        if self._session.study is None:
            return []
        try:
            return saved_montages(self._session.study)
        except HitscopeError as error:
            self._session.failed.emit(error)
            return []

    def fill_menu(self, menu: QMenu) -> None:
        """Add the study's montages, and what makes one."""
        room = self._room
        assert room.opened is not None
        montages = self.saved()
        if montages:
            menu.addSection(self.tr("Of this study"))
        for montage in montages:
            why = self._why_not(montage)
            action = menu.addAction(montage.name, lambda m=montage: room.derived.use_montage(m))
            action.setCheckable(True)
            action.setChecked(_same(room.derived.montage, montage))
            action.setEnabled(not why)
            action.setToolTip(why or ", ".join(d.name for d in montage.derivations[:12]))
        menu.addSeparator()
        menu.addAction(self.tr("Your own…"), self.make).setEnabled(self._session.writable)
        if montages:
            gone = menu.addMenu(self.tr("Remove from the study"))
            gone.setEnabled(self._session.writable)
            for montage in montages:
                gone.addAction(montage.name, lambda m=montage: self.remove(m))

    def _why_not(self, montage: Montage) -> str:
        """Return why a montage does not fit what is shown."""
        try:
            apply_montage(self._room.opened.stored, montage, sorted(self._room.appearance.look.bad))  # type: ignore[union-attr]
        except HitscopeError as error:
            return error.what
        return ""

    def make(self) -> None:
        """Make a montage, or change the one in use; it is saved with the study and used."""
        from desktop.views.review.montage_dialog import MontageDialog

        room = self._room
        if room.opened is None:
            return
        stored, bad, now = room.opened.stored, sorted(room.appearance.look.bad), room.derived.montage
        if not isinstance(now, Montage):
            now = make_montage(now, stored, bad) if not applicable(stored, bad)[now] else Montage("")
        dialog = MontageDialog(stored, bad, self.saved(), now, room)
        dialog.accepted.connect(lambda: self.keep(dialog.montage))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep(self, montage: Montage) -> None:
        """Save a montage with the study, and use it."""
        self._write(lambda: save_montage(self._session.study, montage), lambda: self._room.derived.use_montage(montage))  # type: ignore[arg-type]

    def remove(self, montage: Montage) -> None:
        """Remove a montage from the study; what is shown through it stays so."""
        told = self.tr("{} was removed from the study. Montage, Your own… brings it back while it is in use.").format(
            montage.name
        )
        used = _same(self._room.derived.montage, montage)
        plain = self.tr("{} was removed from the study.").format(montage.name)
        self._write(
            lambda: remove_montage(self._session.study, montage.name),  # type: ignore[arg-type]
            lambda: self._session.told.emit(told if used else plain),
        )

    def _write(self, write: Callable[[], None], then: Callable[[], None]) -> None:
        self._session.tasks.submit(None, write, done=lambda _none: then(), failed=self._session.failed.emit)


def _same(used: str | Montage, saved: Montage) -> bool:
    """Return whether they are one; a file does not keep the order of weights."""
    if not isinstance(used, Montage) or used.name != saved.name:
        return False
    return [(d.name, dict(d.weights)) for d in used.derivations] == [
        (d.name, dict(d.weights)) for d in saved.derivations
    ]
