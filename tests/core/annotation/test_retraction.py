"""What descends from a label: found, called stale, taken back in one step, and brought back equal."""

from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import (
    adjudicate,
    descendants,
    label_path,
    propagate,
    retract,
    retract_stale,
    stale_descendants,
    to_changeset,
)
from core.features import class_numbers
from core.study import UNSURE, NewEvent, Study, add_recording, label_events, new_events, remove_events


def spread(study, chain, label="a", annotator=None):
    """Label the first event of a chain by hand and let it pass on along the rest."""
    study.apply(label_events(study, chain[:1], label, annotator=annotator))
    pass_on(study, chain, label, annotator)


def pass_on(study, chain, label="a", annotator=None):
    how = {"source": "propagated", "origins": [chain[0]] * len(chain[1:]), "donors": chain[:-1]}
    study.apply(label_events(study, chain[1:], label, annotator=annotator, **how))


@pytest.fixture
def two_chains(study):
    """1 → 2 → 3 → 4, and 10 → 11 → 12."""
    spread(study, [1, 2, 3, 4])
    spread(study, [10, 11, 12])
    return study


def test_descendants_of_the_origin_and_of_an_event_on_the_way(two_chains):
    assert descendants(two_chains, 1) == [2, 3, 4]
    assert descendants(two_chains, 3) == [4]
    assert descendants(two_chains, 4) == descendants(two_chains, 999) == []
    assert label_path(two_chains, 4) == [4, 3, 2, 1]
    assert label_path(two_chains, 1) == []


def test_labels_that_know_their_origin_only(study):
    study.apply(label_events(study, [1], "a"))
    study.apply(label_events(study, [2, 3], "a", source="propagated", origins=[1, 1]))
    study.apply(label_events(study, [4], "a", source="propagated"))  # nor even that
    assert descendants(study, 1) == [2, 3]
    assert label_path(study, 3) == [3, 1]
    assert label_path(study, 4) == [4]
    study.apply(label_events(study, [1], "b"))
    assert stale_descendants(study) == [2, 3]


def test_retracting_is_one_step_that_leaves_the_rest(two_chains):
    before = two_chains.label_rows()
    done = two_chains.apply(retract(two_chains, 1))
    assert done.title == "retract 3 labels that descend from event 1"
    assert {event for event, _ in two_chains.label_rows()} == {1, 10, 11, 12}
    assert retract(two_chains, 1).changes == ()
    undone = two_chains.apply(done.inverse())
    assert two_chains.label_rows() == before
    two_chains.apply(undone.inverse())
    assert {event for event, _ in two_chains.label_rows()} == {1, 10, 11, 12}
    assert retract(two_chains, 11).title == "retract 1 label that descends from event 11"


def test_a_label_is_stale_while_its_origin_says_otherwise(two_chains):
    assert stale_descendants(two_chains) == []
    done = two_chains.apply(label_events(two_chains, [1], "b"))
    assert stale_descendants(two_chains) == stale_descendants(two_chains, done.event_ids) == [2, 3, 4]
    assert stale_descendants(two_chains, [10]) == []
    two_chains.apply(done.inverse())
    assert stale_descendants(two_chains) == []
    for label in ("", UNSURE):
        done = two_chains.apply(label_events(two_chains, [1], label))
        assert stale_descendants(two_chains) == [2, 3, 4]
        two_chains.apply(done.inverse())


def test_an_event_on_the_way_that_is_labelled_otherwise_makes_stale_what_came_by_it(two_chains):
    two_chains.apply(label_events(two_chains, [3], "a"))
    assert stale_descendants(two_chains) == []
    two_chains.apply(label_events(two_chains, [3], "b"))
    assert stale_descendants(two_chains) == [4]
    done = two_chains.apply(retract_stale(two_chains))
    assert done.title == "retract 1 label that is stale"
    assert stale_descendants(two_chains) == []
    assert {event for event, _ in two_chains.label_rows()} == {1, 2, 3, 10, 11, 12}


def test_what_descends_from_a_removed_event_is_found_and_retracted(two_chains):
    gone = two_chains.apply(remove_events(two_chains, [1]))
    assert descendants(two_chains, 1) == stale_descendants(two_chains, [1]) == [2, 3, 4]
    done = two_chains.apply(retract(two_chains, 1))
    two_chains.apply(gone.inverse())
    two_chains.apply(done.inverse())
    assert stale_descendants(two_chains) == []
    assert label_path(two_chains, 4) == [4, 3, 2, 1]
    two_chains.apply(remove_events(two_chains, [3]))  # on the way
    assert descendants(two_chains, 1) == [2, 4]


