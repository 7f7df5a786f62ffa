"""Review: look at long recordings and mark what is in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.signals import Recording, add_to_study
from core.study import NewEvent, new_events
from desktop.actions.registry import Action
from desktop.models.event_model import EventModel
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.review.canvases import Boxes, OverviewCanvas, SpectrogramCanvas, TraceCanvas
from desktop.views.review.data import Page, Picture, read_page, read_picture
from desktop.views.review.finding import FINDERS, find_events
from desktop.widgets.parts import EmptyState, badge, button, clock, label, number
from desktop.widgets.workspace import Workspace

PAGES_S = (1, 2, 5, 10, 30, 60, 300, 1800)
DEFAULT_CHANNELS = 8


class ReviewView(Workspace):
    """Recordings left, traces over spectrogram over overview, events right."""

    id, title, glyph = "review", "Review", "▤"
    hint = "Scroll recordings and mark events"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.recording_id: int | None = None
        self.recording: Recording | None = None
        self.channels: tuple[int, ...] = ()
        self.start_s, self.length_s, self.gain = 0.0, 10.0, 1.0
        self.traces, self.spectrogram, self.overview = TraceCanvas(), SpectrogramCanvas(), OverviewCanvas()
        self.model = EventModel(session)
        self.set_content(self._build())
        for canvas in (self.traces, self.spectrogram):
            canvas.box.panned.connect(lambda dt: self.go_to(self.start_s + dt))
            canvas.box.zoomed.connect(self._zoom_at)
            canvas.box.picked.connect(lambda t: self._pick(self.start_s + t))
            canvas.box.ranged.connect(self._mark)
        self.overview.moved.connect(lambda t: self.go_to(t))
        session.study_changed.connect(self._study_changed)
        session.events_changed.connect(lambda _ids: self._show_events())
        session.labels_changed.connect(lambda _ids: self._show_events())
        session.selection.changed.connect(self._selected)
        self._study_changed()

    # Building

    def _build(self) -> QWidget:
        split = QSplitter()
        split.addWidget(self._left())
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._toolbar())
        pictures = QSplitter(Qt.Orientation.Vertical)
        pictures.addWidget(self.traces.widget)
        pictures.addWidget(self.spectrogram.widget)
        pictures.setSizes([420, 240])
        layout.addWidget(pictures, 1)
        layout.addWidget(self.overview.widget)
        split.addWidget(middle)
        split.addWidget(self._right())
        split.setSizes([220, 880, 340])
        split.setChildrenCollapsible(False)
        split.setStretchFactor(1, 1)
        return split

    def _left(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(8, 8, 4, 8)
        layout.addWidget(label(self.tr("Recordings"), "title"))
        self.recordings = QListWidget()
        self.recordings.setAccessibleName(self.tr("Recordings"))
        self.recordings.currentRowChanged.connect(self._choose_recording)
        self.recordings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side.setMinimumWidth(190)
        layout.addWidget(self.recordings, 3)
        layout.addWidget(label(self.tr("Channels"), "title"))
        self.channel_list = QListWidget()
        self.channel_list.setAccessibleName(self.tr("Channels: ticked ones are shown"))
        self.channel_list.itemChanged.connect(lambda _item: self._channels_ticked())
        self.channel_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.channel_list, 2)
        return side

    def _toolbar(self) -> QWidget:
        bar = QFrame()
        bar.setProperty("role", "bar")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(10, 5, 10, 5)
        self.name, self.simulated = label("", "title"), badge(self.tr("simulated"))
        layout.addWidget(self.name)
        layout.addWidget(self.simulated)
        layout.addStretch(1)
        self.where = label("", "muted")
        layout.addWidget(self.where)
        layout.addWidget(QLabel(self.tr("Page")))
        self.page_box = QComboBox()
        self.page_box.setAccessibleName(self.tr("Page length"))
        for seconds in PAGES_S:
            self.page_box.addItem(f"{seconds} s" if seconds < 60 else f"{seconds // 60} min", float(seconds))
        self.page_box.setCurrentIndex(PAGES_S.index(10))
        self.page_box.activated.connect(lambda i: self.set_length(self.page_box.itemData(i)))
        layout.addWidget(self.page_box)
        layout.addWidget(button("−", lambda: self.amplify(1 / 1.25), tip=self.tr("Smaller traces (−)")))
        layout.addWidget(button("+", lambda: self.amplify(1.25), tip=self.tr("Larger traces (+)")))
        self.find_button = QPushButton(self.tr("Find events"))
        self.find_button.setProperty("role", "primary")
        menu = QMenu(self.find_button)
        for maker, title in FINDERS.items():
            menu.addAction(self.tr(title), lambda m=maker: self.find(m))
        self.find_button.setMenu(menu)
        layout.addWidget(self.find_button)
        return bar

    def _right(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(4, 8, 8, 8)
        self.count = label("", "title")
        layout.addWidget(self.count)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter events (Ctrl+F)"))
        self.filter.setAccessibleName(self.tr("Filter events"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        layout.addWidget(self.filter)
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Events"))
        self.table.setModel(self.model)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate((50, 62, 56, 52, 64)):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._table_selected())
        layout.addWidget(self.table, 1)
        return side

    # What is shown

    def _study_changed(self) -> None:
        study = self.session.study
        if study is None or not self.session.recordings:
            text = self.tr("Here you scroll recordings with their spectrograms and mark what is in them.")
            add = self.open_recordings if study is not None else None
            self.show_empty(EmptyState(self.tr("No recording yet"), text, self.tr("Add recordings…"), add))
            return
        self.show_empty(None)
        known = [r.id for r in self.session.recordings]
        self.recordings.blockSignals(True)
        self.recordings.clear()
        for entry in self.session.recordings:
            notes = [entry.subject or self.tr("subject unknown")] + [self.tr("simulated")] * entry.simulated
            notes += [self.tr("file missing")] * entry.missing
            item = QListWidgetItem(f"{entry.name}\n{' · '.join(dict.fromkeys(notes))} · {clock(entry.duration_s)}")
            item.setToolTip(entry.path)
            self.recordings.addItem(item)
        self.recordings.blockSignals(False)
        wanted = self.recording_id if self.recording_id in known else known[0]
        self.recordings.setCurrentRow(known.index(wanted))

    def _choose_recording(self, row: int) -> None:
        if not 0 <= row < len(self.session.recordings):
            return
        entry = self.session.recordings[row]
        if entry.id == self.recording_id and self.recording is not None:
            self._show_events()
            return
        self.session.tasks.submit(
            "review open",
            self.session.recording,
            entry.id,
            done=self._opened(entry.id),
            failed=self.session.failed.emit,
        )

    def _opened(self, recording_id: int):
        def show(recording: Recording) -> None:
            self.recording_id, self.recording = recording_id, recording
            entry = next(r for r in self.session.recordings if r.id == recording_id)
            self.name.setText(entry.name)
            self.simulated.setVisible(entry.simulated)
            self.channels = tuple(range(min(len(recording.channels), DEFAULT_CHANNELS)))
            self.start_s, self.gain = 0.0, 1.0
            self._list_channels()
            self.session.tasks.submit("review overview", self._read_overview, recording_id, done=self._show_overview)
            self.set_length(min(self.length_s, max(recording.duration, 0.1)))
            self._show_events()

        return show

    def _list_channels(self) -> None:
        assert self.recording is not None
        self.channel_list.blockSignals(True)
        self.channel_list.clear()
        for n, channel in enumerate(self.recording.channels):
            item = QListWidgetItem(f"{channel.name}   {channel.fs:g} Hz")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if n in self.channels else Qt.CheckState.Unchecked)
            self.channel_list.addItem(item)
        self.channel_list.blockSignals(False)

    def _channels_ticked(self) -> None:
        items = [self.channel_list.item(n) for n in range(self.channel_list.count())]
        self.channels = tuple(n for n, item in enumerate(items) if item.checkState() == Qt.CheckState.Checked)
        self._read()

    def _read_overview(self, recording_id: int) -> tuple[np.ndarray, np.ndarray, float]:
        recording = self.session.recording(recording_id)
        t, low, high = self.session.pyramid(recording_id).query(0, 0.0, recording.duration, 900)
        return np.repeat(t, 2), np.column_stack([low, high]).ravel(), recording.duration

    def _show_overview(self, result: tuple[np.ndarray, np.ndarray, float]) -> None:
        self.overview.show_envelope(*result)
        self.overview.show_page(self.start_s, self.length_s)

    def _read(self) -> None:
        """Ask for the page; what is shown stays until the new one is there."""
        if self.recording is None or self.recording_id is None or not self.channels:
            return
        recording, number_, pixels = self.recording, self.recording_id, max(200, self.traces.widget.width())
        channels, start, length = self.channels, self.start_s, self.length_s

        def page() -> Page:
            return read_page(self.session.pyramid(number_), channels, start, length, pixels)

        def picture() -> tuple[Picture | None, float, float]:
            return read_picture(recording, channels[0], start, length, pixels), start, length

        failed = self.session.failed.emit
        self.session.tasks.submit("review page", page, done=lambda p: self._show_page(p, recording), failed=failed)
        self.session.tasks.submit("review picture", picture, done=lambda p: self._show_picture(*p), failed=failed)

    def _show_page(self, page: Page, recording: Recording) -> None:
        if recording is not self.recording:
            return
        self.traces.show_page(page, recording, self.gain)
        self.overview.show_page(page.start_s, page.length_s)
        start = recording.start_time
        self.where.setToolTip("" if start is None else self.tr("Recording started {}").format(start))
        total = clock(recording.duration)
        self.where.setText(
            self.tr("{} to {} of {}").format(clock(page.start_s), clock(page.start_s + page.length_s), total)
        )
        self._show_boxes()

    def _show_picture(self, picture: Picture | None, start_s: float, length_s: float) -> None:
        self.spectrogram.show_picture(picture, start_s, length_s)
        self._show_boxes()

    def _show_events(self) -> None:
        events = self.session.events
        mine = events.take(events.recording == self.recording_id)
        self.model.show(mine)
        self._count()
        self.overview.show_ticks(mine.start_s, [self._colour(text) for text in mine.label])
        self._show_boxes()

    def _count(self) -> None:
        shown, labelled = len(self.model.ids), int((self.session.events.label[self._rows()] != "").sum())
        self.count.setText(self.tr("{} events, {} labelled").format(number(shown), number(labelled)))

    def _rows(self) -> np.ndarray:
        return self.session.events.row_of(self.model.ids) if len(self.model.ids) else np.empty(0, int)

    def _show_boxes(self) -> None:
        events = self.session.events
        stop = self.start_s + self.length_s
        near = (events.recording == self.recording_id) & (events.start_s < stop)
        near &= events.start_s + events.duration_s > self.start_s
        selected = set(self.session.selection.ids)
        boxes: Boxes = [
            (start, max(length, self.length_s / 2000), self._colour(text), event in selected, text)
            for event, start, length, text in zip(
                events.id[near].tolist(), events.start_s[near], events.duration_s[near], events.label[near], strict=True
            )
        ]
        self.traces.show_events(boxes, max(1, len(self.channels)))
        self.spectrogram.show_events(boxes, self.start_s)

    def _colour(self, text: str) -> str:
        return theme.class_colour(self.session.position_of(text)) if text else theme.token("unlabelled")

    def open_recordings(self) -> None:
        """Ask for recordings and add them to the study; the files stay where they are."""
        kinds = self.tr("Recordings (*.hea *.edf *.bdf *.wav)")
        paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Add recordings"), "", kinds)
        self.add_recordings(paths)

    def add_recordings(self, paths: Sequence[str]) -> None:
        """Add recordings by their paths, in the background."""
        study = self.session.study
        if study is None or not paths:
            return

        def add() -> list[int]:
            return [add_to_study(study, path) for path in paths]

        done = self.session.reload
        self.session.tasks.submit("review add", add, done=lambda _ids: done(), failed=self.session.failed.emit)

    # Moving

    def go_to(self, start_s: float) -> None:
        """Show the page that begins at a time, as near as the recording allows."""
        if self.recording is None:
            return
        self.start_s = float(np.clip(start_s, 0.0, max(0.0, self.recording.duration - self.length_s)))
        self._read()

    def set_length(self, length_s: float) -> None:
        """Show pages of this length."""
        if self.recording is None:
            return
        self.length_s = float(np.clip(length_s, 0.05, self.recording.duration))
        self.page_box.setCurrentIndex(PAGES_S.index(self.length_s) if self.length_s in PAGES_S else -1)
        self.page_box.setPlaceholderText(f"{number(self.length_s, 1)} s")
        self.go_to(self.start_s)

    def amplify(self, factor: float) -> None:
        """Draw traces larger or smaller."""
        self.gain = float(np.clip(self.gain * factor, 0.01, 100.0))
        self._read()

    def _zoom_at(self, factor: float, t: float) -> None:
        fraction, middle = t / self.length_s, self.start_s + t
        self.start_s = middle - fraction * self.length_s * factor
        self.set_length(self.length_s * factor)

    # Events

    def find(self, maker: str) -> None:
        """Find events in this recording in the background; they come as one step of undo."""
        if self.session.study is None or self.recording_id is None:
            return
        self.find_button.setEnabled(False)

        def done(changeset: object) -> None:
            self.find_button.setEnabled(True)
            self.session.apply(changeset)  # type: ignore[arg-type]

        def failed(error: Exception) -> None:
            self.find_button.setEnabled(True)
            self.session.failed.emit(error)

        self.session.tasks.submit(
            "review find", find_events, self.session.study, self.recording_id, maker, done=done, failed=failed
        )

    def _mark(self, left: float, right: float) -> None:
        """Add an event over a dragged range."""
        if self.session.study is None or self.recording is None or self.recording_id is None:
            return
        channel = self.recording.channels[self.channels[0]].name
        event = NewEvent(self.recording_id, channel, self.start_s + left, right - left, "mark", "annotator")
        changeset = new_events(self.session.study, [event])
        self.session.apply(changeset)
        self.session.selection.set(changeset.event_ids, self)

    def _pick(self, t: float) -> None:
        """Select the event at a time, the shortest where several overlap."""
        events = self.session.events
        margin = self.length_s / 300
        at = np.flatnonzero(
            (events.recording == self.recording_id)
            & (events.start_s - margin <= t)
            & (t <= events.start_s + events.duration_s + margin)
        )
        best = at[np.argmin(events.duration_s[at])] if len(at) else None
        self.session.selection.set(() if best is None else (int(events.id[best]),), self.traces)

    def _selected(self, ids: tuple[int, ...], origin: object) -> None:
        if origin is not self.table and ids:
            row = self.model.row_of(ids[0])
            if row is not None:
                self.table.selectionModel().blockSignals(True)
                self.table.selectRow(row)
                self.table.selectionModel().blockSignals(False)
                self.table.viewport().update()
        if ids and origin is not self.traces and self.isVisible():
            self._reveal(ids[0])
        self._show_boxes()

    def _reveal(self, event_id: int) -> None:
        events = self.session.events
        rows = np.flatnonzero(events.id == event_id)
        if not len(rows):
            return
        start, recording = float(events.start_s[rows[0]]), int(events.recording[rows[0]])
        if recording != self.recording_id:
            known = [r.id for r in self.session.recordings]
            if recording in known:
                self.start_s = max(0.0, start - self.length_s / 2)
                self.recordings.setCurrentRow(known.index(recording))
        elif not self.start_s <= start <= self.start_s + self.length_s:
            self.go_to(start - self.length_s / 2)

    def _table_selected(self) -> None:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        self.session.selection.set(self.model.ids[sorted(rows)].tolist(), self.table)

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        self._count()

    def step(self, direction: int) -> None:
        """Select the next or the previous event in the order of the table."""
        ids = self.model.ids.tolist()
        if not ids:
            return
        current = self.session.selection.ids[0] if self.session.selection.ids else None
        place = ids.index(current) + direction if current in ids else 0
        chosen = ids[place % len(ids)]
        self.session.selection.set((chosen,), self)

    def actions_of_room(self) -> list[Action]:
        menu = self.tr("Review")

        def page(fraction: float):
            return lambda: self.go_to(self.start_s + fraction * self.length_s)

        return [
            Action("review.add", self.tr("Add recordings…"), self.open_recordings, menu, "Ctrl+O"),
            Action("review.left", self.tr("Scroll left"), page(-0.1), menu, "Left"),
            Action("review.right", self.tr("Scroll right"), page(0.1), menu, "Right"),
            Action("review.page_left", self.tr("Page left"), page(-1), menu, "PgUp"),
            Action("review.page_right", self.tr("Page right"), page(1), menu, "PgDown"),
            Action("review.start", self.tr("To the start"), lambda: self.go_to(0), menu, "Home"),
            Action("review.end", self.tr("To the end"), lambda: self.go_to(float("inf")), menu, "End"),
            Action("review.larger", self.tr("Larger traces"), lambda: self.amplify(1.25), menu, "+"),
            Action("review.smaller", self.tr("Smaller traces"), lambda: self.amplify(0.8), menu, "-"),
            Action(
                "review.zoom_in", self.tr("Shorter page"), lambda: self.set_length(self.length_s / 2), menu, "Ctrl+Up"
            ),
            Action(
                "review.zoom_out", self.tr("Longer page"), lambda: self.set_length(self.length_s * 2), menu, "Ctrl+Down"
            ),
            Action("review.next", self.tr("Next event"), lambda: self.step(1), menu, "N"),
            Action("review.previous", self.tr("Previous event"), lambda: self.step(-1), menu, "P"),
            Action("review.filter", self.tr("Filter events"), self.filter.setFocus, menu, "Ctrl+F"),
            *(
                Action(f"review.find_{maker}", self.tr(title), lambda m=maker: self.find(m), menu)
                for maker, title in FINDERS.items()
            ),
        ]
