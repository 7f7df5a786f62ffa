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
    adjudicate,
    contested_labels,
    label_next,
    propagate,
    propagated_on,
    remarks,
    stale_descendants,
    to_changeset,
    trade_off,
    usable_neighbours,
)
from core.features import class_numbers
from core.projection import Map, MapEvents
from core.study import UNSURE, EventTable, label_events
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


class TestContested:
    """What people do not agree on is passed on as shares, by the same rule as it is exported."""

    def on(self, study):
        rng = np.random.default_rng(0)
        points = np.repeat([[0.0, 0.0], [9.0, 0.0]], 10, axis=0) + rng.random((20, 2))
        made = Map({}, points, np.ones(20), None, events=MapEvents(np.arange(1, 21)))
        classes = [c.key for c in study.classes()]
        return OnMap(made, study.events(), classes, contested_labels(study)), classes

    @pytest.fixture
    def judged(self, study):
        """1, of one group of ten: a by Ana and Ben, b by Cleo; 2: a tie; 11, of the other: b by all; 12: unsure."""
        study.apply(label_events(study, [11, 12], ["b", UNSURE]))
        for who, labels in {"Ana": "aa", "Ben": "ab", "Cleo": "b"}.items():
            study.apply(label_events(study, range(1, len(labels) + 1), list(labels), annotator=who))
        return study

    def test_the_largest_share_is_the_label_and_a_tie_none_whoever_looks(self, judged):
        for who in ("Ana", "Ben", "Cleo"):
            judged.annotator = who
            on, classes = self.on(judged)
            assert [classes[n] if n >= 0 else "" for n in on.labels[[0, 1, 10, 11]]] == ["a", "", "b", ""]
            np.testing.assert_allclose(on.given[0], [{"a": 2 / 3, "b": 1 / 3}.get(c, 0.0) for c in classes])
            assert on.given[10].tolist() == [float(c == "b") for c in classes]
            assert not on.given[11].any()

    @pytest.mark.parametrize("method", PROPAGATORS)
    def test_shares_are_carried_and_stored(self, judged, method):
        on, classes = self.on(judged)
        few = {"k": 8} if "k" in PROPAGATORS[method].parameters else {}
        proposal = PROPAGATORS[method].run(on.points, on.given, on.quality, ids=on.ids, **few)
        assert not {1, 2, 11} & set(proposal.ids.tolist())
        assert any("2 labels are contested" in note and "no label: 1" in note for note in remarks(proposal, on.given))
        judged.apply(to_changeset(judged, proposal, classes))
        rows = {event: row for (event, _), row in judged.label_rows(source="propagated").items()}
        assert len(rows) == 16  # all but 1 and 11, the tie and the unsure one
        for event, row in rows.items():
            assert row["label"] == ("a" if event <= 10 else "b")
            expected = {"a": 2 / 3, "b": 1 / 3} if event <= 10 else {"b": 1.0}
            assert row["soft"] == pytest.approx(expected, abs=1e-3)
        if method != "spreading":
            assert stale_descendants(judged) == []

    def test_doubt_of_one_person_is_shares_too(self, study):
        study.apply(label_events(study, [1, 2], ["a", "b"], confidence=[0.75, 1.0]))
        on, classes = self.on(study)
        assert on.given[0].tolist() == [{"a": 0.75, "b": 0.25}.get(c, 0.0) for c in classes]
        proposal = propagate(on.points, on.given, on.quality, 4, 0.1, on.ids)
        assert any(note.startswith("1 label is contested") for note in remarks(proposal, on.given))

    def test_nothing_is_other_where_nothing_is_contested(self, judged):
        judged.apply(adjudicate(judged, [1, 2], ["b", "a"]))
        assert len(contested_labels(judged)) == 0
        on, classes = self.on(judged)
        assert on.given is on.labels
        assert [classes[n] for n in on.labels[[0, 1, 10]]] == ["b", "a", "b"]
        plain = OnMap(on.made, on.events, classes)
        np.testing.assert_array_equal(plain.labels, on.labels)


def test_classes_that_nobody_gave_may_stand_behind_the_shares(study):
    study.apply(label_events(study, [1, 2, 3], ["a", "b", "z"]))
    study.apply(label_events(study, [3], ""))
    classes = [c.key for c in study.classes()]
    on = OnMap(Map({}, np.random.default_rng(0).random((20, 2)), np.ones(20), None), study.events(), classes)
    proposal = PROPAGATORS["spreading"].run(on.points, class_numbers(np.arange(1, 21), on.events, classes), None, k=5)
    proposal = dataclasses.replace(proposal, ids=proposal.ids + 1)
    assert proposal.soft.shape[1] < len(classes)
    study.apply(to_changeset(study, proposal, classes))
    assert {key for row in study.label_rows(source="propagated").values() for key in row["soft"]} == {"a", "b"}


def test_the_quality_of_events_that_were_placed_decides_where_they_are_usable():
    """Events that came later pass on what they may: of too little quality, neither they nor what lies behind them."""
    points = np.stack([np.arange(6.0), np.zeros(6)], axis=1)
    placed = np.arange(6) >= 3
    for low, reached in ((0.9, [2, 3, 4, 5, 6]), (0.05, [2, 3])):
        quality = np.where(np.arange(6) == 3, low, 0.9)
        events = MapEvents(np.arange(1, 7), placed, np.ones(6, bool), placed)
        on = OnMap(Map({}, points, quality, None, events=events), table(np.array([0, -1, -1, -1, -1, -1])), CLASSES)
        assert propagate(on.points, on.given, on.quality, 2, 0.1, on.ids).ids.tolist() == reached