def test_labels_of_two_annotators_descend_alike_and_each_is_judged_by_who_accepted_it(two_chains):
    pass_on(two_chains, [1, 2, 5], annotator="Ben")
    assert descendants(two_chains, 1) == [2, 3, 4, 5]
    assert len(retract(two_chains, 1).changes) == 5  # of event 2, both
    two_chains.apply(label_events(two_chains, [1], "b", annotator="Ben"))
    assert stale_descendants(two_chains) == [2, 5]  # Ben's; for Ana, what she said of event 1 counts
    two_chains.apply(label_events(two_chains, [1], ""))
    assert stale_descendants(two_chains) == [2, 3, 4, 5]
    assert label_path(two_chains, 2, "Ben") == [2, 1]
    assert label_path(two_chains, 5) == [5, 2, 1]


def test_an_origin_with_a_propagated_label_of_its_own_begins_a_way(two_chains):
    # Ben labels event 3, which has Ana's propagated label; from his, Ana's propagation reaches 5, and 2 comes by it.
    two_chains.apply(label_events(two_chains, [3], "b", annotator="Ben"))
    pass_on(two_chains, [3, 5, 2], "b")
    assert descendants(two_chains, 1) == [3, 4]
    assert descendants(two_chains, 3) == [2, 4, 5]
    assert label_path(two_chains, 2) == [2, 5, 3]
    assert stale_descendants(two_chains) == [4]  # Ana's label of 3 is propagated: what Ben says there counts


def test_a_way_that_comes_back_to_itself_ends(study):
    study.apply(label_events(study, [1], "a"))
    study.apply(label_events(study, [2, 3], "a", source="propagated", origins=[1, 1], donors=[3, 2]))
    assert descendants(study, 2) == [3]
    assert label_path(study, 2) == [2, 3, 1]
    assert stale_descendants(study) == []
    study.apply(label_events(study, [1], "b"))
    assert stale_descendants(study) == [2, 3]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 8), annotators=st.integers(1, 2))
def test_accepted_retracted_undone_and_redone_labels_are_equal(seed, k, annotators):
    rng = np.random.default_rng(seed)
    points, quality, classes = rng.standard_normal((40, 2)), rng.random(40), ["a", "b"]
    with TemporaryDirectory() as folder, Study.create(folder, annotator="Ana") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        made = [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(40)]
        ids = np.array(study.apply(new_events(study, made)).event_ids)
        known = rng.permutation(ids)[:6]
        for part, who in zip(np.array_split(known, annotators), ("Ana", "Ben"), strict=False):
            study.apply(label_events(study, part, rng.choice(classes, len(part)).tolist(), annotator=who))
        numbers = class_numbers(ids, study.events(), classes)
        proposal = propagate(points, numbers, quality, k, 0.1, ids=ids)
        human = study.label_rows()
        accepted = study.apply(to_changeset(study, proposal, classes))
        everything = study.label_rows()
        for event in known.tolist():
            assert set(descendants(study, event)) == set(proposal.ids[proposal.origin == event].tolist())
        done = [study.apply(retract(study, event)) for event in known.tolist()]
        assert study.label_rows() == human
        undone = [study.apply(study.changeset(one.id).inverse()) for one in reversed(done)]
        assert study.label_rows() == everything
        for one in reversed(undone):
            study.apply(one.inverse())
        assert study.label_rows() == human
        for one in reversed(done):
            study.apply(one.inverse())
        study.apply(accepted.inverse())
        assert study.label_rows() == human
        assert all(label_path(study, event) == [] for event in ids.tolist())


def test_what_was_settled_counts_alone(two_chains):
    two_chains.apply(label_events(two_chains, [20], "b"))
    two_chains.apply(adjudicate(two_chains, [1], "b"))
    assert stale_descendants(two_chains) == [2, 3, 4]  # though Ana, who accepted them, says a
    two_chains.apply(adjudicate(two_chains, [1], "a"))
    two_chains.apply(label_events(two_chains, [1], "b"))
    assert stale_descendants(two_chains) == []


def test_most_of_those_who_labelled_an_origin_uphold_what_it_gave(two_chains):
    for who in ("Ben", "Cleo"):
        two_chains.apply(label_events(two_chains, [1], "b", annotator=who))
    pass_on(two_chains, [1, 6, 7], "b")  # accepted by Ana, of whom the map passes on the others' class
    assert stale_descendants(two_chains) == []
    two_chains.apply(label_events(two_chains, [1], "a", annotator="Cleo"))
    assert stale_descendants(two_chains) == [6, 7]


def test_an_event_on_the_way_that_is_unsure_says_nothing_against_it(two_chains):
    two_chains.apply(label_events(two_chains, [3], UNSURE))
    assert stale_descendants(two_chains) == []


def test_only_the_stale_labels_of_some_events_are_retracted(two_chains):
    two_chains.apply(label_events(two_chains, [1, 10], "b"))
    assert stale_descendants(two_chains) == [2, 3, 4, 11, 12]
    two_chains.apply(retract_stale(two_chains, only={3, 11, 19}))
    assert {event for event, _ in two_chains.label_rows()} == {1, 2, 4, 10, 12}
