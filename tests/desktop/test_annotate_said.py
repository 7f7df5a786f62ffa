"""What several people said, on the map; and what the room says of where labels are from."""

import numpy as np
from PySide6.QtCore import Qt

from core.annotation import adjudicate
from core.study import UNSURE, label_events
from tests.desktop.conftest import settle


def accept(qtbot, room):
    room.proposing.preview()
    settle(qtbot, room.session)
    made = room.proposal
    room.proposing.accept()
    settle(qtbot, room.session)
    return made


def choose_method(qtbot, room, method):
    box = room.bar.method
    box.setCurrentIndex(box.findData(method))
    settle(qtbot, room.session)


def given_of(room):
    """Events of the map with a label by hand, and the classes."""
    events = room.session.events
    given = events.id[(events.label_source != "") & (events.label_source != "propagated") & (events.label != UNSURE)]
    return given[np.isin(given, room.maps.ids)].tolist(), [c.key for c in room.session.classes if c.key != UNSURE]


def label_of(session, event):
    (row,) = session.events.row_of([event])
    return session.events.label[row]


def test_a_verdict_is_what_the_map_shows_and_passes_on(qtbot, annotate):
    session = annotate.session
    (event, *_), classes = given_of(annotate)
    own = label_of(session, event)
    other = next(key for key in classes if key != own)
    session.edit(lambda study: adjudicate(study, [event], other))
    session.label([event], own)  # by who looks at the map, and the newest
    settle(qtbot, session)
    assert label_of(session, event) == other
    made = accept(qtbot, annotate).proposal
    keys = [c.key for c in session.classes]
    assert {keys[n] for n in made.labels[made.origin == event]} <= {other}
    assert not annotate.lineage.bar.isVisible()
    for _ in range(3):
        session.undo()
    settle(qtbot, session)
    assert label_of(session, event) == own


def test_contested_labels_give_shares_and_it_is_said(qtbot, annotate):
    session = annotate.session
    annotate.proposing.preview()
    settle(qtbot, session)
    assert annotate.proposal.proposal.soft is None
    origins, counts = np.unique(annotate.proposal.proposal.origin, return_counts=True)
    event, n = int(origins[counts.argmax()]), int(counts.max())
    own = label_of(session, event)
    other = next(key for key in given_of(annotate)[1] if key != own)
    for who, key in {"Ben": own, "Cleo": other}.items():
        session.edit(lambda study, who=who, key=key: label_events(study, [event], key, annotator=who))
    settle(qtbot, session)
    made = accept(qtbot, annotate)
    assert any(note.startswith("1 label is contested") for note in made.notes)
    rows = session.study.label_rows(source="propagated").values()
    shares = [row["soft"] for row in rows if row["origin"] == event]
    assert len(shares) == n
    assert all(abs(of[own] - 2 / 3) < 1e-9 and abs(of[other] - 1 / 3) < 1e-9 for of in shares)
    assert not annotate.lineage.bar.isVisible()


def test_what_somebody_keeps_is_not_retracted_with_the_rest(qtbot, annotate):
    session, lineage = annotate.session, annotate.lineage
    accept(qtbot, annotate)
    spread = session.events.label_source == "propagated"
    origins = np.unique(session.events.label_origin[spread])[:2].tolist()
    classes = given_of(annotate)[1]

    def relabel(event):
        other = next(key for key in classes if key != label_of(session, event))
        session.label([event], other)
        settle(qtbot, session)

    relabel(origins[0])
    kept = set(lineage._stale)
    lineage.bar.keep.emit()
    relabel(origins[1])
    offered = set(lineage._stale)
    assert kept
    assert offered
    assert not kept & offered
    before = set(session.events.id[session.events.label_source == "propagated"].tolist())
    qtbot.mouseClick(lineage.bar.retract_button, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    after = set(session.events.id[session.events.label_source == "propagated"].tolist())
    assert before - after == offered
    assert kept <= after
    assert not lineage.bar.isVisible()


def test_a_label_that_was_mixed_is_not_said_to_be_by_hand(qtbot, annotate):
    session, lineage = annotate.session, annotate.lineage
    choose_method(qtbot, annotate, "spreading")
    made = accept(qtbot, annotate).proposal
    session.selection.set((int(made.ids[0]),))
    settle(qtbot, session)
    words = [lineage.list.item(n).text() for n in range(lineage.list.count())]
    assert words == [f"event {made.ids[0]}"]
    assert "mixed from all labels" in lineage.text.text()
    assert lineage.retract_button.isHidden()
    session.undo()
    choose_method(qtbot, annotate, "lq_knn")
    made = accept(qtbot, annotate).proposal
    session.selection.set((int(made.ids[0]),))
    settle(qtbot, session)
    source = session.events.label_source[session.events.row_of([int(made.origin[0])])[0]]
    end = {"human": "(by hand)", "imported": "(imported)", "simulated": "(simulated)"}[source]
    assert lineage.list.item(lineage.list.count() - 1).text().endswith(end)
    assert not lineage.retract_button.isHidden()
