import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import resources
from core.compression import run_compression
from core.errors import InputError, JobCancelled, JobError
from core.events import make_events
from core.jobs import JobSpec, NullReporter
from core.signals import add_to_study
from core.study import UNSURE, Study, edit_recording, label_events
from core.training import (
    FitSettings,
    TrainingSpec,
    fit,
    load_dataset,
    load_run,
    losses,
    run_training,
    split_dataset,
)
from core.training.objective import class_weights
from core.training.optimising import OPTIMISERS
from core.training.pairs import pairs_of
from core.training.registry import SCHEDULES
from core.training.spec import RULES

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


@pytest.mark.parametrize("q", ["0.1", "0.5", "0.7", "1"])
def test_golden_generalized_cross_entropy(q):
    with np.load(GOLDEN / "losses.npz", allow_pickle=False) as golden:
        logits = torch.tensor(golden["logits"], requires_grad=True)
        loss = losses.generalized_cross_entropy(logits, torch.tensor(golden["targets"]), q=float(q))
        loss.backward()
        np.testing.assert_allclose(loss.item(), golden[f"gce_q{q}"], rtol=1e-6)
        np.testing.assert_allclose(logits.grad, golden[f"gce_grad_q{q}"], rtol=1e-5, atol=1e-9)


def test_golden_cross_entropy_and_weights():
    with np.load(GOLDEN / "losses.npz", allow_pickle=False) as golden:
        logits, targets = torch.tensor(golden["logits"]), torch.tensor(golden["targets"])
        np.testing.assert_allclose(losses.cross_entropy(logits, targets), golden["ce"], rtol=1e-6)
        weight = torch.tensor(golden["class_weights"])
        np.testing.assert_allclose(
            losses.generalized_cross_entropy(logits, targets, weight), golden["gce_weighted_q0.7"], rtol=1e-6
        )


def data(seed=0, n=90):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = rng.standard_normal((n, 6)).astype(np.float32)
    x[np.arange(n), y] += 2
    return (x[:60], y[:60]), (x[60:], y[60:])


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.ReLU(), nn.Linear(16, 3))


class StopAfter(NullReporter):
    def __init__(self, checks):
        self.left = checks

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise JobCancelled("stop")


SETTINGS = FitSettings(max_epochs=6, patience=6, batch_size=16, lr=0.01, schedule="noam", seed=5)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "adamax"])
@pytest.mark.parametrize("stop_after", [1, 6, 13])
def test_interrupted_training_ends_exactly_like_an_uninterrupted_one(tmp_path, optimiser, stop_after):
    settings = FitSettings(**(SETTINGS.__dict__ | {"optimiser": optimiser}))
    whole = model()
    expected = fit(whole, *data(), settings)
    halves = model()
    with pytest.raises(JobCancelled):
        fit(halves, *data(), settings, StopAfter(stop_after), tmp_path)
    fresh = model()
    got = fit(fresh, *data(), settings, folder=tmp_path)
    assert got.history == expected.history
    assert got.resumed_from == stop_after // 4
    for name, value in whole.state_dict().items():
        assert torch.equal(value, fresh.state_dict()[name]), name


def test_checkpoint_of_other_data_is_not_resumed(tmp_path):
    fit(model(), *data(), SETTINGS, folder=tmp_path)
    assert fit(model(), *data(seed=1), SETTINGS, folder=tmp_path).resumed_from == 0
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="damaged"):
        fit(model(), *data(), SETTINGS, folder=tmp_path)


def test_a_resumed_run_of_other_data_says_that_it_starts_anew(tmp_path):
    said = []
    report = NullReporter()
    report.log = said.append
    fit(model(), *data(), SETTINGS, report, tmp_path)
    assert not said
    fit(model(), *data(seed=1), SETTINGS, report, tmp_path)
    assert "training starts anew" in said[0]


