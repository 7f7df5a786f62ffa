"""What can be done in the room, with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.actions.registry import Action

if TYPE_CHECKING:
    from desktop.views.train.view import TrainView


def actions(room: TrainView) -> list[Action]:
    """Return the actions of the room."""
    tr = room.tr
    menu = tr("Train")
    pages = [
        Action(
            f"train.page{n}",
            tr("Show: {}").format(room.pages.tabText(n)),
            lambda n=n: room.show_page(n),
            menu,
            f"Alt+{n}",
        )
        for n in range(room.pages.count())
    ]
    return [
        Action("train.start", tr("Start training"), room.recipe.start_button.click, menu, "Ctrl+Return"),
        Action("train.stop", tr("Stop the run"), room.stop, menu, "Ctrl+."),
        Action("train.resume", tr("Resume the run"), room.resume_run, menu),
        Action("train.go_on", tr("Let the runs that wait go on"), room.queue.go_on, menu),
        Action("train.reuse", tr("Use the recipe of the run"), room.runs.reuse.click, menu),
        Action("train.recipe", tr("Go to the recipe"), room.recipe.preset.setFocus, menu, "R"),
        Action("train.runs", tr("Go to the runs"), room.runs.table.setFocus, menu, "U"),
        *pages,
        Action("train.errors", tr("Review the errors, the surest first"), room.review_errors, menu, "E"),
        Action("train.next", tr("Next error"), lambda: room.errors.next(1), menu, "N"),
        Action("train.previous", tr("Previous error"), lambda: room.errors.next(-1), menu, "P"),
        Action("train.look", tr("What the model looked at"), room.look.toggle, menu, "L"),
        Action("train.compress", tr("Compress this model"), room.runs.to_compress.click, menu),
    ]
