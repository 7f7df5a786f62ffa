from dataclasses import dataclass
from pathlib import Path

import edfio
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import make_events
from core.features import (
    FeatureSpace,
    LogSpectrogram,
    WindowSpec,
    build_representation,
    class_numbers,
    cut_windows,
    default_window,
    gather_windows,
)
from core.signals import Channel, Recording, add_to_study, open_recording
from core.study import UNSURE, NewEvent, Study, add_recording, label_events, new_events


@dataclass
class Arrays:
    x: np.ndarray

    def read(self, channel, start, stop):
        return self.x[channel, start:stop]


def recording(x, fs=100.0):
    names = tuple(Channel(f"c{n}", fs, "V", x.shape[1]) for n in range(len(x)))
    return Recording(Path("memory.wav"), "test", names, Arrays(x))


@settings(deadline=None)
@given(starts=st.lists(st.integers(-30, 1200), min_size=1, max_size=12), n_times=st.integers(1, 90))
def test_window_is_what_is_there_and_zeros_beyond(starts, n_times):
    x = np.random.default_rng(0).standard_normal((2, 1000))
    got = cut_windows(
        recording(x), np.array(starts) / 100.0, np.zeros(len(starts)), WindowSpec(n_times, anchor="start")
    )
    padded = np.pad(x, ((0, 0), (100, 400)))
    for window, start in zip(got, starts, strict=True):
        np.testing.assert_allclose(window, padded[:, 100 + start : 100 + start + n_times], rtol=1e-6)


def test_middle_of_the_event_is_the_middle_of_the_window():
    x = np.zeros((1, 1000))
    x[0, 500] = 1
    got = cut_windows(recording(x), [4.9], [0.2], WindowSpec(101))
    assert got[0, 0].argmax() == 50


def test_resampling_keeps_a_slow_sine():
    t = np.arange(36000) / 360.0
    x = np.sin(2 * np.pi * 5 * t)[None]
    got = cut_windows(recording(x, 360.0), [50.0], [0.0], WindowSpec(187, fs=125.0, anchor="start"))
    expected = np.sin(2 * np.pi * 5 * (50.0 + np.arange(187) / 125.0))
    np.testing.assert_allclose(got[0, 0], expected, atol=0.02)


@pytest.mark.parametrize(("fs", "to"), [(500, 125), (1000, 125), (2048, 128), (360, 125), (100, 250), (44100, 4385)])
def test_a_constant_stays_one_to_the_edges_of_a_resampled_window(fs, to):
    x = np.full((1, 10 * fs), 20.0)
    got = cut_windows(recording(x, float(fs)), [5.0], [0.0], WindowSpec(100, fs=float(to)))
    # The filter itself lets a constant through within a thousandth.
    np.testing.assert_allclose(got, 20.0, rtol=1e-3)


def test_a_rate_that_cannot_be_made_is_refused():
    with pytest.raises(InputError, match="44100 Hz cannot be resampled to 1 Hz"):
        cut_windows(recording(np.zeros((1, 44100)), 44100.0), [0.5], [0.0], WindowSpec(1, fs=1.0))


def test_beyond_the_ends_a_scaled_recording_is_zero_too():
    x = 7 + np.random.default_rng(0).standard_normal((1, 1000))
    got = cut_windows(recording(x), [-0.5], [0.0], WindowSpec(100, anchor="start", scaling="recording"))
    assert not got[0, 0, :50].any()
    assert np.abs(got[0, 0, 50:]).max() < 4


def two_recordings(folder, *signals):
    """A study of two recordings of a second, an event in each."""
    study = Study.create(folder / "study")
    for n, signal in enumerate(signals):
        edfio.Edf([signal]).write(folder / f"{n}.edf")
        number = add_to_study(study, folder / f"{n}.edf", subject=f"P{n}")
        study.apply(new_events(study, [NewEvent(number, signal.label, 0.5, 0.1, "beat", "test")]))
    return study


