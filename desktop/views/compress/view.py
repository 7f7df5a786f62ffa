"""Compress: ternary weights beside full precision, with what they cost and what they save."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.compression import LAYERS, SCHEMES
from core.jobs import read_json
from core.study import RunEntry
from desktop.actions.registry import Action
from desktop.models.run_model import RunModel, show_runs, validation_mcc, validation_value
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.charts import forest
from desktop.widgets.choices import offer
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.parts import EmptyState, badge, button, card, interval, label, line, number
from desktop.widgets.plots import pen, plot
from desktop.widgets.workspace import Workspace


def saved(run: RunEntry) -> float | None:
    """Return the share of energy saved, by counted operations; None before the run is done."""
    account = run.summary.get("account")
    return None if account is None else float(account["energy_saved"])


def percent(value: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage."""
    return "–" if value is None else f"{number(100 * value, decimals)} %"


def _test(figures: dict[str, Any]) -> str:
    return interval(figures["mcc"], figures["mcc_interval"], 2)


def _bits(run: RunEntry) -> float:
    """Return the bits of the weights, in full precision for a trained model; 0 before the run is done."""
    account = run.summary.get("account")
    return float(account["bits"] if account is not None else 32 * run.summary.get("parameters", 0))


COLUMNS = (
    ("Model", lambda r: r.name, lambda r: r.name),
    ("Validation MCC", validation_mcc, validation_value),
    ("Zeros", lambda r: percent(r.summary.get("sparsity")), lambda r: r.summary.get("sparsity", -1)),
    ("Size", lambda r: f"{number(_bits(r) / 8192)} KiB" if _bits(r) else "–", _bits),
    ("Energy saved", lambda r: percent(saved(r)), lambda r: saved(r) or -1),
)


