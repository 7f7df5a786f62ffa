"""Pages of Review: their length, and what is drawn on them when there is much to draw."""

import numpy as np
import pytest
import soundfile

from tests.desktop.conftest import settle


@pytest.fixture
def review(qtbot, window):
    window.enter("review")
    settle(qtbot, window.session)
    return window.rooms["review"]


def add(qtbot, window, path, y, fs):
    """Add a recording of samples and show it."""
    soundfile.write(path, y, fs)
    window.rooms["review"].add_recordings([str(path)])
    settle(qtbot, window.session)


def test_a_short_recording_does_not_shorten_the_pages_of_others(qtbot, window, review, tmp_path):
    review.set_length(30.0)
    add(qtbot, window, tmp_path / "short.wav", np.sin(np.arange(3700) / 5), 1000)
    assert review.length_s == pytest.approx(3.7)
    assert review.bar.page_box.placeholderText().startswith("3")
    assert review.remember()["length_s"] == 30.0
    add(qtbot, window, tmp_path / "shortest.wav", np.array([0.5]), 1000)
    assert review.length_s < 0.1
    assert review.spectrogram.empty
    assert review.spectrogram.box.viewRange()[1] == [0.0, 500.0]
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    assert review.length_s == 30.0
