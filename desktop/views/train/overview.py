"""A run at a glance: how far it is, its curves, its test figures, the confusion matrix."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from core.study import RunEntry
from desktop.services.jobs import Job
from desktop.widgets.charts import ConfusionTable, CurvesChart
from desktop.widgets.jobs_panel import time_left
from desktop.widgets.parts import badge, button, card, label, line, number


def figures_of_test(run: RunEntry) -> dict[str, Any] | None:
    """Return the test figures of a finished run."""
    figures: dict[str, Any] | None = run.summary.get("metrics", {}).get("test")
    return figures


class RunHead(QWidget):
    """Name and state of the run, Stop and Resume."""

    def __init__(self) -> None:
        super().__init__()
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.name, self.simulated = line(self.tr("No run chosen"), "title"), badge(self.tr("simulated"))
        self.simulated.hide()
        self.cancel = button(
            self.tr("Stop"), lambda: None, tip=self.tr("Stops at the next checkpoint; it can be resumed (Ctrl+.)")
        )
        self.resume = button(self.tr("Resume"), lambda: None, primary=True)
        row.addWidget(self.name, 1)
        for widget in (self.simulated, self.cancel, self.resume):
            row.addWidget(widget)
        self.state = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setProperty("role", "thin")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        column.addLayout(row)
        column.addWidget(self.state)
        column.addWidget(self.bar)

    def show_state(self, run: RunEntry | None, job: Job | None, *, writable: bool, note: str = "") -> None:
        """Say how far the run is, or how it ended, with a note of what is shown."""
        running = job is not None and job.running
        self.cancel.setVisible(running)
        stopped = run is not None and run.status in ("cancelled", "failed", "interrupted")
        self.resume.setVisible(stopped and not running and writable)
        self.bar.setVisible(running)
        if job is not None and running:
            self.bar.setValue(round(1000 * job.fraction))
        if job is not None and (running or run is None or run.status != "done"):
            parts = [job.message, f"{number(100 * job.fraction)} %" if running else "", time_left(job)]
            self.state.setText(" · ".join(part for part in parts if part))
        else:
            self.state.setText("" if run is None else "; ".join(text for text in (self._made(run), note) if text))

    def _made(self, run: RunEntry) -> str:
        if run.status != "done":
            return run.status
        if run.kind == "experiment":
            n, seconds = len(run.summary["cells"]), number(run.summary["seconds"])
            return self.tr("{} trainings, {} s, seed {}").format(number(n), seconds, run.seed)
        best, epochs, seconds = run.summary["best_epoch"], run.summary["epochs"], run.summary["seconds"]
        return self.tr("best epoch {} of {}, {} s, seed {}").format(best, epochs, number(seconds), run.seed)


class Overview(QWidget):
    """Curves above; test figures and confusion below."""

    def __init__(self) -> None:
        super().__init__()
        self.curves, self.confusion = CurvesChart(), ConfusionTable()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self.curves, 3)
        below = QWidget()
        below.setMinimumHeight(220)
        lower = QHBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        figures, inner = card(self.tr("Test events"))
        self.mcc, self.facts = label("", "figure"), label("", "muted", wrap=True)
        inner.addWidget(self.mcc)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        facts = QScrollArea()  # warnings must never be cut off
        facts.setWidget(self.facts)
        facts.setWidgetResizable(True)
        facts.setFrameShape(QFrame.Shape.NoFrame)
        facts.viewport().setAutoFillBackground(False)
        self.facts.setAutoFillBackground(False)
        inner.addWidget(facts, 1)
        figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # the matrix needs the room
        figures.setMinimumWidth(152)  # of an MCC
        lower.addWidget(figures, 2)
        matrix, inner = card(self.tr("Confusion"))
        inner.addWidget(label(self.tr("A cell selects its events and lists them under Errors."), "muted", wrap=True))
        inner.addWidget(self.confusion)
        lower.addWidget(matrix, 3)
        layout.addWidget(below, 3)

    def show_run(self, run: RunEntry) -> None:
        """Show the figures that the run left; if there are none yet, say why."""
        test = figures_of_test(run)
        if test is None:
            self.mcc.setText("–")
            ended = run.status not in ("running", "done")
            waiting = self.tr("The figures come when the run is done.")
            self.facts.setText(run.summary.get("message") or run.status if ended else waiting)
            self.confusion.setRowCount(0)
            return
        low, high = test["mcc_interval"]
        self.mcc.setText(self.tr("MCC {}").format(number(test["mcc"], 3)))
        f1 = ", ".join(f"{name} {number(test['f1'][name], 2)}" for name in test["classes"])
        split = run.summary["split"]
        sides = self.tr("{} train, {} validation, {} test").format(
            *(number(split[s]) for s in ("train", "validation", "test"))
        )
        lines = [
            self.tr("95 % interval {} to {} over {}, n = {}").format(
                number(low, 3), number(high, 3), test["interval_over"], number(test["n"])
            ),
            self.tr("F1 by class: {}").format(f1),
            self.tr("{} weights").format(number(run.summary["parameters"])),
            self.tr("Split by {}: {}").format(split["unit"], sides),
            *run.summary.get("warnings", []),
        ]
        self.facts.setText("\n".join(lines))
        self.confusion.show_counts(test["confusion"], test["classes"])
