import os
import threading
import time
from dataclasses import replace

import edfio
import numpy as np
import pytest
import soundfile

from core.errors import InputError
from core.events import make_events
from core.features import Cache, Raw, Windows, WindowSpec, build_representation, cache, gather_windows, represent
from core.features.cache import cache_key
from core.jobs import NullReporter
from core.signals import add_to_study
from core.study import NewEvent, Study, label_events, new_events
from core.training import TrainingSpec, load_dataset

SPECTROGRAM = {"name": "log_spectrogram", "preset": "ecg"}


class Told(NullReporter):
    def __init__(self):
        self.lines = []

    def log(self, text):
        self.lines.append(text)


def windows(n=6, seed=0, fs=125.0):
    x = np.random.default_rng(seed).standard_normal((n, 1, 187)).astype(np.float32)
    who = np.full(n, "P", object)
    return Windows(np.arange(n), x, np.ones(n, np.int64), who, fs, ("II",), ("mV",), {})


@pytest.fixture
def counted(monkeypatch):
    """How often the spectrogram was computed."""
    kind, calls = type(build_representation(SPECTROGRAM)), []
    compute = kind.__call__
    monkeypatch.setattr(kind, "__call__", lambda self, *args: calls.append(1) or compute(self, *args))
    return calls


def test_computed_once_and_then_mapped_from_the_disk(tmp_path, counted):
    told, kept = Told(), Cache(tmp_path / "c")
    first, again = (represent(windows(), SPECTROGRAM, kept, told) for _ in range(2))
    assert len(counted) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, build_representation(SPECTROGRAM)(windows().x, 125.0))
    assert told.lines == ["Log-spectrogram: computed before, taken from the study's cache"]
    again[:] = 0  # a private copy: what is on the disk stays
    np.testing.assert_array_equal(represent(windows(), SPECTROGRAM, kept), first)
    assert not list((tmp_path / "c").glob("*.part"))


@pytest.mark.parametrize(
    ("other", "spec"),
    [
        (windows(seed=1), SPECTROGRAM),
        (windows(fs=100.0), SPECTROGRAM),
        (replace(windows(), ids=np.arange(1, 7)), SPECTROGRAM),
        (windows(), {**SPECTROGRAM, "hop": 5}),
        (windows(), {"name": "mel", "preset": "ecg"}),
    ],
)
def test_what_changes_the_result_changes_the_key(other, spec):
    base = cache_key(windows(), build_representation(SPECTROGRAM))
    assert cache_key(windows(), build_representation(SPECTROGRAM)) == base
    assert cache_key(other, build_representation(spec)) != base


def test_levels_count_for_what_needs_them():
    plain, scaled = windows(), Raw("recording")
    levels = np.ones((6, 1, 2))
    with_levels = replace(plain, levels=levels)
    assert cache_key(with_levels, scaled) != cache_key(replace(plain, levels=2 * levels), scaled)
    spectrogram = build_representation(SPECTROGRAM)
    assert cache_key(with_levels, spectrogram) == cache_key(plain, spectrogram)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"\x80\x04pickled", "cut", "other shape", "object"])
def test_a_damaged_file_is_computed_again_and_replaced(tmp_path, counted, damage):
    kept = Cache(tmp_path)
    expected = np.array(represent(windows(), SPECTROGRAM, kept))
    path = next(tmp_path.glob("*.npy"))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "other shape":
        np.save(path, np.zeros((2, 2), np.float32))
    elif damage == "object":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    else:
        path.write_bytes(damage)
    np.testing.assert_array_equal(represent(windows(), SPECTROGRAM, kept), expected)
    assert len(counted) == 2
    represent(windows(), SPECTROGRAM, kept)
    assert len(counted) == 2


def test_those_used_longest_ago_make_room(tmp_path):
    one = represent(windows(), SPECTROGRAM).nbytes
    kept = Cache(tmp_path, most_bytes=3 * (one + 200))
    for seed in range(3):
        represent(windows(seed=seed), SPECTROGRAM, kept)
        path = tmp_path / f"{cache_key(windows(seed=seed), build_representation(SPECTROGRAM))}.npy"
        os.utime(path, (seed, seed))
    represent(windows(seed=0), SPECTROGRAM, kept)  # used again
    represent(windows(seed=3), SPECTROGRAM, kept)
    names = {path.stem for path in tmp_path.glob("*.npy")}
    made = build_representation(SPECTROGRAM)
    assert names == {cache_key(windows(seed=seed), made) for seed in (0, 2, 3)}


def test_what_is_larger_than_all_is_not_kept_and_removes_nothing(tmp_path):
    told = Told()
    small = Cache(tmp_path, most_bytes=40_000)
    represent(windows(2), SPECTROGRAM, small)
    represent(windows(20), SPECTROGRAM, small, told)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert "larger than the cache may be" in told.lines[0]


