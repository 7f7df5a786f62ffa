"""`hitscope retract` and `hitscope labels`: what descends from a label, soft labels, agreement."""

import json

import pytest

from core.study import NewEvent, Study, add_recording, label_events, new_events


@pytest.fixture
def folder(tmp_path):
    """A study in which 2 and 3 descend from event 1."""
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        study.apply(new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(6)]))
        study.apply(label_events(study, [1], "a"))
        study.apply(label_events(study, [2, 3], "a", source="propagated", origins=[1, 1], donors=[1, 2]))
    return tmp_path / "s"


def labelled(folder):
    with Study.open(folder, readonly=True) as study:
        return sorted({event for event, _ in study.label_rows()})


def test_labels_that_descend_from_one_are_retracted(run, folder):
    status, said, _ = run("retract", folder, 1, "--json")
    assert (status, json.loads(said)) == (
        0,
        {"done": "retract 2 labels that descend from event 1", "events": [2, 3]},
    )
    assert labelled(folder) == [1]
    status, _, error = run("retract", folder, 1)
    assert status == 1
    assert "no propagated label descends from event 1" in error


def test_stale_labels_are_retracted(run, folder):
    assert "no propagated label is stale" in run("retract", folder, "--stale")[2]
    with Study.open(folder) as study:
        study.apply(label_events(study, [2], "b"))
    assert run("retract", folder, "--stale")[:2] == (0, "retract 1 label that is stale\n")
    for what in ([], [1, "--stale"]):
        assert "not said what to retract" in run("retract", folder, *what)[2]
