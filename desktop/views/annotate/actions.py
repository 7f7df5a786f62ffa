"""What can be done in the room, with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.actions.registry import Action
from desktop.views.annotate.tools_bar import DENSITY_KEY, SEVERAL_KEY, TOOL_KEYS
from desktop.widgets.map import TOOLS

if TYPE_CHECKING:
    from desktop.views.annotate.view import AnnotateView


def actions(room: AnnotateView) -> list[Action]:
    """Return the actions of the room."""
    tr, words = room.tr, QCoreApplication.translate
    menu, proposing = tr("Annotate"), room.proposing

    def tool(name: str) -> Action:
        title = tr("Tool: {}").format(words("map", TOOLS[name].title))
        return Action(f"annotate.{name}", title, lambda: room.tools.choose(name), menu, TOOL_KEYS.get(name, ""))

    return [
        *(tool(name) for name in TOOLS),
        Action("annotate.density", tr("Density, or events"), room.tools.dense.toggle, menu, DENSITY_KEY),
        Action("annotate.several", tr("Maps side by side, or one"), room.tools.three.toggle, menu, SEVERAL_KEY),
        Action("annotate.all", tr("Select all events of the map"), room.select_all, menu, "Ctrl+A"),
        Action("annotate.next", tr("Next event"), lambda: room.step(1), menu, "N"),
        Action("annotate.previous", tr("Previous event"), lambda: room.step(-1), menu, "P"),
        Action("annotate.preview", tr("Preview propagated labels"), proposing.preview, menu, "Ctrl+Return"),
        Action("annotate.accept", tr("Accept the preview"), proposing.accept, menu, "Ctrl+Shift+Return"),
        Action("annotate.discard", tr("Discard the preview"), proposing.discard, menu, "Esc"),
        Action(
            "annotate.retract",
            tr("Retract all that descends from its human label"),
            room.lineage.retract,
            menu,
            "Ctrl+Backspace",
        ),
        Action("annotate.queue", tr("Label next: ask which"), room.show_queue, menu, "J"),
        Action("annotate.table", tr("Table of the events"), room.show_table, menu, "E"),
        Action("annotate.play", tr("Play the event, or stop"), room.pointing.card.play, menu, "Space"),
        Action("annotate.export", tr("Export labels…"), room.exporting.ask, menu, "Ctrl+Shift+E"),
        Action("annotate.learn", tr("Learn features…"), room.making.learn, menu),
        Action("annotate.maps", tr("Make maps…"), room.making.project, menu),
    ]
