"""Files of arrays: what is guessed, what is asked, and what is refused."""

import json
import pickle
import struct

import h5py
import numpy as np
import pytest
import scipy.io

from core.errors import InputError, TruncatedError
from core.signals import (
    ArrayMapping,
    MappingNeeded,
    add_to_study,
    guess_mapping,
    open_from_study,
    open_recording,
    relink,
)
from core.signals.readers import hdf5
from core.study import Study

RNG = np.random.default_rng(0)
LEADS = ["I", "II", "III", "aVR"]


def signal(*shape):
    return RNG.normal(size=shape)


class TestGuess:
    def test_everything_from_the_file(self, tmp_path):
        x = signal(3, 1000)
        np.savez(tmp_path / "a.npz", data=x, sf=256.0, chan=["LOC", "ROC", "C3"], unit="uV")
        recording = open_recording(tmp_path / "a.npz")
        assert [(c.name, c.fs, c.unit, c.kind) for c in recording.channels] == [
            ("LOC", 256.0, "µV", "other"),
            ("ROC", 256.0, "µV", "other"),
            ("C3", 256.0, "µV", "eeg"),
        ]
        assert recording.options == {}
        np.testing.assert_array_equal(recording.read("C3", 10, 20), x[2, 10:20])

    @pytest.mark.parametrize("name", ["fs", "Fs", "SF", "srate", "sampling_rate", "sampling-frequency", "samplerate"])
    def test_rate_under_its_usual_names(self, tmp_path, name):
        np.savez(tmp_path / "a.npz", x=signal(1000), **{name: np.array([[250]])})
        assert open_recording(tmp_path / "a.npz").fs == (250.0,)

    def test_the_rate_beside_the_array_counts_and_two_as_near_are_asked_about(self, tmp_path):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["eeg/data"] = signal(1000, 2)
            file["eeg/data"].attrs["fs"] = 200
            file["audio/fs"] = 8000
            file["fs"] = 1
        assert open_recording(tmp_path / "a.h5").fs == (200.0, 200.0)
        np.savez(tmp_path / "b.npz", x=signal(1000), fs=100, rate=200)
        with pytest.raises(MappingNeeded) as caught:
            open_recording(tmp_path / "b.npz")
        assert caught.value.missing == ("fs",)
        assert open_recording(tmp_path / "b.npz", fs_from="rate").fs == (200.0,)

    def test_scale_from_units_per_mv(self, tmp_path):
        np.savez(tmp_path / "a.npz", x=np.array([[1000, -500] * 100], np.int16), fs=500, units_per_mv=1000.0)
        recording = open_recording(tmp_path / "a.npz")
        assert recording.channels[0].unit == "mV"
        np.testing.assert_allclose(recording.read(0, 0, 2), [1.0, -0.5])
        raw = open_recording(tmp_path / "a.npz", unit="ADC")
        assert (raw.channels[0].unit, raw.read(0, 0, 1)[0]) == ("ADC", 1000.0)

    def test_complex_numbers_are_i_and_q(self, tmp_path):
        z = signal(2, 5000) + 1j * signal(2, 5000)
        scipy.io.savemat(tmp_path / "a.mat", {"gates": z, "prf": 5000.0}, do_compression=True)
        np.savez(tmp_path / "a.npz", gates=z, prf=5000.0)
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["gates"], file["prf"] = z, 5000.0
        for name in ("a.mat", "a.npz", "a.h5"):
            recording = open_recording(tmp_path / name)
            assert [c.name for c in recording.channels] == ["I1", "Q1", "I2", "Q2"]
            np.testing.assert_array_equal(recording.read_iq(1, 40, 50), z[1, 40:50])

    def test_times_give_rate_and_gaps(self, tmp_path):
        kept = np.r_[0:300, 450:1000]
        x = signal(1000)
        np.savez(tmp_path / "a.npz", x=x[kept], timestamps=kept / 360)
        recording = open_recording(tmp_path / "a.npz")
        assert recording.fs == (360.0,)
        assert recording.gaps == ((300 / 360, 450 / 360),)
        got = recording.read(0, 0, 1000)
        assert np.isnan(got[300:450]).all()
        np.testing.assert_array_equal(got[kept], x[kept])
        np.testing.assert_array_equal(recording.read(0, 290, 460), got[290:460])

    def test_times_as_whole_nanoseconds_and_as_single_precision(self, tmp_path):
        kept = np.r_[0:700, 800:3000]
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["x"], file["time_ns"] = signal(2900), 1_700_000_000_000_000_000 + kept * 4_000_000
            file["time_ns"].attrs["units"] = "ns"
        with h5py.File(tmp_path / "b.h5", "w") as file:
            file["x"], file["t"] = signal(2900), (kept / 250).astype(np.float32)
        for name in ("a.h5", "b.h5"):
            recording = open_recording(tmp_path / name)
            assert (recording.fs, recording.gaps) == ((250.0,), ((2.8, 3.2),))

    def test_a_time_for_every_trial_is_not_one_for_every_sample(self, tmp_path):
        np.savez(tmp_path / "a.npz", x=signal(20, 500), time=np.arange(20.0), fs=100)
        assert open_recording(tmp_path / "a.npz", item=7).duration == 5.0

    def test_the_guess_is_what_an_answer_looks_like(self, tmp_path):
        np.savez(tmp_path / "a.npz", x=signal(4, 1000).astype(np.float32), lead_names=LEADS)
        candidates, guess = guess_mapping(tmp_path / "a.npz")
        assert [(c.name, c.shape, c.dtype) for c in candidates] == [("x", (4, 1000), "float32")]
        assert guess == ArrayMapping("x", axis=1, names=tuple(LEADS))
        assert guess.missing() == ("fs",)
        answer = json.loads(json.dumps({**guess.options(), "fs": 500}))
        recording = open_recording(tmp_path / "a.npz", **answer)
        assert recording.options == answer == {"array": "x", "axis": 1, "names": LEADS, "fs": 500}
        with pytest.raises(InputError, match="say what they hold"):
            guess_mapping("resources/demo/208.hea")


