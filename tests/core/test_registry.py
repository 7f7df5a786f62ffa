"""Entries of the registries: said in words, found when used."""

import inspect

import pytest

from core.compression import LAYERS, SCHEMES
from core.events import EVENT_MAKERS
from core.models import FUSIONS, MODELS
from core.registry import LazyEntry
from core.signals import FORMATS
from core.training import AUGMENTATIONS, LOSSES, SCHEDULES

ENTRIES = {f"model {name}": entry for name, entry in MODELS.items()}
ENTRIES |= {f"preset {name} of {model}": p for model, entry in MODELS.items() for name, p in entry.presets.items()}
ENTRIES |= {f"fusion {name}": entry for name, entry in FUSIONS.items()}
ENTRIES |= {f"layout {name} of {r.FORMAT}": layout for r in FORMATS for name, layout in r.LAYOUTS.items()}
ENTRIES |= {f"event maker {name}": entry for name, entry in EVENT_MAKERS.items()}
ENTRIES |= {f"loss {name}": entry for name, entry in LOSSES.items()}
ENTRIES |= {f"schedule {name}": entry for name, entry in SCHEDULES.items()}
ENTRIES |= {f"augmentation {name}": entry for name, entry in AUGMENTATIONS.items()}
ENTRIES |= {f"scheme {name}": entry for name, entry in SCHEMES.items()}
ENTRIES |= {f"layers {name}": entry for name, entry in LAYERS.items()}


@pytest.mark.parametrize("name", ENTRIES)
def test_says_what_it_is_and_is_there(name):
    entry = ENTRIES[name]
    for text in (entry.title, entry.help):
        assert text
        assert text == text.strip().rstrip(".")
        assert "\n" not in text
    if isinstance(entry, LazyEntry):
        assert entry.load() is not None


@pytest.mark.parametrize("table", [LOSSES, SCHEDULES, AUGMENTATIONS], ids=["losses", "schedules", "augmentations"])
def test_options_have_a_default_that_fits(table):
    for entry in table.values():
        known = inspect.signature(entry.load()).parameters
        for name, option in entry.options.items():
            assert option.problem(known[name].default) == "", (entry.title, name)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_knows_the_parameters_it_is_offered_with(name):
    entry = SCHEMES[name]
    known = inspect.signature(entry.load()).parameters
    assert set(entry.params) <= set(known)
    assert all(p.low <= p.start <= p.high and p.step > 0 and p.title for p in entry.params.values())
