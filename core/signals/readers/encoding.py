"""The encoding of texts whose format does not say it, or is not kept to."""

from __future__ import annotations


def encoding_of(raw: bytes) -> str:
    """Return ``utf-8`` where the bytes are that, else ``latin-1``, in which no byte is invalid."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
