"""Recordings in a study: by reference, by content, found again."""

import numpy as np
import pytest
import soundfile

from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.signals import add_to_study, content_hash, open_from_study, relink
from core.study import NewEvent, Study, new_events


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "study") as study:
        yield study


def write_wav(path, seed=0, n=100, channels=1):
    x = np.random.default_rng(seed).uniform(-1, 1, (n, channels))
    soundfile.write(path, x, 8000)
    return path


def test_added_by_reference_once(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    before = wav.stat().st_mtime_ns
    first = add_to_study(study, wav, subject="P01")
    assert add_to_study(study, wav) == first
    (entry,) = study.recordings()
    assert (entry.path, entry.sha256, entry.subject) == (str(wav), content_hash(wav), "P01")
    assert wav.stat().st_mtime_ns == before
    np.testing.assert_array_equal(open_from_study(study, first).read(0, 0, 100), soundfile.read(wav)[0])


def test_what_is_newly_said_is_taken_up(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav", channels=2)
    recording = add_to_study(study, wav)
    assert add_to_study(study, wav, subject="P02", layout="iq") == recording
    assert study.recording(recording).subject == "P02"
    assert len(open_from_study(study, recording).gates) == 1
    copy = wav.rename(tmp_path / "b.wav")
    assert add_to_study(study, copy) == recording
    assert open_from_study(study, recording).path == copy
    assert len(open_from_study(study, recording).gates) == 1


def test_what_channels_mean_stays_while_there_are_events(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav", channels=2)
    recording = add_to_study(study, wav)
    study.apply(new_events(study, [NewEvent(recording, "left", 0.0, 0.01, "hits", "test", {})]))
    with pytest.raises(InputError, match=r"a\.wav.*Remove its events"):
        add_to_study(study, wav, layout="iq")
    assert study.recording(recording).options == {}


def test_truncated_recording_stays_usable(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav", n=1000)
    wav.write_bytes(wav.read_bytes()[:1000])
    recording = add_to_study(study, wav, allow_truncated=True)
    assert open_from_study(study, recording).duration < 1000 / 8000


def test_moved_recording_is_found_by_its_content(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    write_wav(elsewhere / "a.wav", seed=1)
    write_wav(elsewhere / "short.wav", n=50)
    (elsewhere / "other.wav").write_text("no sound")
    moved = wav.rename(elsewhere / "deep" / "renamed é.wav")
    with pytest.raises(InputError, match="Its events and labels are kept"):
        open_from_study(study, recording)
    study.apply(relink(study, elsewhere))
    assert open_from_study(study, recording).path == moved
    with pytest.raises(InputError, match="no missing recording"):
        relink(study, elsewhere)


def test_files_of_another_length_are_not_read_whole(study, tmp_path, monkeypatch):
    wav = write_wav(tmp_path / "a.wav")
    add_to_study(study, wav)
    wav.unlink()
    write_wav(tmp_path / "longer.wav", n=101)
    monkeypatch.setattr("core.signals.in_study.content_hash", lambda *_: pytest.fail("hashed"))
    with pytest.raises(InputError, match="no missing recording"):
        relink(study, tmp_path)


def test_another_file_in_its_place_is_noticed(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    write_wav(wav, n=200)
    with pytest.raises(InputError, match=r"has changed since it was added.*0\.025 s, not 0\.0125 s"):
        open_from_study(study, recording)


def test_hashing_tells_how_far_it_is_and_stops_when_asked(tmp_path):
    class Stopped(NullReporter):
        shares: list = []  # noqa: RUF012

        def progress(self, done, total, message=""):
            self.shares.append(done / total)

        def check(self):
            if self.shares:
                raise JobCancelled("stopped as asked")

    wav = write_wav(tmp_path / "a.wav", n=1_000_000)
    with pytest.raises(JobCancelled):
        content_hash(wav, Stopped())
    assert 0 < Stopped.shares[0] < 1
