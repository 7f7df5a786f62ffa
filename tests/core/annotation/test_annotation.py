import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import lq_knn, neighbour_lists, propagate, propagate_unsorted, std_knn, to_changeset, without_given
from core.errors import InputError
from core.features import class_numbers
from core.study import UNSURE, NewEvent, Study, add_recording, label_events, new_events, remove_events
from tests.core.annotation.maps import GOLDEN, cloud, golden


@pytest.mark.parametrize("name", ["propagation_0", "propagation_1"])
def test_golden_lq_knn(name):
    arrays, labels = golden(name)
    checked = 0
    for key in arrays:
        match = re.fullmatch(r"lqknn_(real|tiefree)_K(\d+)_tau([\d.]+)", key)
        if match:
            kind, k, tau = match.group(1), int(match.group(2)), float(match.group(3))
            quality = arrays[f"lq_{kind}"] / arrays[f"lq_{kind}"].max()
            got = lq_knn(arrays["Z"], labels, quality, k, tau)
            clear = ~arrays[f"{key}_tie_ambiguous"]
            np.testing.assert_array_equal(got[clear], arrays[key][clear], err_msg=key)
            checked += 1
    assert checked == 8


@pytest.mark.parametrize("name", ["propagation_0", "propagation_1"])
def test_golden_unsorted_lq_knn(name):
    arrays, labels = golden(name)
    checked = 0
    for key in arrays:
        match = re.fullmatch(r"unsorted_lqknn_(real|tiefree)_K(\d+)_tau([\d.]+)", key)
        if match:
            kind, k, tau = match.group(1), int(match.group(2)), float(match.group(3))
            quality = arrays[f"lq_{kind}"] / arrays[f"lq_{kind}"].max()
            proposal = propagate_unsorted(arrays["Z"], labels, quality, k, tau, first=arrays["labelled_idx"])
            got = labels.copy()
            got[proposal.ids] = proposal.labels
            np.testing.assert_array_equal(got, arrays[key], err_msg=key)
            checked += 1
    assert checked == 8


@pytest.mark.parametrize("name", ["propagation_0", "propagation_1"])
@pytest.mark.parametrize("k", [3, 10])
def test_golden_std_knn(name, k):
    arrays, labels = golden(name)
    got = std_knn(arrays["Z"], labels, k, first=arrays["labelled_idx"])
    np.testing.assert_array_equal(got, arrays[f"stdknn_K{k}"])


def test_meta_of_the_golden_files_is_readable():
    with np.load(GOLDEN / "propagation_0.npz", allow_pickle=False) as file:
        assert json.loads(str(file["meta"]))["what"].startswith("LQ-KNN")


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 12), tau=st.floats(0, 1))
def test_what_propagation_promises(seed, k, tau):
    points, labels, quality = cloud(seed)
    proposal = propagate(points, labels, quality, k, tau)
    result = lq_knn(points, labels, quality, k, tau)
    np.testing.assert_array_equal(result[labels >= 0], labels[labels >= 0])
    assert (quality[proposal.ids] > tau).all()
    assert (labels[proposal.ids] == -1).all()
    np.testing.assert_array_equal(labels[proposal.origin], proposal.labels)
    assert (proposal.confidence <= quality[proposal.ids]).all()
    assert (proposal.confidence > tau).all()
    direct = proposal.round == 1
    np.testing.assert_array_equal(proposal.donor[direct], proposal.origin[direct])
    assert proposal.coverage == len(proposal.ids) / len(labels)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_order_of_points_and_names_of_classes_do_not_matter(seed):
    points, labels, quality = cloud(seed)
    expected = lq_knn(points, labels, quality, 5, 0.2)
    shuffle = np.random.default_rng(seed).permutation(len(labels))
    np.testing.assert_array_equal(lq_knn(points[shuffle], labels[shuffle], quality[shuffle], 5, 0.2), expected[shuffle])
    renamed = np.array([2, 0, 1, -1])  # the last for -1
    np.testing.assert_array_equal(lq_knn(points, renamed[labels], quality, 5, 0.2), renamed[expected])


def test_ties_go_by_quality_then_distance_then_index():
    points = np.array([[0.0, 0], [1.0, 0], [-1.2, 0]])
    assert lq_knn(points, [-1, 0, 1], [1.0, 0.5, 0.9], 1, 0.0)[0] == 1  # quality
    assert lq_knn(points, [-1, 0, 1], [1.0, 0.9, 0.9], 1, 0.0)[0] == 0  # distance
    assert lq_knn(np.array([[0.0, 0], [1.0, 0], [-1.0, 0]]), [-1, 1, 0], [1.0, 0.9, 0.9], 1, 0.0)[0] == 1  # index


