"""Starting the window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from core.errors import HitscopeError
from desktop.main_window import MainWindow
from desktop.services import theme
from desktop.services.guard import show_faults
from desktop.services.session import Session


def create_app() -> QApplication:
    """Return the application, dressed as the user last chose."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Hitscope")
    app.setOrganizationName("Hitscope")
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, or go through the demo without a screen and leave a report."""
    options = argparse.ArgumentParser(prog="hitscope-window", description="Hitscope's window.")
    options.add_argument("study", nargs="?", type=Path, help="study folder to open")
    options.add_argument("--demo", action="store_true", help="open the demo study")
    options.add_argument(
        "--tour", type=Path, metavar="DIR", help="drive the window through the whole path; leave a report in DIR"
    )
    chosen = options.parse_args(argv)
    app = create_app()
    if chosen.tour:
        from desktop.tour import run_tour

        return run_tour(app, chosen.tour)
    session = Session()
    theme.use(str(session.settings.value("theme") or "light"))
    window = MainWindow(session)
    show_faults(window.message.show_error)
    window.show()
    last = session.settings.value("last_study")
    try:
        if chosen.study:
            session.open_study(chosen.study)
        elif chosen.demo:
            window.open_demo()
        elif last and Path(str(last)).exists():
            session.open_study(str(last))
    except HitscopeError as error:
        window.message.show_error(error)
    status = app.exec()
    window.deleteLater()
    return status
