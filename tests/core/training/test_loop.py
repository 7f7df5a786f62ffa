"""The loop: several views, guidance, stages, schedules, sampling, and runs that are killed and go on."""

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core.errors import InputError
from core.jobs import NullReporter
from core.models.dec import soft_assignment
from core.training import LOSSES, FitSettings, Pairs, fit
from core.training.optimising import OPTIMISERS, Moment, build_optimiser, build_schedule
from core.training.registry import SCHEDULES, LossEntry
from core.training.sampling import order_of
from core.training.side import make_side
from tests.core.training.small import BATCHES, CASES, GUIDANCE, PAIRS, USUAL, Guided, Late, Plain, made, sides, train

SETTINGS = FitSettings(**USUAL)


@pytest.fixture(autouse=True)
def one_thread():
    """Steps of small models are over before a second thread has woken up."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_ends_exactly_like_one_that_was_let_be(case, tmp_path):
    expected, whole = train(case)
    # What joins members learns from fewer events, in fewer batches: of its epochs, only the first batch of all is died in.
    n_batches = BATCHES * sum(epoch.get("stage", 0) < 2 for epoch in expected.history) + (len(expected.stages) > 1)
    # Anywhere in the course of it, another place each time the tests run.
    checks = random.SystemRandom().randrange(BATCHES, n_batches)
    command = [sys.executable, "-m", "tests.core.training.small", case, str(tmp_path), str(checks)]
    died = subprocess.run(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert died.returncode == -signal.SIGKILL
    got, resumed = train(case, tmp_path)
    where = f"killed at batch {checks} of {n_batches}"
    assert got.resumed_from == checks // BATCHES, where
    assert got.history == expected.history, where
    assert got.stages == expected.stages, where
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), (where, name)
    if expected.centres is not None:
        np.testing.assert_array_equal(got.centres, expected.centres)


def test_every_epoch_can_be_resumed_from(tmp_path):
    """Also the ones at which a stage ends or the clusters begin."""

    class Copies(NullReporter):
        def __init__(self, folder):
            self.folder = folder

        def progress(self, done, total, message=""):
            path = self.folder / "checkpoint.safetensors"
            if path.exists():
                n = len(list(self.folder.glob("*.copy")))
                if not n or (self.folder / f"{n - 1:03}.copy").read_bytes() != path.read_bytes():
                    (self.folder / f"{n:03}.copy").write_bytes(path.read_bytes())

    for case in CASES:
        folder = tmp_path / case
        folder.mkdir()
        expected, whole = train(case, folder, Copies(folder))
        copies = sorted(folder.glob("*.copy"))
        assert len(copies) == len(expected.history)
        for n, copy in enumerate(copies):
            (folder / "checkpoint.safetensors").write_bytes(copy.read_bytes())
            got, resumed = train(case, folder)
            assert (got.resumed_from, got.history, got.stages) == (n + 1, expected.history, expected.stages)
            assert all(torch.equal(v, resumed.state_dict()[k]) for k, v in whole.state_dict().items()), (case, n)


def test_clusters_join_without_a_new_start_and_grow_sharper(tmp_path):
    settings = replace(SETTINGS, max_epochs=12, patience=12, guidance=GUIDANCE | {"dec": 10.0}, schedule="cosine")

    def at_the_end(n_epochs):
        """The centres in the last checkpoint, and how sure its assignments are."""
        folder = tmp_path / str(n_epochs)
        folder.mkdir()
        result = fit(made(Guided), *sides(), replace(settings, max_epochs=n_epochs), folder=folder)
        kept = load_file(folder / "checkpoint.safetensors")
        centres, model = kept.pop("model.guidance.centres"), made(Guided)
        model.load_state_dict({n.removeprefix("model."): v for n, v in kept.items() if n.startswith("model.")})
        with torch.no_grad():
            embedding = model.eval().parts(*map(torch.from_numpy, sides()[0][0])).embedding
        return result, centres, soft_assignment(embedding, centres).max(dim=1).values.mean()

    _, first, early = at_the_end(3)  # clusters began one epoch ago
    later, last, late = at_the_end(12)
    assert first.shape == last.shape == (3, 16)
    assert (first - last).abs().max() > 0.01
    assert late > early + 0.05
    rates = [epoch["lr"] for epoch in later.history]
    assert rates == sorted(rates, reverse=True)  # the schedule goes on as if nothing had joined
    without = fit(made(Guided), *sides(), replace(settings, guidance=GUIDANCE | {"dec": 0.0}))
    assert without.centres is None
    assert [e["lr"] for e in without.history] == rates
    for n in range(2):  # not before
        assert without.history[n] == later.history[n]


def test_the_optimiser_keeps_what_it_knows_when_centres_join(monkeypatch):
    """Adam's moments and steps of the other parameters are those of before."""
    import core.training.epochs as epochs

    seen = []
    real = epochs.join

    def join(optimiser, centres, lr):
        before = {id(p): optimiser.state[p]["step"].item() for p in optimiser.param_groups[0]["params"]}
        real(optimiser, centres, lr)
        after = {id(p): optimiser.state[p]["step"].item() for p in optimiser.param_groups[0]["params"]}
        seen.append((before, after, len(optimiser.param_groups)))

    monkeypatch.setattr(epochs, "join", join)
    fit(made(Guided), *sides(), replace(SETTINGS, guidance=GUIDANCE, max_epochs=3))
    ((before, after, n_groups),) = seen
    assert before == after
    assert set(before.values()) == {2.0 * BATCHES}
    assert n_groups == 2


