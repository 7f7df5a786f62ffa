"""Test subjects neither give nor take labels, nor count; unless the user says transductive."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import (
    PROPAGATORS,
    QUERIES,
    OnMap,
    Pool,
    Proposal,
    label_next,
    propagated_on,
    remarks,
    to_changeset,
    trade_off,
    usable_neighbours,
)
from core.projection import Map, MapEvents
from core.study import EventTable, label_events
from tests.core.annotation.maps import cloud

CLASSES = ("a", "b", "c")


def table(labels):
    """A table of events 1, 2, … with labels by hand."""
    blank = {name: np.zeros(len(labels), dtype) for name, dtype in EventTable.COLUMNS}
    text = np.array([CLASSES[c] if c >= 0 else "" for c in labels], dtype=object)
    source = np.where(labels >= 0, "human", "").astype(object)
    return EventTable(**{**blank, "id": np.arange(1, len(labels) + 1), "label": text, "label_source": source})


def on_map(points, labels, quality, test, transductive=False):
    """What is seen of a map; test events that are not usable were placed in it."""
    usable = np.ones(len(test), bool) if transductive else ~test
    events = MapEvents(np.arange(1, len(test) + 1), test, usable, ~usable)
    return OnMap(Map({}, points, quality, None, events=events), table(labels), CLASSES)


def outcome(on):
    """All that is chosen or estimated, as something that can be compared bit for bit."""
    lists = usable_neighbours(on.made, 12)
    proposals = [entry.run(on.points, on.labels, on.quality, lists, ids=on.ids) for entry in PROPAGATORS.values()]
    curve = trade_off(on.points, on.labels, on.quality, (3, 6), (0.0, 0.2), neighbours=lists)
    pool = Pool(on.ids, on.labels, on.points, on.quality, classes=CLASSES, neighbours=lists)
    asked = [label_next(key, pool, 8) for key, entry in QUERIES.items() if not entry.models]
    return [
        *(columns(p) for p in proposals),
        [remarks(p, on.labels, on.quality) for p in proposals],
        repr(curve),
        asked,
    ]


def columns(proposal):
    made = dataclasses.asdict(proposal)
    return {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in made.items()}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.05, 0.5))
def test_nothing_of_test_subjects_changes_what_is_chosen_unless_transductive(seed, share):
    points, labels, quality = cloud(seed, 80)
    rng = np.random.default_rng(seed)
    test = rng.random(80) < share
    test[:6], test[6] = False, True
    labels[:6] = [0, 1, 2, 0, 1, 2]
    other_points, other_labels, other_quality = points.copy(), labels.copy(), quality.copy()
    other_points[test] = rng.normal(2, 3, (test.sum(), 2))
    other_labels[test] = rng.integers(0, 3, test.sum())
    other_quality[test] = rng.random(test.sum()) * 5
    before, after = (
        on_map(*arrays, test) for arrays in ((points, labels, quality), (other_points, other_labels, other_quality))
    )
    assert outcome(before) == outcome(after)
    assert not set(before.ids) & set(np.flatnonzero(test) + 1)
    loose, moved = (
        on_map(*arrays, test, True)
        for arrays in ((points, labels, quality), (other_points, other_labels, other_quality))
    )
    assert len(loose.ids) == 80
    assert outcome(loose) != outcome(moved)


def test_how_many_are_left_out_is_said():
    points, labels, quality = cloud(0, 50)
    test = np.arange(50) >= 45
    on = on_map(points, labels, quality, test)
    assert on.notes == ("5 events of test subjects are left out.",)
    proposal = PROPAGATORS["lq_knn"].run(on.points, on.labels, on.quality, ids=on.ids)
    said = proposal.describe(on.name("projection-1", 2))
    assert said.startswith("LQ-KNN on projection-1, map 2 without 5 events of test subjects, k = 10")
    plain = on_map(points, labels, quality, test, transductive=True)
    assert plain.notes == ()
    assert plain.name("projection-1", 2) == "projection-1, map 2"


class TestPropagatedOn:
    """The history says on which maps the labels of a study were propagated."""

    @pytest.fixture
    def run(self, study):
        return study.new_run("projection", "p", {})

    def accept(self, study, run, to, origin=1, key="a"):
        n = len(to)
        given = (np.zeros(n, int), np.full(n, origin), np.full(n, origin), np.ones(n, int), np.ones(n))
        labels, donor, origins, steps, confidence = given
        proposal = Proposal(np.array(to), labels, donor, origins, steps, confidence, 0.5, None, "std_knn", {"k": 2})
        return study.apply(to_changeset(study, proposal, [key]), reason=proposal.describe(f"{run.id}, map 0"))

    def named(self, study, ids=range(1, 21)):
        return {run: events.tolist() for run, events in propagated_on(study, list(ids)).items()}

    def test_the_last_map_counts_for_each_label(self, study, run):
        study.apply(label_events(study, [1], "a"))
        assert self.named(study) == {}
        self.accept(study, run, [5, 6, 7])
        other = study.new_run("projection", "q", {})
        self.accept(study, other, [7, 8], key="b")
        assert self.named(study) == {run.id: [5, 6], other.id: [7, 8]}
        assert self.named(study, [6, 8]) == {run.id: [6], other.id: [8]}

    def test_what_is_undone_or_labelled_by_hand_is_not_of_a_map(self, study, run):
        study.apply(label_events(study, [1], "a"))
        done = self.accept(study, run, [5, 6])
        back = study.apply(done.inverse())
        assert self.named(study) == {}
        study.apply(back.inverse())
        study.apply(label_events(study, [6], "a"))
        assert self.named(study) == {run.id: [5]}

    def test_labels_without_a_reason_are_of_no_map(self, study, run):
        study.apply(label_events(study, [1], "a"))
        study.apply(label_events(study, [5], "a", source="propagated", origins=[1]))
        assert self.named(study) == {}
