"""Writing files so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from core.errors import InputError

TAKEN = "Choose another name, or say that it is to be replaced (--replace)"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for writing; rename it to `path` when the block ends without an error.

    It may be read by whom the user's umask lets, as any new file: colleagues on a shared drive, say.

    Raises
    ------
    InputError
        If the folder cannot be written to or the disk is full; `path` is then as it was.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name}.{uuid4().hex[:12]}.part"
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _unwritten(error, path) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _unwritten(error: OSError, path: Path) -> InputError:
    return InputError(
        f"could not be written ({error.strerror or error})",
        subject=path,
        kept="What was there before is unchanged",
        remedy="Free some disk space or choose a folder you may write to, then try again",
    )


def refuse_taken(*paths: Path, remedy: str = TAKEN) -> None:
    """Raise where one of some files is there already.

    Raises
    ------
    InputError
        Naming it.
    """
    for path in paths:
        if path.exists():
            raise InputError(
                "there is such a file already",
                subject=path,
                kept="It was not changed, and nothing was written",
                remedy=remedy,
            )


def write_bytes_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace `path` by `data` in one step."""
    with replacing(path) as file:
        file.write(data)


def write_json(path: str | os.PathLike[str], value: Any, *, sort: bool = True) -> None:
    """Replace `path` by `value` as indented UTF-8 JSON, keys sorted unless their order counts; NaN is refused: it is not JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=sort)
    write_bytes_atomically(path, text.encode() + b"\n")


def append_line(path: str | os.PathLike[str], value: Any) -> None:
    """Add `value` as a line of JSON to a log, on a line of its own also where a crash or a full disk cut the last one off.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        with Path(path).open("ab+") as file:
            file.seek(max(0, file.tell() - 1))
            torn = file.read(1) not in (b"", b"\n")
            file.write(b"\n" * torn + json.dumps(value, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise _unwritten(error, Path(path)) from error


def logged_steps(folder: Path) -> dict[int, dict[str, Any]]:
    """Return what the log of a job's folder holds of each step: ``values`` and ``time`` (Unix, s); the newest of a step."""
    steps: dict[int, dict[str, Any]] = {}
    with suppress(OSError):
        for line in (folder / "log.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                message = json.loads(line)
                if message["type"] == "metrics":
                    steps[int(message["step"])] = {"values": dict(message["values"]), "time": message.get("time")}
    return dict(sorted(steps.items()))


def logged_metrics(folder: Path) -> list[dict[str, Any]]:
    """Return the figures of each step that the log of a job's folder holds, the newest where a step was done twice."""
    return [step["values"] for step in logged_steps(folder).values()]


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read UTF-8 JSON.

    Raises
    ------
    InputError
        If the file cannot be read.
    json.JSONDecodeError
        If it is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"could not be read ({error})", subject=path, remedy="Check the path and try again") from error