class CompressView(Workspace):
    """A trained model, schemes to compress it by, and the comparison."""

    id = "compress"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: RunEntry | None = None
        self.detail: dict[str, Any] = {}
        self.model = RunModel([(self.tr(title), text, key) for title, text, key in COLUMNS])
        self.set_content(self._build())
        self.follow(session.runs_changed, self._list_runs)
        session.study_changed.connect(self._list_runs)
        self.follow(session.jobs.changed, self._job_changed)
        self._list_runs()

    def _build(self) -> QWidget:
        split = QSplitter()
        split.addWidget(self._recipe())
        middle = QWidget()
        middle.setMinimumWidth(350)
        layout = QVBoxLayout(middle)
        head = QHBoxLayout()
        self.caption, self.simulated = line(self.tr("Energy saved against MCC"), "title"), badge(self.tr("simulated"))
        head.addWidget(self.caption)
        head.addWidget(self.simulated)
        head.addStretch(1)
        layout.addLayout(head)
        layout.addWidget(
            label(
                self.tr(
                    "Line and band: full precision with its 95 % interval on validation events, by which one chooses; "
                    "test events speak of the chosen model. Energy by counted operations, 45 nm figures."
                ),
                "muted",
                wrap=True,
            )
        )
        self.pareto = plot(
            self.tr("Energy saved against validation MCC, with intervals"),
            self.tr("Energy saved per inference (%)"),
            self.tr("Validation MCC"),
        )
        self.pareto.showGrid(x=True, y=True, alpha=0.2)
        layout.addWidget(self.pareto, 3)
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Compressed models beside full precision"))
        show_runs(self.table, self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._row_chosen())
        layout.addWidget(self.table, 2)
        split.addWidget(middle)
        split.addWidget(self._details())
        split.setSizes([270, 730, 300])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        return split

    def _recipe(self) -> QWidget:
        side = QWidget()
        side.setMinimumWidth(270)
        layout = QVBoxLayout(side)
        layout.addWidget(label(self.tr("Compress"), "title"))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.parent_run, self.scheme, self.layers = ElidedComboBox(), ElidedComboBox(), ElidedComboBox()
        offer(self.scheme, SCHEMES)
        offer(self.layers, LAYERS)
        # Rows for the parameters of the scheme that has most; those of the chosen one are shown.
        most = max(len(entry.params) for entry in SCHEMES.values())
        self.scheme_params = [(label("", "muted"), QDoubleSpinBox()) for _ in range(most)]
        self.rate = QDoubleSpinBox()
        self.rate.setDecimals(5)
        self.rate.setRange(0.00001, 1)
        self.rate.setValue(0.001)
        self.epochs = QSpinBox()
        self.epochs.setRange(1, 500)
        self.epochs.setValue(6)
        for title, widget in (
            (label(self.tr("Trained model"), "muted"), self.parent_run),
            (label(self.tr("Scheme"), "muted"), self.scheme),
            *self.scheme_params,
            (label(self.tr("Layers"), "muted"), self.layers),
            (label(self.tr("Epochs of fine-tuning at most"), "muted"), self.epochs),
            (label(self.tr("Learning rate"), "muted"), self.rate),
        ):
            widget.setAccessibleName(title.text())
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            form.addRow(title, widget)
        layout.addLayout(form)
        self.start_button = button(self.tr("Start compressing"), self.start, primary=True)
        layout.addWidget(self.start_button)
        self.state = label("", "muted", wrap=True)
        layout.addWidget(self.state)
        layout.addStretch(1)
        self.scheme.currentIndexChanged.connect(lambda _i: self._scheme_chosen())
        self.parent_run.activated.connect(lambda _i: self._list_runs())
        self._scheme_chosen()
        return side

    def _details(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        self.name = label(self.tr("No model chosen"), "title", wrap=True)
        layout.addWidget(self.name)
        self.facts = label("", "muted", wrap=True)
        layout.addWidget(self.facts)
        frame, inner = card(self.tr("Zeros by layer"))
        self.bars = plot(self.tr("Share of zero weights by layer"), self.tr("Layer"), self.tr("Zeros (%)"))
        self.bars.setMinimumHeight(110)
        inner.addWidget(self.bars)
        layout.addWidget(frame, 1)
        frame, inner = card(self.tr("Weights and thresholds"))
        self.layer = QComboBox()
        self.layer.setAccessibleName(self.tr("Layer of the histogram"))
        self.layer.activated.connect(lambda _i: self._show_histogram())
        self.histogram = plot(self.tr("Histogram of the weights of a layer"), self.tr("Weight"), self.tr("Count"))
        self.histogram.setMinimumHeight(110)
        inner.addWidget(self.layer)
        inner.addWidget(self.histogram)
        layout.addWidget(frame, 1)
        frame, inner = card(self.tr("Seen differently by the two"))
        self.disagreements = QListWidget()
        self.disagreements.setAccessibleName(self.tr("Disagreements: activate one to select its event"))
        self.disagreements.currentItemChanged.connect(self._disagreement)
        inner.addWidget(self.disagreements)
        layout.addWidget(frame, 1)
        self.export = button(self.tr("Send to Export"), self._export, primary=True)
        layout.addWidget(self.export)
        return side

    # The recipe

    def _scheme_chosen(self) -> None:
        params = list(SCHEMES[self.scheme.currentData()].params.values())
        for place, (title, spin) in enumerate(self.scheme_params):
            there = place < len(params)
            title.setVisible(there)
            spin.setVisible(there)
            if there:
                param = params[place]
                title.setText(self.tr(param.title))
                spin.setAccessibleName(title.text())
                spin.setDecimals(max(2, math.ceil(-math.log10(param.step))))
                spin.setRange(param.low, param.high)
                spin.setSingleStep(param.step)
                spin.setValue(param.start)

    def params(self) -> dict[str, Any]:
        """Return the parameters of the compression job."""
        scheme = self.scheme.currentData()
        spins = (spin for _, spin in self.scheme_params)
        return {
            "run": self.parent_run.currentData(),
            "scheme": scheme,
            "scheme_params": {key: spin.value() for key, spin in zip(SCHEMES[scheme].params, spins, strict=False)},
            "layers": self.layers.currentData(),
            "epochs": self.epochs.value(),
            "lr": self.rate.value(),
        }

    def start(self) -> None:
        """Start a compression job."""
        params = self.params()
        if params["run"] is not None:
            name = self.tr("{} of {}").format(params["scheme"], self.parent_run.currentText())
            job = self.session.start_job("compression", name, params, parent=params["run"])
            if job is not None:
                self.choose(job.run)

    def _job_changed(self) -> None:
        running = [job for job in self.session.jobs.running if job.run.kind == "compression"]
        self.state.setText(f"{running[-1].run.name}: {running[-1].message}" if running else "")

    def remember(self) -> dict[str, Any]:
        return {"run": self.run.id} if self.run is not None else {}

    def restore(self, state: dict[str, Any]) -> None:
        study = self.session.study
        runs = study.runs("compression") if study is not None else []
        self.run = next((run for run in runs if run.id == state.get("run")), None)
        if self.run is not None:
            self.parent_run.setCurrentIndex(self.parent_run.findData(self.run.parent))
        self._list_runs()

    # Runs

    def _list_runs(self) -> None:
        study = self.session.study
        if study is None:
            return
        parents = [run for run in study.runs("training") if run.status == "done"]
        if not parents:
            text = self.tr("Here you compress a trained model and see what it costs and saves. First, train one.")
            go = lambda: self.go.emit("train")  # noqa: E731
            self.show_empty(EmptyState(self.tr("No trained model yet"), text, self.tr("Train a model"), go))
            return
        self.show_empty(None)
        self.start_button.setEnabled(self.session.writable)
        compressed = study.runs("compression")
        wanted = self.parent_run.currentData()
        if wanted is None and compressed:
            wanted = compressed[-1].parent
        self.parent_run.clear()
        for run in reversed(parents):
            self.parent_run.addItem(run.name, run.id)
        self.parent_run.setCurrentIndex(max(0, self.parent_run.findData(wanted)))
        parent = next(run for run in parents if run.id == self.parent_run.currentData())
        mine = [run for run in compressed if run.parent == parent.id]
        self.model.show([parent, *mine])
        self.simulated.setVisible(bool(parent.summary.get("data", {}).get("simulated")))
        self._show_pareto(parent, mine)
        known = {run.id: run for run in mine}
        if self.run is not None and self.run.id in known:
            self.choose(known[self.run.id])
        elif mine:
            self.choose(mine[-1])
        else:
            self._clear()

    def _show_pareto(self, parent: RunEntry, mine: list[RunEntry]) -> None:
        points, known = [], list(SCHEMES)
        for run in mine:
            figures = run.summary.get("metrics", {}).get("validation")
            if figures is not None:
                place = known.index(run.summary["scheme"]) if run.summary["scheme"] in known else len(known)
                low, high = figures["mcc_interval"]
                points.append(
                    {
                        "x": 100 * (saved(run) or 0.0), "y": figures["mcc"], "low": low, "high": high,
                        "colour": theme.class_colour(place + 1), "name": run.summary["scheme"],
                        "symbol": theme.PLOT_SYMBOLS[place % len(theme.PLOT_SYMBOLS)],
                    }
                )  # fmt: skip
        forest(self.pareto, points)
        for point in points:
            text = pg.TextItem(point["name"], color=theme.token("text"), anchor=(-0.15, 1.1))
            text.setPos(point["x"], point["y"])
            self.pareto.addItem(text)
        full = parent.summary["metrics"]["validation"]
        low, high = full["mcc_interval"]
        band = pg.LinearRegionItem(
            (low, high),
            orientation="horizontal",
            movable=False,
            brush=pg.mkBrush(120, 140, 170, 40),
            pen=pg.mkPen(None),
        )
        band.setZValue(-10)
        self.pareto.addItem(band)
        self.pareto.addItem(pg.InfiniteLine(full["mcc"], angle=0, pen=pen("muted", 1.5)))
        lows = [low, *(p["low"] for p in points)]
        highs = [high, *(p["high"] for p in points)]
        self.pareto.setYRange(min(lows) - 0.03, min(1.02, max(highs) + 0.03), padding=0)
        left = min([0.0, *(p["x"] for p in points)])
        self.pareto.setXRange(left - 3, 103, padding=0)

    def _row_chosen(self) -> None:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        chosen = [self.model.runs[row] for row in rows if self.model.runs[row].kind == "compression"]
        if chosen:
            self.choose(chosen[0])

    def choose(self, run: RunEntry) -> None:
        """Show the details of a compressed model."""
        self.run = run
        self.name.setText(run.name)
        self.export.setEnabled(run.status == "done")
        if run.status != "done":
            self._blank()
            self.facts.setText(run.summary.get("message") or run.status)
            return
        path = run.folder / "compression.json"
        self.session.tasks.submit("compress detail", read_json, path, done=lambda d: self._show_detail(run, d))

    def _clear(self) -> None:
        self.run = None
        self.name.setText(self.tr("No compressed model yet"))
        self.facts.setText(self.tr("Choose a scheme on the left and start."))
        self.export.setEnabled(False)
        self._blank()

    def _blank(self) -> None:
        self.detail = {}
        for canvas in (self.bars, self.histogram):
            canvas.clear()
        self.layer.clear()
        self.disagreements.clear()

    def _show_detail(self, run: RunEntry, detail: dict[str, Any]) -> None:
        if self.run is None or self.run.id != run.id:
            return  # another was chosen meanwhile
        self.detail, summary = detail, run.summary
        account = detail["accounts"]["operations"]
        full, now = account["operations_full"], account["operations"]
        lines = [
            self.tr("Test MCC {}, full precision {}, n = {}").format(
                _test(summary["metrics"]["test"]), _test(summary["full"]), summary["metrics"]["test"]["n"]
            ),
            self.tr("Difference on the same test events {}").format(
                interval(summary["delta_mcc"], summary["delta_mcc_interval"], 2)
            ),
            self.tr("Multiplies {} → {}, additions {} → {}").format(
                *(number(n) for n in (full["multiplies"], now["multiplies"], full["additions"], now["additions"]))
            ),
            self.tr("Best encoding: {}").format(account["best_encoding"].replace("_", " ")),
            self.tr("By the talk's formula the energy saved is {}").format(
                percent(detail["accounts"]["talk"]["energy_saved"])
            ),
        ]
        self.facts.setText("\n".join(lines))
        layers = detail["layers"]
        self.bars.clear()
        heights = [100 * layer["sparsity"] for layer in layers]
        self.bars.addItem(
            pg.BarGraphItem(x=np.arange(len(layers)), height=heights, width=0.7, brush=theme.token("accent"), pen=None)
        )
        self.bars.getAxis("bottom").setTicks([[(n, str(n + 1)) for n in range(len(layers))]])
        self.bars.setYRange(0, 100, padding=0.02)
        self.layer.clear()
        for n, layer in enumerate(layers, 1):
            shape = " × ".join(map(str, layer["shape"]))
            self.layer.addItem(f"{n}  {layer['name'].removesuffix('.weight')}  ({shape})")
        self._show_histogram()
        self.disagreements.clear()
        for d in detail["disagreements"][:500]:
            full_mark, mark = ("✔" if d[who] == d["true"] else "✖" for who in ("full", "compressed"))
            text = self.tr("{} is {}: full {} {}, compressed {} {}")
            item = QListWidgetItem(text.format(d["event"], d["true"], d["full"], full_mark, d["compressed"], mark))
            item.setData(Qt.ItemDataRole.UserRole, d["event"])
            self.disagreements.addItem(item)
        if not detail["disagreements"]:
            self.disagreements.addItem(self.tr("None: both say the same of every test event."))

    def _show_histogram(self) -> None:
        layers = self.detail.get("layers", [])
        place = self.layer.currentIndex()
        self.histogram.clear()
        if not 0 <= place < len(layers):
            return
        layer = layers[place]
        edges, counts = np.array(layer["edges"]), np.array(layer["counts"])
        self.histogram.plot(edges, counts, stepMode="center", fillLevel=0, brush=theme.token("unlabelled"), pen=None)
        for value, key in (
            (layer["low"], "bad"),
            (layer["high"], "bad"),
            (layer["w_p"], "accent"),
            (-layer["w_n"], "accent"),
        ):
            self.histogram.addItem(pg.InfiniteLine(value, pen=pen(key, 1.5)))
        self.histogram.setToolTip(self.tr("Red: thresholds. Blue: the two values that stand for all others."))
        self.histogram.setXRange(edges[0], edges[-1], padding=0.02)
        self.histogram.setYRange(0, counts.max() * 1.05, padding=0)

    def _disagreement(self, item: QListWidgetItem | None, _before: QListWidgetItem | None = None) -> None:
        event = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if event is not None:
            self.session.selection.set((event,), self)

    def _export(self) -> None:
        if self.run is not None:
            self.hand_over.emit("export", self.run.id)

    def take(self, run_id: str) -> None:
        """Compress this trained model."""
        self._list_runs()
        self.parent_run.setCurrentIndex(self.parent_run.findData(run_id))
        self._list_runs()

    def activate(self) -> None:
        self._list_runs()

    def actions_of_room(self) -> list[Action]:
        menu = self.tr("Compress")
        return [
            Action("compress.start", self.tr("Start compressing"), self.start, menu, "Ctrl+Return"),
            Action("compress.export", self.tr("Send to Export"), self._export, menu, "Ctrl+E"),
        ]
