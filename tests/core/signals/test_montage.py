import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import resources
from core.errors import InputError, ReadOnlyStudyError, StudyError
from core.signals import (
    MONTAGES,
    Channel,
    Derivation,
    Montage,
    Recording,
    applicable,
    apply_montage,
    find_channel,
    make_montage,
    open_recording,
    remove_montage,
    save_montage,
    saved_montages,
)
from core.signals.electrodes import electrode, positions
from core.signals.montages import neighbours
from core.study import Study
from tests.core.signals.arrays import Floats

TEN_TWENTY = [
    "Fp1",
    "Fp2",
    "F7",
    "F3",
    "Fz",
    "F4",
    "F8",
    "T7",
    "C3",
    "Cz",
    "C4",
    "T8",
    "P7",
    "P3",
    "Pz",
    "P4",
    "P8",
    "O1",
    "O2",
]
N = 1000
SMALL = Path(__file__).parents[2] / "data" / "recordings"


def recording(names, kinds="eeg", fs=200.0, unit="µV"):
    kinds = [kinds] * len(names) if isinstance(kinds, str) else kinds
    rows = np.random.default_rng(0).standard_normal((len(names), N))
    rows[:, 400:420] = np.nan
    channels = tuple(Channel(name, fs, unit, N, kind) for name, kind in zip(names, kinds, strict=True))
    return Recording(Path("memory.edf"), "test", channels, Floats(rows))


def names_of(shown):
    return [channel.name for channel in shown.channels]


def read_all(shown):
    return np.array([shown.read(n, 0, N) for n in range(len(shown.channels))])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("EEG Fp1-REF", "Fp1"),
        ("Fc5..", "FC5"),
        ("FP2", "Fp2"),
        ("T3", "T7"),
        ("EEG t6-LE", "P8"),
        ("EEG A1-Ref", "A1"),
        ("EEG Fpz-Cz", None),  # a pair, not an electrode
        ("C3-A2", None),  # another ear than its neighbour's, perhaps
        ("EOG horizontal", None),
    ],
)
def test_names_of_electrodes_as_files_write_them(written, meant):
    assert electrode(written) == meant


def test_places_lie_on_a_head_that_is_even_left_and_right():
    places = positions()
    assert len(places) == 69
    for name, place in places.items():
        assert np.linalg.norm(place) == pytest.approx(1)
        if name[-1] != "z":
            number = int(name[-1])
            other = f"{name[:-1]}{number + 1 if number % 2 else number - 1}"
            np.testing.assert_allclose(places[other], place * [-1, 1, 1], atol=1e-12)
    assert places["Fz"][1] > 0 > places["Pz"][1]
    assert places["C3"][0] < 0 < places["C4"][0]


def test_every_montage_is_its_sum_on_real_eeg():
    real = open_recording(resources.path("demo/S001R04.edf"))
    fits = applicable(real)
    assert [key for key, reason in fits.items() if reason] == ["ears", "limb_leads"]
    assert "A1 and A2" in fits["ears"]
    assert "I, II" in fits["limb_leads"]
    x = {electrode(c.name): real.read(c.name, 100, 900) for c in real.channels}
    shown = apply_montage(real, make_montage("longitudinal", real))
    np.testing.assert_allclose(shown.read("T7-P7", 100, 900), x["T7"] - x["P7"])
    assert (len(shown.channels), names_of(shown)[:2]) == (18, ["Fp1-F7", "F7-T7"])
    shown = apply_montage(real, make_montage("average", real))
    mean = np.mean([real.read(n, 100, 900) for n in range(64)], axis=0)
    np.testing.assert_allclose(shown.read("Cz-avg", 100, 900), x["Cz"] - mean, atol=1e-9)
    np.testing.assert_allclose(sum(shown.read(n, 100, 900) for n in range(64)), 0, atol=1e-8)
    shown = apply_montage(real, make_montage("transverse", real))
    np.testing.assert_allclose(shown.read("Cz-C4", 100, 900), x["Cz"] - x["C4"])
    shown = apply_montage(real, make_montage("laplacian", real))
    around = neighbours("Cz", [e for e in x if e != "Cz"])
    assert set(around) == {"C1", "C2", "FCz", "CPz"}
    np.testing.assert_allclose(
        shown.read("Cz-lap", 100, 900), x["Cz"] - sum(w * x[e] for e, w in around.items()), atol=1e-9
    )


