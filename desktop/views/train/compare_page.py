"""Runs side by side: validation figures rank them, test figures speak, and differences are of the same events."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from core.study import RunEntry
from desktop.services.guard import while_alive
from desktop.services.session import Session
from desktop.views.train.figures_page import fill, table, told
from desktop.views.train.results import Compared, Difference, compare_runs
from desktop.widgets.parts import NOTHING, interval, label, number


class ComparePage(QWidget):
    """A column for each run, the best by validation first."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._asked: list[str] = []
        self.compared: Compared | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        self.text = label("", wrap=True)
        self.table = table([""], self.tr("Runs side by side"))
        column.addWidget(self.text)
        column.addWidget(self.table, 1)
        self._say_how()

    def show_runs(self, runs: Sequence[RunEntry]) -> None:
        """Compare runs, as far as they are done."""
        done = [run for run in runs if run.status == "done" and run.kind == "training"]
        self._asked = [run.id for run in done]
        if len(done) < 2:
            self.clear()
            if len(runs) >= 2:
                self.text.setText(
                    self.tr(
                        "Only runs that are done can be compared: choose two of them. Experiments compare their variants on "
                        "their page Folds."
                    )
                )
            return
        self.text.setText(self.tr("Comparing {} runs…").format(len(done)))
        subjects = {entry.id: entry.subject or "" for entry in self._session.recordings}
        asked = self._asked
        self._session.tasks.submit(
            "train compare", compare_runs, done, self._session.events, subjects,
            done=while_alive(self, lambda found: self._show(found) if asked == self._asked else None),
            failed=while_alive(self, lambda error: self.text.setText(str(error))),
        )  # fmt: skip

    def clear(self) -> None:
        """Show nothing."""
        self.compared = None
        fill(self.table, [])
        self.table.setColumnCount(0)
        self._say_how()

    def _say_how(self) -> None:
        self.text.setText(
            self.tr("Choose two or more runs on the right (Ctrl+click, or Shift and arrows) to see them side by side.")
        )

    def _show(self, compared: Compared) -> None:
        self.compared = compared
        results = compared.results
        self.table.setColumnCount(len(results) + 1)
        titles = [self._title(result.run) for result in results]
        self.table.setHorizontalHeaderLabels(["", *titles])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column, title in enumerate(titles, 1):
            self.table.horizontalHeaderItem(column).setToolTip(title)
        fill(self.table, self._rows(compared))
        best = results[0].run.name
        self.text.setText(
            self.tr(
                "“{}” is the best by validation. Choose by validation figures; test figures are of the chosen one, or they "
                "would choose it. Differences are from the first, on the same events, with 95 % intervals."
            ).format(best)
        )

    def _title(self, run: RunEntry) -> str:
        return self.tr("{}, seed {}").format(run.name, run.seed)

    def _rows(self, compared: Compared) -> list[list[str]]:
        results = compared.results
        validation = [result.figures.get("validation", {}) for result in results]
        test = [result.figures.get("test", {}) for result in results]
        n_of = [[NOTHING if not one else number(one["n"]) for one in side] for side in (validation, test)]
        rows = [
            [self.tr("Validation MCC"), *(told(one, "mcc", 3) for one in validation)],
            [self.tr("  n"), *n_of[0]],
            [self.tr("  less the first"), *self._differences(compared, "validation")],
            [self.tr("Test MCC"), *(told(one, "mcc", 3) for one in test)],
            [self.tr("  n"), *n_of[1]],
            [self.tr("  less the first"), *self._differences(compared, "test")],
            [self.tr("Test balanced accuracy"), *(told(one, "balanced_accuracy", 3) for one in test)],
            [self.tr("Test macro F1"), *(told(one, "macro_f1", 3) for one in test)],
        ]
        classes = list(dict.fromkeys(name for result in results for name in result.classes))
        for name in classes:
            of_class = [one.get("per_class", {}).get(name, {}) for one in test]
            rows.append([self.tr("Test F1 of {}").format(name), *(told(one, "f1", 3) for one in of_class)])
        of_run = [result.run.summary for result in results]
        rows.append([self.tr("Weights"), *(number(one.get("parameters", 0)) for one in of_run)])
        rows.append([self.tr("Trained"), *(self.tr("{} s").format(number(one.get("seconds", 0))) for one in of_run)])
        return rows

    def _differences(self, compared: Compared, side: str) -> list[str]:
        _first, *others = compared.differences
        return [NOTHING, *(self._difference(one[side]) for one in others)]

    def _difference(self, found: Difference | None) -> str:
        if found is None:
            return self.tr("other events or classes")
        sign = "+" if found.value > 0 else ""
        between = number(found.value, 3) if found.interval is None else interval(found.value, found.interval, 3)
        p = "" if found.p is None else self.tr(", p {}").format(_p(found.p))
        return self.tr("{}{}{}, n = {}").format(sign, between, p, number(found.n))


def _p(value: float) -> str:
    return f"< {number(0.001, 3)}" if value < 0.001 else f"= {number(value, 3)}"
