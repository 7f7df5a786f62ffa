"""What can be done to the selected events, one or thousands: label, kind, channel, comment, removal; each is one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QInputDialog, QMenu

from core.study import UNSURE, EventTable, edit_events
from desktop.models.event_facts import comment_of, length_text, movable
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.parts import clock, number

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

LISTED = 12  # events at one place that a menu names


class SelectedEvents(QObject):
    """Asks what is to be changed, and changes it in all selected events."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        room.right.menu_asked.connect(self.show_menu)

    @property
    def events(self) -> EventTable:
        """The selected events."""
        events = self._session.events
        return events.take(np.isin(events.id, np.fromiter(self._session.selection.ids, np.int64)))

    # Changes

    def comment(self) -> None:
        """Ask what is to be said about them."""
        events = self._chosen()
        if not len(events):
            return
        said = {comment_of(text) for text in events.attributes_json}
        before = said.pop() if len(said) == 1 else ""
        title = self.tr("Comment on {}").format(self._counted(len(events)))
        if said:
            title += self.tr(" (they have different ones; leave it empty to keep them)")
        text, good = QInputDialog.getMultiLineText(self._room, self.tr("Comment"), title, before)
        if good and text.strip() != before:
            self._change(events, comment=text.strip())

    def kind(self) -> None:
        """Ask what kind of event they are."""
        self._ask(self.tr("Kind"), "kind", sorted(set(self._session.events.kind.tolist())), free=True)

    def channel(self) -> None:
        """Ask which channel they are on; what detectors found stays where it is."""
        recording = self._room.recording
        if recording is not None:
            names = [channel.name for channel in recording.channels]
            self._ask(self.tr("Channel"), "channel", names, allowed=movable)

    def remove(self) -> None:
        """Remove them with their labels; undoing brings both back."""
        self._session.remove_events(self._chosen().id.tolist())

    def _ask(
        self,
        title: str,
        column: str,
        known: list[str],
        *,
        free: bool = False,
        allowed: Callable[[str], bool] | None = None,
    ) -> None:
        """Ask for the value of a column, and give it to all that may be changed."""
        chosen = self._chosen()
        if not len(chosen):
            return
        events = chosen if allowed is None else chosen.take(np.array([allowed(maker) for maker in chosen.maker], bool))
        if not len(events):
            self._session.told.emit(self.tr("What detectors found stays where they found it."))
            return
        text = self.tr("{} of {}").format(title, self._counted(len(events)))
        if len(events) < len(chosen):
            text += self.tr("; {} that detectors found stay as they are").format(number(len(chosen) - len(events)))
        now = known.index(getattr(events, column)[0]) if getattr(events, column)[0] in known else 0
        value, good = QInputDialog.getItem(self._room, title, text, known, now, free)
        if good and value.strip():
            self._change(events, **{column: value.strip()})

    def _chosen(self) -> EventTable:
        """Return the selected events; say so where there is none, or the study cannot be written to."""
        events = self.events
        if not self._session.writable:
            self._session.told.emit(self.tr("The study is open read-only: nothing can be changed."))
            return events.take(np.empty(0, np.intp))
        if not len(events):
            self._session.told.emit(self.tr("Select events first: click one, or Ctrl+A in the table for all."))
        return events

    def _change(self, events: EventTable, **values: Any) -> None:
        ids = events.id.tolist()
        self._session.edit(lambda study: edit_events(study, ids, **values))

    def _counted(self, n: int) -> str:
        return (
            self.tr("event {}").format(self._session.selection.ids[0])
            if n == 1
            else self.tr("{} events").format(number(n))
        )

    # Menus

    def show_menu(self, where: QPoint) -> None:
        """Show what can be done to them."""
        menu = QMenu(self._room)
        self.fill_menu(menu)
        if menu.actions():
            menu.exec(where)

    def fill_menu(self, menu: QMenu, here: tuple[int, ...] = ()) -> None:
        """Add what can be done to them; where several events lie at a place, all of them can be chosen."""
        session, ids = self._session, self._session.selection.ids
        if len(here) > 1:
            self._fill_here(menu.addMenu(self.tr("{} events here").format(len(here))), here)
        if not ids:
            return
        section = self.tr("Event {}").format(ids[0]) if len(ids) == 1 else self.tr("{} events").format(number(len(ids)))
        menu.addSection(section)
        labels = menu.addMenu(self.tr("Label as"))
        for known in session.classes:
            name = self.tr("unsure") if known.key == UNSURE else known.title
            text = f"{known.position}   {name}" if known.position < 10 else name
            labels.addAction(theme.class_icon(known.position), text, lambda key=known.key: session.label(ids, key))
        labels.addSeparator()
        labels.addAction(self.tr("No label"), lambda: session.label(ids, ""))
        changing = [labels.menuAction()]
        for text, run in (
            (self.tr("Comment… (K)"), self.comment),
            (self.tr("Kind… (Shift+K)"), self.kind),
            (self.tr("Channel… (Shift+C)"), self.channel),
            (self.tr("Remove (Shift+Del)"), self.remove),
        ):
            changing.append(menu.addAction(text, run))
        for action in changing:
            action.setEnabled(session.writable)
        menu.addAction(self.tr("Hide their layer (H)"), self._room.events.hide_layer)

    def _fill_here(self, menu: QMenu, here: tuple[int, ...]) -> None:
        events = self._session.events
        for identity, n in zip(here[:LISTED], events.row_of(here[:LISTED]), strict=True):
            label = events.label[n]
            parts = (
                label or events.kind[n],
                events.channel[n],
                clock(events.start_s[n], 2),
                length_text(events.duration_s[n]),
            )
            action = menu.addAction(
                "  ".join(parts), lambda i=identity: self._session.selection.set((i,), self._room.traces)
            )
            if label:
                action.setIcon(theme.class_icon(self._session.position_of(label)))
            action.setCheckable(True)
            action.setChecked(identity in self._session.selection.ids)