def test_what_is_left_over_from_batches_does_not_count():
    (x, y), validation = data()
    settings = FitSettings(**(SETTINGS.__dict__ | {"max_epochs": 1, "batch_size": 59}))
    one = fit(model(), (x, y), validation, settings).history[0]["train_loss"]
    assert one > 0.9  # of three classes, hardly learnt: not the mean over one event more than were seen
    with pytest.raises(InputError, match="batch_size must be a whole number of at least 2, not 1"):
        fit(model(), (x, y), validation, FitSettings(batch_size=1))


def test_a_class_that_does_not_occur_weighs_nothing():
    (x, y), validation = data()
    rows = y != 1
    result = fit(model(), (x[rows], y[rows]), validation, SETTINGS)
    assert np.isfinite([h["train_loss"] for h in result.history]).all()
    weights = class_weights(np.array([0, 0, 0, 2]), 3, "balanced")
    torch.testing.assert_close(weights, torch.tensor([4 / 6, 0, 2]))


def test_best_epoch_is_kept_and_patience_ends():
    settings = FitSettings(max_epochs=60, patience=3, lr=0.05, batch_size=16)
    net = model()
    result = fit(net, *data(), settings)
    scores = [h["validation_mcc"] for h in result.history]
    assert result.best_score == max(scores)
    assert len(scores) == result.best_epoch + 3 or len(scores) == 60
    assert not net.training


def test_nan_loss_and_unknown_settings_are_named():
    (x, y), validation = data()
    with pytest.raises(JobError, match="Lower the learning rate"):
        fit(model(), (np.full_like(x, np.nan), y), validation, SETTINGS)
    for wrong in (
        {"optimiser": "sgdx"},
        {"schedule": "lunar"},
        {"loss": {"name": "zero-one"}},
        {"class_weights": "golden"},
    ):
        with pytest.raises(InputError):
            fit(model(), *data(), FitSettings(**(SETTINGS.__dict__ | wrong)))


@pytest.fixture
def study(tmp_path):
    """Every fourth expert beat of record 208."""
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        number = add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, number, "annotations", mapping="aami", with_labels=False))
        events = study.events()
        some = events.take(np.arange(0, len(events), 4))
        known = [
            (i, a["symbol"]) for i, a in zip(some.id.tolist(), some.attributes, strict=True) if a["symbol"] in "NVF"
        ]
        ids, labels = zip(*known, strict=True)
        study.apply(label_events(study, ids, labels, source="imported"))
        yield study


PARAMS = {
    "kinds": ["beat"],
    "classes": ["N", "V", "F"],
    "representation": {"name": "log_spectrogram", "preset": "ecg"},
    "model": {"name": "cnn2d", "n_filters": 4},
    "lr": 3e-3,
    "max_epochs": 4,
    "threads": 1,
}


def train(study, params=PARAMS, seed=0, report=None):
    run = study.new_run("training", "test", params, seed=seed)
    return run, run_training(
        JobSpec("training", params, str(run.folder), str(study.folder), seed), report or NullReporter()
    )


def test_a_run_from_a_real_recording_is_reproducible_and_loads(study):
    run, result = train(study)
    _, again = train(study)
    assert result["metrics"] == again["metrics"]
    assert result["history"] == again["history"]
    assert result["metrics"]["test"]["mcc"] > 0.3
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["split"]["unit"] == "time block"
    assert "little about new patients" in result["warnings"][0]
    n_sides = sum(result["metrics"][side]["n"] for side in ("train", "validation", "test"))
    dropped = result["data"]["n"] - n_sides
    assert dropped == 0 or result["warnings"][1].startswith(f"{dropped} of {result['data']['n']} events are on no side")
    loaded = load_run(run.folder)
    with np.load(run.folder / "predictions.npz", allow_pickle=False) as stored:
        with Study.open(study.folder, readonly=True) as reading:
            dataset = load_dataset(reading, TrainingSpec.from_json(PARAMS))
        np.testing.assert_array_equal(stored["ids"], dataset.ids)
        np.testing.assert_allclose(loaded.predict(dataset.raw[:20]), stored["probabilities"][:20], rtol=1e-4, atol=1e-6)
    assert loaded.card["channels"] == ["MLII"]
    assert loaded.card["simulated"] is False


