"""Labels as distributions: of doubt, of several annotators, as they are stored, and as a table."""

import csv
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import (
    Proposal,
    adjudicate,
    distribution,
    export_labels,
    hard_numbers,
    propagate,
    soft_labels,
    to_changeset,
)
from core.errors import InputError
from core.study import UNSURE, label_events


@dataclass(frozen=True)
class SoftProposal(Proposal):
    """A proposal of a method that carries distributions."""

    soft: np.ndarray | None = None


def row(label, source="human", confidence=None, soft=None):
    return {"label": label, "source": source, "confidence": confidence, "soft": soft}


def test_doubt_gives_the_others_equal_parts_of_the_rest():
    assert distribution(row("a"), "abc").tolist() == [1, 0, 0]
    assert distribution(row("b", confidence=0.5), "abc").tolist() == [0.25, 0.5, 0.25]
    assert distribution(row("b", confidence=0.5), "b").tolist() == [1]
    assert distribution(row("a", "propagated", 0.5), "ab").tolist() == [1, 0]  # that is the quality of a map
    assert distribution(row("a", confidence=7.0), "ab").tolist() == [1, 0]  # that is no probability
    assert distribution(row("a", confidence=0.1, soft={"a": 0.6, "c": 0.4}), "abc").tolist() == [0.6, 0, 0.4]
    assert distribution(row("a", soft={"a": 0.6, "c": 0.3, "b": 0.1}), "cb").tolist() == pytest.approx([0.75, 0.25])
    for said in (row(UNSURE), row("x"), row("a", soft={"a": 1.0})):
        assert distribution(said, "bc") is None


def test_a_tie_is_no_class():
    shares = [[0.5, 0.5, 0], [0.2, 0.3, 0.5], [1 / 3 + 1e-12, 1 / 3, 1 / 3], [0.1 + 0.2, 0.3, 0.4]]
    assert hard_numbers(shares).tolist() == [-1, 2, -1, 2]
    assert hard_numbers(np.zeros((2, 0))).tolist() == [-1, -1]
    assert hard_numbers(np.zeros((0, 3))).tolist() == []


@pytest.fixture
def several(study):
    """Ana and Ben of 1 to 5, Cleo of 1; 6 is propagated, 7 unsure by one and propagated, 8 nothing."""
    study.apply(label_events(study, [1, 2, 3, 4], ["a", "a", "b", UNSURE]))
    study.apply(label_events(study, [1, 2, 3, 4], ["a", "b", "b", "a"], annotator="Ben", confidence=[0.75, 1, 1, 1]))
    study.apply(label_events(study, [1], "b", annotator="Cleo"))
    study.apply(label_events(study, [1, 6, 7], "b", source="propagated", annotator="Dan", confidence=[0.5] * 3))
    study.apply(label_events(study, [7], UNSURE))
    return study


def test_annotators_count_alike_or_by_weight_and_before_what_was_propagated(several):
    found = soft_labels(several)
    assert found.classes == ("a", "b")
    assert found.ids.tolist() == [1, 2, 3, 4, 6]
    np.testing.assert_allclose(found.shares[:, 0], [1.75 / 3, 0.5, 0, 1, 0])
    assert found.annotators.tolist() == [3, 2, 2, 1, 1]
    assert found.propagated.tolist() == [False] * 4 + [True]
    assert found.hard() == ["a", UNSURE, "b", "a", "b"]
    assert soft_labels(several, propagated=False).ids.tolist() == [1, 2, 3, 4]
    weighed = soft_labels(several, [1, 2], weights={"Ana": 3, "Cleo": 0})
    np.testing.assert_allclose(weighed.shares[:, 0], [(3 + 0.75) / 4, 0.75])
    assert soft_labels(several, [2], classes=["b", "a"]).shares.tolist() == [[0.5, 0.5]]
    assert len(soft_labels(several, [8])) == 0
    with pytest.raises(InputError, match="weight of Ana must be"):
        soft_labels(several, weights={"Ana": -1})


def test_what_was_settled_counts_alone(several):
    done = several.apply(adjudicate(several, [1, 2], "b"))
    assert soft_labels(several, [1, 2]).hard() == ["b", "b"]
    assert soft_labels(several, [1, 2]).annotators.tolist() == [1, 1]
    several.apply(done.inverse())
    assert soft_labels(several, [1, 2]).hard() == ["a", UNSURE]


def test_there_must_be_a_class(study):
    with pytest.raises(InputError, match="no class"):
        soft_labels(study)


def test_propagated_shares_are_accepted_and_come_back(study):
    points, labels = np.arange(20.0)[:, None] * [1, 0], np.full(20, -1)
    labels[[0, 19]] = 0, 1
    study.apply(label_events(study, [1, 20], ["a", "b"]))
    proposal = propagate(points, labels, np.ones(20), 3, 0.1, ids=np.arange(1, 21))
    shares = np.random.default_rng(0).dirichlet([1, 1, 1], len(proposal.ids))
    proposal = SoftProposal(**vars(proposal) | {"soft": shares})
    study.apply(to_changeset(study, proposal, ["a", "b", "c"]))
    found = soft_labels(study, proposal.ids.tolist())
    np.testing.assert_array_equal(found.ids, np.sort(proposal.ids))
    np.testing.assert_allclose(found.shares, shares[np.argsort(proposal.ids)], rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.floats(0, 1))), min_size=1, max_size=6))
def test_every_distribution_is_one(said):
    for label, confidence in said:
        shares = distribution(row(label, confidence=confidence), "abcd")
        assert shares.sum() == pytest.approx(1)
        assert ((shares >= 0) & (shares <= 1)).all()


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_hard_and_soft_tables(several, tmp_path):
    found = soft_labels(several)
    assert export_labels(several, tmp_path / "hard.csv", found) == 5
    rows = table(tmp_path / "hard.csv")
    assert [r["label"] for r in rows] == found.hard()
    assert [r["source"] for r in rows] == ["given"] * 4 + ["propagated"]
    assert "share_a" not in rows[0]
    with pytest.raises(InputError, match=r"hard\.csv"):
        export_labels(several, tmp_path / "hard.csv", found)
    export_labels(several, tmp_path / "hard.csv", found, soft=True, replace=True)
    rows = table(tmp_path / "hard.csv")
    np.testing.assert_array_equal([[float(r["share_a"]), float(r["share_b"])] for r in rows], found.shares)
    assert (rows[1]["event"], rows[1]["recording"], float(rows[1]["start_s"])) == ("2", "a", 1.0)
    with pytest.raises(InputError, match="no labels to export"):
        export_labels(several, tmp_path / "none.csv", soft_labels(several, [8]))
