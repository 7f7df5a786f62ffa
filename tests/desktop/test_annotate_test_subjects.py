"""In the Annotate room, events of test subjects are shown, but neither give nor take labels, and it says so."""

import numpy as np
import pytest

from core.study import label_events
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
