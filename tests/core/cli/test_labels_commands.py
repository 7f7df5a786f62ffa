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


def test_labels_are_exported_soft(run, folder, tmp_path):
    with Study.open(folder) as study:
        study.apply(label_events(study, [1, 4], ["b", "b"], annotator="Ben"))
    status, said, _ = run("labels", "export", folder, tmp_path / "l.csv", "--soft", "--json")
    assert (status, json.loads(said)["labels"], json.loads(said)["tied"]) == (0, 4, 1)
    header, first, *_ = (tmp_path / "l.csv").read_text("utf-8").splitlines()
    assert header.endswith("label,source,annotators,share_a,share_b")
    assert first.endswith("unsure,given,2,0.5,0.5")
    assert run("labels", "export", folder, tmp_path / "l.csv")[0] == 1
    weight = ["--weight", "Ana=3", "--no-propagated", "--replace"]
    assert (
        run("labels", "export", folder, tmp_path / "l.csv", *weight)[1] == f"2 labels written to {tmp_path / 'l.csv'}\n"
    )
    assert ",a,given,2" in (tmp_path / "l.csv").read_text("utf-8")
    assert "weight of Ana must be" in run("labels", "export", folder, tmp_path / "m.csv", "--weight", "Ana=x")[2]


def test_agreement_is_told_and_settled(run, folder):
    with Study.open(folder) as study:
        study.apply(label_events(study, [4, 5, 6], ["a", "b", "b"], annotator="Ana"))
        study.apply(label_events(study, [1, 4, 5, 6], ["a", "b", "b", "b"], annotator="Ben"))
    status, said, _ = run("labels", "agreement", folder)
    assert status == 0
    assert "Ana, Ben: 4 events were judged by all" in said
    assert "Fleiss' kappa 0.467" in said
    assert "  4: Ana a, Ben b" in said
    assert run("labels", "adjudicate", folder, 4, "b")[:2] == (0, "adjudicated: label 1 event as b\n")
    found = json.loads(run("labels", "agreement", folder, "--rater", "Ana", "--rater", "Ben", "--json")[1])
    assert found["disagreements"] == [{"event": 4, "said": {"Ana": "a", "Ben": "b"}, "settled": "b"}]
    assert found["pairs"][0]["table"] == [[1, 1], [0, 2]]
    assert "no event 99" in run("labels", "adjudicate", folder, 99, "b")[2]
    assert "needs two annotators" in run("labels", "agreement", folder, "--rater", "Ana")[2]


def test_verdicts_of_no_class_and_pairs_without_an_event_in_common(run, folder):
    with Study.open(folder) as study:
        study.apply(label_events(study, [4], "b", annotator="Ben"))
        study.apply(label_events(study, [4, 5], "b", annotator="Cleo"))
    status, said, _ = run("labels", "agreement", folder)
    assert status == 0
    assert "Cohen's kappa of" in said
    assert said.count("Cohen's kappa") == 1
    assert "2 pairs of annotators judged no event in common" in said
    status, _, error = run("labels", "adjudicate", folder, 4, "zzz")
    assert status == 1
    assert "there is no class zzz" in error
    with Study.open(folder, readonly=True) as study:
        assert "zzz" not in {c.key for c in study.classes()}
