"""The zip of a bundle: the same bytes for the same files, sealed, and opened within limits."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from pathlib import PurePosixPath

from core.errors import BundleError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: no export differs by its hour
MAX_FILES, MAX_BYTES = 200, 512 * 2**20
MARK, DIGEST_LENGTH = b"sha256:", 64


def pack(files: dict[str, bytes]) -> bytes:
    """Return a zip of files by name; its comment is a seal, the SHA-256 of everything before the digest itself.

    The hashes in a manifest do not cover the dates, names and paddings of the zip; the seal does.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3  # whatever system this one is
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 6)
        archive.comment = MARK + b"0" * DIGEST_LENGTH
    body = buffer.getvalue()[:-DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def is_sealed(data: bytes) -> bool:
    """Return whether not one bit of a packed archive differs from what was written."""
    body, digest = data[:-DIGEST_LENGTH], data[-DIGEST_LENGTH:]
    return body.endswith(MARK) and hashlib.sha256(body).hexdigest().encode() == digest


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip, read into memory and nowhere else.

    Raises
    ------
    BundleError
        If it holds too much, or an entry that could harm whoever unpacks it: a path outside the folder, a link, a folder,
        one name twice (also by letter case), something encrypted or compressed in an unusual way.
    zipfile.BadZipFile
        If it is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if len(infos) > MAX_FILES:
            raise BundleError(f"the archive holds {len(infos)} files, more than {MAX_FILES}")
        if len({name.casefold() for name in names}) != len(names):
            raise BundleError("the archive holds one file twice")
        if sum(info.file_size for info in infos) > MAX_BYTES:
            raise BundleError(f"the archive would unpack to more than {MAX_BYTES:,} bytes")
        for info in infos:
            _check(info)
        return {info.filename: _read(archive, info) for info in infos}


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)
    except (zlib.error, EOFError) as error:
        # zipfile names the file whose checksum is wrong, but not one that cannot even be decompressed.
        raise zipfile.BadZipFile(f"{info.filename} is damaged ({error})") from error


def _check(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    parts = PurePosixPath(name).parts
    outside = not parts or name.startswith("/") or ".." in parts or any(c in name for c in "\\:")
    if outside:
        raise BundleError(f"the archive names a file outside itself ({name})")
    if not name.isprintable() or name.endswith("/") or stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise BundleError(f"the archive holds something that is not a plain file ({name!r})")
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"{name} is encrypted, or compressed in a way that bundles are not")
