"""What the Annotate room says of where labels are from, of what it cannot do, and what it offers."""

import numpy as np
import pytest

from core.annotation import PROPAGATORS, QUERIES
from core.pretraining import OBJECTIVES
from core.projection import METHODS
from core.study import UNSURE, define_classes
from desktop.models.annotate_model import COLUMNS
from desktop.services import theme
from desktop.views.annotate.colouring import COLOURS
from desktop.views.annotate.features_dialog import FeaturesDialog
from desktop.views.annotate.maps_dialog import MapsDialog
from tests.desktop.conftest import settle
from tests.desktop.test_annotate_scores import some_maps
from tests.desktop.test_registries import offered, registered


def accept(qtbot, room):
    room.proposing.preview()
    settle(qtbot, room.session)
    room.proposing.accept()
    settle(qtbot, room.session)


def only_labels(qtbot, room, given):
    """Take all labels of the map away but these: of each event its class."""
    session, ids = room.session, room.maps.ids.tolist()

    def build(study):
        from core.study import Change, Changeset

        rows = study.label_rows(ids)
        return Changeset("clear", tuple(Change("labels", key, dict(row), None) for key, row in sorted(rows.items())))

    session.edit(build)
    for event, key in given.items():
        session.label([event], key)
    settle(qtbot, session)


def test_the_estimate_is_of_exactly_these_values(qtbot, annotate):
    bar, said = annotate.bar, []
    show = bar.show_point
    bar.show_point = lambda point, notes=(): (said.append((point.k, point.tau)), show(point, notes))
    bar.use(7, 0.33)
    settle(qtbot, annotate.session)
    assert said[-1] == (7, 0.33)
    assert "95 % interval" in bar.text.text()
    assert annotate.proposal.source.params == {"k": 7, "tau": 0.33}  # who moves a slider sees what it does


def test_a_click_on_the_trade_off_uses_its_values(qtbot, annotate):
    bar = annotate.bar
    settle(qtbot, annotate.session)
    point = next(c for c in bar._curve if c.k == 5 and c.tau == 0.2)
    where = bar.plot.getPlotItem().vb.mapViewToScene
    from PySide6.QtCore import QPointF

    bar._curve = [point]
    bar._clicked(where(QPointF(100 * point.coverage, 100 * point.accuracy)))
    assert bar.values == {"k": 5, "tau": 0.2}
    settle(qtbot, annotate.session)


def test_a_changed_origin_offers_to_take_back_what_it_gave(qtbot, annotate):
    session, bar = annotate.session, annotate.lineage.bar
    accept(qtbot, annotate)
    events = session.events
    spread = events.label_source == "propagated"
    origin = int(events.label_origin[spread][0])
    other = next(c.key for c in session.classes if c.key not in (UNSURE, events.label[events.row_of([origin])[0]]))
    assert not bar.isVisible()
    session.label([origin], other)
    settle(qtbot, session)
    assert bar.isVisible()
    before, n = int(spread.sum()), len(annotate.lineage._stale)
    assert n > 0
    bar.retract.emit()
    settle(qtbot, session)
    assert int((session.events.label_source == "propagated").sum()) == before - n
    assert not bar.isVisible()
    session.undo()
    settle(qtbot, session)
    assert bar.isVisible()
    bar.keep.emit()
    assert not bar.isVisible()


def test_labels_that_are_kept_stay_when_others_are_taken_back(qtbot, annotate):
    session, lineage = annotate.session, annotate.lineage
    accept(qtbot, annotate)
    events = session.events
    spread = events.label_source == "propagated"
    origins = [int(event) for event in np.unique(events.label_origin[spread])]
    kept_origin, other_origin = origins[0], origins[-1]

    def relabel(origin):
        key = session.events.label[session.events.row_of([origin])[0]]
        session.label([origin], next(c.key for c in session.classes if c.key not in (UNSURE, key)))
        settle(qtbot, session)

    relabel(kept_origin)
    kept = set(lineage._stale)
    lineage.bar.keep.emit()
    relabel(other_origin)
    offered = set(lineage._stale)
    assert kept
    assert offered
    assert not kept & offered
    lineage.bar.retract.emit()
    settle(qtbot, session)
    assert not lineage.bar.isVisible()
    left = session.events.id[session.events.label_source == "propagated"].tolist()
    assert set(left) == set(events.id[spread].tolist()) - offered
    assert f"retract {len(offered)} label" in session.study.history(1)[0].title


@pytest.mark.parametrize(
    ("n_each", "sentence"),
    [((1, 0), "One point is labelled"), ((3, 0), "whatever is reached becomes"), ((0, 0), "no point is labelled")],
)
def test_too_few_labels_are_said(qtbot, annotate, n_each, sentence):
    first, second = [c.key for c in annotate.session.classes if c.key != UNSURE][:2]
    ids = annotate.maps.ids.tolist()
    best = np.argsort(-annotate.maps.maps[0].quality)
    chosen = [ids[row] for row in best[:6].tolist()]
    given = dict.fromkeys(chosen[: n_each[0]], first) | dict.fromkeys(chosen[3 : 3 + n_each[1]], second)
    only_labels(qtbot, annotate, given)
    if given:
        annotate.proposing.preview()
        settle(qtbot, annotate.session)
        assert "is not known" in annotate.bar.text.text()
    said = f"{annotate.bar.text.text()} {annotate.bar.notes.text()}"
    assert sentence in said


def test_no_more_neighbours_than_there_are(qtbot, annotate):
    annotate.bar.limit(8)
    assert annotate.bar.k.maximum() == 7
    annotate.bar.limit(1000)
    assert annotate.bar.k.maximum() == 50


