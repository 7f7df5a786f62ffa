"""The tour's own manners; what it shows is checked by `make app`."""

from PySide6.QtWidgets import QMessageBox

from desktop.tour import Tour


def test_a_question_nobody_answers_is_refused_and_reported(qtbot, qapp, tmp_path):
    tour = Tour(qapp, tmp_path / "report")
    tour._watch.setInterval(20)
    asked = QMessageBox(tour.window)
    asked.setText("Replace bundle.zip?")
    asked.exec()  # as a room asks: waits until somebody answers
    tour._watch.stop()
    assert [error for error in tour.errors if "Replace bundle.zip?" in error]
    tour.window.close()
    tour.window.deleteLater()
