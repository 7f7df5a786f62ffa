"""In the Annotate room, events of test subjects are shown, but neither give nor take labels, and it says so."""

import numpy as np
import pytest

from core.study import Change, Changeset, label_events
from tests.desktop.conftest import make_map, settle

SENTENCE = "{} events of test subjects are left out."


@pytest.fixture
def room(qtbot, window):
    """The room with a map on which every third event is of a test subject, half of these labelled by hand."""
    session = window.session
    run = make_map(session, "map")
    ids = np.load(run.folder / "ids.npy")
    test = np.arange(len(ids)) % 3 == 0
    np.save(run.folder / "test.npy", test)
    np.save(run.folder / "placed.npy", test)
    session.edit(lambda study: label_events(study, ids[::6], "wrong"))
    settle(qtbot, session)
    window.enter("annotate")
    settle(qtbot, session)
    room = window.rooms["annotate"]
    room.of_test = ids[test]
    return room


def said(room):
    return f"{room.bar.text.text()} {room.bar.notes.text()}"


def test_they_are_shown_and_left_out_of_proposal_estimate_and_queue(qtbot, room):
    sentence = SENTENCE.format(len(room.of_test))
    assert sentence in said(room)  # of the estimate
    room.proposing.preview()
    settle(qtbot, room.session)
    proposal = room.proposal.proposal
    assert len(proposal.ids)
    for column in (proposal.ids, proposal.donor, proposal.origin):
        assert not np.isin(column, room.of_test).any()
    assert "wrong" not in room.proposal.keys
    assert said(room).count(sentence) == 1
    assert f"map 0 without {len(room.of_test)} events of test subjects, k = " in room.proposal.reason
    room.show_queue()
    settle(qtbot, room.session)
    assert room.queue.asked
    assert not np.isin([one.id for one in room.queue.asked], room.of_test).any()
    assert len(room.maps.maps[0].points) == len(room.maps.ids) > len(room.of_test)


def test_methods_without_an_estimate_say_so_too(qtbot, room):
    room.bar.method.setCurrentIndex(room.bar.method.findData("opf_semi"))
    room.bar.method.activated.emit(room.bar.method.currentIndex())
    room.proposing.preview()
    settle(qtbot, room.session)
    assert said(room).count(SENTENCE.format(len(room.of_test))) == 1


def test_they_have_a_colour_and_the_event_under_the_pointer_says_it(qtbot, room):
    strip = room.strip
    strip.colour.setCurrentIndex(strip.colour.findData("test"))
    strip.colour_chosen.emit("test")
    assert f"test subjects  {len(room.of_test)}" in strip.names.text()
    assert set(room.canvas.ids[room.canvas.picture.codes > 0].tolist()) == set(room.of_test.tolist())
    room.pointing.hover(int(room.of_test[0]))
    assert "test subject" in room.pointing.text.text()
    other = room.maps.ids[~np.isin(room.maps.ids, room.of_test)]
    room.pointing.hover(int(other[0]))
    assert "test subject" not in room.pointing.text.text()
    room.pointing.hover(None)


def test_a_selection_that_holds_some_says_how_many(qtbot, room):
    test, said = room.of_test, room.classes.test
    other = room.maps.ids[~np.isin(room.maps.ids, test)]
    room.session.selection.set(other[:3])
    assert not said.isVisible()
    room.session.selection.set(np.concatenate([other[:3], test[:2]]))
    assert said.isVisible()
    assert said.text().startswith("2 are of test subjects.")
    room.session.selection.set(test[:1])
    assert said.text().startswith("It is of a test subject.")
    room.session.selection.set(())
    assert not said.isVisible()


def test_labels_of_test_subjects_alone_are_none_to_propagate(qtbot, room):
    session, bar, failed = room.session, room.bar, []
    session.failed.connect(failed.append)
    mine = room.maps.ids[~np.isin(room.maps.ids, room.of_test)].tolist()
    rows = session.study.label_rows(mine)
    taken = tuple(Change("labels", key, dict(row), None) for key, row in sorted(rows.items()))
    session.edit(lambda _study: Changeset("take away", taken))
    settle(qtbot, session)
    for k in (3, 4, 5):
        bar.use(k)
        settle(qtbot, session)
    assert not failed
    assert room.proposal is None
    assert "no point is labelled" in bar.text.text()
    room.proposing.preview()  # who asks is answered, by words that pass
    settle(qtbot, session)
    assert not failed
    assert "no point is labelled" in room.window().message.text
    session.label(mine[:4], "N")
    settle(qtbot, session)
    assert "no point is labelled" not in bar.text.text()
