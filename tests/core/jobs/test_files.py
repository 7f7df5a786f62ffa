"""Files that are replaced in one step."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import InputError
from core.jobs import replacing, write_bytes_atomically


@pytest.fixture
def umask():
    """Set the process's umask, and give it back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_written_file_may_be_read_by_whom_the_umask_lets(tmp_path, umask, mask, mode):
    umask(mask)
    write_bytes_atomically(tmp_path / "a", b"first")
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode
    (tmp_path / "a").chmod(0o600)  # as older versions left it
    write_bytes_atomically(tmp_path / "a", b"again")
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode


def test_many_threads_may_replace_one_file(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write_bytes_atomically(tmp_path / "a", bytes([n]) * 1000), range(64)))
    assert len(set((tmp_path / "a").read_bytes())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path):
    (tmp_path / "a").write_bytes(b"mine")

    def fail():
        with replacing(tmp_path / "a") as file:
            file.write(b"half of")
            raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="No space"):
        fail()
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
