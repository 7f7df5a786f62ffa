"""HITS counted: by class, strength, recording and subject; whose verdicts they are is never lost."""

import json

import pytest

from core.errors import InputError
from core.events import Recorded, judged_by, poisson_interval, summarise, verdicts_of
from core.study import EventTable


def table(*events):
    """Events of ``(recording, attributes)``."""
    rows = [
        (n, recording, "I", float(n), 0.05, "hits", "hits", json.dumps(said), "", "", None, -1, -1, "")
        for n, (recording, said) in enumerate(events, 1)
    ]
    return EventTable.from_rows(rows)


def labelled(**labels):
    """Labels of A by event number: ``e1="embolus"``."""
    return {(int(k[1:]), "A"): {"label": v, "source": "human"} for k, v in labels.items()}


EVENTS = table(
    (1, {"hbr_db": 2.9, "suggestion": "embolus"}), (1, {"hbr_db": 3.0, "suggestion": "artefact"}),
    (1, {"hbr_db": 12.0}), (2, {"hbr_db": None, "suggestion": "embolus"}), (2, {"suggestion": "unsure"}),
    (9, {"hbr_db": 7.0, "suggestion": "embolus"}),
)  # fmt: skip
TWO = [Recorded(1, "left", "S1", 2.0), Recorded(2, "right", "S2", 0.5, simulated=True)]


def summary(basis, labels=None, recordings=TWO):
    return summarise(EVENTS, verdicts_of(EVENTS, labels or {}, "A", basis), recordings)


def test_undecided_events_are_not_the_detectors_unless_that_is_asked_for():
    labels = labelled(e1="gaseous", e2="artefact")
    own, both, detector = (summary(basis, labels) for basis in ("annotator", "both", "detector"))
    assert [(c.key, c.n) for c in own.classes] == [("embolus", 0), ("gaseous", 1), ("artefact", 1), ("", 3)]
    assert (own.total.emboli, own.total.artefacts, own.total.undecided, own.total.n) == (1, 1, 3, 5)
    assert {c.key: c.by for c in both.classes if c.n} == {
        "embolus": {"detector": 1}, "gaseous": {"annotator": 1}, "artefact": {"annotator": 1}, "unsure": {"detector": 1}, "": {},
    }  # fmt: skip
    assert (detector.total.emboli, detector.total.artefacts, detector.total.unsure) == (2, 1, 1)


def test_rates_and_shares_have_their_intervals():
    found = summary("both", labelled(e1="solid"))
    embolus = found.classes[0]
    assert (embolus.n, embolus.share.value, embolus.per_hour.value) == (1, 0.25, 1 / 2.5)
    assert embolus.per_hour.high == pytest.approx(poisson_interval(1)[1] / 2.5)
    assert found.classes[-1].share.why == "these have no verdict"


def test_ranges_of_hbr_include_their_lower_end():
    found = {part.name: part.n for part in summary("detector").by_hbr}
    assert found == {
        "below 3 dB": 1, "3 to 6 dB": 1, "6 to 9 dB": 0, "9 to 12 dB": 0, "12 dB and more": 1, "not measured": 2,
    }  # fmt: skip


def test_recordings_and_subjects():
    more = [*TWO, Recorded(3, "again", "S2", 1.0), Recorded(4, "whose", "", 0.0)]
    found = summary("detector", recordings=more)
    assert [(p.name, p.emboli, p.hours, p.simulated) for p in found.by_recording] == [
        ("left", 1, 2.0, False), ("right", 1, 0.5, True), ("again", 0, 1.0, False), ("whose", 0, 0.0, False),
    ]  # fmt: skip
    assert [(p.name, p.emboli, p.hours, p.n_recordings) for p in found.by_subject] == [
        ("S1", 1, 2.0, 1), ("S2", 1, 1.5, 2), ("", 0, 0.0, 1),
    ]  # fmt: skip
    assert (found.by_recording[2].per_hour.low, found.by_recording[3].per_hour.why) == (0.0, "no recorded time")
    assert (found.n_with_emboli, found.n_subjects, found.with_emboli.value) == (2, 2, 1.0)


def test_nothing_at_all_is_summed_up_too():
    nothing = table()
    found = summarise(nothing, verdicts_of(nothing, {}, None), [])
    assert (found.total.n, found.total.per_hour.why, found.with_emboli.why) == (0, "no recorded time", "of no event")
    assert [c.n for c in found.classes] == [0, 0]


def test_a_basis_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="guess"):
        verdicts_of(EVENTS, {}, "A", "guess")


def test_propagated_labels_are_told_apart():
    labels = {**labelled(e1="embolus"), (2, "A"): {"label": "embolus", "source": "propagated"}}
    assert summary("annotator", labels).classes[0].by == {"annotator": 1, "propagated": 1}
    assert judged_by(labels) == {"A": 1}
