"""What Annotate says of maps and methods: silhouettes by the present labels, estimates of every method, the surest labels."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from core.annotation import PROPAGATORS, cross_validate
from core.features import FeatureSpace
from core.jobs import write_json
from core.projection import silhouette
from core.study import UNSURE
from desktop.views.annotate import scoring
from desktop.views.annotate.data import Known
from desktop.widgets.parts import number
from tests.desktop.conftest import press, settle


def parity(ids):
    """Every other event."""
    return np.arange(len(ids)) % 2


def two_maps(session, **params):
    """Show a run of two maps: events in a row as they come, and every other event far from the rest. The first is the best."""
    return some_maps(session, 2, **params)


def some_maps(session, count, **params):
    """Show a run of those two maps, and the first again as the third."""
    study = session.study
    (features,) = [run for run in study.runs("features") if run.name == "principal components"]
    ids = FeatureSpace.load(features.folder).ids
    run = study.new_run("projection", "two", params, parent=features.id)
    np.save(run.folder / "ids.npy", ids)
    row, away = np.arange(len(ids), dtype=float), np.random.default_rng(0).random((len(ids), 2))
    in_a_row = np.stack([row, row], axis=1)
    for place, points in enumerate((in_a_row, away + 50.0 * parity(ids)[:, None], in_a_row)[:count]):
        np.savez(run.folder / f"map_{place:02d}.npz", points=points, local_quality=np.ones(len(ids)))
    maps = [
        {"params": {"method": f"map {n}"}, "silhouette": s, "mean_quality": 1.0} for n, s in enumerate((0.9, 0.1, 0.5))
    ]
    middle = 2 if count > 2 else 0
    write_json(run.folder / "result.json", {"maps": maps[:count], "best": 0, "middle": middle, "worst": 1})
    session.take_up_runs()
    return run


def label_by_parity(qtbot, annotate):
    """Label all events of the map, by turns as one class and another."""
    session, ids = annotate.session, annotate.maps.ids
    first, second = [c.key for c in session.classes if c.key != UNSURE][:2]
    for odd, key in enumerate((first, second)):
        session.label(ids[parity(ids) == odd].tolist(), key)
    settle(qtbot, session)


def captions(annotate):
    return [annotate.strip.maps.item(row).text() for row in range(annotate.strip.maps.count())]


def test_another_best_map_is_said_and_shown_only_when_asked_for(qtbot, annotate):
    session, bar = annotate.session, annotate.scoring.bar
    two_maps(session)
    settle(qtbot, session)
    assert annotate.which == annotate.maps.best == 0
    assert not bar.isVisible()
    label_by_parity(qtbot, annotate)
    assert (annotate.maps.best, annotate.maps.worst) == (1, 0)
    assert annotate.which == 0  # nobody's map is changed under their hands
    assert bar.isVisible()
    scores = [silhouette(one.points, parity(annotate.maps.ids)) for one in annotate.maps.maps]
    assert bar.text.text().count("silhouette") == 2
    assert number(scores[1], 2) in bar.text.text()
    best, worst = captions(annotate)  # of two maps, none is the middle
    n = number(len(annotate.maps.ids))
    assert best.endswith(f", n = {n}")
    assert f", {n} labelled, s = " in annotate.caption.text()
    assert best.startswith(f"best: s = {number(scores[1], 2)}\nmap 1")
    assert worst.startswith(f"worst: s = {number(scores[0], 2)}\nmap 0")
    assert annotate.caption.text().endswith(f"s = {number(scores[0], 2)}")
    session.undo()
    settle(qtbot, session)
    session.redo()
    settle(qtbot, session)
    assert bar.isVisible()
    qtbot.mouseClick(bar.show_button, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    assert annotate.which == 1
    assert not bar.isVisible()


def test_who_keeps_a_map_or_chose_another_is_not_asked_again(qtbot, annotate):
    session, bar = annotate.session, annotate.scoring.bar
    two_maps(session)
    settle(qtbot, session)
    label_by_parity(qtbot, annotate)
    bar.keep.emit()
    session.label(annotate.maps.ids[:1].tolist(), UNSURE)
    settle(qtbot, session)
    assert annotate.maps.best == 1
    assert not bar.isVisible()
    annotate.choosing.choose_map(1)
    settle(qtbot, session)
    annotate.choosing.choose_map(0)  # by their own hand
    settle(qtbot, session)
    assert not bar.isVisible()


def test_one_or_two_stray_labels_do_not_turn_the_maps_around(qtbot, annotate):
    session = annotate.session
    two_maps(session)
    settle(qtbot, session)
    label_by_parity(qtbot, annotate)
    annotate.choosing.choose_map(1)
    settle(qtbot, session)
    before = annotate.maps.maps[1].silhouette
    third = [c.key for c in session.classes if c.key != UNSURE][2]
    session.label(annotate.maps.ids[[0, 101]].tolist(), third)
    settle(qtbot, session)
    assert annotate.maps.maps[1].silhouette == pytest.approx(before, abs=0.01)
    assert annotate.maps.maps[1].n_scored == len(annotate.maps.ids) - 2
    assert not annotate.scoring.bar.isVisible()


def test_a_lead_within_the_noise_is_not_said(qtbot, annotate, monkeypatch):
    session, bar = annotate.session, annotate.scoring.bar
    two_maps(session)
    settle(qtbot, session)
    monkeypatch.setattr(scoring.Rescored, "is_better", lambda *_: False)
    label_by_parity(qtbot, annotate)
    assert annotate.maps.best == 1 != annotate.which
    assert not bar.isVisible()


def test_side_by_side_follows_the_new_order(qtbot, annotate):
    session = annotate.session
    two_maps(session)
    settle(qtbot, session)
    annotate.tools.three.setChecked(True)
    settle(qtbot, session)
    label_by_parity(qtbot, annotate)
    annotate.several.titles[0].click()
    settle(qtbot, session)
    assert annotate.which == annotate.maps.best == 1
    assert annotate.views.currentWidget() is annotate.canvas


def test_the_silhouette_is_of_what_people_said_by_the_metric_of_the_run(qtbot, annotate):
    session = annotate.session
    two_maps(session, metric="sqeuclidean")
    settle(qtbot, session)
    annotate.proposing.preview()
    settle(qtbot, session)
    before = [one.silhouette for one in annotate.maps.maps]
    annotate.proposing.accept()
    settle(qtbot, session)
    assert (session.events.label_source == "propagated").any()
    assert [one.silhouette for one in annotate.maps.maps] == before
    label_by_parity(qtbot, annotate)
    expected = [silhouette(one.points, parity(annotate.maps.ids), "sqeuclidean") for one in annotate.maps.maps]
    assert [one.silhouette for one in annotate.maps.maps] == pytest.approx(expected)


def test_a_sample_is_stated(qtbot, annotate, monkeypatch):
    real = scoring.rescore
    monkeypatch.setattr(
        scoring, "rescore", lambda maps, labels, metric, stop: real(maps, labels, metric, most=20, stop=stop)
    )
    two_maps(annotate.session)
    settle(qtbot, annotate.session)
    label_by_parity(qtbot, annotate)
    n = number(len(annotate.maps.ids))
    assert annotate.caption.text().endswith(f" of 20 drawn of {n} labelled (seed 0)")


def expected(annotate, surest=1.0):
    """What the estimate must be, from the method itself."""
    session, shown, bar = annotate.session, annotate.choosing.map, annotate.bar
    from core.features import class_numbers

    labels = class_numbers(shown.ids, session.events, [c.key for c in session.classes])
    quality, key = shown.made.quality, bar.method.currentData()
    return cross_validate(shown.made.points, labels, quality, key, [bar.values], (surest,))[0]


def test_every_method_has_its_estimate_and_its_trade_off(qtbot, annotate):
    bar = annotate.bar
    for key in PROPAGATORS:
        bar.method.setCurrentIndex(bar.method.findData(key))
        bar.use(10 if "k" in bar.sliders else None, 0.1 if "tau" in bar.sliders else None, 1.0)
        qtbot.waitUntil(lambda: len(bar._curve) > 3)
        settle(qtbot, annotate.session)
        point = expected(annotate, bar.surest)
        assert bar._point.params == point.params
        assert f"n = {number(point.n)}" in bar.text.text()
        assert number(100 * point.accuracy, 1) in bar.text.text()
        assert number(np.floor(1000 * point.coverage) / 10, 1) in bar.text.text()
        assert len({one.coverage for one in bar._curve}) > 3
        other = min(bar._curve, key=lambda one: one.coverage)
        bar.use(other.k, other.tau, other.surest)
        settle(qtbot, annotate.session)
        assert bar._point.coverage == other.coverage


def test_why_nothing_is_estimated_is_said(qtbot, annotate, monkeypatch):
    from core.errors import InputError

    def too_slow(self, *_):
        raise InputError("OPF-semi is not estimated on a map like this", remedy="Use LQ-KNN")

    monkeypatch.setattr(Known, "at", too_slow)
    annotate.bar.method.setCurrentIndex(annotate.bar.method.findData("opf_semi"))
    settle(qtbot, annotate.session)
    assert "OPF-semi is not estimated on a map like this" in annotate.bar.text.text()
    assert annotate.bar._curve == []


def test_only_the_surest_are_proposed_estimated_and_accepted(qtbot, annotate):
    session, bar = annotate.session, annotate.bar
    annotate.proposing.preview()
    settle(qtbot, session)
    every = annotate.proposal.proposal
    assert bar.surest == 1.0
    bar.surest_slider.slider.setFocus()
    for _ in range(6):
        press(qtbot, bar.surest_slider.slider, Qt.Key.Key_PageDown)
    settle(qtbot, session)
    share = bar.surest
    assert share < 0.5
    made = annotate.proposal.proposal
    assert len(made.ids) == int(np.ceil(round(share * len(every.ids), 9)))
    left = np.isin(every.ids, made.ids)
    assert every.confidence[left].min() >= every.confidence[~left].max()
    point = expected(annotate, share)
    assert number(np.floor(1000 * point.coverage) / 10, 1) in bar.text.text()
    assert f"n = {number(point.n)}" in bar.text.text()
    annotate.proposing.accept()
    settle(qtbot, session)
    assert int((session.events.label_source == "propagated").sum()) == len(made.ids)
    assert f"the surest {100 * share:g} %" in session.study.history(1)[0].reason


def test_a_click_on_the_trade_off_of_another_method_uses_its_share(qtbot, annotate):
    bar = annotate.bar
    bar.method.setCurrentIndex(bar.method.findData("spreading"))
    qtbot.waitUntil(lambda: len(bar._curve) > 3)
    point = next(one for one in bar._curve if one.k == 5 and one.surest == 0.5)
    bar._curve = [point]
    where = bar.plot.getPlotItem().vb.mapViewToScene(QPointF(100 * point.coverage, 100 * point.accuracy))
    bar._clicked(where)
    assert (bar.values["k"], bar.surest) == (5, 0.5)
    settle(qtbot, annotate.session)


def test_all_that_is_said_can_be_read_in_a_small_window(qtbot, window, annotate):
    window.inspector_dock.show()
    window.resize(1200, 800)
    annotate.proposing.preview()
    settle(qtbot, annotate.session)
    bar = annotate.bar
    bar.say(bar.text.text(), ["A note of the kind that takes more than one line in a window of this size."] * 4)
    qtbot.wait(20)
    for widget in (
        bar.method,
        bar.preview_button,
        bar.accept_button,
        bar.discard_button,
        bar.plot.viewport(),
        bar.k,
        bar.tau,
    ):
        assert widget.visibleRegion().boundingRect().size() == widget.size()
    for words in (bar.text, bar.legend, bar.notes):  # scrolled to, never cut
        assert words.height() >= words.heightForWidth(words.width())
    assert bar.text.visibleRegion().boundingRect().size() == bar.text.size()