SMALL = {"d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_conv": 3}
HYBRIDS = {
    "late_fusion": {
        "model": {"name": "late_fusion", "raw": SMALL, "log_spectrogram": {"n_filters": 4}},
        "stages": {"fusion": {"max_epochs": 2}},
    },
    "intermediate_fusion": {
        "model": {"name": "intermediate_fusion", "guided": True, "n_filters": 4, "d_common": 8, **SMALL},
        "guidance": {"auxiliary": {"raw": 1.0, "log_spectrogram": 0.01}, "dec": 1e-2, "dec_from": 1},
        "targets": "soft",
        "loss": {"name": "js"},
        "sampling": "balanced",
        "augment": [{"name": "time_shift"}, {"name": "spec_augment"}],
    },
}


@pytest.mark.parametrize("name", HYBRIDS)
def test_a_model_of_two_representations_is_trained_and_used_but_not_yet_compressed(study, name, tmp_path):
    views = [{"name": "raw"}, {"name": "log_spectrogram", "preset": "ecg"}]
    params = PARAMS | {"representation": views, "max_epochs": 3} | HYBRIDS[name]
    events = study.events()
    doubted = events.id[events.label == "F"][:5]
    study.apply(label_events(study, doubted, "F", soft=[{"F": 0.6, "V": 0.4}] * 5))
    run, result = train(study, params)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    stages = ["raw", "log_spectrogram", "fusion"] if name == "late_fusion" else [""]
    assert [stage["name"] for stage in result["stages"]] == stages
    loaded = load_run(run.folder)
    with Study.open(study.folder, readonly=True) as reading:
        dataset = load_dataset(reading, TrainingSpec.from_json(params))
    assert [view.ndim for view in dataset.x] == [3, 4]
    if "targets" in params:
        shares = dataset.soft[np.isin(dataset.ids, doubted)]
        np.testing.assert_allclose(shares, [[0.0, 0.4, 0.6]] * 5, atol=1e-6)
        np.testing.assert_array_equal(dataset.soft.argmax(axis=1), dataset.y)
    else:
        assert dataset.targets is dataset.y
    with np.load(run.folder / "predictions.npz", allow_pickle=False) as stored:
        np.testing.assert_allclose(loaded.predict(dataset.raw[:9]), stored["probabilities"][:9], rtol=1e-4, atol=1e-6)
    with pytest.raises(InputError, match="takes raw and log_spectrogram together"):
        loaded.representation  # noqa: B018 - what export and features ask for
    spec = JobSpec("compression", {"run": run.id}, str(tmp_path), str(study.folder), 0)
    with pytest.raises(InputError, match="several representations cannot be compressed yet"):
        run_compression(spec, NullReporter())


def test_linked_events_are_found_among_those_trained_on():
    ids = np.array([5, 7, 9, 11])
    pairs = pairs_of(ids, {"must": [[9, 5], [5, 8]], "cannot": [[11, 7]], "weight": 0.1})
    assert pairs.rows.tolist() == [[2, 0], [3, 1]]
    assert pairs.must.tolist() == [True, False]
    assert pairs_of(ids, {"must": [[1, 2]]}) is None
    assert pairs_of(ids, None) is None


