"""What Annotate says of how many propagated labels are right, and of whom."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from core.annotation import TradeOff
from core.events import Estimate
from core.projection import Map
from core.study import UNSURE
from desktop.services.tasks import TaskReporter
from desktop.views.annotate import data
from desktop.views.annotate.propagation_bar import PropagationBar
from desktop.widgets.parts import number
from tests.desktop.conftest import settle


def known(annotate, subjects):
    """The map with its events dealt out to these subjects, all of one labelled where the name is a capital letter."""
    session, shown = annotate.session, annotate.choosing.map
    classes = [c.key for c in session.classes]
    first, second = [key for key in classes if key != UNSURE][:2]
    n = len(session.events.id)
    whose = np.arange(n) % len(subjects)
    labelled = np.array([subjects[who].isupper() for who in whose])
    keys = np.where(np.arange(n) // len(subjects) % 2, first, second).astype(object)
    events = replace(
        session.events,
        recording=whose,
        label=np.where(labelled, keys, ""),
        label_source=np.where(labelled, "human", "").astype(object),
    )
    points = np.random.default_rng(0).random(shown.made.points.shape)
    made = Map({"method": "m"}, points, np.ones(len(points)), None, events=shown.made.events)
    return data.Known(data.Shown("run", 0, shown.ids, made), events, classes, None, dict(enumerate(subjects)))


def test_where_everybody_has_labels_only_these_are_judged(qtbot, annotate):
    found = data.estimate(known(annotate, "ABCDEF"), "lq_knn", {"k": 5, "tau": 0.0}, 1.0, TaskReporter())
    assert found.others is None
    assert found.subjects == 6
    assert found.n == found.hidden
    assert found.interval.low < found.accuracy < found.interval.high


def test_where_somebody_has_none_both_are_judged(qtbot, annotate):
    found = data.estimate(known(annotate, "ABCDEFg"), "lq_knn", {"k": 5, "tau": 0.0}, 1.0, TaskReporter())
    assert found.others is not None
    assert found.others.subjects == 6
    assert found.others.coverage == found.coverage
    line = data.curve(known(annotate, "ABCDEFg"), "lq_knn", {"k": 5, "tau": 0.0}, 1.0, TaskReporter())
    (here,) = [one for one in line if (one.k, one.tau) == (5, 0.0)]
    assert (here.accuracy, here.interval) == (found.accuracy, found.interval)  # the curve is of the same subjects


def point(**changed):
    values = {
        "interval": Estimate(0.892, 0.853, 0.922),
        "n": 325,
        "subjects": 8,
        "by_class": {"N": (190, 200), "V": (100, 125)},
    }
    values = {"accuracy": 0.892, "hidden": 325, **values, **changed}
    return TradeOff({"k": 10, "tau": 0.1}, 1.0, 0.97, points=7962, **values)


@pytest.fixture
def bar(qtbot):
    bar = PropagationBar()
    qtbot.addWidget(bar)
    yield bar
    bar.resting.stop()


def test_it_names_of_whom_each_figure_is(bar):
    others = point(
        accuracy=0.618,
        interval=Estimate(0.618, why="too few subjects for a 95 % interval: it takes 5"),
        n=241,
        subjects=3,
    )
    bar.show_point(point(others=others))
    assert bar.text.text() == (
        f"Labels 97.0 % of {number(7962)} events. Labels of the same subjects: 89.2 [85.3, 92.2] % of hidden labels come back right"
        " (95 % interval; n = 325 of 8 subjects). Subjects without labels: 61.8 % of hidden labels come back right"
        " (too few subjects for a 95 % interval: it takes 5; n = 241 of 3 subjects)."
    )
    assert bar.notes.text().startswith("Right by class: N 190 of 200, V 100 of 125.")


def test_one_class_alone_gives_no_headline(bar):
    why = "only hidden labels of class F were reached, which says nothing of others"
    alone = point(accuracy=float("nan"), interval=Estimate(None, why=why), by_class={"F": (574, 574)}, n=574)
    bar.show_point(alone)
    bar.show_curve([alone])
    assert "100" not in bar.text.text()
    assert f"how many are right is not known: {why}." in bar.text.text()
    assert bar.notes.text() == "Right by class: F 574 of 574."
    assert bar._curve == []


def test_a_value_picked_from_the_curve_is_called_that(bar):
    bar.show_curve([point()])
    bar._clicked(bar.plot.getPlotItem().vb.mapViewToScene(QPointF(97.0, 89.2)))
    bar.show_point(point())
    assert "looks better than it is" in bar.notes.text()
    bar.use(k=12)
    bar.show_point(point())
    assert "looks better than it is" not in bar.notes.text()


def test_each_estimate_is_computed_once(qtbot, annotate, monkeypatch):
    asked = []
    real, preview = data.estimate, data.preview
    monkeypatch.setattr(data, "estimate", lambda *args: asked.append(args[1:4]) or real(*args))

    def with_a_note(*args):
        return replace(preview(*args), notes=("613 events of test subjects are left out.",))

    monkeypatch.setattr(data, "preview", with_a_note)
    annotate.bar.use(7, 0.33)
    settle(qtbot, annotate.session)
    last = ("lq_knn", {"k": 7, "tau": 0.33}, 1.0)
    assert asked.count(last) <= 2  # one while k and tau were set, one when they had come to rest
    before = len(asked)
    annotate.proposing.preview()
    settle(qtbot, annotate.session)
    assert len(asked) == before
    assert "613 events" in annotate.bar.notes.text()