def test_duplicated_points():
    points = np.zeros((12, 2))
    labels = np.full(12, -1)
    labels[5] = 0
    assert (lq_knn(points, labels, np.ones(12), 11, 0.5) == 0).all()
    assert (lq_knn(points, labels, np.ones(12), 3, 0.5) >= 0).sum() >= 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.full(10, -1)}, "no point is labelled"),
        ({"k": 10}, "Choose k from 1 to 9"),
        ({"k": 0}, "k must be a whole number of at least 1, not 0"),
        ({"k": 2.5}, "k must be a whole number"),
        ({"tau": np.nan}, "tau must be a finite number, not nan"),
        ({"labels": np.zeros(9, int)}, "belong together"),
        ({"points": np.full((10, 2), np.nan)}, "NaN"),
        ({"quality": np.full(10, np.nan)}, "NaN"),
        ({"labels": np.full(10, -3)}, "from 0"),
        ({"labels": np.zeros(10)}, "from 0"),
        ({"labels": np.full((10, 2), np.nan)}, "no point is labelled"),
        ({"labels": np.full((10, 2), -0.5)}, "negative or missing share"),
        ({"labels": np.array([[0.5, np.nan]] * 10)}, "negative or missing share"),
        ({"ids": np.zeros(10, int)}, "each of one point"),
        ({"ids": np.arange(9)}, "belong together"),
        ({"neighbours": np.zeros((10, 2), int)}, "are not 10 lists of at least 3"),
        ({"neighbours": np.zeros((10, 3), int)}, "its own neighbour"),
        ({"neighbours": np.full((10, 3), 10)}, "there is not"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {"points": np.random.default_rng(0).random((10, 2)), "labels": np.r_[0, np.full(9, -1)]}
    arguments = good | {"quality": np.ones(10), "k": 3, "tau": 0.1} | change
    with pytest.raises(InputError, match=message):
        propagate(**arguments)


def test_a_single_point_has_no_neighbour():
    with pytest.raises(InputError, match="1 point only"):
        propagate([[0.0, 0.0]], [0], [1.0], 1, 0.0)


def test_one_search_of_neighbours_serves_every_k():
    points, labels, quality = cloud(5)
    lists = neighbour_lists(points, 20).astype(np.int32)
    for k in (1, 7, 20):
        searched, reused = (propagate(points, labels, quality, k, 0.2, neighbours=n) for n in (None, lists))
        for column in ("ids", "labels", "donor", "origin", "round", "confidence"):
            np.testing.assert_array_equal(getattr(searched, column), getattr(reused, column))


def test_accepting_is_one_undoable_step_that_keeps_its_reasons(tmp_path):
    points, labels, quality = cloud(2, n=40)
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        ids = study.apply(
            new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(40)])
        ).event_ids
        classes = ["solid", "gaseous", "artefact"]
        human = [i for i, label in zip(ids, labels, strict=True) if label >= 0]
        study.apply(label_events(study, human, [classes[c] for c in labels[labels >= 0]]))
        numbers = class_numbers(np.array(ids), study.events(), classes)
        np.testing.assert_array_equal(numbers, labels)
        proposal = propagate(points, numbers, quality, 5, 0.1, ids=ids)
        done = study.apply(to_changeset(study, proposal, classes))
        events = study.events(ids=proposal.ids)
        assert set(events.label_source) == {"propagated"}
        order = np.argsort(proposal.ids)
        np.testing.assert_array_equal(events.label_origin, proposal.origin[order])
        np.testing.assert_array_equal(events.label_donor, proposal.donor[order])
        np.testing.assert_allclose(events.label_confidence, proposal.confidence[order])
        np.testing.assert_array_equal(class_numbers(np.array(ids), study.events(), classes), labels)
        study.apply(done.inverse())
        assert (study.events().label != "").sum() == len(human)


def test_accepting_never_overwrites_a_label_given_since(tmp_path):
    points, labels, quality = cloud(3, n=40)
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        made = [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(40)]
        ids = study.apply(new_events(study, made)).event_ids
        proposal = propagate(points, labels, quality, 5, 0.0, ids=ids)
        own, shown, gone, old = proposal.ids[:4].tolist()
        study.apply(label_events(study, [own], "mine"))
        study.apply(label_events(study, [shown], "theirs", annotator="Ben"))
        study.apply(label_events(study, [old], "solid", source="propagated"))
        study.apply(remove_events(study, [gone]))
        study.apply(to_changeset(study, proposal, ["solid", "gaseous", "artefact"]))
        events = study.events(ids=proposal.ids)
        source = dict(zip(events.id.tolist(), events.label_source, strict=True))
        label = dict(zip(events.id.tolist(), events.label, strict=True))
        assert (label[own], label[shown]) == ("mine", "theirs")
        assert {source[i] for i in proposal.ids[3:].tolist()} == {"propagated"}
        left = without_given(proposal, events)
        assert left.coverage == pytest.approx(len(left.ids) / 40)


def test_what_somebody_else_gave_is_passed_on_though_the_own_label_is_propagated(study):
    study.apply(label_events(study, [1, 2], "a", source="propagated"))
    study.apply(label_events(study, [1], "b", annotator="Ben"))
    assert class_numbers(np.array([1, 2, 3]), study.events(), ["a", "b"]).tolist() == [1, -1, -1]
    proposal = propagate(
        np.arange(20)[:, None] * [1.0, 0.0], np.r_[1, np.full(19, -1)], np.ones(20), 2, 0.1, ids=range(1, 21)
    )
    study.apply(to_changeset(study, proposal, ["a", "b"]))
    assert study.label_rows([1], "Ana")[1, "Ana"]["label"] == "a"  # shown to nobody, and not overwritten
    assert set(study.events().label) == {"b"}


def test_unsure_is_not_passed_on_and_not_overwritten(tmp_path):
    points, labels, quality = cloud(4, n=40)
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        made = [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(40)]
        ids = np.array(study.apply(new_events(study, made)).event_ids)
        classes = np.array(["solid", UNSURE, "artefact"])
        study.apply(label_events(study, ids[labels >= 0], classes[labels[labels >= 0]]))
        unsure = set(ids[labels == 1].tolist())
        numbers = class_numbers(ids, study.events(), [c.key for c in study.classes()])
        assert set(ids[numbers >= 0].tolist()) == set(ids[(labels >= 0) & (labels != 1)].tolist())
        proposal = propagate(points, numbers, quality, 12, 0.0, ids=ids)
        assert unsure & set(proposal.ids.tolist())
        study.apply(to_changeset(study, proposal, [c.key for c in study.classes()]))
        events = study.events()
        assert set(events.id[events.label == UNSURE].tolist()) == unsure
