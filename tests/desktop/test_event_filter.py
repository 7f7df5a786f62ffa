"""The filter of the event table, as a function of text and events."""

import json

import numpy as np
import pytest

from core.study import EventTable
from desktop.models.event_facts import layer_of, length_text, maker_name
from desktop.models.event_filter import matching


def row(event, channel, start, length, kind, maker, label="", source="", **said):
    return (event, 1, channel, start, length, kind, maker, json.dumps(said), label, source, float("nan"), -1, -1, "")


EVENTS = EventTable.from_rows(
    [
        row(1, "Fp1", 62.4, 0.05, "hits", "hits", "gaseous", "human", hbr_db=7.0),
        row(2, "Fp1", 62.46, 0.2, "beat", "annotations", "V", "imported", symbol="V"),
        row(3, "Fp10", 63.0, 2.0, "beat", "file:a b.csv", "VT", "imported"),
        row(4, "V1", 3723.5, 0.1, "mark", "annotator", by="Åsa", comment="Muscle artefact?"),
        row(5, "V1", 10.0, 0.1, "mark", "annotator", "unsure", "human", by="Bo"),
    ]
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("label:v", [2]),  # as a whole, since there is such a label
        ("label:gas", [1]),
        ("label:", [1, 2, 3, 4, 5]),
        ("channel:Fp1", [1, 2]),
        ("channel:fp", [1, 2, 3]),
        ("kind:beat label:VT", [3]),
        ("by:åsa", [4]),
        ('by:"a b.csv"', [3]),
        ('by:"a b', [3]),  # while it is being typed
        ("comment:artefact", [4]),
        ("source:imported", [2, 3]),
        ("imported", [2, 3]),
        ("unlabelled", [4]),
        ("labelled kind:mark", [5]),
        ("commented", [4]),
        (">100ms", [2, 3]),
        (">=100ms", [2, 3, 4, 5]),
        (">=100", [2, 3, 4, 5]),
        (">1,5s", [3]),
        ("<0.1s", [1]),
        ("<=1min >100ms", [2, 3]),
        ("1:02", [1, 2]),
        ("1:02.4", [1, 2]),
        ("1:02.46", [2]),
        ("1:02:03", [4]),
        ("v", [2, 3, 4, 5]),
        ("hits V1", []),
        ("nothing has this", []),
    ],
)
def test_a_filter_keeps_what_all_its_words_fit(text, ids):
    assert EVENTS.id[matching(text, EVENTS, np.arange(5))].tolist() == ids


def test_a_filter_keeps_the_order_of_the_rows():
    assert matching("labelled", EVENTS, np.array([4, 2, 0])).tolist() == [4, 2, 0]


def test_layers_and_lengths_are_told_as_people_say_them():
    layers = [layer_of(m, a) for m, a in zip(EVENTS.maker, EVENTS.attributes_json, strict=True)]
    assert layers == ["hits", "annotations", "file:a b.csv", "annotator: Åsa", "annotator: Bo"]
    assert [maker_name(layer) for layer in layers] == ["hits", "annotations", "a b.csv", "Åsa", "Bo"]
    assert [length_text(s) for s in (0.0, 0.0005, 0.12, 9.99, 12.34)] == [
        "0 ms",
        "0.5 ms",
        "120 ms",
        "9.99 s",
        "12.3 s",
    ]
