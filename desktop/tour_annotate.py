"""The tour through Annotate: features, maps, a lasso, propagation with what it rests on, and taking labels back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog

if TYPE_CHECKING:
    from desktop.tour import Tour


def label_on_a_map(tour: Tour) -> None:
    """Learn features, make maps, propagate, accept; look at everything beside the map on the way."""
    tour.window.enter("annotate")
    room: Any = tour.window.rooms["annotate"]
    tour.picture("annotate-empty", "Annotate before there are features: it says what it needs")
    dialog_picture(
        tour, room.making.learn, "annotate-features", "What features are to be learnt of; nothing is started"
    )
    tour.job(lambda: room.making.start_features("beat"))
    dialog_picture(tour, room.making.project, "annotate-maps", "Which maps are to be made")
    tour.job(room.making.start_maps)
    tour.settle()
    look_at_maps(tour, room)
    room.proposing.preview()
    tour.settle()
    proposed = len(room.proposal.keys)
    tour.picture("annotate-preview", f"Annotate: {proposed:,} labels proposed by LQ-KNN (rings), nothing changed yet")
    room.proposing.accept()
    tour.settle()
    spread = tour.session.events.take(tour.session.events.label_source == "propagated")
    room.canvas.selected.emit(spread.id[:1], "replace")
    tour.picture("annotate", "Annotate: the accepted labels; the way of the selected one to a human label")
    look_below(tour, room)
    best = room.maps.maps[room.maps.best]
    tour.figures["silhouette of the best map"] = f"{best.silhouette:.3f}"
    tour.figures["labels propagated"] = f"{proposed:,}"
    same = [a.get("symbol") == text for a, text in zip(spread.attributes, spread.label, strict=True)]
    tour.figures["of them equal to the cardiologists'"] = f"{sum(same) / max(len(same), 1):.1%}"


def look_at_maps(tour: Tour, room: Any) -> None:
    """Look at best, middle and worst side by side, at the density and at the quality."""
    room.tools.three.setChecked(True)
    tour.picture("annotate-maps-beside", "Best, middle and worst map with one selection")
    room.tools.three.setChecked(False)
    room.tools.dense.setChecked(True)
    tour.picture("annotate-density", "How many events lie where")
    room.tools.dense.setChecked(False)
    colour = room.strip.colour
    colour.setCurrentIndex(colour.findData("local quality"))
    room.strip.colour_chosen.emit("local quality")
    tour.picture("annotate-quality", "Local quality: where the map kept the neighbours that an event has")
    colour.setCurrentIndex(colour.findData("label"))
    room.strip.colour_chosen.emit("label")


def look_below(tour: Tour, room: Any) -> None:
    """Look at the pages below the map, and at the room in the dark theme and in a small window."""
    room.show_table()
    tour.picture("annotate-table", "The events of the map as a table: everything by keyboard")
    room.show_queue()
    tour.picture("annotate-next", "What to label next, and why")
    room.below.setCurrentWidget(room.bar)
    tour.window.set_theme("dark")
    tour.picture("annotate-dark", "Annotate; dark")
    tour.window.set_theme("light")
    size = tour.window.size()
    tour.window.resize(1200, 800)
    tour.picture("annotate-small", "Annotate in a window of 1200 × 800")
    tour.window.resize(size)
    tour.settle()


def dialog_picture(tour: Tour, ask: Any, name: str, text: str) -> None:
    """Take the picture of a dialog and close it."""
    ask()
    tour.settle()
    dialog = next(d for d in tour.window.findChildren(QDialog) if d.isVisible())
    tour.picture(name, text, dialog)
    dialog.reject()
    tour.settle()
