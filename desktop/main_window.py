"""The frame: rail, rooms, inspector, jobs, status."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDockWidget,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QMainWindow,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError
from core.study import BY_HAND, UNSURE, Study, define_classes
from desktop.actions.registry import Action, ActionRegistry
from desktop.actions.window import DIGITS, actions_of, name_classes
from desktop.dropping import Dropping
from desktop.rooms import ROOMS, import_rooms
from desktop.services import theme
from desktop.services.guard import guarded
from desktop.services.remembering import read_layout, write_layout
from desktop.services.session import Session
from desktop.services.tasks import TaskPool
from desktop.widgets.choices import recording_filters
from desktop.widgets.elided import ElidedButton
from desktop.widgets.giving_way import GivesWay
from desktop.widgets.history_panel import HistoryPanel
from desktop.widgets.inspector import Inspector
from desktop.widgets.jobs_panel import JobsPanel, time_left
from desktop.widgets.palette import CommandPalette, KeyHelp
from desktop.widgets.parts import MessageBar, badge, label, line, number
from desktop.widgets.start_page import StartPage
from desktop.widgets.workspace import Workspace


class MainWindow(QMainWindow):
    """The window of one study."""

    ROOMS = ROOMS

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.rooms: dict[str, Workspace] = {}
        self.actions_of = ActionRegistry(self)
        self.setWindowTitle("Hitscope")
        self.resize(1440, 900)
        self._frame()
        self._docks()
        self._status()
        self.actions_of.add(actions_of(self))
        self.dropping = Dropping(self)
        session.study_changed.connect(self._study_changed)
        session.events_changed.connect(lambda _ids: self._count())
        session.labels_changed.connect(lambda _ids: self._count())
        session.labels_changed.connect(lambda _ids: self._name_classes())
        session.saved.connect(lambda when: self.saved.setText(self.tr("Saved {}").format(when)))
        session.saved.connect(lambda _when: self.message.go_on())
        session.failed.connect(self.message.show_error)
        session.told.connect(self.message.show_notice)
        session.noted.connect(lambda text: self.message.show_notice(text, lasting=True))
        session.jobs.changed.connect(self._job_line)
        session.undo_stack.undoTextChanged.connect(self._name_undo)
        session.undo_stack.redoTextChanged.connect(self._name_undo)
        self._shown: Study | None = None
        self._named: dict[int, str] = {}
        self._remembered: dict[str, Any] = {}
        self._closing = False
        self._restore()
        self._study_changed()
        self._imports = TaskPool(1, self)  # of its own: studies are closed without waiting for it
        QTimer.singleShot(0, self, self._prepare)

    def _prepare(self) -> None:
        """Import the rooms while the start page is read; where a study is being opened that would only delay it."""
        if self.isVisible() and self.session.study is None and not self.session.opening:
            self._imports.submit(None, import_rooms)

    # Building

    def _frame(self) -> None:
        centre = QWidget()
        outer = QVBoxLayout(centre)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._top())
        self.message = MessageBar()
        outer.addWidget(self.message)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail())
        self.stack = QStackedWidget()
        self.start = StartPage(self)
        self.stack.addWidget(self.start)
        middle.addWidget(self.stack, 1)
        outer.addLayout(middle, 1)
        self.setCentralWidget(centre)

    def _top(self) -> QWidget:
        bar = QFrame()
        bar.setProperty("role", "bar")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(12, 6, 12, 6)
        self.study_name, self.counts = line("", "title"), line("", "muted")
        self.readonly = badge(self.tr("read-only"))
        layout.addWidget(self.study_name)
        layout.addWidget(self.readonly)
        layout.addSpacing(12)
        layout.addWidget(self.counts)
        layout.addStretch(1)
        search = QPushButton(self.tr("⌕  Commands   Ctrl+Shift+P"))
        search.setAccessibleName(self.tr("Open the command palette"))
        search.clicked.connect(lambda _checked=False: self.open_palette())
        layout.addWidget(search)
        return bar

    def _rail(self) -> QWidget:
        rail = QFrame()
        rail.setFixedWidth(76)
        layout = QVBoxLayout(rail)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(2)
        self.rail = QButtonGroup(self)
        for number_, (id_, title, glyph, _) in enumerate(ROOMS, 1):
            made = QToolButton()
            made.setText(f"{glyph}\n{self.tr(title)}")
            made.setProperty("role", "rail")
            made.setCheckable(True)
            made.setFixedWidth(76)
            made.setToolTip(f"{self.tr(title)} (Ctrl+{number_})")
            made.setAccessibleName(self.tr(title))
            made.clicked.connect(lambda _checked=False, i=id_: self.enter(i))
            self.rail.addButton(made, number_)
            layout.addWidget(made)
        layout.addStretch(1)
        return rail

    def _docks(self) -> None:
        self.inspector, self.jobs, self.history = (
            Inspector(self.session),
            JobsPanel(self.session),
            HistoryPanel(self.session),
        )
        self.inspector_dock, self.jobs_dock, self.history_dock = (
            self._dock(title, widget, area)
            for title, widget, area in (
                (self.tr("Inspector"), self.inspector, Qt.DockWidgetArea.RightDockWidgetArea),
                (self.tr("Jobs"), self.jobs, Qt.DockWidgetArea.BottomDockWidgetArea),
                (self.tr("History"), self.history, Qt.DockWidgetArea.BottomDockWidgetArea),
            )
        )
        self.inspector.setMinimumWidth(250)
        GivesWay(self, self.inspector_dock, self.session.settings)
        self.jobs_dock.hide()
        self.history_dock.hide()

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(type(widget).__name__)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _status(self) -> None:
        self.job_line = ElidedButton(self.tr("No jobs"))
        self.job_line.setProperty("role", "line")
        self.job_line.setProperty("tip", self.tr("Show the jobs"))
        self.job_line.clicked.connect(lambda _checked=False: self.jobs_dock.setVisible(not self.jobs_dock.isVisible()))
        self.saved, self.annotator = label("", "muted"), QPushButton()
        self.annotator.setProperty("role", "line")
        self.annotator.setToolTip(self.tr("Edits are attributed to this name. Click to go on as somebody else."))
        self.annotator.clicked.connect(lambda _checked=False: self.change_annotator())
        self.statusBar().addWidget(self.job_line, 1)
        self.statusBar().addPermanentWidget(self.saved)
        self.statusBar().addPermanentWidget(self.annotator)

    # Rooms

    def hand_over(self, id_: str, run_id: str) -> None:
        """Enter a room with a run to go on with."""
        self.enter(id_)
        self.rooms[id_].take(run_id)

    def enter(self, id_: str) -> None:
        """Enter a room; it is made on the first visit."""
        if self.session.study is None:
            self.stack.setCurrentWidget(self.start)
            return
        if id_ not in self.rooms:
            module, _, name = next(where for room, _, _, where in ROOMS if room == id_).partition(":")
            room: Workspace = getattr(import_module(module), name)(self.session)
            room.setAccessibleName(self.tr(next(title for known, title, *_ in ROOMS if known == id_)))
            self.rooms[id_] = room
            self.stack.addWidget(room)
            self.actions_of.add(room.actions_of_room(), scope=room)
            room.go.connect(self.enter)
            room.hand_over.connect(self.hand_over)
            room.restore(self._remembered.get(id_, {}))
        room = self.rooms[id_]
        self.stack.setCurrentWidget(room)
        self.actions_of.fill(self.menuBar(), self._actions_now())
        button = self.rail.button([r[0] for r in ROOMS].index(id_) + 1)
        button.setChecked(True)
        room.activate()
        room.setFocus()

    @property
    def room(self) -> Workspace | None:
        """The room that is shown."""
        return next((r for r in self.rooms.values() if r is self.stack.currentWidget()), None)

    # Studies

    def show_start(self) -> None:
        """Show the start page: other studies, recordings, the demo."""
        self.start.refresh()
        self.stack.setCurrentWidget(self.start)

    def open_study(self, folder: str, *, create: bool = False) -> bool:
        """Open or make a study; whether it is open now. What was open stays if it cannot be opened."""
        self._keep_state()
        try:
            self.session.open_study(folder, create=create)
        except HitscopeError as error:
            self.message.show_error(error)
            return False
        return True

    def new_study(self) -> bool:
        """Ask for a folder and make a study in it; whether it was made."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose an empty folder for the study"))
        return bool(folder) and self.open_study(folder, create=True)

    def choose_study(self) -> None:
        """Ask for a study and open it."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a study"))
        if folder:
            self.open_study(folder)

    def open_recordings(self) -> None:
        """Ask for recordings and, where no study is open, for the folder of a new one."""
        paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Open recordings"), "", recording_filters())
        if paths and (self.session.study is not None or self.new_study()):
            self.enter("review")
            self.rooms["review"].add_recordings(paths)

    def change_annotator(self) -> None:
        """Ask who goes on: whose labels are shown, and to whom edits are attributed."""
        study = self.session.study
        if study is None:
            return
        question = self.tr("Name or initials. Labels of each annotator are kept apart.")
        name, good = QInputDialog.getText(self, self.tr("Who annotates?"), question, text=study.annotator)
        if good and name.strip() and name.strip() != study.annotator:
            self._keep_state()
            self.session.change_annotator(name.strip())

    def open_demo(self) -> None:
        """Open the demo study, making it if it is not there."""
        from desktop.demo import demo_folder, make_demo

        folder = demo_folder()
        if (folder / "study.sqlite").exists():
            self.open_study(str(folder))
            return
        self.message.show_notice(
            self.tr("Making the demo study: real ECG, EEG and TCD, and a simulated TCD recording…"), lasting=True
        )

        def done(_result: object) -> None:
            self.message.dismiss()
            self.open_study(str(folder))

        self.session.tasks.submit("demo", make_demo, folder, done=done, failed=self.session.failed.emit)

    def _study_changed(self) -> None:
        study = self.session.study
        self.study_name.setText(f"“{study.name}”" if study else self.tr("No study"))
        self.readonly.setVisible(bool(study and study.readonly))
        self.readonly.setToolTip(str(self.session.why_readonly or ""))
        self.annotator.setText(self.tr("{} (you) ▾").format(study.annotator) if study else "")
        self.annotator.setVisible(study is not None)
        self._count()
        self._name_classes()
        if study is None:
            self._shown = None
            self.show_start()
            self.actions_of.fill(self.menuBar(), self._actions_now())
            return
        if study is not self._shown:
            self.message.dismiss()  # it was about what was open before
        if study.recovery is not None:
            self.message.show_notice(str(study.recovery), lasting=True)
            study.recovery = None
        if study is not self._shown:
            self._shown = study
            self.saved.setText(self.tr("Everything is saved"))
            self._remembered = read_layout(study)
            for room in self.rooms.values():
                room.restore(self._remembered.get(room.id, {}))
            self.enter(str(self._remembered.get("room", "review")))

    def _count(self) -> None:
        events, n = self.session.events, len(self.session.recordings)
        recordings = self.tr("1 recording") if n == 1 else self.tr("{} recordings").format(number(n))
        found = self.tr("1 event") if len(events) == 1 else self.tr("{} events").format(number(len(events)))
        labelled = self.tr("{} labelled").format(number(int((events.label != "").sum())))
        text = f"{recordings} · {found} · {labelled}"
        self.counts.setText(text if self.session.study else "")

    # Edits

    @property
    def class_titles(self) -> dict[int, str]:
        """Titles of the classes by their digit; `unsure` is no class."""
        return {c.position: c.title for c in self.session.classes if c.key != UNSURE}

    def _name_classes(self) -> None:
        if self._named != self.class_titles:
            self._named = self.class_titles
            name_classes(self)
            self.actions_of.fill(self.menuBar(), self._actions_now())

    def label_selected(self, digit: int) -> None:
        """Label the selected events with the class of a digit; 0 is ``unsure``, which is no class and takes no digit."""
        ids = self.session.selection.ids
        keys = {0: UNSURE} | {c.position: c.key for c in self.session.classes if c.key != UNSURE}
        key = keys.get(digit)
        if key is not None and self.room is not None and self.room.label_here(key):
            return  # what is chosen there became a labelled event
        if key is not None:
            self.session.label(ids, key)
        elif ids:
            self.message.show_notice(self.tr("There is no class {} yet. Add one: Edit, Add a class.").format(digit))

    def remove_selected(self) -> None:
        """Remove marks that an annotator drew; of other events, remove the annotator's label. Both can be undone."""
        events = self.session.events
        chosen = np.fromiter(self.session.selection.ids, np.int64)
        ids = chosen[np.isin(chosen, events.id)]
        drawn = events.maker[events.row_of(ids)] == BY_HAND
        self.session.remove_events(ids[drawn].tolist())
        self.session.label(ids[~drawn].tolist(), "")
        found = ids[~drawn]
        if len(found) and (self.session.events.label[self.session.events.row_of(found)] == "").all():
            self.message.show_notice(self.tr("Found events stay when Del takes labels away; Shift+Del removes them."))

    def remove_events(self) -> None:
        """Remove the selected events, whoever or whatever found them, with all their labels; it can be undone."""
        events = self.session.events
        chosen = np.fromiter(self.session.selection.ids, np.int64)
        self.session.remove_events(chosen[np.isin(chosen, events.id)].tolist())

    def add_class(self) -> None:
        """Ask for a class name and add it."""
        name, good = QInputDialog.getText(self, self.tr("Add a class"), self.tr("Name of the class"))
        name = name.strip()
        if good and name:
            known = self._class_like(name)
            if known:
                self.message.show_notice(known)
            else:
                self.session.edit(lambda study: define_classes(study, [(name, name)]))

    def _class_like(self, name: str) -> str:
        """Say which class has a name already; in capitals or not, two of them would be taken for each other."""
        for c in self.session.classes:
            if c.key != UNSURE and name.casefold() in (c.key.casefold(), c.title.casefold()):
                key = self.tr("its key is {}").format(c.position) if c.position <= DIGITS else self.tr("it has no key")
                return self.tr("There is a class “{}” already: {}.").format(c.title, key)
        same = name.casefold() == UNSURE
        return self.tr("“{}” is there already: its key is 0.").format(UNSURE) if same else ""

    def say_saved(self) -> None:
        """Answer the wish to save: there is nothing left to do."""
        state = self.tr("is being saved") if self.session.saving else self.tr("is saved")
        self.message.show_notice(self.tr("Every change {} as it happens; there is no need to save.").format(state))

    def _name_undo(self) -> None:
        stack = self.session.undo_stack
        for id_, title, text in (
            ("edit.undo", self.tr("Undo"), stack.undoText()),
            ("edit.redo", self.tr("Redo"), stack.redoText()),
        ):
            self.actions_of.qt(id_).setText(f"{title}: {text}" if text else title)

    # Looks and help

    def open_palette(self) -> None:
        """Open the command palette."""
        CommandPalette(self._actions_now(), self).open()

    def show_keys(self) -> None:
        """Show the keys of this room, and what the mouse does in it."""
        KeyHelp(self._actions_now(), self.room.gestures if self.room else [], self).open()

    def _actions_now(self) -> list[Action]:
        here = self.room.id if self.room else ""
        rooms = {id_ for id_, *_ in ROOMS} - {here}
        return [a for a in self.actions_of.all() if a.id.split(".")[0] not in rooms and a.listed()]

    def set_theme(self, name: str) -> None:
        """Dress the window in another theme, now and from now on."""
        self.session.settings.setValue("theme", name)
        theme.use(name)

    def toggle(self, dock: QDockWidget) -> None:
        """Show a hidden panel, or hide it."""
        dock.setVisible(not dock.isVisible())

    def _job_line(self) -> None:
        running = self.session.jobs.running
        if running:
            job = running[-1]
            parts = [f"{job.run.name} ({job.run.kind})", job.message, f"{number(100 * job.fraction)} %", time_left(job)]
            self.job_line.setText(" · ".join(part for part in parts if part))
        elif self.session.jobs.jobs:
            last = self.session.jobs.jobs[-1]
            self.job_line.setText(f"{last.run.name}: {last.message}")

    # Opening and closing

    def _restore(self) -> None:
        for key, restore in (("geometry", self.restoreGeometry), ("layout", self.restoreState)):
            value = self.session.settings.value(key)
            if isinstance(value, QByteArray):
                restore(value)

    def ask_about_jobs(self) -> bool:
        """Ask what to do with running jobs; whether the window may close."""
        names = ", ".join(job.run.name for job in self.session.jobs.running)
        box = QMessageBox(self)
        box.setWindowTitle(self.tr("A job is running"))
        box.setText(self.tr("{} is still running.").format(names))
        box.setInformativeText(
            self.tr("Stopped now, it keeps its last checkpoint; Resume in Jobs (F5) goes on from there.")
        )
        stop = box.addButton(self.tr("Stop it and close"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is stop

    @guarded
    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.jobs.running:
            event.ignore()
            if not self._closing and self.ask_about_jobs():
                self._stop_and_close()
            return
        try:
            self._keep_state()
            self.session.settings.setValue("geometry", self.saveGeometry())
            self.session.settings.setValue("layout", self.saveState())
            self.session.take_up_runs()
        finally:
            self._imports.close()
            self.session.close_study()
        event.accept()

    def _stop_and_close(self) -> None:
        """Ask the jobs to stop, and close when the last has written its checkpoint; the window stays alive meanwhile."""
        self._closing = True
        self.centralWidget().setEnabled(False)
        self.message.show_notice(self.tr("Stopping at the next checkpoint; the window closes then."), lasting=True)
        self.session.jobs.idle.connect(self.close)
        self.session.jobs.stop_all()

    def _keep_state(self) -> None:
        """Write what is open: panels to the user's settings, the rest to the study."""
        for room in self.rooms.values():
            room.keep_layout()
            self._remembered[room.id] = room.remember()
        if self.room is not None:
            self._remembered["room"] = self.room.id
        if self.session.study is not None:
            write_layout(self.session.study, self._remembered)
