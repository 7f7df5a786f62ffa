"""The menus of Review: what can be done at a place of the page, to a channel, and to how things look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from core.signals import MONTAGES, gate_of
from core.study import Changeset, Study, edit_recording
from desktop.views.review.own_montages import OwnMontages
from desktop.views.review.spectral import COLOURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.views.review.view import ReviewView


class Menus(QObject):
    """Fills the menus when they are opened, from what is shown then."""

    def __init__(self, room: ReviewView) -> None:
        super().__init__(room)
        self._room, self.own_montages = room, OwnMontages(room.session, room)
        room.left.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        room.left.list.customContextMenuRequested.connect(self.show_recording)
        bar = room.bar
        for button, fill in ((bar.montage, self._montage), (bar.view, self._view), (bar.picture, self._picture)):
            menu = button.menu()
            menu.aboutToShow.connect(lambda m=menu, f=fill: (m.clear(), f(m)))
        offered = bar.montage.menu()
        self.own_montages.changed.connect(lambda: offered.aboutToShow.emit() if offered.isVisible() else None)

    def show_at(self, where: QPoint, t: float, channel: str) -> None:
        """Show what can be done at a place of the page."""
        menu = QMenu(self._room)
        self._room.marks.fill_menu(menu, t, channel)
        self._room.measures.fill_menu(menu)
        self._room.sound.fill_menu(menu, t)
        menu.addSeparator()
        self.fill_channel(menu, channel)
        self._output(menu)
        menu.exec(where)

    def show_channel(self, where: QPoint, channel: str) -> None:
        """Show what can be done to a channel."""
        menu = QMenu(self._room)
        self.fill_channel(menu, channel)
        menu.exec(where)

    def show_recording(self, at: QPoint) -> None:
        """Show what can be done with a recording of the list."""
        item = self._room.left.list.itemAt(at)
        if item is not None:
            self._room.left.list.setCurrentItem(item)
            menu = QMenu(self._room)
            self._room.library.fill_menu(menu)
            menu.exec(self._room.left.list.viewport().mapToGlobal(at))

    def fill_channel(self, menu: QMenu, channel: str) -> None:
        """Add what can be done to a channel."""
        room, recording = self._room, self._room.recording
        if not channel or recording is None:
            return
        number = recording.index(channel)
        menu.addSection(channel)
        self._bad(menu, channel)
        rest = tuple(n for n in room.channels if n != number)
        hide = menu.addAction(self.tr("Hide"), lambda: room.appearance.show_channels(rest))
        hide.setEnabled(bool(rest))
        menu.addAction(self.tr("Larger"), lambda: room.appearance.amplify_channel(channel, 1.25))
        menu.addAction(self.tr("Smaller"), lambda: room.appearance.amplify_channel(channel, 0.8))
        menu.addAction(self.tr("Spectrogram of it"), lambda: room.choose_channel(channel))

    def _bad(self, menu: QMenu, channel: str) -> None:
        """Add what marks a channel, or the electrodes of a derivation, as bad; those that a montage leaves out can come back."""
        room, bad = self._room, self._room.appearance.look.bad
        for name in self._electrodes(channel):
            plain, no = name == channel, name in bad
            text = self.tr("Not bad after all") if no else self.tr("Mark as bad")
            if not plain:
                text = (self.tr("{} is not bad after all") if no else self.tr("Mark {} as bad")).format(name)
            action = menu.addAction(text, lambda n=name, on=not no: self.mark_bad(n, on))
            action.setEnabled(room.session.writable)
        left_out = sorted(bad - {c.name for c in room.recording.channels}) if room.recording is not None else []
        for name in left_out:
            action = menu.addAction(
                self.tr("{} is not bad after all").format(name), lambda n=name: self.mark_bad(n, False)
            )
            action.setEnabled(room.session.writable)

    def _electrodes(self, channel: str) -> tuple[str, ...]:
        """Return the recorded channels that a channel is about: itself, unless a montage made it."""
        opened = self._room.opened
        return (opened.electrodes.get(channel) if opened is not None else None) or (channel,)

    def toggle_bad(self, channel: str) -> None:
        """Mark a channel bad, or not any more; of a derivation somebody must say which electrode is."""
        names = self._electrodes(channel)
        if len(names) == 1:
            self.mark_bad(names[0], names[0] not in self._room.appearance.look.bad)
        else:
            said = self.tr("{} is made of {}: right-click it to say which one is bad.")
            self._room.session.told.emit(said.format(channel, self.tr(" and ").join(names)))

    def mark_bad(self, channel: str, bad: bool) -> None:
        """Mark a channel bad, or not any more: an edit of the study, like labels."""
        shown = self._room.recording_id
        if shown is None or not channel or self._room.library.coming.not_yet():
            return

        def build(study: Study) -> Changeset:  # marks follow fast: what the last one left
            names = [name for name in study.recording(shown).bad_channels if name != channel] + [channel] * bad
            return edit_recording(study, shown, bad_channels=names)

        self._room.session.edit(build)

    def _montage(self, menu: QMenu) -> None:
        room = self._room
        if room.opened is None:
            return
        offered = self.own_montages.offered
        if offered is None:
            menu.addAction(self.tr("Looking which ones fit…")).setEnabled(False)
            return
        for key, why in offered.fits.items():
            entry, now = MONTAGES[key], room.derived.montage == key
            action = self._choice(menu, self.tr(entry.title), now, lambda k=key: room.derived.use_montage(k))
            action.setToolTip(why or self.tr(entry.help))
            action.setEnabled(not why)
        self.own_montages.fill_menu(menu)

    def _view(self, menu: QMenu) -> None:
        room, look = self._room, self._room.appearance.look
        self._choice(menu, self.tr("Stacked"), not look.overlaid, lambda: room.appearance.change(overlaid=False))
        self._choice(
            menu, self.tr("Laid over each other"), look.overlaid, lambda: room.appearance.change(overlaid=True)
        )
        menu.addSeparator()
        self._choice(menu, self.tr("ECG paper, 25 mm/s, 10 mm/mV"), look.paper, lambda: room.toggle_paper())
        self._choice(
            menu,
            self.tr("Time of day"),
            room.appearance.absolute,
            lambda: room.show_absolute(not room.appearance.absolute),
        )
        self._choice(menu, self.tr("Second window"), room.second.shown, room.second.toggle)
        menu.addSeparator()
        menu.addAction(self.tr("Fit all traces"), room.appearance.reset)
        self._output(menu)

    def _output(self, menu: QMenu) -> None:
        menu.addSeparator()
        menu.addAction(self.tr("Export view… (Ctrl+E)"), self._room.asking.export)
        menu.addAction(self.tr("Page report… (Ctrl+P)"), self._room.asking.report)
        menu.addAction(self.tr("HITS report…"), self._room.asking.hits_report)

    def _picture(self, menu: QMenu) -> None:
        room, look = self._room, self._room.spectral.look
        shown = room.spectrogram.isVisibleTo(room)
        self._choice(menu, self.tr("Show it"), shown, lambda: room.show_spectrogram(not shown))
        menu.addSeparator()
        for name in COLOURS:
            self._choice(menu, self.tr(name), look.colours == name, lambda n=name: room.spectral.change(colours=n))
        menu.addSeparator()
        velocity = self._choice(menu, self.tr("Velocity (cm/s)"), look.velocity, room.asking.velocity)
        velocity.setEnabled(room.recording is not None and gate_of(room.recording, room.picture_channel) is not None)
        velocity.setToolTip(self.tr("Of Doppler I/Q: from the frequency the probe emits and its angle to the vessel"))
        menu.addAction(self.tr("Range, highest frequency, velocity…"), room.asking.spectral)

    @staticmethod
    def _choice(menu: QMenu, title: str, on: bool, run: Callable[[], object]) -> QAction:
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda _checked=False: run())
        return action
