"""Entries of the registries: said in words, found when used."""

import pytest

from core.models import MODELS
from core.registry import LazyEntry

ENTRIES = {f"model {name}": entry for name, entry in MODELS.items()}
ENTRIES |= {f"preset {name} of {model}": p for model, entry in MODELS.items() for name, p in entry.presets.items()}


@pytest.mark.parametrize("name", ENTRIES)
def test_says_what_it_is_and_is_there(name):
    entry = ENTRIES[name]
    for text in (entry.title, entry.help):
        assert text
        assert text == text.strip().rstrip(".")
        assert "\n" not in text
    if isinstance(entry, LazyEntry):
        assert entry.load() is not None