def test_channels_with_references_of_their_own_are_in_no_average():
    psg = open_recording(SMALL / "short_psg.edf")  # Fpz-Cz and Pz-Oz
    assert applicable(psg)["average"] == "the recording lacks two good EEG channels against one reference"
    assert [key for key, reason in applicable(psg).items() if not reason] == ["recorded"]
    assert apply_montage(psg, make_montage("recorded", psg)) is psg


def test_neighbours_are_those_around_and_count_by_nearness():
    assert set(neighbours("C3", [e for e in TEN_TWENTY if e != "C3"])) == {"F3", "T7", "Cz", "P3"}
    weights = neighbours("C3", ["F3", "T7", "Cz", "P3"])
    assert sum(weights.values()) == pytest.approx(1)
    uneven = [*TEN_TWENTY, *["FC1", "FC2", "CP1", "CP2", "FC5", "FC6", "CP5", "CP6", "PO3", "PO4", "AF3", "AF4", "Oz"]]
    assert len(make_montage("laplacian", recording(uneven)).derivations) == 32  # none is left out
    near = neighbours("C3", ["FC1", "FC5", "T7", "O1"])
    assert near["FC1"] == pytest.approx(near["FC5"], rel=0.2)
    assert near["FC1"] > near["T7"] > 0
    assert neighbours("C3", ["O2"]) == {}
    assert neighbours("A1", ["T7"]) == {}


