"""Options that are written as text: NAME=VALUE pairs and JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping
from typing import Any

from core.errors import InputError


def add_annotator(options: argparse.ArgumentParser) -> None:
    """Add ``--annotator``."""
    options.add_argument(
        "--annotator",
        metavar="NAME",
        help="whose labels count and to whom edits are attributed (default: your user name)",
    )


def add_reader(options: argparse.ArgumentParser) -> None:
    """Add ``--reader``."""
    options.add_argument(
        "--reader",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how to read the file: layout=iq for a stereo WAV, fs=250 for arrays that do not say their rate,"
        " allow_truncated=true for a file that was cut off",
    )


def add_replace(options: argparse.ArgumentParser) -> None:
    """Add ``--replace``."""
    options.add_argument("--replace", action="store_true", help="replace the file if there is one")


def reader_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return what ``--reader`` was given."""
    return parse_options(options.reader, reserved=("study", "path", "subject", "report"))


def parse_options(
    pairs: list[str], reserved: Collection[str] = (), known: Mapping[str, tuple[type, ...]] | None = None
) -> dict[str, Any]:
    """Return ``NAME=VALUE`` pairs as a dict; numbers, ``true`` and ``false`` become what they are.

    Parameters
    ----------
    pairs : list of str
    reserved : collection of str
        Names that are said by arguments of their own.
    known : mapping of str to types, optional
        What options may be. One that may be text stays text, since a channel may be named ``1``.

    Raises
    ------
    InputError
        If one is no such pair, or its name is `reserved`: said by an argument of its own.
    """
    options: dict[str, Any] = {}
    texts = {name for name, types in (known or {}).items() if str in types}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"{pair!r} is not NAME=VALUE", remedy="Write a name, =, and a value, such as length_s=2")
        if name in reserved:
            raise InputError(f"there is no option {name!r} here", remedy="See the command's --help")
        options[name] = value if name in texts else value_of(value)
    return options


def value_of(text: str) -> int | float | bool | str:
    """Return an int, a float or a bool where `text` is one."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def json_option(name: str, text: str) -> dict[str, Any]:
    """Return the JSON object that was given for an option.

    Raises
    ------
    InputError
        If `text` is no JSON, or no object; the message names the option.
    """
    example = f"Write it in single quotes, with names in double quotes: {name} '{{\"name\": 1}}'"
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"what {name} was given is not JSON ({error})", subject=text, remedy=example) from error
    if not isinstance(value, dict):
        raise InputError(f"what {name} was given is no JSON object", subject=text, remedy=example)
    return value
