"""The frame: rail, rooms, inspector, jobs, status."""

from __future__ import annotations

from importlib import import_module

from PySide6.QtCore import QByteArray, Qt
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
from desktop.actions.registry import Action, ActionRegistry
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.inspector import Inspector
from desktop.widgets.jobs_panel import JobsPanel, time_left
from desktop.widgets.palette import CommandPalette, KeyHelp
from desktop.widgets.parts import EmptyState, MessageBar, badge, label, number
from desktop.widgets.workspace import Workspace

# The rooms in the order of the path: imported when first entered, so that the window opens at once.
ROOMS = (
    ("review", "Review", "▤", "desktop.views.review.view:ReviewView"),
    ("annotate", "Annotate", "◎", "desktop.views.annotate.view:AnnotateView"),
    ("train", "Train", "⌁", "desktop.views.train.view:TrainView"),
    ("compress", "Compress", "▣", "desktop.views.compress.view:CompressView"),
    ("export", "Export", "⇪", "desktop.views.export.view:ExportView"),
)


class MainWindow(QMainWindow):
    """The window of one study."""

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
        self.actions_of.add(self._actions())
        self.actions_of.fill(self.menuBar())
        session.study_changed.connect(self._study_changed)
        session.events_changed.connect(lambda _ids: self._count())
        session.labels_changed.connect(lambda _ids: self._count())
        session.saved.connect(lambda when: self.saved.setText(self.tr("Saved {}").format(when)))
        session.failed.connect(self.message.show_error)
        session.told.connect(self.message.show_notice)
        session.jobs.changed.connect(self._job_line)
        session.undo_stack.undoTextChanged.connect(self._name_undo)
        session.undo_stack.redoTextChanged.connect(self._name_undo)
        self._restore()
        self._study_changed()

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
        self.start = EmptyState(
            self.tr("Hitscope"),
            self.tr("From raw TCD, ECG and EEG recordings to a compressed model that runs on a device."),
            self.tr("Try the demo"),
            self.open_demo,
        )
        self.start.layout().insertWidget(3, self._start_buttons())
        self.stack.addWidget(self.start)
        middle.addWidget(self.stack, 1)
        outer.addLayout(middle, 1)
        self.setCentralWidget(centre)

    def _start_buttons(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        for text, run in ((self.tr("New study…"), self.new_study), (self.tr("Open study…"), self.choose_study)):
            made = QPushButton(text)
            made.clicked.connect(lambda _checked=False, r=run: r())
            layout.addWidget(made)
        return row

    def _top(self) -> QWidget:
        bar = QFrame()
        bar.setProperty("role", "bar")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(12, 6, 12, 6)
        self.study_name, self.counts = label("", "title"), label("", "muted")
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
        self.inspector, self.jobs = Inspector(self.session), JobsPanel(self.session)
        for title, widget, area, name in (
            (self.tr("Inspector"), self.inspector, Qt.DockWidgetArea.RightDockWidgetArea, "inspector"),
            (self.tr("Jobs"), self.jobs, Qt.DockWidgetArea.BottomDockWidgetArea, "jobs"),
        ):
            dock = QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(widget)
            self.addDockWidget(area, dock)
        self.inspector_dock, self.jobs_dock = (
            self.findChild(QDockWidget, "inspector"),
            self.findChild(QDockWidget, "jobs"),
        )
        self.inspector.setMinimumWidth(280)
        self.jobs_dock.hide()

    def _status(self) -> None:
        self.job_line = QPushButton(self.tr("No jobs"))
        self.job_line.setProperty("role", "line")
        self.job_line.setToolTip(self.tr("Show the jobs"))
        self.job_line.clicked.connect(lambda _checked=False: self.jobs_dock.setVisible(not self.jobs_dock.isVisible()))
        self.saved, self.annotator = label("", "muted"), label("", "muted")
        self.statusBar().addWidget(self.job_line, 1)
        self.statusBar().addPermanentWidget(self.saved)
        self.statusBar().addPermanentWidget(self.annotator)

    def _actions(self) -> list[Action]:
        study, edit, go, view = self.tr("Study"), self.tr("Edit"), self.tr("Go"), self.tr("View")
        opened = lambda: self.session.study is not None  # noqa: E731 - a condition, used below only
        stack = self.session.undo_stack
        return [
            Action("study.new", self.tr("New study…"), self.new_study, study, "Ctrl+N"),
            Action("study.open", self.tr("Open study…"), self.choose_study, study, "Ctrl+Shift+O"),
            Action("study.demo", self.tr("Open the demo"), self.open_demo, study),
            Action("study.save", self.tr("Is everything saved?"), self.say_saved, study, "Ctrl+S", opened),
            Action("study.close", self.tr("Close the window"), self.close, study, "Ctrl+Q"),
            Action("edit.undo", self.tr("Undo"), stack.undo, edit, "Ctrl+Z", stack.canUndo),
            Action("edit.redo", self.tr("Redo"), stack.redo, edit, "Ctrl+Shift+Z", stack.canRedo),
            Action("edit.remove", self.tr("Remove the selected marks"), self.remove_selected, edit, "Del", opened),
            Action("edit.add_class", self.tr("Add a class…"), self.add_class, edit, "", opened),
            *(
                Action(
                    f"label.{n}",
                    self.tr("Label as class {}").format(n),
                    lambda k=n: self.label_selected(k),
                    edit,
                    str(n),
                )
                for n in range(1, 10)
            ),
            Action("label.0", self.tr("Label as unsure"), lambda: self.label_selected(0), edit, "0"),
            *(
                Action(f"go.{id_}", self.tr(title), lambda i=id_: self.enter(i), go, f"Ctrl+{n}")
                for n, (id_, title, _, _) in enumerate(ROOMS, 1)
            ),
            Action("view.palette", self.tr("Command palette"), self.open_palette, view, "Ctrl+Shift+P"),
            Action("view.keys", self.tr("Keys of this room"), self.show_keys, view, "F1"),
            Action(
                "view.inspector",
                self.tr("Show or hide the inspector"),
                lambda: self._toggle(self.inspector_dock),
                view,
                "F4",
            ),
            Action("view.jobs", self.tr("Show or hide the jobs"), lambda: self._toggle(self.jobs_dock), view, "F5"),
            *(
                Action(f"view.theme_{name}", self.tr("Theme: {}").format(name), lambda n=name: self.set_theme(n), view)
                for name in theme.TOKENS
            ),
        ]

    # Rooms

    def enter(self, id_: str) -> None:
        """Enter a room; it is made on the first visit."""
        if self.session.study is None:
            self.stack.setCurrentWidget(self.start)
            return
        if id_ not in self.rooms:
            module, _, name = next(where for room, _, _, where in ROOMS if room == id_).partition(":")
            room: Workspace = getattr(import_module(module), name)(self.session)
            self.rooms[id_] = room
            self.stack.addWidget(room)
            self.actions_of.add(room.actions_of_room(), scope=room)
            self.actions_of.fill(self.menuBar())
            if hasattr(room, "go"):
                room.go.connect(self.enter)
        room = self.rooms[id_]
        self.stack.setCurrentWidget(room)
        button = self.rail.button([r[0] for r in ROOMS].index(id_) + 1)
        button.setChecked(True)
        self.session.settings.setValue("room", id_)
        room.activate()
        room.setFocus()

    @property
    def room(self) -> Workspace | None:
        """The room that is shown."""
        return next((r for r in self.rooms.values() if r is self.stack.currentWidget()), None)

    # Studies

    def new_study(self) -> None:
        """Ask for a folder and make a study in it."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose an empty folder for the study"))
        if folder:
            self._try(lambda: self.session.open_study(folder, create=True))

    def choose_study(self) -> None:
        """Ask for a study and open it."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a study"))
        if folder:
            self._try(lambda: self.session.open_study(folder))

    def open_demo(self) -> None:
        """Open the demo study, making it if it is not there."""
        from desktop.demo import demo_folder, make_demo

        folder = demo_folder()
        if (folder / "study.sqlite").exists():
            self._try(lambda: self.session.open_study(folder))
            return
        self.message.show_notice(
            self.tr("Making the demo study: real ECG, EEG and TCD, and a simulated TCD recording…")
        )

        def done(_result: object) -> None:
            self.message.dismiss()
            self._try(lambda: self.session.open_study(folder))

        self.session.tasks.submit("demo", make_demo, folder, done=done, failed=self.session.failed.emit)

    def _try(self, action: object) -> None:
        try:
            action()  # type: ignore[operator]
        except HitscopeError as error:
            self.message.show_error(error)

    def _study_changed(self) -> None:
        study = self.session.study
        self.study_name.setText(f"“{study.name}”" if study else self.tr("No study"))
        self.readonly.setVisible(bool(study and study.readonly))
        self.annotator.setText(self.tr("{} (you)").format(study.annotator) if study else "")
        self._count()
        if study is None:
            self.stack.setCurrentWidget(self.start)
            return
        if study.recovery is not None:
            self.message.show_notice(str(study.recovery))
            study.recovery = None
        if self.room is None:
            self.enter(str(self.session.settings.value("room") or "review"))

    def _count(self) -> None:
        events = self.session.events
        text = self.tr("{} recordings · {} events · {} labelled").format(
            number(len(self.session.recordings)), number(len(events)), number(int((events.label != "").sum()))
        )
        self.counts.setText(text if self.session.study else "")

    # Edits

    def label_selected(self, digit: int) -> None:
        """Label the selected events with the class of a digit; 0 is ``unsure``."""
        key = "unsure" if digit == 0 else next((c.key for c in self.session.classes if c.position == digit), None)
        if key is not None:
            self.session.label(self.session.selection.ids, key)
        elif self.session.selection.ids:
            self.message.show_notice(self.tr("There is no class {} yet. Add one: Edit, Add a class.").format(digit))

    def remove_selected(self) -> None:
        """Remove marks that an annotator drew; of other events, remove the annotator's label. Both can be undone."""
        events = self.session.events
        ids = [i for i in self.session.selection.ids if i in set(events.id.tolist())]
        if not ids:
            return
        own = events.take(events.row_of(ids)).maker == "annotator"
        drawn = [i for i, mine in zip(ids, own, strict=True) if mine]
        if drawn:
            self.session.remove_events(drawn)
        self.session.label([i for i in ids if i not in drawn], "")

    def add_class(self) -> None:
        """Ask for a class name and add it."""
        name, good = QInputDialog.getText(self, self.tr("Add a class"), self.tr("Name of the class"))
        if good and name.strip() and self.session.study is not None:
            from core.study import define_classes

            self.session.apply(define_classes(self.session.study, [(name.strip(), name.strip())]))

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
        """Show the keys of this room."""
        KeyHelp(self._actions_now(), self).open()

    def _actions_now(self) -> list[Action]:
        here = self.room.id if self.room else ""
        rooms = {id_ for id_, *_ in ROOMS} - {here}
        return [action for action in self.actions_of.all() if action.id.split(".")[0] not in rooms]

    def set_theme(self, name: str) -> None:
        """Dress the window; plots take the new colours with their room, which is made anew."""
        self.session.settings.setValue("theme", name)
        theme.use(name)
        self.message.show_notice(self.tr("Plots take the new colours when the window is opened again."))

    def _toggle(self, dock: QDockWidget) -> None:
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
            self.tr("Stopped now, it resumes from its last checkpoint when you open the study again.")
        )
        stop = box.addButton(self.tr("Stop it and close"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is stop

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.session.jobs.running and not self.ask_about_jobs():
            event.ignore()
            return
        self.session.jobs.stop_all()
        self.session.settings.setValue("geometry", self.saveGeometry())
        self.session.settings.setValue("layout", self.saveState())
        self.session.take_up_runs()
        self.session.close_study()
        event.accept()
