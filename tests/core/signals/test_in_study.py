"""Recordings in a study: by reference, by content, found again."""

import hashlib
import os
import shutil
import sqlite3

import numpy as np
import pytest
import soundfile

import resources
from core.errors import InputError, JobCancelled
from core.events import export_annotations, make_events
from core.features import WindowSpec, gather_windows
from core.jobs import NullReporter
from core.signals import add_to_study, content_hash, in_study, open_from_study, relink, write_annotations
from core.signals.in_study import content_hashes
from core.study import NewEvent, Study, edit_recording, new_events


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
    monkeypatch.setattr("core.signals.in_study.content_hashes", lambda *_: pytest.fail("hashed"))
    with pytest.raises(InputError, match="no missing recording"):
        relink(study, tmp_path)


def test_another_file_in_its_place_is_noticed(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    write_wav(wav, n=200)
    with pytest.raises(InputError, match=r"has changed since it was added.*0\.025 s, not 0\.0125 s"):
        open_from_study(study, recording)


def overwrite(path, seed=1, mtime_ns=None):
    """Other samples, as many, in the same file."""
    write_wav(path, seed=seed)
    later = path.stat().st_mtime_ns + 1_000_000 if mtime_ns is None else mtime_ns
    os.utime(path, ns=(later, later))


def test_other_samples_of_the_same_length_are_noticed(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    original = wav.read_bytes()
    recording = add_to_study(study, wav)
    overwrite(wav)
    for _ in range(2):
        with pytest.raises(InputError, match=r"a\.wav.*content has changed.*labels are kept.*Put the original back"):
            open_from_study(study, recording)
    new = add_to_study(study, wav)
    assert new != recording
    open_from_study(study, new)
    wav.write_bytes(original)
    open_from_study(study, recording)
    with pytest.raises(InputError, match="content has changed"):
        open_from_study(study, new)


@pytest.fixture
def hashed(monkeypatch):
    """Paths that were read whole."""
    paths = []

    def counted(path, report=None):
        paths.append(str(path))
        return content_hashes(path, report)

    monkeypatch.setattr(in_study, "content_hashes", counted)
    monkeypatch.setattr(in_study, "_known_good", {})
    return paths


def test_a_file_that_was_only_touched_is_hashed_once(study, tmp_path, hashed):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    assert study.recording(recording).stamp == [[wav.stat().st_size, wav.stat().st_mtime_ns]]
    open_from_study(study, recording)
    assert hashed == [str(wav)]  # when it was added
    os.utime(wav, ns=(10**18, 10**18))
    n = len(study.history())
    open_from_study(study, recording)
    open_from_study(study, recording)
    assert hashed == [str(wav)] * 2
    assert study.recording(recording).stamp == [[wav.stat().st_size, 10**18]]
    assert len(study.history()) == n  # not an edit


def test_a_read_only_study_notices_too_and_hashes_once(study, tmp_path, hashed):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    os.utime(wav, ns=(10**18, 10**18))
    with Study.open(study.folder, readonly=True) as reader:
        open_from_study(reader, recording)
        open_from_study(reader, recording)
        assert len(hashed) == 2
        overwrite(wav)
        with pytest.raises(InputError, match="content has changed"):
            open_from_study(reader, recording)


def test_jobs_notice_other_samples_too(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    ids = study.apply(new_events(study, [NewEvent(recording, "mono", 0.005, 0.0, "mark", "test")])).event_ids
    assert len(gather_windows(study, ids, WindowSpec(10)).ids) == 1
    overwrite(wav)
    with pytest.raises(InputError, match="content has changed"):
        gather_windows(study, ids, WindowSpec(10))


def test_adding_can_be_undone_and_redone_after_a_touch(study, tmp_path):
    wav = write_wav(tmp_path / "a.wav")
    recording = add_to_study(study, wav)
    os.utime(wav, ns=(10**18, 10**18))
    open_from_study(study, recording)
    done = study.apply(study.changeset(study.history()[0].id).inverse())
    assert study.recordings() == []
    study.apply(done.inverse())
    open_from_study(study, recording)
    assert study.recording(recording).stamp == [[wav.stat().st_size, 10**18]]


def version_1(folder, wav):
    """A study as Hitscope made it before stamps."""
    with Study.create(folder) as study:
        recording = add_to_study(study, wav)
        study.apply(new_events(study, [NewEvent(recording, "mono", 0.0, 0.001, "mark", "test")]))
    with sqlite3.connect(folder / "study.sqlite") as raw:
        raw.execute("ALTER TABLE recordings DROP COLUMN stamp")
        raw.execute("ALTER TABLE recordings DROP COLUMN bad_channels")
        raw.execute("ALTER TABLE labels DROP COLUMN donor")
        raw.execute("ALTER TABLE labels DROP COLUMN soft")
        raw.execute("UPDATE meta SET value = '1' WHERE key = 'schema_version'")
    raw.close()
    return recording


def test_a_study_of_version_1_is_backed_up_and_works(tmp_path, hashed):
    wav = write_wav(tmp_path / "a.wav")
    recording = version_1(tmp_path / "old", wav)
    with Study.open(tmp_path / "old", readonly=True) as reader:
        assert reader.recording(recording).stamp is None
        open_from_study(reader, recording)
        assert len(reader.recordings()) == 1
    with sqlite3.connect(tmp_path / "old" / "study.sqlite") as raw:
        assert "stamp" not in {row[1] for row in raw.execute("PRAGMA table_info(recordings)")}
    raw.close()
    with Study.open(tmp_path / "old") as study:
        assert study.migrated_from.name.startswith("study-v1-")
        with sqlite3.connect(study.migrated_from) as raw:
            assert raw.execute("SELECT count(*) FROM events").fetchone() == (1,)
        raw.close()
        open_from_study(study, recording)
        assert study.recording(recording).stamp is not None
        assert len(study.events()) == 1
        # What version 1 wrote to the audit can still be undone.
        for entry in study.history():
            study.apply(study.changeset(entry.id).inverse())
        assert study.recordings() == []
    with Study.open(tmp_path / "old") as again:
        assert again.migrated_from is None


def test_hashing_tells_how_far_it_is_a_hundred_times_at_most(tmp_path, monkeypatch):
    class Told(NullReporter):
        def __init__(self):
            self.shares = []

        def progress(self, done, total, message=""):
            self.shares.append(done / total)

    monkeypatch.setattr(in_study, "BLOCK", 100)
    wav = write_wav(tmp_path / "a.wav", n=50_000)
    told = Told()
    assert content_hash(wav, told) == hashlib.sha256(wav.read_bytes()).hexdigest()
    assert 90 <= len(told.shares) <= 100
    assert told.shares == sorted(told.shares)
    assert told.shares[-1] == 1


def test_hashing_tells_how_far_it_is_and_stops_when_asked(tmp_path):
    class Stopped(NullReporter):
        def __init__(self):
            self.shares = []

        def progress(self, done, total, message=""):
            self.shares.append(done / total)

        def check(self):
            if self.shares:
                raise JobCancelled("stopped as asked")

    wav = write_wav(tmp_path / "a.wav", n=1_000_000)
    stopped = Stopped()
    with pytest.raises(JobCancelled):
        content_hash(wav, stopped)
    assert 0 < stopped.shares[0] < 1


@pytest.fixture
def record(tmp_path):
    """A WFDB record with its reference annotations."""
    for suffix in (".hea", ".dat", ".atr"):
        shutil.copyfile(resources.path(f"demo/208{suffix}"), tmp_path / f"208{suffix}")
    return tmp_path / "208.hea"


def test_annotations_beside_a_record_may_change(study, record):
    recording = add_to_study(study, record)
    study.apply(make_events(study, recording, "annotations"))
    before = study.recordings()
    export_annotations(study, recording, record.with_suffix(".atr"), replace=True)
    assert open_from_study(study, recording).annotations[0].attributes["maker"]
    assert add_to_study(study, record) == recording
    record.with_suffix(".atr").unlink()
    open_from_study(study, recording)
    assert study.recordings() == before
    record.with_suffix(".dat").write_bytes(record.with_suffix(".dat").read_bytes()[::-1])
    with pytest.raises(InputError, match="content has changed"):
        open_from_study(study, recording)


@pytest.fixture
def older(tmp_path, record, monkeypatch):
    """A study whose record was hashed together with its annotations, as before: header, samples, annotations."""
    with Study.create(tmp_path / "older") as study:
        monkeypatch.setattr(in_study, "_known_good", {})
        number = add_to_study(study, record)
        files = [record, record.with_suffix(".dat"), record.with_suffix(".atr")]
        whole = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        study.apply(edit_recording(study, number, sha256=whole))
        study.set_stamp(number, [[s.st_size, s.st_mtime_ns] for s in (file.stat() for file in files)])
        yield study


def test_what_was_hashed_with_its_annotations_is_known_again_once(older, record):
    n = len(older.history())
    for _ in range(2):
        open_from_study(older, 1)
        assert older.recording(1).sha256 == content_hash(record)
        assert len(older.history()) == n + 1
    assert older.history()[0].title == "know 208 by its signals alone, without its annotations"
    write_annotations(record.with_suffix(".atr"), [], replace=True)
    os.utime(record, ns=(10**18, 10**18))
    open_from_study(older, 1)
    for entry in older.history():
        older.apply(older.changeset(entry.id).inverse())
    assert older.recordings() == []


def test_an_older_hash_is_known_again_read_only_when_added_and_when_moved(older, record, tmp_path):
    with Study.open(older.folder, readonly=True) as reader:
        open_from_study(reader, 1)
        assert reader.recording(1).sha256 != content_hash(record)
    (tmp_path / "moved").mkdir()
    for file in sorted(tmp_path.glob("208.*")):
        file.rename(tmp_path / "moved" / file.name)
    older.apply(relink(older, tmp_path / "moved"))
    moved = tmp_path / "moved" / "208.hea"
    assert add_to_study(older, moved) == 1
    assert older.recording(1).sha256 == content_hash(moved)
    assert add_to_study(older, moved) == 1


def test_an_older_record_whose_samples_are_others_is_noticed(older, record):
    record.with_suffix(".dat").write_bytes(record.with_suffix(".dat").read_bytes()[::-1])
    with pytest.raises(InputError, match="content has changed"):
        open_from_study(older, 1)
