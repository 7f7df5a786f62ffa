"""Whom late fusion trusts for which class: the table of its weights."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from core.training import Trust
from desktop.services import theme
from desktop.services.session import Session
from desktop.views.train.results import Result
from desktop.widgets.parts import label, number


class TrustPage(QWidget):
    """Classes by members; where weights are constrained, those of a class sum to 1."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._trust: Trust | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        self.text = label("", wrap=True)
        self.table = QTableWidget()
        self.table.setAccessibleName(self.tr("Weight of each member for each class"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        column.addWidget(self.text)
        column.addWidget(self.table, 1)
        theme.changed.connect(self._fill)

    def show_result(self, result: Result | None) -> None:
        """Show the weights of a run."""
        self._trust = None if result is None else result.trust
        self._fill()

    def _fill(self) -> None:
        trust = self._trust
        if trust is None:
            self.text.setText(
                self.tr("A late fusion says here whom it trusts for which class. This run is of another model.")
            )
            self.table.setRowCount(0)
            self.table.setColumnCount(0)
            return
        self.text.setText(
            self.tr(
                "How much each model counts for each class, learned on the training events; those of a class sum to 1."
            )
            if trust.constrained
            else self.tr("Weights as published: of any sign, they do not sum to 1.")
        )
        titles = [self.tr(name.replace("_", " ")) for name in trust.members]
        self.table.setRowCount(len(trust.classes))
        self.table.setColumnCount(len(titles) + 1)
        self.table.setHorizontalHeaderLabels([*titles, self.tr("sum")])
        self.table.setVerticalHeaderLabels(list(trust.classes))
        accent = QColor(theme.token("accent"))
        for row, name in enumerate(trust.classes):
            self.table.verticalHeaderItem(row).setIcon(theme.class_icon(self._session.position_of(name)))
            weights = trust.weights[:, row].tolist()
            for column, weight in enumerate([*weights, sum(weights)]):
                item = QTableWidgetItem(number(weight, 2))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if column < len(weights) and trust.constrained:
                    shade = QColor(accent)
                    shade.setAlphaF(0.05 + 0.5 * min(max(weight, 0.0), 1.0))
                    item.setBackground(shade)
                self.table.setItem(row, column, item)
