"""Goes through the HITS candidates of the recording: each is shown in the middle of a short page, heard, and decided.

Verdicts are labels of the present annotator, and only those are shown while the queue is open: what others said of a
candidate is hidden, on the page and in the table too. A verdict is shown at once, and compared with the study when it has
been written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from core.events import Candidates, candidates_of, give_verdict, has_doppler, own_verdicts
from core.study import EventTable, Study
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.hits.keys import QueueKeys
from desktop.views.review.hits.page import QueuePage
from desktop.views.review.hits.panel import HitsPanel

if TYPE_CHECKING:
    from desktop.views.review.view import ReviewView

AROUND_S = 0.5  # that is heard before and after a candidate


def read_queue(study: Study, events: EventTable, recording_id: int) -> tuple[Candidates, dict[str, str]]:
    """Return the candidates of a recording and the present annotator's verdicts (in a task)."""
    found = candidates_of(events, recording_id)
    return found, own_verdicts(study, found.id.tolist())


class HitsQueue(QObject):
    """The queue; it is open while its tab is in front."""

    def __init__(self, session: Session, room: ReviewView) -> None:
        super().__init__(room)
        self._session, self._room = session, room
        self.panel = HitsPanel(session)
        self.model = self.panel.model
        self.current: int | None = None  # the event that is shown
        self.state = object()  # another one whenever other labels are to be seen
        self._keys, self.page = QueueKeys(room), QueuePage(room)
        self._open, self._beside = False, 0  # and the tab that was in front before
        self._blind = self._keyed = False  # whether labels of others are hidden, and the keys hold
        self._trail: list[int] = []  # what was decided, in that order
        self._touched: set[int] = set()  # whose labels may be others than shown
        self._edits = 0  # that may have changed labels: what was read before is out of date

    def listen(self) -> None:
        """Follow the room and the session, each after the room itself."""
        room, session, panel = self._room, self._session, self.panel
        panel.decided.connect(self.decide)
        panel.taken_back.connect(self.take_back)
        panel.played.connect(self.play)
        panel.stepped.connect(self.step)
        panel.ordered.connect(self.use_order)
        panel.chosen.connect(self._go)
        panel.find_asked.connect(lambda: room.find("hits"))
        room.finder.finding.connect(lambda _on: self._show())
        room.tabs.currentChanged.connect(lambda _n: self._turned())
        panel.shown.connect(self._turned)
        room.opening.opened.connect(lambda _opened: self.refresh())
        room.follow(session.events_changed, self.refresh)
        session.labels_changed.connect(self._labelled)
        session.study_changed.connect(self.refresh)
        session.selection.changed.connect(self._selected)
        theme.changed.connect(self._show)

    # Open or not

    @property
    def keyed(self) -> bool:
        """Whether its keys hold."""
        return self._keyed

    @property
    def open(self) -> bool:
        """Whether it is open; its keys hold while it is seen."""
        return self._open

    def toggle(self) -> None:
        """Open it, or go back to the panel that was in front before; where the panels are hidden, show them."""
        tabs = self._room.tabs
        if self._open and tabs.isVisibleTo(self._room):
            tabs.setCurrentIndex(self._beside)
            return
        if not self._open:
            self._beside = tabs.currentIndex()
            tabs.setCurrentWidget(self.panel)
        self._room.focus.leave()

    def _turned(self) -> None:
        """Its tab, the panels or the room were shown or hidden."""
        on = self._room.tabs.currentWidget() is self.panel
        turned, self._open = on != self._open, on
        self._hold(on and self.panel.isVisible())
        hidden = self._hide(on and self._room.isVisible())
        if turned and on:
            self.refresh()
        elif turned:
            self._room.sound.stop()
            self.page.leave()
        if turned or hidden:
            self._see()

    def _hold(self, on: bool) -> None:
        """Hold the keys; not while the panel is hidden, where nobody sees what they decide."""
        if on != self._keyed:
            self._keyed = on
            self._keys.hold(on)

    def _hide(self, on: bool) -> bool:
        """Hide what others said, in this room only; return whether that is new."""
        if on == self._blind:
            return False
        self._blind = on
        self._session.veil = self.seen if on else None
        return True

    def kept(self) -> dict[str, Any]:
        """Return what is to be remembered, as JSON."""
        return {"order": self.model.order, **self.page.kept()}

    def start(self, kept: dict[str, Any]) -> None:
        """Take up what was remembered."""
        self.page.start(kept)
        self.current = None
        self._trail.clear()
        order = str(kept.get("order", "time"))
        if self.panel.order.findData(order) >= 0:
            self.model.use_order(order)

    # What is queued

    def refresh(self) -> None:
        """Read the candidates and the verdicts anew, if the queue is open."""
        study, opened = self._session.study, self._room.opened
        if not self._open:
            return
        if study is None or opened is None:
            self._took(read_nothing())
            return
        edits, events = self._edits, self._session.events

        def done(read: tuple[Candidates, dict[str, str]]) -> None:
            if self._session.saving or edits != self._edits:
                self._session.when_saved(self.refresh)
            elif self._room.opened is not None and self._room.opened.id == opened.id:
                self._took(read)

        self._session.tasks.submit(
            "hits queue", read_queue, study, events, opened.id, done=done, failed=self._session.failed.emit
        )

    def _took(self, read: tuple[Candidates, dict[str, str]]) -> None:
        """Show what was read, at the candidate that was shown, or at the selected one, or at the first undecided one."""
        if not self._open:
            return
        self.model.show(*read)
        self._touched.clear()
        self._see()
        if not len(self.model):
            self.current = None
            self.page.leave()
            self._show()
            return
        before = self.current if self.current in self.model else None
        chosen = [before] if before is not None else self.model.among(self._session.selection.ids)
        if self.page.enter() or before is None:
            self._go(chosen[0] if chosen else self.model.event_at(self.model.after(-1)))
        else:
            self._show()

    def seen(self, events: EventTable) -> EventTable:
        """Return events as they are to be seen: while the queue is open, candidates with the annotator's own verdicts only."""
        room = self._room
        if not self._blind or room.opened is None:
            return events
        rows = np.flatnonzero(events.recording == room.opened.id)
        rows = rows[events.kind[rows] == "hits"]
        labels, sources, verdicts = events.label.copy(), events.label_source.copy(), self.model.verdicts
        labels[rows] = [verdicts.get(event, "") for event in events.id[rows].tolist()]
        # What others gave is shown before what was propagated for the annotator: that it was given is not told either.
        other = np.where(labels[rows] == "", "", "propagated")
        sources[rows] = np.where(labels[rows] == events.label[rows], sources[rows], other)
        return replace(events, label=labels, label_source=sources)

    def _see(self) -> None:
        """Let the page, the table and the inspector show labels as they are to be seen now."""
        self.state = object()
        self._room.events.refresh()
        self._session.veiled.emit()

    def use_order(self, order: str) -> None:
        """Go through the candidates in another order, from its first undecided one."""
        self.model.use_order(order)
        if len(self.model):
            self._go(self.model.event_at(self.model.after(-1)))

    # One candidate

    def step(self, direction: int) -> None:
        """Go to the next undecided candidate, or with -1 to the one before in the list."""
        place = self.model.place_of(self.current)
        if place is not None:
            back = (place - 1) % len(self.model)
            self._go(self.model.event_at(back if direction < 0 else self.model.after(place)))

    def _go(self, event: int) -> None:
        """Show a candidate in the middle of the page, and select it."""
        room, place = self._room, self.model.place_of(event)
        if place is None:
            return
        if event != self.current:
            room.sound.stop()
        self.current = event
        self._show()
        if room.isVisible() and room.recording is not None:
            found, row = self.model.found, self.model.row_at(place)
            room.choose_channel(found.channel[row])
            self._session.selection.set((event,), self)
            room.go_to(float(found.start_s[row] + found.duration_s[row] / 2) - room.length_s / 2)

    def play(self) -> None:
        """Play the candidate with a little about it, or stop."""
        sound, place = self._room.sound, self.model.place_of(self.current)
        if sound.player.playing:
            sound.stop()
        elif place is not None and self._room.recording is not None:
            found, row = self.model.found, self.model.row_at(place)
            start, stop = found.start_s[row] - AROUND_S, found.start_s[row] + found.duration_s[row] + AROUND_S
            sound.play((max(0.0, float(start)), min(float(stop), self._room.recording.duration)))

    # Verdicts

    def decide(self, verdict: str) -> None:
        """Say what the candidate is, and go to the next undecided one."""
        event = self.current
        if event is None or event not in self.model or not self._may_write():
            return
        if event in self._trail:
            self._trail.remove(event)
        self._trail.append(event)
        self._label(event, verdict)
        if self.model.n_decided < len(self.model):
            self.step(1)

    def take_back(self) -> None:
        """Take the verdict on the candidate back; of an undecided one, that on the one decided last, which is shown then."""
        if not self._may_write():
            return
        if self.current not in self.model.verdicts:
            self._trail = [event for event in self._trail if event in self.model.verdicts]
            if not self._trail:
                return
            self._go(self._trail.pop())
        if self.current is not None:
            self._label(self.current, "")

    def _may_write(self) -> bool:
        if not self._session.writable:
            self._session.told.emit(self.tr("The study is open read-only: no verdict can be given."))
        return self._session.writable

    def _label(self, event: int, verdict: str) -> None:
        self.model.decide({event: verdict})
        self.state = object()
        self._edits += 1
        self._touched.add(event)
        self._session.edit(lambda study: give_verdict(study, [event], verdict))
        self._session.when_saved(self._compare)
        self._show()

    def _labelled(self, ids: list[int]) -> None:
        """Labels were changed: by a verdict, an undo, a digit, or in another room."""
        touched = self.model.among(ids) if self._open else []
        if touched:
            self._edits += 1
            self._touched.update(touched)
            self._session.when_saved(self._compare)

    def _compare(self) -> None:
        """Compare the verdicts that are shown with the study; one that was undone, or given otherwise, is gone to."""
        study, asked, edits = self._session.study, sorted(self._touched), self._edits
        if study is None or not asked:
            return

        def done(verdicts: dict[int, str]) -> None:
            if self._session.saving or edits != self._edits:
                self._session.when_saved(self._compare)
                return
            self._touched.clear()
            now = {event: verdicts.get(event, "") for event in asked if event in self.model}
            others = [event for event, verdict in now.items() if verdict != self.model.verdicts.get(event, "")]
            self.model.decide(now)
            if others:
                self._see()
            if len(others) == 1:
                self._go(others[0])
            else:
                self._show()

        self._session.tasks.submit(
            "hits verdicts", own_verdicts, study, asked, done=done, failed=self._session.failed.emit
        )

    def _selected(self, ids: tuple[int, ...], origin: object) -> None:
        """Show the candidate that was selected elsewhere, where it is."""
        if self._open and origin is not self and ids and ids[0] in self.model and ids[0] != self.current:
            self.current = ids[0]
            self._show()

    # What the panel shows

    def _show(self) -> None:
        if not self._open:
            return
        if len(self.model):
            self.panel.show_queue(self.model.place_of(self.current), self._session.writable)
        else:
            self.panel.show_empty(*self._why_empty())

    def _why_empty(self) -> tuple[str, ...]:
        recording = self._room.opened.stored if self._room.opened is not None else None
        title = self.tr("No candidates")
        if recording is None:
            return title, self.tr("Here HITS candidates are decided one by one. Choose a recording first.")
        if not has_doppler(recording):
            text = self.tr(
                "This recording has no Doppler channel (I and Q, both directions, or mono), in which HITS could be found."
            )
            return title, text
        text = self.tr(
            "Here HITS candidates are decided one by one, by keys. Find them first: by the consensus criteria, in the "
            "first gate."
        )
        if not self._session.writable:
            return title, text + " " + self.tr("The study is open read-only, so nothing can be found now.")
        if self._room.finder.busy:
            return self.tr("Finding HITS candidates…"), self.tr("They appear here.")
        return title, text, self.tr("Find HITS candidates")


def read_nothing() -> tuple[Candidates, dict[str, str]]:
    """Return a queue without candidates."""
    return candidates_of(EventTable.from_rows([]), 0), {}
