import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.features import FeatureSpace, hold_out

SUBJECT = np.array(["P1", "P1", "P2", "", "", "P3"], dtype=object)
RECORDING = np.array([1, 2, 3, 4, 5, 6])


@given(
    owner=st.lists(st.sampled_from(["", "a", "b", "c", "d"]), min_size=3, max_size=20),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_a_share_keeps_subjects_whole_and_repeats(owner, share, seed):
    subject, recording = np.array(owner, dtype=object), np.arange(len(owner))
    units = [who or n for n, who in enumerate(owner)]
    if len(set(units)) == 1:
        return
    try:
        held = hold_out(subject, recording, {"share": share, "seed": seed})
    except InputError:
        assert round(share * len(set(units))) == len(set(units))
        return
    again = hold_out(subject, recording, held.to_json())
    np.testing.assert_array_equal(held.test, again.test)
    taken = {unit for unit, test in zip(units, held.test, strict=True) if test}
    assert taken == {*held.subjects, *held.recordings}
    assert not taken & {unit for unit, test in zip(units, held.test, strict=True) if not test}
    assert len(taken) == max(1, round(share * len(set(units))))
    assert bool(held.notes) == ("" in owner)


def test_subjects_by_name_and_recordings_of_unknown_ones_by_number():
    held = hold_out(SUBJECT, RECORDING, {"subjects": ["P1"], "recordings": [5]})
    assert held.test.tolist() == [True, True, False, False, True, False]
    assert held.to_json() == {"subjects": ["P1"], "recordings": [5]}
    assert "2 of these recordings are is not known" in held.notes[0]
    assert not hold_out(SUBJECT, RECORDING, None).test.any()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"subjects": ["P9"]}, "no event here is of P9"),
        ({"recordings": [1]}, "no event here is of 1"),  # its subject is known: it is held out by name
        ({"subjects": ["P1", "P2", "P3"], "recordings": [4, 5]}, "nobody is left"),
        ({"share": 0.2, "subjects": ["P1"]}, "Give one of the two"),
        ({}, "Give one of the two"),
        ({"share": 1.5}, "share must be"),
        ({"who": 1}, "has no who"),
    ],
)
def test_what_cannot_be_held_out_is_said(wanted, message):
    with pytest.raises(InputError, match=message):
        hold_out(SUBJECT, RECORDING, wanted)


def test_a_space_says_what_may_choose(tmp_path):
    test = np.array([True, False, True])
    who = {"held_out": {"subjects": ["P1"], "recordings": [7]}}
    space = FeatureSpace(np.arange(3), np.ones((3, 2), np.float32), {"names": ["a", "b"], **who}, test)
    space.save(tmp_path)
    back = FeatureSpace.load(tmp_path)
    assert back.test.tolist() == test.tolist()
    assert back.usable().tolist() == [False, True, False]
    assert back.usable(for_choice=False).all()
    assert back.names == ("a", "b")
    assert back.describe_test() == ["2 of 3 events are for testing: those of P1, recording 7."]
    loose = FeatureSpace(space.ids, space.vectors, {**who, "transductive": True}, test)
    assert loose.usable().all()
    assert loose.describe_test()[1].startswith("Transductive: ")


def test_a_space_of_before_there_were_test_subjects(tmp_path):
    FeatureSpace(np.arange(3), np.ones((3, 2), np.float32)).save(tmp_path)
    (tmp_path / "test.npy").unlink()
    back = FeatureSpace.load(tmp_path)
    assert back.usable().all()
    assert back.describe_test() == []
    with pytest.raises(InputError, match="do not go together"):
        FeatureSpace(np.arange(3), np.ones((3, 2), np.float32), {}, np.zeros(2, bool))
