"""What can be done in every room: studies, edits, rooms, looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.actions.registry import Action
from desktop.services import theme

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

DIGITS = 9  # classes beyond have no key


def actions_of(window: MainWindow) -> list[Action]:
    """Return the actions of the window."""
    return [*_study(window), *_edit(window), *_go(window), *_view(window)]


def _study(window: MainWindow) -> list[Action]:
    tr, menu = window.tr, window.tr("Study")

    def opened() -> bool:
        return window.session.study is not None

    return [
        Action("study.new", tr("New study…"), window.new_study, menu, "Ctrl+N"),
        Action("study.open", tr("Open study…"), window.choose_study, menu, "Ctrl+Shift+O"),
        Action("study.demo", tr("Open the demo"), window.open_demo, menu),
        Action("study.start", tr("Start page: recent studies"), window.show_start, menu),
        Action("study.annotator", tr("Go on as another annotator…"), window.change_annotator, menu, "", opened),
        Action("study.save", tr("Is everything saved?"), window.say_saved, menu, "Ctrl+S", opened),
        Action("study.close", tr("Close the window"), window.close, menu, "Ctrl+Q"),
    ]


def _edit(window: MainWindow) -> list[Action]:
    tr, menu, session = window.tr, window.tr("Edit"), window.session
    stack = session.undo_stack

    def opened() -> bool:
        return session.study is not None

    return [
        Action("edit.undo", tr("Undo"), session.undo, menu, "Ctrl+Z", lambda: stack.canUndo() or session.saving),
        Action("edit.redo", tr("Redo"), session.redo, menu, "Ctrl+Shift+Z", stack.canRedo),
        Action("edit.remove", tr("Remove the selected marks and labels"), window.remove_selected, menu, "Del", opened),
        Action("edit.remove_events", tr("Remove the selected events"), window.remove_events, menu, "Shift+Del", opened),
        Action("edit.add_class", tr("Add a class…"), window.add_class, menu, "", opened),
        *(_label(window, digit) for digit in range(1, DIGITS + 1)),
        Action("label.0", tr("Label as unsure"), lambda: window.label_selected(0), menu, "0"),
    ]


def _label(window: MainWindow, digit: int) -> Action:
    """Return the action of a digit; `name_classes` gives it the name of its class, and without one it is not listed."""
    title, menu = window.tr("Label as class {}").format(digit), window.tr("Edit")
    return Action(
        f"label.{digit}",
        title,
        lambda: window.label_selected(digit),
        menu,
        str(digit),
        listed=lambda: digit in window.class_titles,
    )


def name_classes(window: MainWindow) -> None:
    """Name the actions that label after the classes of the study."""
    for digit, title in window.class_titles.items():
        if digit <= DIGITS:
            window.actions_of.rename(f"label.{digit}", window.tr("Label as {}").format(title))


def _go(window: MainWindow) -> list[Action]:
    return [
        Action(f"go.{id_}", window.tr(title), lambda i=id_: window.enter(i), window.tr("Go"), f"Ctrl+{n}")
        for n, (id_, title, _, _) in enumerate(window.ROOMS, 1)
    ]


def _view(window: MainWindow) -> list[Action]:
    tr, menu = window.tr, window.tr("View")
    panels = (
        ("inspector", tr("Show or hide the inspector"), "F4", lambda: window.inspector_dock),
        ("jobs", tr("Show or hide the jobs"), "F5", lambda: window.jobs_dock),
        ("history", tr("Show or hide the history of edits"), "F6", lambda: window.history_dock),
    )
    return [
        Action("view.palette", tr("Command palette"), window.open_palette, menu, "Ctrl+Shift+P"),
        Action("view.keys", tr("Keys and mouse of this room"), window.show_keys, menu, "F1"),
        *(Action(f"view.{n}", title, lambda d=dock: window.toggle(d()), menu, key) for n, title, key, dock in panels),
        *(
            Action(f"view.theme_{name}", tr("Theme: {}").format(name), lambda n=name: window.set_theme(n), menu)
            for name in theme.TOKENS
        ),
    ]