def ramp(unit, factor, name="II", fs=100):
    return edfio.EdfSignal(factor * np.linspace(-1, 1, fs), fs, label=name, physical_dimension=unit)


def test_recordings_in_other_units_are_converted_to_those_of_the_first(tmp_path):
    with two_recordings(tmp_path, ramp("mV", 1), ramp("uV", 1000)) as study:
        windows = gather_windows(study, study.events().id, WindowSpec(20))
        np.testing.assert_allclose(windows.x[0], windows.x[1], atol=1e-4)
        assert windows.units == ("mV",)


@pytest.mark.parametrize(
    ("other", "message"),
    [(ramp("mmHg", 1), "mmHg.*cannot be converted to mV"), (ramp("mV", 1, "V5"), "V5 here, II in")],
)
def test_recordings_that_do_not_go_together_are_refused(tmp_path, other, message):
    with two_recordings(tmp_path, ramp("mV", 1), other) as study, pytest.raises(InputError, match=message):
        gather_windows(study, study.events().id, WindowSpec(20))


def test_scalings():
    rng = np.random.default_rng(0)
    x = 7 + 3 * rng.standard_normal((1, 5000))
    each = cut_windows(recording(x), np.arange(5.0), np.zeros(5), WindowSpec(100, scaling="window"))
    np.testing.assert_allclose(each.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(each.std(axis=-1), 1, atol=1e-5)
    whole = cut_windows(recording(x), np.arange(20.0), np.zeros(20), WindowSpec(100, scaling="recording"))
    assert abs(np.median(whole)) < 0.1
    flat = cut_windows(recording(np.ones((1, 500))), [1.0], [0.0], WindowSpec(50, scaling="window"))
    assert np.isfinite(flat).all()


def test_windows_of_a_study_keep_ids_and_order(tmp_path):
    with Study.create(tmp_path / "s") as study:
        number = add_to_study(study, resources.path("demo/208"), subject="P208")
        study.apply(make_events(study, number, "annotations", mapping="aami"))
        ids = study.events().id[::100]
        windows = gather_windows(study, ids, default_window(open_recording(resources.path("demo/208"))))
        assert windows.ids.tolist() == ids.tolist()
        assert windows.x.shape == (len(ids), 1, 187)
        assert (windows.fs, windows.channels, windows.units) == (125.0, ("MLII",), ("mV",))
        assert set(windows.subject) == {"P208"}
        assert not windows.simulated
        with pytest.raises(InputError, match="no event"):
            gather_windows(study, [10**9], WindowSpec(10))


def test_windows_that_touch_missing_samples_are_left_out_with_a_reason(tmp_path):
    x = np.random.default_rng(0).uniform(-0.5, 0.5, 5000)
    x[2000:2500] = np.nan
    soundfile.write(tmp_path / "gap.wav", x, 1000, "FLOAT")
    with Study.create(tmp_path / "s") as study:
        number = add_to_study(study, tmp_path / "gap.wav")
        study.apply(make_events(study, number, "windows", length_s=0.25))
        events = study.events()
        windows = gather_windows(study, events.id, WindowSpec(250))
    touching = (events.start_s < 2.5) & (events.start_s + 0.25 > 2.0)
    assert set(windows.rejected) == set(events.id[touching].tolist())
    assert windows.ids.tolist() == events.id[~touching].tolist()
    assert np.isfinite(windows.x).all()
    assert windows.describe_rejected() == ["2 of 20 events are left out: their windows touch missing samples."]


@pytest.mark.parametrize(
    ("file", "n_times", "n_chans"), [("208.hea", 187, 1), ("S001R04.edf", 320, 3), ("tcd_simulated.wav", 1400, 2)]
)
def test_default_windows(file, n_times, n_chans):
    spec = default_window(open_recording(resources.path(f"demo/{file}")))
    assert (spec.n_times, len(spec.channels)) == (n_times, n_chans)
    assert WindowSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("spec", "n_chans", "n_times", "shape"),
    [
        ({"name": "raw"}, 2, 1400, (2, 1400)),
        ({"name": "log_spectrogram", "preset": "esr"}, 1, 178, (1, 32, 37)),
        ({"name": "log_spectrogram", "preset": "ecg"}, 1, 187, (1, 32, 39)),
        ({"name": "log_spectrogram", "preset": "hits"}, 2, 1400, (1, 64, 96)),
        ({"name": "log_spectrogram", "nfft": 64, "two_sided": False, "clip": None}, 3, 100, (3, 33, 10)),
    ],
)
def test_shapes_and_round_trip(spec, n_chans, n_times, shape):
    made = build_representation(spec)
    x = np.random.default_rng(0).standard_normal((300, n_chans, n_times)).astype(np.float32)
    got = made(x, 100.0)
    assert got.shape[1:] == made.output_shape(n_chans, n_times) == shape
    assert got.dtype == np.float32
    assert np.isfinite(got).all()
    assert build_representation(made.to_json()) == made
    np.testing.assert_allclose(made(x[257:258], 100.0)[0], got[257], rtol=1e-5, atol=1e-4)


