import json

import numpy as np
import pytest

import resources
from core.compression import CompressionSpec, quantised_tensors, run_compression
from core.errors import InputError
from core.events import make_events
from core.jobs import JobSpec, NullReporter
from core.signals import add_to_study
from core.study import UNSURE, Study, label_events
from core.training import load_run, run_training

MODEL = {"name": "cnn_transformer", "d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_projection": 4}


@pytest.fixture
def study(tmp_path):
    """Some real beats of two classes, every tenth labelled, and a model trained on them."""
    with Study.create(tmp_path / "s") as study:
        number = add_to_study(study, resources.path("demo/208"))
        study.apply(make_events(study, number, "annotations", mapping="aami", with_labels=False))
        label(study, "NV", 12)
        params = {"model": MODEL, "max_epochs": 1, "threads": 1}
        entry = study.new_run("training", "t", params)
        run_training(JobSpec("training", params, str(entry.folder), str(study.folder)), NullReporter())
        yield study


def label(study, symbols, step):
    events = study.events()
    found = [i for i, a in zip(events.id.tolist(), events.attributes, strict=True) if a["symbol"] in symbols]
    symbol = {i: a["symbol"] for i, a in zip(events.id.tolist(), events.attributes, strict=True)}
    study.apply(label_events(study, found[::step], [symbol[i] for i in found[::step]], source="imported"))


def compressed(study, **params):
    params = {"run": study.runs("training")[0].id, "epochs": 1, "threads": 1} | params
    entry = study.new_run("compression", "c", params)
    result = run_compression(JobSpec("compression", params, str(entry.folder), str(study.folder)), NullReporter())
    return entry.folder, json.loads(json.dumps(result, allow_nan=False))


def test_a_run_compares_with_full_precision_on_the_same_events_and_gives_the_same_again(study):
    folder, result = compressed(study, scheme="attq", scheme_params={"t_min": -0.5, "t_max": 0.5})
    training, run = load_run(study.runs("training")[0].folder), load_run(folder)
    assert run.splits["test"] == training.splits["test"]
    assert set(quantised_tensors(run.model)) == {"conv2.weight", "transformer.layers.0.linear2.weight"}
    assert result["metrics"]["test"]["n"] == result["full"]["n"] == len(run.splits["test"])
    assert result["delta_mcc"] == pytest.approx(result["metrics"]["test"]["mcc"] - result["full"]["mcc"])
    low, high = result["delta_mcc_interval"]
    assert low <= result["delta_mcc"] <= high
    detail = json.loads((folder / "compression.json").read_text(encoding="utf-8"))
    assert [layer["name"] for layer in detail["layers"]] == sorted(quantised_tensors(run.model))
    assert {0 < layer["sparsity"] < 1 for layer in detail["layers"]} == {True}
    with np.load(folder / "predictions.npz") as now, np.load(training.folder / "predictions.npz") as then:
        np.testing.assert_array_equal(now["ids"], then["ids"])
        differ = (now["probabilities"].argmax(1) != then["probabilities"].argmax(1)) & (now["split"] == "test")
        assert [row["event"] for row in detail["disagreements"]] == now["ids"][differ].tolist()
    assert not result["warnings"] or "no longer" not in result["warnings"][-1]
    _, again = compressed(study, scheme="attq", scheme_params={"t_min": -0.5, "t_max": 0.5})
    assert again | {"seconds": 0} == result | {"seconds": 0}


def test_labels_that_came_or_went_since_the_training(study):
    """A new class is left out, new events are in no side, and lost ones are said."""
    label(study, "F", 2)
    run = load_run(study.runs("training")[0].folder)
    study.apply(label_events(study, run.splits["train"][:3], ["", "", ""]))
    folder, result = compressed(study, scheme="ttq")
    assert sorted(load_run(folder).classes) == ["N", "V"]
    assert result["metrics"]["train"]["n"] == len(run.splits["train"]) - 3
    assert result["metrics"]["test"]["n"] == len(run.splits["test"])
    assert "3 of train" in result["warnings"][-1]
    assert result["data"]["label_hash"] != study.runs("training")[0].summary.get("data", {}).get("label_hash")
    gone = run.splits["test"][1:]
    study.apply(label_events(study, gone, [""] * len(gone)))
    with pytest.raises(InputError, match="Train the model again"):
        compressed(study)


def test_propagated_labels_never_score(study):
    run = load_run(study.runs("training")[0].folder)
    event, donor = run.splits["test"][0], run.splits["test"][1]
    study.apply(label_events(study, [event], ["N"], source="propagated", origins=[donor]))
    study.apply(label_events(study, [run.splits["train"][0]], ["N"], source="propagated", origins=[donor]))
    _, result = compressed(study)
    assert result["metrics"]["test"]["n"] == len(run.splits["test"]) - 1
    assert result["metrics"]["train"]["n"] == len(run.splits["train"]) - 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "run must be text, not None"),
        ({"run": "r", "colour": 1}, "a compression has no colour. It knows run, scheme"),
        ({"run": "r", "epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"run": "r", "epochs": 2.5}, "epochs must be a whole number"),
        ({"run": "r", "lr": float("nan")}, "lr must be a number above 0, not nan"),
        ({"run": "r", "batch_size": 1}, "batch_size must be a whole number of at least 2, or nothing"),
        ({"run": "r", "layers": [1]}, "layers must be text or a list of texts"),
        ({"run": "r", "optimiser": "sgd"}, "optimiser must be one of adam, adamw, adamax, not 'sgd'"),
        ({"run": "r", "scheme": "magic"}, "Known schemes: pttq"),
        ({"run": "r", "scheme_params": {"t_min": "x"}}, "t_min must be a number of at least 0 and at most 10, not 'x'"),
        ({"run": "r", "scheme_params": {"colour": 1}}, "the scheme pttq has no colour. It knows t_min, t_max, alpha"),
    ],
)
def test_mistakes_in_a_specification(params, message):
    with pytest.raises(InputError, match=message):
        CompressionSpec.from_json(params)


def test_a_run_that_is_not_there(study):
    with pytest.raises(InputError, match="there is no run"):
        compressed(study, run="training-nowhere")


def test_a_class_that_is_no_longer_labelled_is_named(study):
    run = load_run(study.runs("training")[0].folder)
    events = study.events(ids=run.splits["train"])
    study.apply(label_events(study, events.id[events.label == "V"], UNSURE))
    with pytest.raises(InputError, match=r"none of the events that the model learnt V from.*Train the model again"):
        compressed(study)