def test_patience_waits_for_the_clusters():
    flat = replace(SETTINGS, lr=1e-9, max_epochs=9, patience=2, guidance=GUIDANCE | {"dec_from": 5})
    assert len(fit(made(Guided), *sides(), flat).history) == 7
    assert len(fit(made(Guided), *sides(), replace(flat, guidance=None)).history) <= 4


def test_auxiliary_losses_reach_the_view_they_are_of():
    heads = {}
    for weight in (0.0, 5.0):
        model = made(Guided)
        auxiliary = {"raw": weight, "log_spectrogram": 0.0}
        fit(model, *sides(), replace(SETTINGS, guidance={"auxiliary": auxiliary, "dec": 0}, weight_decay=0))
        heads[weight] = {view: head.weight.clone() for view, head in model.heads.items()}
    torch.testing.assert_close(heads[0.0]["raw"], made(Guided).heads["raw"].weight)
    assert (heads[5.0]["raw"] - heads[0.0]["raw"]).abs().max() > 0.01
    torch.testing.assert_close(heads[5.0]["log_spectrogram"], heads[0.0]["log_spectrogram"])


def test_late_fusion_trains_members_then_only_what_joins_them():
    model = made(Late)
    first = {name: value.clone() for name, value in model.state_dict().items()}
    result = fit(model, *sides(), replace(SETTINGS, patience=2, stages={"fusion": {"max_epochs": 5, "lr": 0.2}}))
    assert [stage["name"] for stage in result.stages] == ["raw", "log_spectrogram", "fusion"]
    assert [e["stage"] for e in result.history] == sorted(e["stage"] for e in result.history)
    assert sum(stage["epochs"] for stage in result.stages) == len(result.history)
    assert result.stages[2]["epochs"] <= 5
    # Each member is what it would have become alone, on its own view; joining has not touched it.
    (x, y), (x_validation, y_validation) = sides()
    alone = made(Late).members["raw"]
    by_itself = fit(alone, (x[0], y), (x_validation[0], y_validation), replace(SETTINGS, patience=2))
    assert by_itself.best_score == result.stages[0]["best_score"]
    for name, value in alone.state_dict().items():
        assert torch.equal(value, model.members["raw"].state_dict()[name]), name
    assert not torch.equal(first["scales"], model.scales)
    torch.testing.assert_close(model.weights().sum(dim=0), torch.ones(3))
    assert all(p.requires_grad for p in model.parameters())
    assert result.best_score >= max(stage["best_score"] for stage in result.stages[:2]) - 0.2


