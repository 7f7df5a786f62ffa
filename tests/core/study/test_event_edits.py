"""Edits of events by hand and in bulk: each one step of undo."""

import pytest

from core.errors import InputError
from core.study import BY_HAND, add_event, edit_event, edit_events, label_events, remove_events


def rows(study):
    return study.event_rows(study.events().id.tolist())


def test_an_event_drawn_by_a_person_says_whose_it_is(study):
    mine = study.apply(add_event(study, 1, "I", 1.5, 0.2)).event_ids
    bens = study.apply(add_event(study, 1, "I", 2.5, 0.0, "artefact", by="Ben", comment="a cough")).event_ids
    events = study.events(ids=[*mine, *bens])
    assert events.maker.tolist() == [BY_HAND, BY_HAND]
    assert events.kind.tolist() == ["mark", "artefact"]
    assert events.attributes == [{"by": "Ana"}, {"by": "Ben", "comment": "a cough"}]


def test_many_events_are_changed_in_one_step_and_undone_in_one(study, ids):
    before = rows(study)
    done = study.apply(edit_events(study, ids[5:15], kind="artefact", channel="Q", comment="movement"))
    events = study.events()
    assert set(events.kind[5:15]) == {"artefact"}
    assert set(events.channel[5:15]) == {"Q"}
    assert events.attributes[7] == {"hbr_db": 10.0, "comment": "movement"}  # what the maker found out stays
    assert [events.kind[4], events.attributes[4]] == ["hits", {"hbr_db": 7.0}]
    assert done.title == "change channel, comment, kind of 10 events"
    assert len(study.history(event_id=ids[7])) == 2
    study.apply(done.inverse())
    assert rows(study) == before


def test_an_empty_comment_takes_it_away(study, ids):
    study.apply(edit_events(study, ids, comment="x"))
    study.apply(edit_event(study, ids[0], comment=""))
    assert study.events().attributes[:2] == [{"hbr_db": 3.0}, {"hbr_db": 4.0, "comment": "x"}]
    study.apply(edit_event(study, ids[0], attributes={"a": 1}, comment="both"))
    assert study.events().attributes[0] == {"a": 1, "comment": "both"}


def test_events_that_are_so_already_are_no_part_of_it(study, ids):
    study.apply(edit_events(study, ids[:3], kind="artefact"))
    again = edit_events(study, ids, kind="artefact")
    assert again.event_ids == ids[3:]
    study.apply(again)
    assert edit_events(study, ids, kind="artefact").changes == ()
    assert edit_events(study, [], kind="artefact").changes == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"colour": "red"}, "an event has no colour"),
        ({"duration_s": -1.0}, "duration_s must be"),
        ({"comment": 3}, "comment must be text"),
        ({"start_s": float("nan")}, "start_s must be"),
    ],
)
def test_wrong_values_are_refused_and_nothing_changes(study, ids, fields, message):
    before = rows(study)
    with pytest.raises(InputError, match=message):
        study.apply(edit_events(study, ids, **fields))
    assert rows(study) == before


def test_events_that_are_gone_are_named(study, ids):
    study.apply(remove_events(study, ids[3:5]))
    with pytest.raises(InputError, match=f"there is no event {ids[3]}, {ids[4]}"):
        edit_events(study, ids, kind="artefact")
    with pytest.raises(InputError, match=f"there is no event {ids[3]}"):
        edit_event(study, ids[3], kind="artefact")


def test_relabelling_and_removing_many_are_one_step_each(study, ids):
    study.apply(label_events(study, ids, "solid"))
    relabelled = study.apply(label_events(study, ids, "gaseous"))
    removed = study.apply(remove_events(study, ids[:10]))
    assert len(study.events()) == 10
    study.apply(removed.inverse())
    study.apply(relabelled.inverse())
    assert set(study.events().label) == {"solid"}
    assert len(study.events()) == 20