def test_the_room_offers_what_is_registered(qtbot, annotate):
    assert offered(annotate.bar.method) == registered(PROPAGATORS)
    assert offered(annotate.queue.query) == registered(QUERIES)
    assert [annotate.strip.colour.itemData(n) for n in range(annotate.strip.colour.count())] == list(COLOURS)
    dialog = MapsDialog(annotate.session, annotate.choosing.features(), "", annotate)
    assert list(dialog.methods) == list(METHODS)
    assert set(dialog.axes) == {option for method in METHODS.values() for option in method.grid}
    dialog.axes["perplexities"].setText("30, many")
    assert not dialog.start.isEnabled()
    assert "Perplexity many is not possible" in dialog.estimate.text()
    dialog.close()
    features = FeaturesDialog(annotate.session, annotate)
    assert offered(features.objective) == registered(OBJECTIVES)
    assert {key: list(box.form.fields) for key, box in features.boxes.items()} == {
        key: list(entry.options) for key, entry in OBJECTIVES.items()
    }
    features.close()


def test_every_method_proposes_with_its_own_sliders(qtbot, annotate):
    bar = annotate.bar
    annotate.proposing.preview()
    for row in range(bar.method.count()):
        bar.method.setCurrentIndex(row)
        settle(qtbot, annotate.session)
        key = bar.method.currentData()
        assert set(bar.sliders) == set(PROPAGATORS[key].parameters)
        assert annotate.proposal.source.method == key
        assert bar.text.text()


def test_every_colour_and_its_names(qtbot, annotate):
    settle(qtbot, annotate.session)
    for row in range(annotate.strip.colour.count()):
        annotate.strip.colour.setCurrentIndex(row)
        annotate.strip.colour_chosen.emit(annotate.strip.colour.currentData())
        assert len(annotate.canvas.picture.codes) == len(annotate.maps.ids)
    by = annotate.strip.colour
    by.setCurrentIndex(by.findData("annotator"))
    annotate._recolour()
    settle(qtbot, annotate.session)
    assert "cardiologists" in annotate.strip.names.text()


def test_labels_by_hand_propagated_and_imported_have_colours_of_their_own(qtbot, annotate):
    session, strip = annotate.session, annotate.strip
    accept(qtbot, annotate)
    events = session.events
    by_hand = events.id[events.label_source == "propagated"][:1].tolist()
    session.label(by_hand, "V")
    settle(qtbot, session)
    strip.colour.setCurrentIndex(strip.colour.findData("source"))
    strip.colour_chosen.emit("source")
    for name in ("by hand", "propagated", "imported"):
        assert name in strip.names.text()
    at = session.events.row_of(annotate.canvas.ids)
    codes, sources = annotate.canvas.picture.codes, session.events.label_source[at]
    found = {source: np.unique(codes[sources == source]).tolist() for source in set(sources.tolist())}
    assert found.keys() == {"", "human", "propagated", "imported"}
    assert all(len(of) == 1 for of in found.values())
    assert len({of[0] for of in found.values()}) == 4


def test_a_picture_in_the_list_of_maps_takes_the_colours_of_new_labels(qtbot, annotate):
    def colours():
        icon = annotate.strip.maps.item(0).icon().pixmap(132, 132).toImage()
        return {icon.pixelColor(x, y).name() for x in range(icon.width()) for y in range(icon.height())}

    session, free = annotate.session, annotate.scene().labelled("")
    session.edit(lambda study: define_classes(study, [*((c.key, c.title) for c in study.classes()), ("new", "new")]))
    settle(qtbot, session)
    colour = theme.class_colour(session.position_of("new"))
    assert colour not in colours()
    session.label(free.tolist(), "new")
    settle(qtbot, session)
    assert colour in colours()


def test_the_table_sorts_and_selects(qtbot, annotate):
    annotate.show_table()
    table, quality = annotate.table, [c.title for c in COLUMNS].index("Quality")
    from PySide6.QtCore import Qt

    table.horizontalHeader().setSortIndicator(quality, Qt.SortOrder.AscendingOrder)
    order = np.argsort(annotate.maps.maps[0].quality, kind="stable")
    assert table.ids == annotate.maps.ids[order].tolist()
    table.selectRow(2)
    assert annotate.session.selection.ids == (table.ids[2],)
    annotate.session.selection.set(annotate.maps.ids[:3].tolist())
    assert len(table.selectionModel().selectedRows()) == 3


def test_maps_side_by_side_share_the_selection(qtbot, annotate):
    some_maps(annotate.session, 3)
    settle(qtbot, annotate.session)
    annotate.tools.three.setChecked(True)
    settle(qtbot, annotate.session)
    assert len(annotate.several.maps) == 3
    annotate.session.selection.set(annotate.maps.ids[:5].tolist())
    assert [len(one.picture.selected) for one in annotate.several.maps] == [5, 5, 5]
    annotate._see_large(0)
    assert annotate.views.currentWidget() is annotate.canvas
    settle(qtbot, annotate.session)


def test_a_card_shows_the_event_under_the_pointer(qtbot, annotate):
    event = int(annotate.maps.ids[0])
    annotate.pointing.hover(event)
    qtbot.waitUntil(lambda: annotate.pointing.card.got is not None)
    settle(qtbot, annotate.session)
    assert annotate.pointing.card.got.event == event
    annotate.pointing.card.grab()
    annotate.pointing.hover(None)
    assert not annotate.pointing.card.isVisible()
