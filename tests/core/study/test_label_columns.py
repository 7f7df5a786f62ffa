"""Who gave a propagated label and what a label is a distribution of: stored, undone, and unknown to older studies."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.errors import InputError
from core.study import Change, Changeset, Study, label_events, remove_events


def table(study):
    """All labels with every column, whoever's."""
    return study.label_rows()


def test_donor_and_shares_come_back_and_are_undone(study, ids):
    study.apply(label_events(study, ids[:1], "solid"))
    before = table(study)
    shares = [{"solid": 0.75, "gaseous": 0.25, "artefact": 0.0}, None]
    how = {"source": "propagated", "origins": [ids[0], -1], "donors": [ids[0], -1], "soft": shares}
    done = study.apply(label_events(study, ids[1:3], "solid", **how))
    assert {c.key for c in study.classes()} == {"solid", "gaseous"}  # a class of some share is one that there is
    rows = study.label_rows(ids[1:3], "Ana")
    assert rows[ids[1], "Ana"]["soft"] == {"gaseous": 0.25, "solid": 0.75}
    assert [rows[e, "Ana"]["donor"] for e in ids[1:3]] == [ids[0], None]
    events = study.events()
    assert events.label_donor[:3].tolist() == [-1, ids[0], -1]
    assert events.label_soft[:3].tolist() == ["", '{"gaseous": 0.25, "solid": 0.75}', ""]
    removed = study.apply(remove_events(study, ids[1:3]))
    study.apply(study.changeset(removed.id).inverse())  # as the audit has it
    assert study.label_rows(ids[1:3]) == rows
    study.apply(study.changeset(done.id).inverse())
    assert table(study) == before


def test_only_labels_that_came_some_way(study, ids):
    study.apply(label_events(study, ids[:2], "solid"))
    study.apply(label_events(study, ids[2:4], "solid", source="propagated"))
    assert {event for event, _ in study.label_rows(source="propagated")} == set(ids[2:4])
    assert {event for event, _ in study.label_rows(ids[1:3], source="human")} == {ids[1]}


@pytest.mark.parametrize("shares", [{"a": 0.5}, {}, {"a": 1.5, "b": -0.5}, {"a": np.nan}, {"a": 0.6, "b": 0.6}])
def test_shares_that_are_no_distribution_are_refused(study, ids, shares):
    with pytest.raises(InputError, match=f"event {ids[0]}: .*no distribution"):
        label_events(study, ids[:1], "a", soft=[shares])


def test_single_precision_is_a_distribution(study, ids):
    thirds = np.full(3, 1 / 3, np.float32)
    study.apply(label_events(study, ids[:1], "a", soft=[dict(zip("abc", thirds, strict=True))]))
    assert sum(study.label_rows(ids[:1], "Ana")[ids[0], "Ana"]["soft"].values()) == pytest.approx(1)
    with pytest.raises(InputError, match="one label per event"):
        label_events(study, ids[:2], "a", soft=[None])
    with pytest.raises(InputError, match="one label per event"):
        label_events(study, ids[:2], "a", donors=[1])


@pytest.fixture
def older(study, ids, make_older):
    """A study of version 4, with labels and a history as that version wrote them."""

    def row(label, source="human"):
        return {"label": label, "source": source, "confidence": None, "origin": None}

    a, b, c = ids[:3]
    classes = tuple(Change("classes", (k,), None, {"title": k, "position": n}) for n, k in enumerate("xy", 1))
    first = [Change("labels", (e, "Ana"), None, row("x")) for e in (a, b)]
    spread = Change("labels", (c, "Ana"), None, row("x", "propagated") | {"confidence": 0.5, "origin": a})
    steps = [
        Changeset("label", (*classes, *first)),
        Changeset("propagate", (spread,)),
        Changeset("relabel", (Change("labels", (a, "Ana"), row("x"), row("y")),)),
        Changeset("remove the label", (Change("labels", (b, "Ana"), row("x"), None),)),
    ]
    states = [study.label_rows()]
    done = []
    for step in steps:
        done.append(study.apply(step).id)
        states.append(study.label_rows())
    study.close()
    make_older(study.folder, 4)
    return study.folder, done, states


def test_what_was_done_before_the_migration_is_undone_and_redone_after_it(older):
    folder, done, states = older
    with Study.open(folder, annotator="Ana") as study:
        assert study.migrated_from.exists()
        assert study.label_rows() == states[-1]
        undone = []
        for step, state in zip(reversed(done), reversed(states[:-1]), strict=True):
            undone.append(study.apply(study.changeset(step).inverse()).id)
            assert study.label_rows() == state
        for step, state in zip(reversed(undone), states[1:], strict=True):
            study.apply(study.changeset(step).inverse())
            assert study.label_rows() == state


def test_an_older_study_is_read_as_it_is(older):
    folder, _, states = older
    with Study.open(folder, readonly=True) as study:
        assert study.label_rows() == states[-1]
        assert set(study.events().label_donor) == {-1}
        assert set(study.events().label_soft) == {""}
    with closing(sqlite3.connect(folder / "study.sqlite")) as raw:
        assert raw.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == ("4",)