def test_old_names_ears_and_what_passes_through():
    old = [{"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}.get(name, name) for name in TEN_TWENTY]
    names = [f"EEG {name}-REF" for name in [*old, "A1", "A2"]] + ["ECG", "EOG left"]
    one = recording(names, ["eeg"] * 21 + ["ecg", "eog"])
    assert {key for key, reason in applicable(one).items() if reason} == {"limb_leads"}
    x = read_all(one)
    shown = apply_montage(one, make_montage("ears", one))
    np.testing.assert_allclose(shown.read("T7-A1A2", 0, N), x[7] - (x[19] + x[20]) / 2)
    assert names_of(shown)[-2:] == ["ECG", "EOG left"]
    np.testing.assert_array_equal(shown.read("ECG", 0, N), x[21])
    shown = apply_montage(one, make_montage("longitudinal", one))
    np.testing.assert_allclose(shown.read("F7-T7", 0, N), x[2] - x[7])
    assert np.isnan(shown.read("F7-T7", 395, 425)).sum() == 20  # gaps stay
    assert "EEG A1-REF" not in names_of(shown)  # no EEG against another reference beside it


def test_mastoids_where_there_are_no_ears_and_what_cannot_be_summed():
    one = recording([*TEN_TWENTY, "M1", "M2"], ["eeg"] * 19 + ["other"] * 2)  # readers do not know these as EEG
    x = read_all(one)
    shown = apply_montage(one, make_montage("ears", one))
    np.testing.assert_allclose(shown.read("Cz-M1M2", 0, N), x[9] - (x[19] + x[20]) / 2)
    assert len(shown.channels) == 19
    assert "lacks A1 and A2" in applicable(one, bad=["M2"])["ears"]
    slower = replace(one, channels=(replace(one.channels[0], fs=100.0), *one.channels[1:]))
    assert "differ in sampling rate (100.0, 200.0)" in applicable(slower)["average"]


def test_bad_channels_are_in_no_reference_and_spoil_what_uses_them():
    one = recording(TEN_TWENTY)
    x = read_all(one)
    shown = apply_montage(one, make_montage("average", one, bad=["C3"]), bad=["C3"])
    good = np.delete(np.arange(19), TEN_TWENTY.index("C3"))
    np.testing.assert_allclose(shown.read("Cz-avg", 0, N), x[9] - x[good].mean(axis=0), atol=1e-12)
    assert names_of(shown) == [f"{TEN_TWENTY[n]}-avg" for n in good]
    shown = apply_montage(one, make_montage("longitudinal", one), bad=["C3"])
    assert set(names_of(make_longitudinal(one))) - set(names_of(shown)) == {"F3-C3", "C3-P3"}
    around = {name for d in make_montage("laplacian", one, bad=["C3"]).derivations for name, _ in d.weights[1:]}
    assert "C3" not in around
    with pytest.raises(InputError, match="every derivation of two uses a bad channel"):
        apply_montage(one, Montage("two", (Derivation("a", (("C3", 1.0),)),)), bad=["C3"])


def make_longitudinal(one):
    return apply_montage(one, make_montage("longitudinal", one))


def test_limb_leads_follow_from_two():
    one = recording(["I", "II", "V1"], "ecg")
    i, ii, v1 = read_all(one)
    shown = apply_montage(one, make_montage("limb_leads", one))
    assert names_of(shown) == ["I", "II", "III", "aVR", "aVL", "aVF", "V1"]
    iii, avr, avl, avf = (shown.read(name, 0, N) for name in ("III", "aVR", "aVL", "aVF"))
    np.testing.assert_allclose(i + iii, ii)  # Einthoven
    np.testing.assert_allclose(np.nan_to_num(avr + avl + avf), 0, atol=1e-12)  # Goldberger
    np.testing.assert_allclose(avf, (ii + iii) / 2)
    np.testing.assert_array_equal(shown.read("V1", 0, N), v1)
    with pytest.raises(InputError, match="all limb leads were recorded"):
        make_montage("limb_leads", recording(["i", "ii", "iii", "avr", "avl", "avf"], "ecg"))


def test_the_channels_of_a_window_are_read_once_whether_together_or_one_by_one():
    one = recording(TEN_TWENTY)
    shown = apply_montage(one, make_montage("average", one))
    one.source.reads.clear()
    by_one = read_all(shown)
    assert len(one.source.reads) == 19  # not 19 times 19
    one.source.reads.clear()
    together = shown.digital(range(19), 1, N).physical()
    assert len(one.source.reads) == 19
    np.testing.assert_array_equal(together, by_one[:, 1:])


def test_any_weights_give_their_sum():
    rows = [{n: np.random.default_rng(n + m).normal() for n in range(5)} for m in range(4)]
    odd = Montage(
        "any", tuple(Derivation(f"d{m}", tuple((f"x{n}", w) for n, w in row.items())) for m, row in enumerate(rows))
    )
    one = recording([f"x{n}" for n in range(5)], "other")
    x = read_all(one)
    np.testing.assert_allclose(
        read_all(apply_montage(one, odd)), [sum(w * x[n] for n, w in row.items()) for row in rows], atol=1e-12
    )


def test_the_key_tells_signals_apart_and_is_the_same_for_the_same():
    one = recording(TEN_TWENTY)
    keys = {key: apply_montage(one, make_montage(key, one)).derivation for key in MONTAGES if not applicable(one)[key]}
    assert keys.pop("recorded") == one.derivation == ""
    assert len(set(keys.values())) == len(keys) == 4
    assert apply_montage(one, make_montage("average", one)).derivation == keys["average"]
    assert apply_montage(one, make_montage("average", one, ["O1"]), ["O1"]).derivation != keys["average"]
    twice = apply_montage(replace(one, derivation="filters:x"), make_montage("average", one)).derivation
    assert twice == f"filters:x {keys['average']}"


def test_channels_that_cannot_be_summed_are_refused_by_name():
    one = recording(["a", "b"])
    pair = Montage("pair", (Derivation("a-b", (("a", 1.0), ("b", -1.0))),))
    a, b = one.channels
    for other, message in ((replace(b, fs=100.0), "sampling rate"), (replace(b, unit="mV"), r"unit \(mV, µV\)")):
        with pytest.raises(InputError, match=f"a-b differ in {message}"):
            apply_montage(replace(one, channels=(a, other)), pair)
    with pytest.raises(InputError, match="a-b needs b, which the recording lacks"):
        apply_montage(recording(["a"]), pair)
    shorter = apply_montage(replace(one, channels=(a, replace(b, n_samples=300))), pair)
    assert shorter.channels[0].n_samples == 300
    with pytest.raises(InputError, match="there is no montage 'x'"):
        make_montage("x", one)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"name": "x"},
        {"name": 1, "derivations": []},
        {"name": "x", "derivations": {}},
        {"name": "x", "derivations": [], "code": "1"},
        {"name": "x", "derivations": [{"name": "d", "weights": []}]},
        {"name": "x", "derivations": [{"name": "", "weights": [["a", 1]]}]},
        {"name": "x", "derivations": [{"name": "d", "weights": [["a", "1"]]}]},
        {"name": "x", "derivations": [{"name": "d", "weights": [["a", float("nan")]]}]},
        {"name": "x", "derivations": [{"name": "d", "weights": {"a": 1}}]},
        {"name": "x", "derivations": [{"name": "d", "weights": [["a"]]}]},
        {"name": "x", "derivations": [{"name": "d", "weights": ["ab"]}]},
        {"name": "x", "derivations": [{"name": "d", "weights": [[1, 1]]}]},
    ],
)
def test_what_is_no_montage_is_refused(wrong):
    with pytest.raises(InputError):
        Montage.from_json(wrong)