def test_late_fusion_does_not_trust_who_knows_the_training_events_by_heart():
    rng = np.random.default_rng(0)
    views, labels = {}, {}
    for side, sure_of_raw in (("training", 1.0), ("validation", 0.4)):
        y = rng.integers(3, size=300)
        said = [np.where(rng.random(300) < share, y, (y + 1) % 3) for share in (sure_of_raw, 0.8)]
        views[side], labels[side] = tuple(np.eye(3, dtype=np.float32)[one] * 4 for one in said), y
    model = made(Late)
    model.members = nn.ModuleDict({name: nn.Linear(3, 3, bias=False) for name in ("raw", "log_spectrogram")})
    for parameter in model.parameters():
        nn.init.eye_(parameter) if parameter is not model.scales else nn.init.zeros_(parameter)
    fit(model, (views["training"], labels["training"]), (views["validation"], labels["validation"]), SETTINGS)
    of_raw, of_image = model.weights()
    assert (of_image > of_raw).all()


def test_given_parameters_are_trained_in_one_stage():
    model = made(Late)
    members = {name: v.clone() for name, v in model.members.state_dict().items() if v.is_floating_point()}
    result = fit(model, *sides(), SETTINGS, parameters=list(model.parameters()))
    assert len(result.stages) == 1
    assert any(not torch.equal(v, model.members.state_dict()[name]) for name, v in members.items())


def test_plateau_lowers_the_rate_only_where_validation_is_no_better():
    flat = replace(SETTINGS, lr=1e-8, max_epochs=9, patience=9, schedule="plateau", schedule_options={"patience": 2})
    rates = [e["lr"] for e in fit(made(Plain), *sides(), flat).history]
    assert rates[0] == 1e-8
    assert rates[-1] < 0.3e-8
    assert all(b in (a, pytest.approx(a / 2)) for a, b in pairwise(rates))
    rate = build_schedule("plateau", patience=2, factor=0.1, floor=0.05)
    rising = [{"validation_mcc": m, "validation_loss": 1.0} for m in (0.1, 0.2, 0.3, 0.4)]
    assert rate(Moment(40, 100, rising)) == 1.0
    falling = [{"validation_mcc": 0.5, "validation_loss": loss} for loss in (3.0, 2.0, 1.0)]
    assert rate(Moment(40, 100, falling)) == 1.0  # at the same MCC, a smaller loss is better
    assert rate(Moment(40, 100, [*rising, rising[0], rising[0]])) == pytest.approx(0.1)
    assert rate(Moment(40, 100, [*rising, *rising[:1] * 8])) == 0.05


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_rises_to_the_rate(name):
    rate = build_schedule(name, warmup=10)
    rising = [rate(Moment(step, 100)) for step in range(10)]
    assert rising == pytest.approx([(n + 1) / 10 for n in range(10)])
    assert rate(Moment(4, 100)) == build_schedule(name, warmup=0.1)(Moment(4, 100))
    assert max(rate(Moment(step, 100)) for step in range(100)) <= 1


def test_schedules_follow_their_formulae():
    cosine = build_schedule("cosine", floor=0.1)
    assert [cosine(Moment(s, 100)) for s in (0, 50, 100)] == pytest.approx([1.0, 0.55, 0.1])
    noam = build_schedule("noam", warmup=4000)
    for step in (1, 399, 3999, 15999):  # step^-½ against step · warm-up^-3/2, relative to the peak (reference 4)
        t = step + 1
        assert noam(Moment(step, 100_000)) == pytest.approx(min(t**-0.5, t * 4000**-1.5) / 4000**-0.5)


def test_the_rate_changes_with_every_batch(monkeypatch):
    seen = []
    real = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (seen.append(self.param_groups[0]["lr"]), real(self)))
    fit(made(Plain), *sides(), replace(SETTINGS, max_epochs=2, schedule="noam"))
    assert len(seen) == 2 * BATCHES == len(set(seen))


def test_balanced_sampling_draws_classes_evenly():
    classes = torch.tensor([0] * 70 + [1] * 20 + [2] * 7)
    torch.manual_seed(0)
    counts = np.zeros(97, int)
    for _ in range(20):
        rows = order_of(classes, "balanced")
        assert len(rows) == 97
        per_class = torch.bincount(classes[rows])
        assert per_class.max() - per_class.min() <= 1
        drawn = np.bincount(rows, minlength=97)
        for number in range(3):  # within a class nobody comes twice as long as another has not come
            mine = drawn[classes.numpy() == number]
            assert mine.max() - mine.min() <= 1
        counts += drawn
    assert (counts > 0).all()
    assert sorted(order_of(classes, "shuffled").tolist()) == list(range(97))