def test_iq_sees_direction():
    t = np.arange(1400) / 4385
    x = np.stack([np.cos(2 * np.pi * 700 * t), np.sin(2 * np.pi * 700 * t)])[None].astype(np.float32)
    image = build_representation({"name": "log_spectrogram", "preset": "hits"})(x, 4385.0)[0, 0]
    assert image[32:].max() > image[:32].max() + 10


def test_silence_is_finite():
    assert np.isfinite(LogSpectrogram(clip=None)(np.zeros((1, 1, 64), np.float32), 1.0)).all()


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "painting"},
        {"name": "log_spectrogram", "preset": "x"},
        {"name": "raw", "nfft": 3},
        {"name": "log_spectrogram", "size": 1},
    ],
)
def test_unknown_representations_are_refused(spec):
    with pytest.raises(InputError):
        build_representation(spec)


def test_window_longer_than_possible_and_odd_iq():
    with pytest.raises(InputError, match="shorter than a frame"):
        LogSpectrogram(nfft=64).output_shape(1, 50)
    with pytest.raises(InputError, match="pairs"):
        LogSpectrogram(iq=True).output_shape(3, 500)
    with pytest.raises(InputError):
        WindowSpec(0)
    with pytest.raises(InputError, match="Known fields"):
        WindowSpec.from_json({"n_times": 3, "shape": "round"})


def test_feature_space_round_trip(tmp_path):
    space = FeatureSpace(np.arange(3), np.ones((3, 2), np.float32), {"objective": "autoencoder"})
    space.save(tmp_path)
    back = FeatureSpace.load(tmp_path)
    np.testing.assert_array_equal(back.vectors, space.vectors)
    assert back.spec == space.spec
    with pytest.raises(InputError, match="Learn it again"):
        FeatureSpace.load(tmp_path / "nowhere")


def test_unsure_is_no_class_and_takes_no_digit(tmp_path):
    with Study.create(tmp_path / "s") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        made = [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(6)]
        ids = study.apply(new_events(study, made)).event_ids
        study.apply(label_events(study, ids[:1], "solid"))
        done = study.apply(label_events(study, ids[1:3], UNSURE))
        study.apply(label_events(study, ids[3:4], UNSURE))
        study.apply(label_events(study, ids[4:5], "gaseous"))
        assert {c.key: c.position for c in study.classes()} == {UNSURE: 0, "solid": 1, "gaseous": 2}
        assert study.events().label.tolist() == ["solid", UNSURE, UNSURE, UNSURE, "gaseous", ""]
        numbers = class_numbers(np.array(ids), study.events(), [UNSURE, "solid", "gaseous"])
        assert numbers.tolist() == [1, -1, -1, -1, 2, -1]
        study.apply(label_events(study, ids[3:4], ""))
        study.apply(done.inverse())
        assert {c.key for c in study.classes()} == {"solid", "gaseous"}