def test_no_event_is_on_two_sides_and_no_propagated_label_scores(study):
    events = study.events()
    unlabelled = events.id[events.label == ""][:300]
    labelled = events.id[events.label == "N"]
    study.apply(
        label_events(
            study, unlabelled, "N", source="propagated", origins=np.resize(labelled, 300), confidence=np.ones(300)
        )
    )
    spec = TrainingSpec.from_json(PARAMS)
    dataset = load_dataset(study, spec)
    split = split_dataset(dataset, spec, seed=1)
    sides = [set(dataset.ids[rows].tolist()) for rows in (split.train, split.validation, split.test)]
    assert not (sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2])
    assert dataset.scored[split.validation].all()
    assert dataset.scored[split.test].all()
    propagated = split.train[~dataset.scored[split.train]]
    assert len(propagated)
    assert set(dataset.origin[propagated].tolist()).isdisjoint(sides[1] | sides[2])
    assert any("descend from" in note for note in split.warnings)


def test_subjects_are_kept_whole(study, tmp_path):
    for number in range(3):
        with Study.open(study.folder, readonly=True):
            pass
        folder = tmp_path / f"copy {number}"
        folder.mkdir()
        for name in ("208.hea", "208.dat", "208.atr"):
            data_ = resources.path(f"demo/{name}").read_bytes()
            (folder / name).write_bytes(data_ + bytes([number]) if name.endswith("dat") else data_)
        recording = add_to_study(study, folder / "208.hea", subject=f"P{number}")
        study.apply(make_events(study, recording, "annotations", mapping="aami"))
    study.apply(edit_recording(study, 1, subject="P0"))
    spec = TrainingSpec.from_json(PARAMS | {"recordings": [1, 2, 3, 4]})
    dataset = load_dataset(study, spec)
    split = split_dataset(dataset, spec, seed=0)
    assert split.unit == "subject"
    sides = [set(dataset.subject[rows].tolist()) for rows in (split.train, split.validation, split.test)]
    assert [len(side) for side in sides] == [1, 1, 1]
    assert len(set().union(*sides)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": ["N", "S"]}, "no event is labelled S|class S has"),
        ({"classes": ["N"]}, "two classes"),
        ({"colour": "red"}, "It knows kinds"),
        ({"split_by": "subject"}, "three of them"),
        ({"model": {"name": "cnn2d"}, "representation": {"name": "raw"}}, "does not take raw signals"),
        ({"model": {"name": "cnn_transformer", "preset": "quick"}}, "does not take spectrograms"),
    ],
)
def test_what_cannot_be_trained_says_why(study, change, message):
    with pytest.raises(InputError, match=message):
        train(study, PARAMS | change)


