"""What is said of a scale is what is drawn."""

from dataclasses import replace

import pytest

from desktop.views.review.printing import view_of
from tests.desktop.conftest import settle


def millimetres(review, name):
    """How many mm a millivolt of a channel takes on the screen."""
    (row,) = [row for row in review.traces.rows if row.name == name]
    return row.px_per_unit / review.px_per_mm


def test_paper_and_sensitivity_hold_for_channels_that_were_scaled_alone(qtbot, window, review):
    review.appearance.amplify_channel("V1", 1.25)
    review.use_paper(25.0)
    settle(qtbot, window.session)
    assert [millimetres(review, name) for name in ("MLII", "V1")] == pytest.approx([10, 10])
    assert view_of(review).paper == "25 mm/s, 10 mm/mV"
    review.appearance.amplify_channel("V1", 1.25)
    review.appearance.set_sensitivity("ecg", 200.0)
    settle(qtbot, window.session)
    assert [millimetres(review, name) for name in ("MLII", "V1")] == pytest.approx([5, 5])
    assert view_of(review).paper == "25 mm/s, 5 mm/mV"


def test_a_window_that_grows_keeps_the_scale_of_a_channel(qtbot, window, review):
    review.use_paper(25.0)
    review.appearance.amplify_channel("V1", 2.0)
    window.resize(window.width() + 100, window.height())
    settle(qtbot, window.session)
    assert millimetres(review, "V1") == pytest.approx(20)


def test_a_print_states_a_scale_only_where_it_holds_for_all_ecg(qtbot, window, review):
    review.use_paper(25.0)
    review.appearance.amplify_channel("V1", 1.25)
    view = view_of(review)
    assert view.paper == "25 mm/s"
    assert replace(view, look=replace(view.look, channels=(1,))).paper == "25 mm/s, 12.5 mm/mV"
    plain = review.appearance.look.channels
    review.appearance.reset()
    review.use_paper(25.0)
    shown = review.opened.recording.channels
    unknown = (shown[0], replace(shown[1], unit="units"))  # it is fitted to its row
    recording = replace(review.opened.recording, channels=unknown)
    view = replace(view_of(review), opened=replace(review.opened, recording=recording))
    assert (view.paper, replace(view, look=replace(view.look, channels=plain[:1])).paper) == (
        "25 mm/s",
        "25 mm/s, 10 mm/mV",
    )