class TestAsked:
    def test_rate(self, tmp_path):
        np.save(tmp_path / "a.npy", signal(1000, 2))
        with pytest.raises(MappingNeeded, match=r"sampling rate.*--reader fs=250.*array 1,000×2 float64") as caught:
            open_recording(tmp_path / "a.npy")
        assert (caught.value.missing, caught.value.guess.axis) == (("fs",), 0)
        assert open_recording(tmp_path / "a.npy", fs=100, names="Fz, Cz", unit="uV").channels[1].name == "Cz"

    def test_which_of_two_arrays(self, tmp_path):
        np.savez(tmp_path / "a.npz", ecg=signal(1000), abp=signal(1000), fs=125)
        with pytest.raises(MappingNeeded) as caught:
            open_recording(tmp_path / "a.npz")
        assert (caught.value.missing, caught.value.guess) == (("array",), None)
        assert {c.name for c in caught.value.candidates} == {"ecg", "abp"}
        assert open_recording(tmp_path / "a.npz", array="abp").options == {"array": "abp"}

    @pytest.mark.parametrize("labels", [{}, {"age": np.arange(6)}, {"record": ["r1", "r2", "r3", "r4", "r5", "r6"]}])
    @pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
    def test_which_record_of_a_set(self, tmp_path, labels, order):
        x = signal(6, 4, 500)
        np.savez_compressed(tmp_path / "a.npz", x=x.transpose(order), fs=500, lead_names=LEADS, **labels)
        with pytest.raises(MappingNeeded, match="which of its 6 recordings") as caught:
            open_recording(tmp_path / "a.npz")
        assert caught.value.missing == ("item",)
        recording = open_recording(tmp_path / "a.npz", item=5)
        assert [c.name for c in recording.channels] == LEADS
        np.testing.assert_array_equal(recording.read("aVR", 100, 200), x[5, 3, 100:200])
        with pytest.raises(InputError, match="0 to 5"):
            open_recording(tmp_path / "a.npz", item=6)

    def test_segments_with_labels_are_recordings_rather_than_channels(self, tmp_path):
        x = signal(2000, 178)
        np.savez(tmp_path / "a.npz", X=x, y=np.arange(2000) % 5, fs=173.61)
        with pytest.raises(MappingNeeded) as caught:
            open_recording(tmp_path / "a.npz")
        assert (caught.value.missing, caught.value.guess.axis) == (("item",), 1)
        np.testing.assert_array_equal(open_recording(tmp_path / "a.npz", item=1999).read(0, 0, 178), x[1999])

    def test_records_cut_out_of_one_by_offsets(self, tmp_path):
        x = signal(4, 900)
        np.savez(tmp_path / "a.npz", x=x, offsets=[0, 500, 600, 900], fs=500, lead_names=LEADS)
        with pytest.raises(MappingNeeded, match="3 recordings"):
            open_recording(tmp_path / "a.npz")
        recording = open_recording(tmp_path / "a.npz", item=1)
        assert recording.duration == 0.2
        np.testing.assert_array_equal(recording.read(3, 0, 100), x[3, 500:600])
        np.savez(tmp_path / "b.npz", x=x, offsets=[0, 950, 600, 900], fs=500, lead_names=LEADS)
        with pytest.raises(InputError, match="lie outside x") as caught:
            open_recording(tmp_path / "b.npz", item=0)
        assert caught.value.remedy

    def test_a_square_array_does_not_show_its_time(self, tmp_path):
        np.savez(tmp_path / "a.npz", x=signal(200, 200), fs=10)
        with pytest.raises(MappingNeeded, match="axis"):
            open_recording(tmp_path / "a.npz")
        assert len(open_recording(tmp_path / "a.npz", axis=1).channels) == 200

    def test_a_study_keeps_the_answer(self, tmp_path):
        np.save(tmp_path / "a.npy", signal(1000, 2))
        answer = {"fs": 173.61, "unit": "µV", "kind": "eeg", "names": ["Fz", "Cz"]}
        with Study.create(tmp_path / "study") as study:
            number = add_to_study(study, tmp_path / "a.npy", **answer)
            again = open_from_study(study, number)
        assert again.options == answer
        assert {c.kind for c in again.channels} == {"eeg"}

    def test_records_of_one_set_are_recordings_of_their_own(self, tmp_path):
        x = signal(3, 500)
        np.savez(tmp_path / "a.npz", x=x, fs=100, age=[50, 60, 70])
        with Study.create(tmp_path / "study") as study:
            numbers = [add_to_study(study, tmp_path / "a.npz", item=item) for item in (0, 2, 0)]
            assert numbers[0] == numbers[2] != numbers[1]
            assert [entry.options for entry in study.recordings()] == [{"item": 0}, {"item": 2}]
            np.testing.assert_array_equal(open_from_study(study, numbers[1]).read(0, 0, 500), x[2])
            (tmp_path / "moved").mkdir()
            (tmp_path / "a.npz").rename(tmp_path / "moved" / "a.npz")
            study.apply(relink(study, tmp_path / "moved"))
            np.testing.assert_array_equal(open_from_study(study, numbers[0]).read(0, 0, 500), x[0])
            np.testing.assert_array_equal(open_from_study(study, numbers[1]).read(0, 0, 500), x[2])


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"fs": 0}, "above 0"),
            ({"fs": "fast"}, "fs must be"),
            ({"axis": 2}, "no axis 2"),
            ({"array": "y"}, "holds no 'y'"),
            ({"fs_from": "y"}, "holds no 'y'"),
            ({"kind": "sound"}, "kind must be"),
            ({"names": ["a"]}, "1 names for 2 channels"),
            ({"item": 2}, "0 to 1"),
            ({"layout": "forward"}, "layout must be"),
        ],
    )
    def test_options_that_do_not_fit(self, tmp_path, options, says):
        np.save(tmp_path / "a.npy", signal(1000, 2))
        with pytest.raises(InputError, match=says) as caught:
            open_recording(tmp_path / "a.npy", **{"fs": 100, **options})
        assert caught.value.subject == str(tmp_path / "a.npy")

    @pytest.mark.parametrize("value", [np.ones((1, 1)), np.float64(3)])
    def test_single_numbers(self, tmp_path, value):
        np.savez(tmp_path / "one.npz", amplitude=value, fs=250.0)
        with pytest.raises(InputError, match=r"holds only single numbers \(amplitude, fs\), no signal\. Save"):
            open_recording(tmp_path / "one.npz", fs=100)

    def test_an_item_of_one_recording(self, tmp_path):
        np.save(tmp_path / "a.npy", signal(1000))
        with pytest.raises(InputError, match="leave item out"):
            open_recording(tmp_path / "a.npy", fs=100, item=0)

    def test_pickles_are_never_loaded(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return (pytest.fail, ("a pickle was loaded",))

        np.save(tmp_path / "a.npy", np.array([Bomb()], dtype=object))
        np.savez(tmp_path / "a.npz", x=np.array([Bomb()], dtype=object))
        (tmp_path / "b.npy").write_bytes(pickle.dumps(Bomb()))
        for name in ("a.npy", "a.npz", "b.npy"):
            with pytest.raises(InputError) as caught:
                open_recording(tmp_path / name, fs=1)
            assert caught.value.remedy

    def test_hdf5_that_reads_other_files(self, tmp_path):
        with h5py.File(tmp_path / "secret.h5", "w") as file:
            file["x"] = signal(1000)
        layout = h5py.VirtualLayout((1000,), float)
        layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "x", (1000,))
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["link"] = h5py.ExternalLink("secret.h5", "x")
            file.create_virtual_dataset("view", layout)
            file.create_dataset("outside", (1000,), float, external=[(str(tmp_path / "secret.h5"), 0, 8000)])
        with pytest.raises(InputError, match="never read"):
            open_recording(tmp_path / "a.h5", fs=1)

    def test_what_can_only_be_read_whole_has_a_limit(self, tmp_path, monkeypatch):
        np.savez_compressed(tmp_path / "a.npz", x=signal(20000), fs=1)
        scipy.io.savemat(tmp_path / "a.mat", {"x": signal(20000), "fs": 1})
        monkeypatch.setattr("core.signals.readers.numpy.LOADED_MOST", 100_000)
        monkeypatch.setattr("core.signals.readers.matlab.LOADED_MOST", 170_000)
        with pytest.raises(InputError, match="uncompressed"):
            open_recording(tmp_path / "a.npz").read(0, 0, 10)
        monkeypatch.setattr("core.signals.readers.matlab.LOADED_MOST", 100_000)
        with pytest.raises(InputError, match=r"-v7\.3"):
            open_recording(tmp_path / "a.mat").read(0, 0, 10)

    def test_a_cut_array_whose_channels_lie_one_after_the_other(self, tmp_path):
        np.save(tmp_path / "a.npy", signal(2, 1000))
        data = (tmp_path / "a.npy").read_bytes()
        (tmp_path / "a.npy").write_bytes(data[: len(data) // 2])
        for allow in (False, True):
            with pytest.raises(TruncatedError):
                open_recording(tmp_path / "a.npy", fs=100, allow_truncated=allow)


class TestMatlab:
    def test_structs_hold_rate_and_names(self, tmp_path):
        x = signal(2, 3000)
        eeg = {"data": x, "srate": 128.0, "chan": {"labels": np.array(["Fz", "Cz"], dtype=object)}}
        scipy.io.savemat(tmp_path / "a.mat", {"EEG": eeg, "f": np.array(["not a number"])})
        recording = open_recording(tmp_path / "a.mat")
        assert [(c.name, c.fs) for c in recording.channels] == [("Fz", 128.0), ("Cz", 128.0)]
        np.testing.assert_array_equal(recording.read("Cz", 7, 9), x[1, 7:9])

    @pytest.mark.parametrize("version", ["4", "5"])
    def test_a_column_is_one_channel(self, tmp_path, version):
        scipy.io.savemat(tmp_path / "a.mat", {"x": signal(5000, 1), "Fs": 250}, format=version)
        recording = open_recording(tmp_path / "a.mat")
        assert (len(recording.channels), recording.channels[0].n_samples, recording.fs) == (1, 5000, (250.0,))

    def test_a_large_variable_stays_in_the_file_until_it_is_read(self, tmp_path, monkeypatch):
        scipy.io.savemat(tmp_path / "a.mat", {"x": signal(2, 50_000), "fs": 250})
        load, loaded = scipy.io.loadmat, []
        monkeypatch.setattr(scipy.io, "loadmat", lambda *a, **k: loaded.append(k["variable_names"]) or load(*a, **k))
        recording = open_recording(tmp_path / "a.mat")
        assert loaded == [["fs"]]
        recording.read(0, 0, 10)
        recording.read(1, 0, 10)
        assert loaded == [["fs"], ["x"]]

    def test_a_type_that_the_format_does_not_have_ends_no_process(self, tmp_path):
        """On such a code scipy reads memory that is not there."""
        scipy.io.savemat(tmp_path / "a.mat", {"x": signal(2, 5000), "fs": 250})
        data = bytearray((tmp_path / "a.mat").read_bytes())
        at = data.index(struct.pack("<II", 9, 80_000))
        data[at] = 99
        (tmp_path / "a.mat").write_bytes(data)
        with pytest.raises(InputError, match="type 99"):
            open_recording(tmp_path / "a.mat").read(0, 0, 10)
        data[:19] = b"another text to begin"[:19]
        (tmp_path / "a.mat").write_bytes(data)
        with pytest.raises(InputError, match="type 99"):
            open_recording(tmp_path / "a.mat").read(0, 0, 10)


@pytest.mark.parametrize("of", ["array", "attribute"])
def test_texts_of_a_damaged_heap_are_left_out(tmp_path, of):
    """Found by the fuzz: on free space of no size the library goes round for ever."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(1000.0)
        file["x"].attrs["fs"] = 250.0
        if of == "array":
            file["names"] = ["eins", "zwei"]
        else:
            file["x"].attrs["unit"] = "mV"
    assert hdf5.contents(path).texts
    data = bytearray(path.read_bytes())
    heap = data.find(b"GCOL")
    place = heap + 16
    while int.from_bytes(data[place : place + 2], "little"):
        place += 16 + -(-int.from_bytes(data[place + 8 : place + 16], "little") // 8) * 8
    data[place + 8 : place + 16] = bytes(8)
    path.write_bytes(data)
    assert not hdf5.contents(path).texts
    assert [array.name for array in hdf5.contents(path).arrays] == ["x"]
