"""What docs/simulator.md says of the simulator is what the code says."""

import sys
from pathlib import Path

import pytest

from core.signals.simulate import ARTEFACTS, PARAMETERS, REGIMES
from core.signals.simulate.wav import COLUMNS

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import simulator_page

    yield simulator_page
    del sys.modules["simulator_page"]


def test_the_table_of_parameters_is_up_to_date(page):
    text = page.PAGE.read_text(encoding="utf-8")
    made = page.with_block(text, "parameters", page.parameters())
    assert made == text, "run docs/examples/simulator_page.py"


def test_every_parameter_regime_kind_and_column_is_spoken_of(page):
    text = page.PAGE.read_text(encoding="utf-8").lower()
    for name in (*PARAMETERS, *REGIMES, *COLUMNS):
        assert name in text
    for kind in ARTEFACTS:
        assert kind[:5] in text  # spikes, swallowing
