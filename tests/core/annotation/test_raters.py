"""Several annotators: agreement of all and of any two, what they disagree on, and what was settled."""

import pytest

from core.annotation import ADJUDICATED, adjudicate, agreement_of_raters, disagreements, raters_of
from core.errors import InputError
from core.events import agreement, fleiss_kappa
from core.study import UNSURE, label_events

SAID = {"Ana": "aabbab", "Ben": "aabbba", "Cleo": "abbb"}


@pytest.fixture
def judged(study):
    """Ana and Ben judged events 1 to 6 (letters above), Cleo 1 to 4; what was propagated to Dan is no verdict."""
    for who, labels in SAID.items():
        study.apply(label_events(study, range(1, len(labels) + 1), list(labels), annotator=who))
    study.apply(label_events(study, [1, 2, 3], "b", annotator="Dan", source="propagated"))
    return study


def test_agreement_of_all_and_of_any_two(judged):
    assert raters_of(judged) == {"Ana": 6, "Ben": 6, "Cleo": 4}
    found = agreement_of_raters(judged)
    assert (found.raters, found.classes, found.n_all) == (("Ana", "Ben", "Cleo"), ("a", "b"), 4)
    counts = [[3, 0], [2, 1], [0, 3], [0, 3], [1, 1], [1, 1]]
    assert found.several == fleiss_kappa(counts, "ab")
    two = found.pairs["Ana", "Ben"]
    expected = agreement(SAID["Ana"], SAID["Ben"], "ab")
    assert two.table.tolist() == expected.table.tolist() == [[2, 1], [1, 2]]
    assert two.kappa == expected.kappa
    assert found.pairs["Ana", "Cleo"].n == 4
    assert agreement_of_raters(judged, ["Ben", "Cleo"], [1, 2, 3]).several.n == 3


def test_unsure_counts_as_a_class_or_not_at_all(judged):
    judged.apply(label_events(judged, [1], UNSURE, annotator="Ben"))
    assert agreement_of_raters(judged).classes == ("a", "b", UNSURE)
    without = agreement_of_raters(judged, unsure=False)
    assert without.classes == ("a", "b")
    assert without.pairs["Ana", "Ben"].n == 5


def test_disagreements_by_class_and_settled_through_the_history(judged):
    judged.apply(label_events(judged, [1], "c", annotator="Ben"))
    found = disagreements(judged)
    assert [one.event for one in found] == [2, 5, 6, 1]  # a or b, then a or c
    assert found[0].said == {"Ana": "a", "Ben": "a", "Cleo": "b"}
    assert [one.event for one in disagreements(judged, ["Ana", "Cleo"])] == [2]
    before = judged.label_rows()
    done = judged.apply(adjudicate(judged, [2, 5], "b"))
    assert done.title == "adjudicated: label 2 events as b"
    assert [(one.event, one.settled) for one in disagreements(judged)] == [(2, "b"), (5, "b"), (6, ""), (1, "")]
    assert {who for _, who in judged.label_rows([2, 5])} == {"Ana", "Ben", "Cleo", "Dan", ADJUDICATED}
    assert ADJUDICATED not in raters_of(judged)
    assert agreement_of_raters(judged).raters == ("Ana", "Ben", "Cleo")
    judged.apply(done.inverse())
    assert judged.label_rows() == before


def test_two_annotators_are_needed_and_must_have_judged(judged):
    with pytest.raises(InputError, match=r"Dan has judged none of these events.*Verdicts are there of: Ana, Ben, Cleo"):
        agreement_of_raters(judged, ["Ana", "Dan"])
    with pytest.raises(InputError, match="agreement needs two annotators; there are verdicts of Ana"):
        disagreements(judged, ["Ana", "Ana"])
    with pytest.raises(InputError, match="there are verdicts of nobody"):
        agreement_of_raters(judged, ids=[19])


def test_what_was_settled_is_what_an_event_shows(judged):
    def shown():
        return dict(zip(judged.events().id.tolist(), judged.events().label, strict=True))

    assert (shown()[2], shown()[5]) == ("a", "a")  # Ana's own: she is the annotator
    hashed = judged.events().label_hash()
    done = judged.apply(adjudicate(judged, [2, 5], ["b", UNSURE]))
    assert (shown()[2], shown()[5]) == ("b", UNSURE)
    judged.apply(label_events(judged, [2], "a", annotator="Ben"))  # the newest, but it settles nothing
    assert shown()[2] == "b"
    judged.apply(label_events(judged, [3], "c", annotator=ADJUDICATED, source="propagated"))
    assert shown()[3] == "b"  # what somebody gave comes first
    judged.apply(done.inverse())
    assert judged.events().label_hash() == hashed


def test_a_verdict_is_of_a_class_that_there_is(judged):
    with pytest.raises(InputError, match=r"there is no class zzz.*Settle for one of: a, b, unsure"):
        adjudicate(judged, [2, 5], ["a", "zzz"])
    assert adjudicate(judged, [2], UNSURE).event_ids == [2]


def test_annotators_without_an_event_in_common_are_no_pair(judged):
    judged.apply(label_events(judged, [19], "a", annotator="Eve"))
    found = agreement_of_raters(judged)
    assert "Eve" in found.raters
    assert set(found.pairs) == {("Ana", "Ben"), ("Ana", "Cleo"), ("Ben", "Cleo")}
