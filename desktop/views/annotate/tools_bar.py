"""The line above the map: tools, how they join the selection, and other views of the map."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from desktop.widgets.elided import ElidedComboBox
from desktop.widgets.map import MODES, TOOLS

TOOL_KEYS = {"pan": "V", "lasso": "L", "rectangle": "R", "brush": "B"}
DENSITY_KEY, SEVERAL_KEY = "D", "T"
LEAST_MODE, LEAST_MODE_PX = 8, 72  # letters that are seen where there is room, and what there is in any case


def toggle(text: str, tip: str) -> QToolButton:
    """Return a button that stays down."""
    made = QToolButton()
    made.setProperty("role", "toggle")
    made.setCheckable(True)
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    return made


class ToolsBar(QWidget):
    """Tells which `tool` and `mode` are wanted, whether the `density`, and whether `several` maps are to be seen."""

    tool = Signal(str)
    mode = Signal(str)
    density = Signal(bool)
    several = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.tools: dict[str, QToolButton] = {}
        words = QCoreApplication.translate
        for name, entry in TOOLS.items():
            key = TOOL_KEYS.get(name, "")
            tip = words("map", entry.help) + (f" ({key})" if key else "")
            self.tools[name] = toggle(words("map", entry.title), tip)
            self.tools[name].clicked.connect(lambda _checked=False, name=name: self.choose(name))
            row.addWidget(self.tools[name])
        row.addSpacing(8)
        self.modes = ElidedComboBox()
        self.modes.setMinimumContentsLength(LEAST_MODE)
        self.modes.setMinimumWidth(LEAST_MODE_PX)
        self.modes.setAccessibleName(self.tr("What is chosen"))
        self.modes.setToolTip(
            self.tr("How what you choose joins the selection; Shift adds, Alt takes away, both keep only")
        )
        for name, mode in MODES.items():
            self.modes.addItem(words("map", mode.title), name)
        self.modes.activated.connect(lambda n: self.mode.emit(self.modes.itemData(n)))
        row.addWidget(self.modes)
        self.dense = toggle(self.tr("Density"), self.tr("Show how many events lie where (D)"))
        self.dense.toggled.connect(self.density)
        self.three = toggle(self.tr("Side by side"), self.tr("Best, middle and worst map with one selection (T)"))
        self.three.toggled.connect(self.several)
        self.looks = (self.dense, self.three)  # beside the caption: in this row there is no room on a small screen
        self.tools["pan"].setChecked(True)

    def choose(self, name: str) -> None:
        """Use a tool; the one in use again goes back to moving the map."""
        down = next((tool for tool, one in self.tools.items() if one.property("used")), "pan")
        name = "pan" if name == down else name
        for tool, one in self.tools.items():
            one.setProperty("used", tool == name)
            one.setChecked(tool == name)
        self.tool.emit(name)