def test_balanced_sampling_does_not_weigh_classes_again():
    (x, y), validation = sides()
    rows = np.flatnonzero((y != 2) | (np.arange(len(y)) % 4 == 0))
    train_ = tuple(view[rows] for view in x), y[rows]
    settings = replace(SETTINGS, sampling="balanced")
    one, other = (
        fit(made(Plain), train_, validation, replace(settings, class_weights=how)) for how in ("balanced", None)
    )
    assert [e["train_loss"] for e in one.history] == [e["train_loss"] for e in other.history]


def test_soft_targets_teach_and_hard_ones_judge():
    (x, y), validation = sides()
    shares = np.eye(3, dtype=np.float32)[y]
    hard, soft = (fit(made(Plain), (x, given), validation, SETTINGS) for given in (y, shares))
    assert soft.best_score == pytest.approx(hard.best_score, abs=0.05)
    np.testing.assert_allclose(
        [e["train_loss"] for e in soft.history], [e["train_loss"] for e in hard.history], rtol=1e-4
    )
    doubtful = fit(made(Plain), (x, 0.4 * shares + 0.2), validation, SETTINGS)
    assert doubtful.history[-1]["train_loss"] > soft.history[-1]["train_loss"] + 0.1


def test_links_teach_what_no_label_says():
    scores = {"alone": [], "linked": []}
    for seed in range(3):
        (x, y), validation = sides(seed)
        vague = np.full((len(y), 3), 1 / 3, np.float32)
        vague[:12] = np.eye(3)[y[:12]]
        first, second = np.triu_indices(len(y), 1)
        pairs = Pairs(np.stack([first, second], axis=1), y[first] == y[second])
        settings = replace(SETTINGS, max_epochs=30, patience=30, class_weights=None, lr=3e-3)
        for name, links in (("alone", None), ("linked", {"weight": 1.0})):
            fitted = fit(made(Plain, seed), (x, vague), validation, replace(settings, links=links), pairs=pairs)
            scores[name].append(fitted.best_score)
    assert np.mean(scores["linked"]) > np.mean(scores["alone"]) + 0.1


def test_gradients_are_clipped_to_a_length(monkeypatch):
    lengths = []

    def step(self):
        every = [p.grad.flatten() for group in self.param_groups for p in group["params"] if p.grad is not None]
        lengths.append(float(torch.cat(every).norm()))

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    fit(made(Plain), *sides(), replace(SETTINGS, max_epochs=1))
    free, lengths[:] = list(lengths), []
    fit(made(Plain), *sides(), replace(SETTINGS, max_epochs=1, gradient_clip=0.1))
    assert min(free) > 0.11
    assert lengths == pytest.approx([0.1] * len(lengths), rel=1e-3)


def test_mixed_precision_learns_the_same_and_keeps_weights_whole():
    model = made(Plain)
    mixed = fit(model, *sides(), replace(SETTINGS, precision="bfloat16"))
    whole = fit(made(Plain), *sides(), SETTINGS)
    assert mixed.history[-1]["train_loss"] == pytest.approx(whole.history[-1]["train_loss"], rel=0.1)
    assert mixed.history != whole.history
    assert {v.dtype for v in model.state_dict().values() if v.is_floating_point()} == {torch.float32}


def test_steps_only_pick_rows():
    """Data become tensors once, without a copy where there is no need of one."""
    (x, y), _ = sides()
    side = make_side("training", x, y, 3, torch.device("cpu"))
    assert [view.data_ptr() for view in side.views] == [array.ctypes.data for array in x]
    assert side.targets.data_ptr() == y.ctypes.data
    frozen = x[0].copy()
    frozen.flags.writeable = False
    assert make_side("training", (frozen, x[1]), y, 3, torch.device("cpu")).views[0].equal(side.views[0])