def test_a_channel_twice_in_a_sum_is_refused():
    with pytest.raises(InputError, match="summed twice"):
        Derivation("d", (("a", 1.0), ("a", 2.0)))


def test_montages_are_kept_with_the_study(tmp_path):
    mine = Montage("Mine", (Derivation("F3-C3", (("F3", 1.0), ("C3", -1.0))),))
    with Study.create(tmp_path / "étude") as study:
        assert saved_montages(study) == []
        save_montage(study, mine)
        save_montage(study, Montage("another"))
        assert saved_montages(study) == [Montage("another"), mine]
        save_montage(study, replace(mine, derivations=()))
        remove_montage(study, "another")
        assert saved_montages(study) == [Montage("Mine")]
        with pytest.raises(InputError, match="no montage 'another'"):
            remove_montage(study, "another")
        with pytest.raises(InputError, match="needs a name"):
            save_montage(study, Montage(" "))
        with Study.open(study.folder, readonly=True) as second, pytest.raises(ReadOnlyStudyError):
            save_montage(second, mine)


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"name": "x"}', "[" * 100_000, "\udcff", '[{"name": "x", "derivations": 1}]']
)
def test_a_damaged_file_of_montages_is_named_and_left_alone(tmp_path, text):
    with Study.create(tmp_path / "s") as study:
        path = study.folder / "montages.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        before = path.read_bytes()
        for action in (saved_montages, lambda s: save_montage(s, Montage("x")), lambda s: remove_montage(s, "x")):
            with pytest.raises(StudyError, match=r"montages\.json"):
                action(study)
        assert path.read_bytes() == before


def test_json_there_and_back():
    one = recording(TEN_TWENTY)
    for key in ("average", "laplacian", "transverse"):
        montage = make_montage(key, one)
        assert Montage.from_json(json.loads(json.dumps(montage.to_json()))) == montage
    assert find_channel(one, "EEG T3-REF") == TEN_TWENTY.index("T7")
    assert find_channel(one, "nothing") is None
