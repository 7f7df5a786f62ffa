"""What the window offers is what core registers, nothing more and nothing less."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog

from core.compression import LAYERS, SCHEMES, Parameter
from core.events import EVENT_MAKERS
from core.features import REPRESENTATIONS
from core.models import MODELS
from core.signals import FORMATS, READABLE, layouts_of, open_recording
from core.training import LOSSES
from desktop.widgets.choices import recording_filters
from tests.desktop.conftest import settle


def offered(box):
    """What a box lists: title and help by key."""
    rows = range(box.count())
    return {box.itemData(row): (box.itemText(row), box.itemData(row, Qt.ItemDataRole.ToolTipRole)) for row in rows}


def registered(entries):
    return {key: (entry.title, entry.help) for key, entry in entries.items()}


@pytest.fixture
def room(qtbot, window):
    def enter(name):
        window.enter(name)
        settle(qtbot, window.session)
        return window.rooms[name]

    return enter


class TestReaders:
    def test_a_dialog_lists_every_format(self):
        first, *formats = recording_filters().split(";;")
        assert first == f"Recordings ({' '.join(READABLE)})"
        assert formats == [f"{r.TITLE} ({' '.join('*' + e for e in r.LISTED)})" for r in FORMATS]
        assert {*READABLE} == {f"*{extension}" for r in FORMATS for extension in r.LISTED}

    @pytest.mark.parametrize("n", [2, 4])
    def test_every_layout_that_fits_is_offered(self, qtbot, room, monkeypatch, tmp_path, n):
        path = tmp_path / "audio.wav"
        soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (4000, n)), 1000)
        shown = []
        monkeypatch.setattr(
            QInputDialog, "getItem", lambda *arguments: shown.append(arguments[3]) or (arguments[3][0], True)
        )
        review = room("review")
        review.add_recordings([str(path)])
        settle(qtbot, review.session)
        layouts = layouts_of(open_recording(path))
        assert shown == [[layout.title for layout in layouts.values()]]
        assert review.session.recordings[-1].options == {"layout": next(iter(layouts))}

    def test_three_channels_fit_nothing_and_are_not_asked_about(self, qtbot, room, monkeypatch, tmp_path):
        path = tmp_path / "three.wav"
        soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 3)), 1000)
        monkeypatch.setattr(QInputDialog, "getItem", lambda *_: pytest.fail("asked"))
        review = room("review")
        review.add_recordings([str(path)])
        settle(qtbot, review.session)
        assert review.session.recordings[-1].options == {}


def test_every_event_maker(room):
    review, asked = room("review"), []
    review.bar.find.disconnect()
    review.bar.find.connect(asked.append)
    more = []
    review.bar.find_all.disconnect()
    review.bar.find_all.connect(more.append)
    items = []
    for item in review.bar.find_button.menu().actions():
        before = len(asked)
        item.trigger()
        if len(asked) > before:
            items.append(item)
    assert asked == list(EVENT_MAKERS)
    assert more == [key for key, entry in EVENT_MAKERS.items() if entry.leaves_out]
    assert {key: (i.text(), i.toolTip()) for key, i in zip(asked, items, strict=True)} == registered(EVENT_MAKERS)
    keys = {a.id: a.title for a in review.actions_of_room() if a.id.startswith("review.find_")}
    assert keys == {f"review.find_{key}": f"Find: {entry.title}" for key, entry in EVENT_MAKERS.items()}


class TestModels:
    def test_every_model_and_its_presets(self, room):
        recipe = room("train").recipe
        assert offered(recipe.model) == registered(MODELS)
        for name, entry in MODELS.items():
            recipe.model.setCurrentIndex(recipe.model.findData(name))
            assert offered(recipe.size) == registered(entry.presets)
            params = recipe.params()
            assert params["model"] == {"name": name, "preset": recipe.size.currentData()}
            views = params["representation"]
            views = views if isinstance(views, list) else [views]
            assert tuple(view["name"] for view in views) == entry.representations
            assert set(entry.representations) <= set(REPRESENTATIONS)

    def test_a_new_one_appears(self, room, monkeypatch):
        known = next(iter(MODELS.values()))
        only = {"tiny": replace(known.presets["quick"], title="tiny")}
        monkeypatch.setitem(MODELS, "mine", replace(known, title="My model", presets=only))
        recipe = room("train").recipe
        recipe.model.setCurrentIndex(recipe.model.findData("mine"))
        assert recipe.params()["model"] == {"name": "mine", "preset": "tiny"}

    def test_the_size_stays_where_the_next_model_has_it(self, room):
        recipe = room("train").recipe
        recipe.size.setCurrentIndex(recipe.size.findData("ecg"))
        recipe.model.setCurrentIndex(1)
        assert recipe.size.currentData() == "ecg"


def test_every_loss(room):
    recipe = room("train").recipe
    assert offered(recipe.loss) == registered(LOSSES)
    recipe.loss.setCurrentIndex(1)
    assert recipe.params()["loss"] == {"name": list(LOSSES)[1]}


class TestSchemes:
    def test_every_scheme_its_parameters_and_every_choice_of_layers(self, room):
        view = room("compress")
        assert offered(view.scheme) == registered(SCHEMES)
        assert offered(view.layers) == registered(LAYERS)
        for name, entry in SCHEMES.items():
            view.scheme.setCurrentIndex(view.scheme.findData(name))
            params = view.params()
            assert params["scheme"] == name
            assert params["scheme_params"] == {key: param.start for key, param in entry.params.items()}
            titles = [title.text() for title, spin in view.scheme_params if not spin.isHidden()]
            assert titles == [param.title for param in entry.params.values()]

    def test_a_new_one_appears_with_all_its_parameters(self, room, monkeypatch):
        params = {key: Parameter(key, start) for key, start in (("a", 0.5), ("b", 1.0), ("c", 2.0))}
        monkeypatch.setitem(SCHEMES, "mine", replace(SCHEMES["ttq"], params=params))
        view = room("compress")
        view.scheme.setCurrentIndex(view.scheme.findData("mine"))
        assert view.params()["scheme_params"] == {"a": 0.5, "b": 1.0, "c": 2.0}


LISTS = """
import sys
from core.compression import LAYERS, SCHEMES
from core.events import EVENT_MAKERS
from core.models import MODELS
from core.signals import FORMATS, READABLE
from core.training import LOSSES
heavy = [name for name in ("torch", "sklearn", "onnx", "onnxruntime", "openTSNE") if name in sys.modules]
print(heavy)
"""


def test_listing_choices_loads_nothing_heavy():
    run = subprocess.run([sys.executable, "-c", LISTS], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
