import io
import stat
import zipfile

import pytest

from core.errors import BundleError, InputError
from core.export import verify_bundle
from core.export.archive import is_sealed, pack, unpack

FILES = {"b/inner.txt": b"x" * 300, "a.txt": bytes(range(256)), "empty": b""}


def zipped(*entries, **options):
    """Return a zip of (name or ZipInfo, data)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def test_packs_the_same_bytes_in_any_order_and_unpacks_them():
    packed = pack(FILES)
    assert pack(dict(reversed(FILES.items()))) == packed
    assert unpack(packed) == FILES
    assert is_sealed(packed)


def test_a_damaged_file_is_named_whatever_way_it_is_damaged():
    text = " ".join(str(n * n) for n in range(3000)).encode()
    packed = pack({"model.onnx": text})
    begin = packed.index(b"model.onnx") + len("model.onnx")
    for position in range(begin, packed.index(b"PK\x01\x02") - 1, 97):
        bad = bytearray(packed)
        bad[position] ^= 0xFF
        with pytest.raises(zipfile.BadZipFile, match=r"model\.onnx"):
            unpack(bytes(bad))


def test_every_single_bit_is_under_the_seal():
    packed = pack(FILES)
    for position in range(len(packed)):
        for bit in range(8):
            flipped = bytearray(packed)
            flipped[position] ^= 1 << bit
            assert not is_sealed(bytes(flipped))
    assert not is_sealed(packed[:-1])
    assert not is_sealed(packed + b"\0")
    assert not is_sealed(zipped(("a.txt", b"x")))


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", "C:\\x", "C:x", "a/../../b", "..\\b"])
def test_names_outside_are_refused(name):
    with pytest.raises(BundleError, match="outside itself"):
        unpack(zipped((name, "x")))


def link():
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize("entry", ["folder/", "line\nbreak", link()])
def test_links_folders_and_control_characters_are_refused(entry):
    with pytest.raises(BundleError, match="not a plain file"):
        unpack(zipped((entry, "")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("MODEL.onnx", "model.onnx")])
def test_doubled_names_are_refused(names):
    with pytest.raises(BundleError, match="twice"):
        unpack(zipped(*((name, name) for name in names)))


def test_bombs_are_refused_before_they_are_unpacked(monkeypatch):
    monkeypatch.setattr("core.export.archive.MAX_BYTES", 1_000_000)
    bomb = zipped(("zeros", bytes(1_000_001)), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 3000
    with pytest.raises(BundleError, match="more than 1,000,000 bytes"):
        unpack(bomb)
    with pytest.raises(BundleError, match="300 files"):
        unpack(zipped(*((str(n), "") for n in range(300))))


def test_a_bomb_that_lies_about_its_size_is_damaged():
    bomb = zipped(("zeros", bytes(100_000)), compression=zipfile.ZIP_DEFLATED)
    lie = bomb.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != bomb
    with pytest.raises(zipfile.BadZipFile):
        unpack(lie)


def test_unusual_compression_and_encryption_are_refused():
    with pytest.raises(BundleError, match="compressed in a way"):
        unpack(zipped(("a", "x" * 99), compression=zipfile.ZIP_LZMA))
    plain = bytearray(zipped(("a", "x")))
    plain[plain.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(BundleError, match="encrypted"):
        unpack(bytes(plain))


def test_what_is_no_bundle_at_all(tmp_path):
    with pytest.raises(InputError, match="no such bundle"):
        verify_bundle(tmp_path / "nowhere.zip")
    with pytest.raises(InputError, match="no such bundle"):
        verify_bundle(tmp_path)
    path = tmp_path / "x.zip"
    for data in (b"", b"hello"):
        path.write_bytes(data)
        with pytest.raises(BundleError, match="no zip"):
            verify_bundle(path)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (pack({"a.txt": b"x"}), "no manifest"),
        (pack({"manifest.json": b"[]"}), "not a manifest"),
        (pack({"manifest.json": b'{"files": {}, "schema": 99}'}), "schema 99"),
        (pack({"manifest.json": b"[" * 100_000}), "RecursionError"),
        (pack({"manifest.json": b"\xff"}), "UnicodeDecodeError"),
        (pack(FILES)[:200], "BadZipFile"),
        (zipped(("../x", "x")), "outside itself"),
    ],
)
def test_archives_that_are_no_bundles_are_said_why(tmp_path, data, detail):
    (tmp_path / "x.zip").write_bytes(data)
    report = verify_bundle(tmp_path / "x.zip")
    assert not report.ok
    assert detail in report.checks[-1].detail


def test_a_bundle_without_what_it_needs_is_incomplete(tmp_path):
    (tmp_path / "x.zip").write_bytes(pack({"manifest.json": b'{"files": {}, "schema": 1}'}))
    report = verify_bundle(tmp_path / "x.zip")
    assert [check.name for check in report.checks if not check.passed] == ["complete"]
