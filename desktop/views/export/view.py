"""Export: choose a model, see its size, write the bundle, watch its checks turn green."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.export import Report, verify_bundle
from core.study import RunEntry
from desktop.actions.registry import Action
from desktop.models.run_model import RunModel, show_runs
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.parts import EmptyState, badge, button, card, interval, label, local_time, number
from desktop.widgets.workspace import Workspace

CONTENTS = (
    "model.onnx: from representation to class probabilities (opset 18)",
    "model.safetensors, model.json: weights and architecture",
    "preprocessing.json: rate, channels, units, window and every constant",
    "vectors: real test windows with their expected answers",
    "check.py: runs the vectors with numpy and onnxruntime alone",
    "MODEL_CARD.md: data, figures with intervals, limits",
    "manifest.json: SHA-256 of every file",
)

COLUMNS = (
    ("Bundle", lambda r: Path(r.params.get("path", "")).name, lambda r: r.name),
    ("Checks", lambda r: _state(r), lambda r: _state(r)),
    ("Size", lambda r: f"{number(r.summary.get('bytes', 0) / 1024)} KiB", lambda r: r.summary.get("bytes", 0)),
    ("SHA-256", lambda r: r.summary.get("sha256", "")[:16], lambda r: r.summary.get("sha256", "")),
    ("Made", lambda r: local_time(r.created), lambda r: r.created),
)


def _state(run: RunEntry) -> str:
    if run.status != "done":
        return run.status
    checks = run.summary["checks"]
    passed = sum(check["passed"] for check in checks)
    return f"{passed} of {len(checks)} passed"


class ExportView(Workspace):
    """Three steps on one page, the checks, and the bundles written so far."""

    id = "export"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: RunEntry | None = None
        self._own_path = False  # whether the path is the user's, not the one proposed
        self.model = RunModel([(self.tr(title), text, key) for title, text, key in COLUMNS])
        self.set_content(self._build())
        self.follow(session.runs_changed, self._list_runs)
        session.study_changed.connect(self._study_changed)
        self.follow(session.jobs.changed, self._job_changed)
        self._list_runs()

    def _build(self) -> QWidget:
        content = QWidget()
        outer = QHBoxLayout(content)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.setSpacing(16)
        left = QVBoxLayout()
        frame, inner = card(self.tr("1  Model"))
        self.choice = ElidedComboBox()
        self.choice.setAccessibleName(self.tr("Model to export"))
        self.choice.activated.connect(lambda _i: self._model_chosen())
        row = QHBoxLayout()
        self.simulated = badge(self.tr("simulated"))
        row.addWidget(self.choice, 1)
        row.addWidget(self.simulated)
        inner.addLayout(row)
        self.facts = label("", "muted", wrap=True)
        inner.addWidget(self.facts)
        left.addWidget(frame)
        frame, inner = card(self.tr("2  Contents"))
        inner.addWidget(label("\n".join(f"•  {line}" for line in CONTENTS), wrap=True))
        left.addWidget(frame)
        frame, inner = card(self.tr("3  Where"))
        row = QHBoxLayout()
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("Path of the bundle"))
        row.addWidget(self.path, 1)
        row.addWidget(button(self.tr("Choose…"), self._choose_path))
        inner.addLayout(row)
        self.path.textEdited.connect(lambda _text: setattr(self, "_own_path", True))
        self.start_button = button(self.tr("Write and verify the bundle"), self.start, primary=True)
        inner.addWidget(self.start_button)
        left.addWidget(frame)
        left.addStretch(1)
        outer.addLayout(left, 1)
        right = QVBoxLayout()
        frame, inner = card(self.tr("Checks that really ran"))
        self.checks = QListWidget()
        self.checks.setAccessibleName(self.tr("Checks of the bundle"))
        self.checks_text = label(self.tr("They appear when a bundle has been written."), "muted", wrap=True)
        inner.addWidget(self.checks_text)
        inner.addWidget(self.checks, 1)
        right.addWidget(frame, 3)
        frame, inner = card(self.tr("Bundles"))
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Bundles written so far"))
        show_runs(self.table, self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._row_chosen())
        inner.addWidget(self.table, 1)
        row = QHBoxLayout()
        self.again = button(self.tr("Verify again"), self.verify_again)
        self.folder = button(self.tr("Open folder"), self._open_folder)
        row.addWidget(self.again)
        row.addWidget(self.folder)
        row.addStretch(1)
        inner.addLayout(row)
        right.addWidget(frame, 2)
        outer.addLayout(right, 1)
        return content

    # The three steps

    def _list_runs(self) -> None:
        study = self.session.study
        if study is None:
            return
        models = [run for run in study.runs() if run.kind in ("training", "compression") and run.status == "done"]
        if not models:
            text = self.tr(
                "Here you write a bundle that a device engineer can verify. First, train and compress a model."
            )
            go = lambda: self.go.emit("train")  # noqa: E731
            self.show_empty(EmptyState(self.tr("No model yet"), text, self.tr("Train a model"), go))
            return
        self.show_empty(None)
        wanted = self.choice.currentData()
        self.choice.clear()
        for run in reversed(models):
            self.choice.addItem(f"{run.name}  ·  {local_time(run.created)}", run.id)
        self.choice.setCurrentIndex(max(0, self.choice.findData(wanted)))
        self._describe()
        self._propose_path()
        exports = study.runs("export")
        self.model.show(exports)
        known = {run.id: run for run in exports}
        if self.run is not None and self.run.id in known:
            self._show_run(known[self.run.id])
        elif exports:
            self._show_run(exports[-1])
        for widget in (self.again, self.folder):
            widget.setEnabled(self.run is not None and self.run.status == "done")

    def _describe(self) -> None:
        study = self.session.study
        assert study is not None
        run = study.run(self.choice.currentData())
        test = run.summary["metrics"]["test"]
        lines = [self.tr("Test MCC {}, n = {}").format(interval(test["mcc"], test["mcc_interval"]), number(test["n"]))]
        account = run.summary.get("account")
        if account is not None:
            lines.append(
                self.tr("{} of {} KiB of weights; {} multiplies and {} additions per inference").format(
                    number(account["bits"] / 8192),
                    number(account["bits_full"] / 8192),
                    number(account["operations"]["multiplies"]),
                    number(account["operations"]["additions"]),
                )
            )
        else:
            weights = run.summary["parameters"]
            lines.append(
                self.tr("{} weights, {} KiB, full precision").format(number(weights), number(weights * 4 / 1024))
            )
        parent = study.run(run.parent) if run.parent else run
        self.simulated.setVisible(bool(parent.summary.get("data", {}).get("simulated")))
        self.facts.setText("\n".join(lines))

    def _study_changed(self) -> None:
        """Bundles of another study go to its own folder."""
        self.run, self._own_path = None, False
        self._list_runs()

    def _model_chosen(self) -> None:
        self._own_path = False
        self._describe()
        self._propose_path()

    def _propose_path(self) -> None:
        """Propose a name that is free, unless the user chose one."""
        study = self.session.study
        if self._own_path or study is None:
            return
        name = re.sub(r"[^\w.-]+", "-", study.run(self.choice.currentData()).name).strip("-") or "bundle"
        suffixes = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
        paths = (study.folder / "exports" / f"{name}{suffix}.zip" for suffix in suffixes)
        self.path.setText(str(next(path for path in paths if not path.exists())))

    def may_replace(self, path: Path) -> bool:
        """Ask whether a bundle that is there may be replaced."""
        question = self.tr("{} is there already. Its place in the list below would point to the new bundle.")
        box = QMessageBox(self)
        box.setWindowTitle(self.tr("Replace the bundle?"))
        box.setText(question.format(path.name))
        replace = box.addButton(self.tr("Replace it"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.tr("Keep it"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is replace

    def _choose_path(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Write the bundle to"), self.path.text(), self.tr("Bundles (*.zip)")
        )
        if path:
            self._own_path = True
            self.path.setText(path)

    def start(self) -> None:
        """Write the bundle and verify it, in a job."""
        run, text = self.choice.currentData(), self.path.text().strip()
        path = Path(text).expanduser().resolve()
        if run is not None and text and (not path.exists() or self.may_replace(path)):
            job = self.session.start_job("export", path.name, {"run": run, "path": str(path)}, parent=run)
            if job is not None:
                self.run = job.run
                self.checks.clear()
                self.checks_text.setText(self.tr("Writing and verifying…"))

    def _job_changed(self) -> None:
        running = [job for job in self.session.jobs.running if job.run.kind == "export"]
        self.start_button.setEnabled(not running and self.session.writable)
        if running:
            self.checks_text.setText(running[-1].message)

    # Checks and history

    def _row_chosen(self) -> None:
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        if rows:
            self._show_run(self.model.runs[min(rows)])

    def _show_run(self, run: RunEntry) -> None:
        self.run = run
        if run.status == "done":
            self._show_checks(run.summary["checks"], Path(run.params["path"]).name)
        else:
            self.checks_text.setText(run.summary.get("message") or run.status)

    def _show_checks(self, checks: list[dict[str, Any]], name: str) -> None:
        self.checks.clear()
        for check in checks:
            item = QListWidgetItem(f"{'✔' if check['passed'] else '✖'}  {check['name']}: {check['detail']}")
            item.setForeground(QColor(theme.token("good" if check["passed"] else "bad")))
            self.checks.addItem(item)
        passed = sum(check["passed"] for check in checks)
        self.checks_text.setText(self.tr("{}: {} of {} checks passed").format(name, passed, len(checks)))

    def verify_again(self) -> None:
        """Verify the chosen bundle again, in the background."""
        if self.run is None:
            return
        run, path, sealed = self.run, Path(self.run.params["path"]), self.run.summary.get("sha256")
        self.checks_text.setText(self.tr("Verifying…"))

        def here() -> bool:
            return self.run is not None and self.run.id == run.id

        def done(report: Report) -> None:
            if here():
                self._show_checks(report.to_json()["checks"], path.name)

        def failed(error: Exception) -> None:
            if here():
                self.checks.clear()
                self.checks_text.setText(self.tr("{} could not be verified now.").format(path.name))
            self.session.failed.emit(error)

        self.session.tasks.submit("export verify", verify_bundle, path, sealed, done=done, failed=failed)

    def _open_folder(self) -> None:
        if self.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self.run.params["path"]).parent)))

    def activate(self) -> None:
        self._list_runs()

    def take(self, run_id: str) -> None:
        """Export this model."""
        self.choice.setCurrentIndex(self.choice.findData(run_id))
        self._list_runs()

    def actions_of_room(self) -> list[Action]:
        menu = self.tr("Export")
        return [
            Action("export.start", self.tr("Write and verify the bundle"), self.start, menu, "Ctrl+Return"),
            Action("export.verify", self.tr("Verify again"), self.verify_again, menu),
        ]
