"""The HITS report in the window: three files, nothing lost where they cannot be written, nothing replaced unasked."""

import pytest
from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QMessageBox

from core.reports import hits_html, hits_report
from desktop.views.review.hits_pdf import hits_pdf, pages_of, paint_sheet
from desktop.views.review.hits_report_dialog import FILES, HitsReportDialog
from tests.desktop.conftest import settle


@pytest.fixture
def dialog(qtbot, window, review):
    """The dialog as its action opens it, with verdicts of one annotator."""
    session = window.session
    session.label(tuple(session.events.id[session.events.kind == "hits"][:2].tolist()), "embolus")
    settle(qtbot, session)
    window.actions_of.qt("review.hits_report").trigger()
    (made,) = review.findChildren(HitsReportDialog)
    settle(qtbot, session)
    return made


def test_three_files_are_written_and_named(qtbot, window, dialog, told, tmp_path):
    name = window.session.study.annotator
    assert dialog.whose.currentText() == f"{name}: 2 verdicts"
    folder = tmp_path / "new"
    dialog.folder.setText(str(folder))
    dialog.write_button.click()
    settle(qtbot, window.session)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES.values())
    page = (folder / "hits-report.html").read_text("utf-8")
    assert "SIMULATED" in page
    assert f"the verdicts of {name}" in page
    assert (folder / "hits-report.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "hits-events.csv").read_text("utf-8").startswith("event,recording_id,")
    assert told == [f"HITS report written to {folder}: hits-report.html, hits-report.pdf, hits-events.csv."]
    assert window.rooms["review"].findChildren(HitsReportDialog) == []


def test_a_folder_that_cannot_be_written_to_is_named_and_nothing_is_lost(qtbot, window, dialog, told, tmp_path):
    failed = []
    window.session.failed.connect(failed.append)
    (tmp_path / "closed").write_text("in the way")  # also whoever may write anywhere cannot write below a file
    dialog.folder.setText(str(tmp_path / "closed"))
    n = len(window.session.events)
    dialog.write_button.click()
    settle(qtbot, window.session)
    (error,) = failed
    assert str(tmp_path / "closed") in str(error)
    assert str(error) == dialog.said.text()
    assert (told, len(window.session.events)) == ([], n)
    assert dialog.isVisible()
    assert dialog.write_button.isEnabled(), "another folder can be chosen"
    assert (tmp_path / "closed").read_text() == "in the way"
    dialog.reject()


def test_what_is_there_is_replaced_only_when_said(qtbot, window, dialog, told, tmp_path, monkeypatch):
    (tmp_path / "hits-events.csv").write_text("mine")
    dialog.folder.setText(str(tmp_path))
    dialog.kinds["pdf"].setChecked(False)
    dialog.kinds["html"].setChecked(False)
    for answer, kept in ((QMessageBox.StandardButton.No, True), (QMessageBox.StandardButton.Yes, False)):
        monkeypatch.setattr(QMessageBox, "question", lambda *a, said=answer: said)
        dialog.write_button.click()
        settle(qtbot, window.session)
        assert ((tmp_path / "hits-events.csv").read_text("utf-8") == "mine") == kept
    assert told == [f"HITS report written to {tmp_path}: hits-events.csv."]


def test_what_cannot_be_asked_for_cannot_be_written(dialog, tmp_path):
    assert dialog.wish().recordings is None
    dialog.every.setChecked(False)
    assert dialog.wish().recordings == (2,), "those with HITS are chosen"
    dialog.recordings.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.write_button.isEnabled()
    dialog.every.setChecked(True)
    dialog.filled.setChecked(True)
    assert dialog.wish().basis == "both"
    dialog.whose.setCurrentIndex(dialog.whose.findData(None))
    assert (dialog.wish().basis, dialog.filled.isEnabled()) == ("detector", False)
    for box in dialog.kinds.values():
        box.setChecked(False)
    assert not dialog.write_button.isEnabled()
    dialog.reject()


def test_figures_are_drawn_on_sheets_that_fit(window):
    html = hits_html(hits_report(window.session.study))
    document = pages_of(html, QSizeF(600, 800))
    assert document.size().width() <= 600
    assert hits_pdf(html, "Étude", True).startswith(b"%PDF")
    sheets = []
    for number in range(document.pageCount()):
        sheet = QImage(600, 830, QImage.Format.Format_RGB32)
        sheet.fill(Qt.GlobalColor.white)
        painter = QPainter(sheet)
        paint_sheet(painter, document, number, "foot")
        painter.end()
        sheets.append(sheet)
    blue = 0xFF0072B2  # of emboli: in the figures alone
    assert any(sheet.pixel(x, y) == blue for sheet in sheets for x in range(0, 600, 2) for y in range(0, 800, 2))
