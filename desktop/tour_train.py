"""The tour through Train: both models by their recipes, figures, errors with what the model looked at, a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.cli import DEMO

if TYPE_CHECKING:
    from desktop.tour import Tour

STARTS = {"cnn2d": "first", "cnn_transformer": "signal"}  # the recipe that each model of the demo begins from


def train_models(tour: Tour) -> None:
    """Train both models, one after the other; look at every page of the room on the way."""
    tour.window.enter("train")
    room: Any = tour.window.rooms["train"]
    recipe = room.recipe
    for place, (name, start) in enumerate(STARTS.items()):
        demo = DEMO[name]
        recipe.use_recipe(start)
        for field in ("max_epochs", "patience", "lr"):
            if field in demo:
                recipe.field(field).set_value(demo[field])
        tour.wait(lambda: not recipe.guard_box.pending)
        if recipe.guard_box.accept.isVisible():
            recipe.guard_box.accept.setChecked(True)
        if not place:
            tour.picture(
                "train-recipe", "Train: a recipe in words, the sides of the split and what leaks, before Start"
            )
        done = tour.job(recipe.start_button.click)
        tour.figures[f"test MCC of {name}"] = tour.mcc(done)
    tour.picture("train", "Train: curves, test figures with their interval, confusion whose cells select events")
    look_at_pages(tour, room)
    compare(tour, room)


def look_at_pages(tour: Tour, room: Any) -> None:
    """Look at figures, curves and errors of the run, and at what the model looked at."""
    room.pages.setCurrentWidget(room.figures)
    tour.picture("train-figures", "Figures by class and by subject, each with n and interval")
    room.pages.setCurrentWidget(room.decision)
    tour.picture("train-roc", "ROC and precision-recall of each class, and whether probabilities are what they say")
    room.look.setChecked(True)
    room.review_errors()
    tour.settle()
    if room.errors.ids:
        tour.wait(lambda: room.looking.shown is not None, 60)
    tour.picture("train-errors", "Mistakes, the surest first; in the inspector what spoke for and against the class")
    room.look.setChecked(False)


def compare(tour: Tour, room: Any) -> None:
    """Compare the two runs; look at it in the dark theme and in a small window."""
    room.runs.table.selectAll()
    tour.picture("train-compare", "Runs side by side: validation ranks them, differences are of the same events")
    tour.window.set_theme("dark")
    tour.picture("train-dark", "Train; dark")
    tour.window.set_theme("light")
    size = tour.window.size()
    tour.window.resize(1200, 800)
    room.pages.setCurrentWidget(room.overview)
    tour.picture("train-small", "Train in a window of 1200 × 800")
    tour.window.resize(size)
    tour.settle()
