"""Parts of the Train room: recipes, wrong values, the leak guard, the queue, pages without a run."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.training import RECIPES, Leak, SplitReview, TrainingSpec
from desktop.views.train.looking import gathered, painted, strength
from desktop.views.train.queueing import Waiting
from desktop.views.train.results import Result
from tests.desktop.conftest import press, settle
from tests.desktop.test_train_paths import make_bursts


@pytest.fixture
def room(qtbot, open_window, tmp_path):
    window = open_window(make_bursts(tmp_path), "train", (1300, 860))
    settle(qtbot, window.session)
    return window.rooms["train"]


def test_every_recipe_can_be_started(qtbot, room):
    for key, recipe in RECIPES.items():
        room.recipe.use_recipe(key)
        settle(qtbot, room.session)
        assert room.recipe.problem() == ""
        spec = TrainingSpec.from_json(room.recipe.params())
        assert spec.model["name"] == recipe.fields["model"]["name"]
        assert (spec.guidance is not None) == ("guidance" in recipe.fields)


def test_a_wrong_value_is_named_and_nothing_starts(qtbot, room):
    recipe = room.recipe
    recipe.field("lr").set_value(-1)
    assert not recipe.start_button.isEnabled()
    assert recipe.why.text() == "Learning rate: must be a number above 0, not -1."
    assert recipe.forms["learning"].rows["lr"].said
    recipe.field("lr").set_value(0.001)
    assert recipe.start_button.isEnabled()
    recipe.classes.item(0).setCheckState(recipe.classes.item(0).checkState().Unchecked)
    assert "at least two" in recipe.why.text()
    assert not recipe.start_button.isEnabled()


def test_a_split_over_the_same_people_is_asked_about(qtbot, room):
    recipe = room.recipe
    recipe.data.sides.fill({"split_by": "time"})
    settle(qtbot, room.session)
    guard = recipe.guard_box
    assert guard.review.severity == "ask"
    assert not recipe.start_button.isEnabled()
    assert not guard.accept.isHidden()
    guard.leaks.linkActivated.emit("0")
    assert set(room.session.selection.ids) == set(guard.review.leaks[0].events)
    guard.accept.setChecked(True)
    assert recipe.start_button.isEnabled()
    recipe.data.sides.fill({"split_by": "auto"})  # another split has to be accepted anew
    settle(qtbot, room.session)
    assert not guard.accepted
    assert recipe.start_button.isEnabled()


def test_what_blocks_is_accepted_in_words_that_the_run_keeps(room):
    guard = room.recipe.guard_box
    leak = Leak("duplicate", (1, 2), 10, "2 of 10 test events are training events.", severity="block", partners=(3, 4))
    guard.review = SplitReview("subject", guard.review.sides, (leak,), (), "")
    guard._show()
    guard.changed.emit()
    assert not room.recipe.start_button.isEnabled()
    assert "✖" in guard.leaks.text()
    guard.select("0")
    assert room.session.selection.ids == (1, 2, 3, 4)
    guard.accept.setChecked(True)
    assert room.recipe.params()["accept_leaks"] is True


def test_a_run_fills_the_recipe_again(qtbot, room):
    recipe = room.recipe
    recipe.use_recipe("hybrid")
    recipe.augment.ticks["gain"].setChecked(True)
    recipe.augment.forms["gain"].fill({"most_db": 3.0})
    recipe.schedule.set_value({"name": "cosine", "floor": 0.1})
    settle(qtbot, room.session)
    params = recipe.params()
    assert params["augment"] == [{"name": "gain", "most_db": 3.0}]
    assert params["schedule_options"] == {"floor": 0.1}
    run = room.session.study.new_run("training", "again", params, seed=7)
    recipe.use_recipe("first")
    assert recipe.params() != params
    recipe.use_run(run)
    settle(qtbot, room.session)
    assert recipe.params() == params
    assert recipe.seed == 7


def test_several_seeds_are_several_runs(qtbot, room):
    started = []
    room.recipe.start.disconnect()
    room.recipe.start.connect(lambda _params, name, seed: started.append((name, seed)))
    room.recipe.forms["seeds"].fill({"seed": 3, "n_seeds": 2})
    settle(qtbot, room.session)
    room.recipe.start_button.click()
    assert started == [("cnn2d (quick)", 3), ("cnn2d (quick)", 4)]


class TestQueue:
    @pytest.fixture
    def queue(self, room, monkeypatch):
        """The queue, with jobs that end when a test says so."""
        self.running, self.begun = [], []
        monkeypatch.setattr(type(room.queue), "busy", property(lambda _queue: bool(self.running)))

        def start(kind, name, params, parent=None, seed=0):
            run = room.session.study.new_run(kind, name, params, seed=seed)
            self.running.append(SimpleNamespace(run=run, status="running"))
            self.begun.append(name)
            return self.running[-1]

        monkeypatch.setattr(room.session, "start_job", start)
        return room.queue

    def end(self, queue, status):
        job = self.running.pop()
        job.status = status
        queue._ended(job)

    def test_one_after_the_other(self, queue):
        for name in "abc":
            queue.add(Waiting(name, {}, 0))
        assert self.begun == ["a"]
        queue.remove(0)
        self.end(queue, "done")
        assert self.begun == ["a", "c"]
        assert not queue.waiting

    def test_del_takes_out_the_one_that_is_marked_and_no_event(self, qtbot, queue, room):
        for name in "abc":
            queue.add(Waiting(name, {}, 0))
        n = len(room.session.events)
        room.session.selection.set(room.session.events.id[:3].tolist())
        room.runs.list.setCurrentRow(1)
        press(qtbot, room.runs.list, Qt.Key.Key_Delete)
        settle(qtbot, room.session)
        assert [one.name for one in queue.waiting] == ["b"]
        assert len(room.session.events) == n

    def test_it_is_held_after_a_failure_until_somebody_looks(self, queue, room):
        for name in "ab":
            queue.add(Waiting(name, {}, 0))
        self.end(queue, "failed")
        assert self.begun == ["a"]
        assert room.runs.go_on.isVisibleTo(room)
        room.runs.go_on.click()
        assert self.begun == ["a", "b"]

    def test_what_waits_is_remembered_and_held(self, queue, room):
        for name in "ab":
            queue.add(Waiting(name, {"lr": 0.1}, 4))
        state = room.remember()
        queue.restore([])
        room.restore(state)
        assert queue.waiting == [Waiting("b", {"lr": 0.1}, 4)]
        assert queue.held


def test_errors_are_sorted_by_how_sure_the_model_was():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.3, 0.7]])
    result = Result(None, ["a", "b"], np.arange(4), np.array([0, 0, 0, 1]), p, np.full(4, "test"), np.full(4, ""))
    assert result.wrong("test").tolist() == [2, 1]
    assert result.wrong("test", (1, 1)).tolist() == [3]
    assert result.wrong("train").tolist() == []


def test_colours_of_what_was_looked_at():
    values = np.array([1.0, -2.0, 0.0, 0.5])
    assert strength(values).tolist() == [0.5, -1.0, 0.0, 0.25]
    assert strength(np.zeros(3)).tolist() == [0, 0, 0]
    rgba = painted(strength(values)[None])[0]
    assert rgba[2, 3] == 0  # nothing is seen through
    assert rgba[1, 3] > rgba[0, 3] > rgba[3, 3]
    assert (rgba[0, :3] != rgba[1, :3]).any()
    assert gathered(np.ones(1000), 100).sum() == 1000