def test_a_full_disk_costs_only_time_and_is_said(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    told = Told()
    monkeypatch.setattr(cache.np, "save", full)
    got = represent(windows(), SPECTROGRAM, Cache(tmp_path), told)
    np.testing.assert_array_equal(got, represent(windows(), SPECTROGRAM))
    assert "No space left on device" in told.lines[0]
    assert "compute it again" in told.lines[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    told = Told()
    represent(windows(), SPECTROGRAM, Cache(tmp_path / "file" / "cache"), told)
    assert "not kept" in told.lines[0]


def test_what_a_killed_job_left_is_removed_after_a_day_and_not_before(tmp_path):
    old, new = tmp_path / ".a.npy.0.part", tmp_path / ".b.npy.0.part"
    for path, age in ((old, 90_000), (new, 60)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    represent(windows(), SPECTROGRAM, Cache(tmp_path))
    assert not old.exists()
    assert new.exists()


def test_jobs_at_once_with_little_room_all_get_what_they_asked_for(tmp_path):
    made = build_representation(SPECTROGRAM)
    inputs = [windows(seed=seed) for seed in range(4)]
    expected = [made(each.x, 125.0) for each in inputs]
    kept = Cache(tmp_path, most_bytes=2 * expected[0].nbytes + 1000)
    wrong = []

    def job(start):
        for n in range(12):
            which = (start + n) % 4
            got = represent(inputs[which], SPECTROGRAM, kept)
            if not np.array_equal(got, expected[which]):
                wrong.append(which)

    threads = [threading.Thread(target=job, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not list(tmp_path.glob(".*.part"))


def study_of_two(folder, gains=(1.0, 50.0)):
    """A study of two recordings that differ in gain and offset only, with labelled windows."""
    rng = np.random.default_rng(0)
    study = Study.create(folder / "study")
    for n, gain in enumerate(gains):
        x = rng.standard_normal(20_000)
        soundfile.write(folder / f"{n}.wav", 0.001 * gain * (x + 3), 1000, "FLOAT")
        number = add_to_study(study, folder / f"{n}.wav", subject=f"P{n}")
        study.apply(make_events(study, number, "windows", length_s=0.5))
        ids = study.events(number).id.tolist()
        for label, part in (("a", ids[::2]), ("b", ids[1::2])):
            study.apply(label_events(study, part, label))
    return study


def test_by_recording_gain_and_offset_of_each_recording_go_and_no_other_counts(tmp_path):
    with study_of_two(tmp_path) as study:
        spec = WindowSpec(500)
        both = gather_windows(study, study.events().id, spec, levels=True)
        got = represent(both, {"name": "raw", "scaling": "recording"})
        for number in (1, 2):
            mine = got[both.recording == number]
            assert abs(np.median(mine)) < 0.05
            assert np.subtract(*np.percentile(mine, [75, 25])) == pytest.approx(1, abs=0.05)
        alone = gather_windows(study, study.events(1).id, spec, levels=True)
        np.testing.assert_array_equal(
            represent(alone, {"name": "raw", "scaling": "recording"}), got[both.recording == 1]
        )
        assert gather_windows(study, study.events().id, spec).levels is None
        scaled = gather_windows(study, study.events().id, replace(spec, scaling="window"), levels=True)
        with pytest.raises(InputError, match="scaled by their recording"):
            represent(scaled, {"name": "raw", "scaling": "recording"})


def test_training_data_are_computed_once_for_a_study(tmp_path, counted):
    with study_of_two(tmp_path) as study:
        spec = TrainingSpec(
            window={"n_times": 500}, representation=SPECTROGRAM, model={"name": "cnn2d", "preset": "quick"}
        )
        first = load_dataset(study, spec)
        again = load_dataset(study, spec)
        assert len(counted) == 1
        np.testing.assert_array_equal(first.x, again.x)
        assert len(list((study.folder / "cache" / "representations").glob("*.npy"))) == 1
        scaled = load_dataset(study, replace(spec, representation={"name": "raw", "scaling": "recording"}))
        assert abs(np.median(scaled.x)) < 0.05


def test_levels_are_in_the_unit_of_the_windows(tmp_path):
    signal = np.cumsum(np.random.default_rng(0).standard_normal(3000))
    signal *= 2 / np.abs(signal).max()
    with Study.create(tmp_path / "s") as study:
        for n, (unit, factor) in enumerate((("mV", 1), ("uV", 1000))):
            edfio.Edf([edfio.EdfSignal(factor * signal, 100, label="II", physical_dimension=unit)]).write(
                tmp_path / f"{n}.edf"
            )
            number = add_to_study(study, tmp_path / f"{n}.edf")
            study.apply(new_events(study, [NewEvent(number, "II", 5.0, 0.1, "beat", "test")]))
        windows = gather_windows(study, study.events().id, WindowSpec(100), levels=True)
    np.testing.assert_allclose(windows.levels[0], windows.levels[1], rtol=1e-3)
    median, spread = np.median(signal), np.subtract(*np.percentile(signal, [75, 25]))
    np.testing.assert_allclose(windows.levels[0, 0], [median, spread], rtol=1e-3)
    scaled = represent(windows, {"name": "raw", "scaling": "recording"})
    np.testing.assert_allclose(scaled[0], scaled[1], atol=2e-3)