def test_an_unlucky_loss_can_refuse_soft_targets(monkeypatch):
    monkeypatch.setitem(LOSSES, "odd", LossEntry("odd", "odd", LOSSES["ce"].where, soft=False))
    (x, y), validation = sides()
    odd = replace(SETTINGS, loss={"name": "odd"})
    fit(made(Plain), (x, y), validation, replace(odd, max_epochs=1))
    with pytest.raises(InputError, match="the loss odd does not take soft targets"):
        fit(made(Plain), (x, np.eye(3, dtype=np.float32)[y]), validation, odd)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (Plain, {"guidance": GUIDANCE}, "no parts that could be guided"),
        (Plain, {"guidance": {"dec": -1}}, "dec must be a number of at least 0, not -1"),
        (Plain, {"guidance": {"dek": 1}}, "guidance has no dek"),
        (Guided, {"guidance": {"auxiliary": {"ecg": 1.0}}}, "no auxiliary head ecg.*raw, log_spectrogram"),
        (Plain, {"links": {"on": "embedding"}}, "no parts that could be guided"),
        (Plain, {"stages": {"raw": {"lr": 1}}}, "no stage raw.*one"),
        (Late, {"stages": {"eeg": {"lr": 1}}}, "no stage eeg.*raw, log_spectrogram, fusion"),
        (Late, {"stages": {"raw": {"augment": [{"name": "spec_augment"}]}}}, "changes log_spectrogram only"),
        (Plain, {"schedule_options": {"floor": 0.1}}, "the schedule constant has no floor"),
        (
            Plain,
            {"schedule": "plateau", "schedule_options": {"factor": 2}},
            "factor must be a number above 0 and below 1",
        ),
        (Plain, {"augment": [{"name": "mirror"}]}, "no augmentation 'mirror'"),
        (Plain, {"sampling": "odd"}, "sampling must be one of shuffled, balanced"),
        (Plain, {"precision": "float8"}, "precision must be one of float32, bfloat16"),
        (Plain, {"device": "cuda:7"}, "no device cuda:7"),
        (Plain, {"device": "abacus"}, "no device abacus"),
    ],
)
def test_what_does_not_fit_is_named(kind, change, message):
    with pytest.raises(InputError, match=message):
        fit(made(kind), *sides(), replace(SETTINGS, **change), pairs=PAIRS)


def test_sides_that_nothing_can_be_learnt_from_are_named():
    (x, y), validation = sides()
    one = y == 0
    with pytest.raises(InputError, match="training side holds events of one class only"):
        fit(made(Plain), (tuple(v[one] for v in x), y[one]), validation, SETTINGS)
    with pytest.raises(InputError, match="validation side is empty"):
        fit(made(Plain), (x, y), (tuple(v[:0] for v in x), y[:0]), SETTINGS)
    with pytest.raises(InputError, match="60 labels for 60, 59 events"):
        fit(made(Plain), ((x[0], x[1][1:]), y), validation, SETTINGS)
    with pytest.raises(InputError, match="shares of 2 classes, the model 3 scores"):
        fit(made(Plain), (x, np.full((60, 2), 0.5, np.float32)), validation, SETTINGS)
    with pytest.raises(InputError, match="2 members for 1 views"):
        fit(made(Odd), ((x[0],), y), ((validation[0][0],), validation[1]), SETTINGS)


class Odd(Late):
    """Late fusion that takes one view."""

    def forward(self, raw):
        """The scores of one member."""
        return self.members["raw"](raw)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_follow_the_equations_of_torch(name):
    """Whatever way of computing is chosen, also for groups with rates of their own."""
    start = [torch.randn(5, 3, generator=torch.manual_seed(1)), torch.randn(4)]
    ours, plain = ([nn.Parameter(p.clone()) for p in start] for _ in range(2))
    optimiser = build_optimiser(name, [{"params": ours[:1]}, {"params": ours[1:], "lr": 0.3}], 0.01, 0.1)
    groups = [{"params": plain[:1]}, {"params": plain[1:], "lr": 0.3}]
    expected = OPTIMISERS[name](groups, lr=0.01, weight_decay=0.1, foreach=False)
    for _ in range(20):
        for one, other in zip(ours, plain, strict=True):
            one.grad = torch.randn(one.shape)
            other.grad = one.grad.clone()
        optimiser.step()
        expected.step()
    for one, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert [group["initial_lr"] for group in optimiser.param_groups] == [0.01, 0.3]
