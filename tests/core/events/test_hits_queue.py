"""The queue of HITS candidates: their features, the orders to go through them, and which is next."""

import math

import numpy as np
import pytest

from core.errors import InputError
from core.events import CANDIDATE_ORDERS, candidates_of, next_place, own_verdicts, queue_order
from core.study import NewEvent, Study, add_recording, label_events, new_events


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "study", annotator="Ana") as made:
        fields = {"path": "a.wav", "sha256": "0", "format": "wav", "name": "a", "duration_s": 100.0}
        made.apply(add_recording(made, **fields))
        said = [
            {"probability": 0.9, "hbr_db": 5.0},
            {"probability": 0.45},
            {},
            {"probability": None, "hbr_db": "much", "suggestion": "embolus"},
            {"probability": 0.1, "hbr_db": 20.0},
        ]
        events = [NewEvent(1, "I", 50.0 - t, 0.05, "hits", "hits", a) for t, a in enumerate(said)]
        made.apply(new_events(made, [*events, NewEvent(1, "I", 0.0, 1.0, "mark", "annotator")]))
        yield made


def test_candidates_are_those_of_a_recording_in_order_of_time(study):
    found = candidates_of(study.events(), 1)
    assert found.start_s.tolist() == [46.0, 47.0, 48.0, 49.0, 50.0]
    assert found.id.tolist() == [5, 4, 3, 2, 1]
    np.testing.assert_array_equal(found.probability, [0.1, math.nan, math.nan, 0.45, 0.9])
    np.testing.assert_array_equal(found.hbr_db, [20.0, math.nan, math.nan, math.nan, 5.0])
    assert len(candidates_of(study.events(), 2)) == 0


@pytest.mark.parametrize(
    ("order", "expected"),
    [("time", [5, 4, 3, 2, 1]), ("suspicious", [1, 2, 5, 4, 3]), ("doubtful", [2, 5, 1, 4, 3])],
)
def test_orders(study, order, expected):
    found = candidates_of(study.events(), 1)
    assert found.id[queue_order(found, order)].tolist() == expected
    assert len(queue_order(candidates_of(study.events(), 2), order)) == 0


def test_an_order_that_is_none_is_refused(study):
    assert "time" in CANDIDATE_ORDERS
    with pytest.raises(InputError, match="no order"):
        queue_order(candidates_of(study.events(), 1), "luck")


@pytest.mark.parametrize(
    ("decided", "place", "expected"),
    [([0, 0, 0], 0, 1), ([1, 1, 0], 0, 2), ([0, 1, 1], 1, 0), ([1, 1, 1], 2, 0), ([1, 0, 1], 1, 1), ([0], 0, 0)],
)
def test_the_next_one_is_undecided_as_long_as_there_is_one(decided, place, expected):
    assert next_place(np.array(decided, bool), place) == expected


def test_verdicts_are_the_present_annotators_own(study):
    study.apply(label_events(study, [1, 2], "embolus", annotator="Ben"))
    study.apply(label_events(study, [2], "artefact"))
    assert own_verdicts(study, [1, 2, 3]) == {2: "artefact"}