def test_a_run_learns_from_the_labels_that_its_annotator_sees(study):
    events = study.events()
    n = events.id[events.label == "N"]
    with_v = label_events(study, n[: len(n) // 2], "V", annotator="Ben")
    study.apply(with_v)  # newer, but Ana's own labels count for Ana
    run = study.new_run("training", "whose", PARAMS)
    assert run.params["annotator"] == "Ana"
    data = {}
    for params in (run.params, run.params | {"annotator": "Ben"}, run.params | {"annotator": "Carol"}):
        result = run_training(JobSpec("training", params, str(run.folder), str(study.folder)), NullReporter())
        data[params["annotator"]] = result["data"]
    assert data["Ana"]["classes"]["N"] == len(n)
    assert data["Ben"]["classes"]["N"] == len(n) - len(n) // 2
    assert data["Carol"] == data["Ben"]  # who gave none is shown the newest
    assert study.new_run("compression", "c", {}).params == {}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"lr": "0.1"}, "lr must be a number above 0, not '0.1'"),
        ({"lr": 0}, "lr must be a number above 0, not 0"),
        ({"lr": float("inf")}, "not inf"),
        ({"batch_size": 2.5}, "batch_size must be a whole number of at least 2, not 2.5"),
        ({"batch_size": 1}, "at least 2, not 1"),
        ({"max_epochs": True}, "max_epochs must be a whole number"),
        ({"weight_decay": -1}, "weight_decay must be a number of at least 0, not -1"),
        ({"test": 0.9}, "leave some to train"),
        ({"split_by": "foo"}, "split_by must be one of auto, subject, recording, time, not 'foo'"),
        ({"schedule": ["noam"]}, "schedule must be one of constant, cosine, noam"),
        ({"class_weights": "odd"}, "class_weights must be one of balanced, or nothing"),
        ({"kinds": "beat"}, "kinds must be a list of texts, or nothing, not 'beat'"),
        ({"loss": {"name": "hinge"}}, "Known losses: ce, gce"),
        ({"loss": {"name": "ce", "q": 0.5}}, "the loss ce has no q"),
        ({"loss": {"name": "gce", "q": "x"}}, "q must be a number above 0 and at most 1, not 'x'"),
        ({"model": {"preset": "quick"}}, "model must be a table with a name"),
        ({"model": {"name": "cnn2d", "preset": "huge"}}, "Known presets"),
        ({"representation": {"name": "log_spectrogram", "nfft": "32"}}, "nfft must be a whole number of at least 2"),
        ({"window": {"n_times": "abc"}}, "n_times = 'abc'"),
        ({"lr": 0, "threads": -1}, "lr must be .*; threads must be"),
        ({"representation": []}, "a table with a name, or a list of them"),
        (
            {"model": {"name": "late_fusion"}, "representation": [{"name": "log_spectrogram"}, {"name": "raw"}]},
            "does not take log_spectrogram and raw in this order.*raw and log_spectrogram",
        ),
        ({"schedule": "plateau", "schedule_options": {"patience": 0}}, "patience must be a whole number of at least 1"),
        ({"guidance": {"auxiliary": {"raw": "much"}}}, "auxiliary must be a table of weights of at least 0"),
        ({"guidance": {"dec_form": 3}}, "guidance has no dec_form"),
        ({"links": {"must": [[1]]}}, "must must be a list of pairs of event numbers"),
        ({"links": {"on": "labels"}}, "on must be one of probabilities, embedding"),
        ({"stages": {"fusion": {"loss": "ce"}}}, "the stage fusion has no loss"),
        ({"stages": {"fusion": {"lr": -1}}}, "lr must be a number above 0, not -1"),
        ({"gradient_clip": 0}, "gradient_clip must be a number above 0, or nothing"),
        ({"precision": "float16"}, "precision must be one of float32, bfloat16"),
        ({"sampling": "fair"}, "sampling must be one of shuffled, balanced"),
        ({"device": "gpu"}, "device must be auto, cpu, cuda, cuda:N, mps or several"),
        ({"targets": "vague"}, "targets must be one of hard, soft"),
    ],
)
def test_fields_of_a_specification_are_checked(field, message):
    with pytest.raises(InputError, match=message):
        TrainingSpec.from_json(field)


def test_the_choices_of_a_specification_are_those_of_the_loop():
    assert RULES["optimiser"].text == f"one of {', '.join(OPTIMISERS)}"
    assert RULES["schedule"].text == f"one of {', '.join(SCHEDULES)}"


def test_vanished_recording_is_named(study, tmp_path):
    study.apply(edit_recording(study, 1, path=str(tmp_path / "gone.hea")))
    with pytest.raises(InputError, match=r"gone\.hea.*Relink"):
        train(study)


def test_unfinished_run_cannot_be_loaded(study):
    run = study.new_run("training", "x", {})
    with pytest.raises(InputError, match="no model yet"):
        load_run(run.folder)


def test_unsure_is_never_learnt(study):
    events = study.events()
    study.apply(label_events(study, events.id[events.label == "F"], UNSURE))
    dataset = load_dataset(study, TrainingSpec.from_json(PARAMS | {"classes": None}))
    assert set(dataset.classes) == {"N", "V"}
    assert len(dataset.ids) == np.isin(events.label.astype(str), ("N", "V")).sum()
    with pytest.raises(InputError, match="not a class"):
        load_dataset(study, TrainingSpec.from_json(PARAMS | {"classes": ["N", "V", UNSURE]}))
