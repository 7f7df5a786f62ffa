"""The rooms of the window, and where each is made."""

from __future__ import annotations

from importlib import import_module

# In the order of the path; imported when first entered or in the background, so that the window opens at once.
ROOMS = (
    ("review", "Review", "▤", "desktop.views.review.view:ReviewView"),
    ("annotate", "Annotate", "◎", "desktop.views.annotate.view:AnnotateView"),
    ("train", "Train", "⌁", "desktop.views.train.view:TrainView"),
    ("compress", "Compress", "▣", "desktop.views.compress.view:CompressView"),
    ("export", "Export", "⇪", "desktop.views.export.view:ExportView"),
)


def import_rooms() -> None:
    """Import what the rooms are made of (in a task): 0.1 s that the window would stand still for when one is entered."""
    for *_, where in ROOMS:
        import_module(where.partition(":")[0])
