import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.models import MODELS, build, count_parameters
from core.models.cnn_transformer import shortest, sinusoids, token_count

GOLDEN = Path(__file__).parents[2] / "data" / "golden"

PUBLISHED = [
    ("cnn2d", "hits", {"n_outputs": 3, "n_chans": 3, "n_freqs": 224, "n_frames": 96}, 1_681_923),
    ("cnn2d", "esr", {"n_outputs": 2, "n_chans": 1, "n_freqs": 32, "n_frames": 37}, 1_555_842),
    ("cnn2d", "ecg", {"n_outputs": 5, "n_chans": 1, "n_freqs": 32, "n_frames": 39}, 1_561_989),
    ("cnn_transformer", "hits", {"n_outputs": 3, "n_chans": 2, "n_times": 1400}, 766_271),
    ("cnn_transformer", "esr", {"n_outputs": 2, "n_chans": 1, "n_times": 178}, 109_942),
    ("cnn_transformer", "ecg", {"n_outputs": 2, "n_chans": 1, "n_times": 187}, 765_876),
]
SMALL = {
    "cnn2d": {"n_outputs": 3, "n_chans": 2, "n_freqs": 16, "n_frames": 20, "n_filters": 4},
    "cnn_transformer": {
        "n_outputs": 3,
        "n_chans": 2,
        "n_times": 64,
        "d_model": 8,
        "n_heads": 2,
        "d_hidden": 6,
        "n_layers": 1,
    },
}


@pytest.mark.parametrize(("name", "preset", "shape", "expected"), PUBLISHED)
def test_published_parameter_counts(name, preset, shape, expected):
    assert count_parameters(build(name, preset=preset, **shape)) == expected


def load(model, golden, rename):
    state = {}
    for key in golden.files:
        if key.startswith("param::"):
            name = key.removeprefix("param::")
            for old, new in rename:
                name = name.replace(old, new)
            state[name] = torch.from_numpy(golden[key])
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    assert all("num_batches_tracked" in key for key in missing.missing_keys)
    return model.eval()


def test_golden_forward_of_the_2d_cnn():
    rename = [(f"encoder.conv_{n}.", f"encoder.{n - 1}.0.") for n in range(1, 5)]
    rename += [(f"encoder.batchNorm_{n}.", f"encoder.{n - 1}.1.") for n in range(1, 5)] + [("fc.", "classifier.")]
    with np.load(GOLDEN / "forward_2dcnn.npz", allow_pickle=False) as golden, torch.no_grad():
        model = load(build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=24, n_filters=4), golden, rename)
        x = torch.from_numpy(golden["x"]).float()
        np.testing.assert_allclose(model.embed(x), golden["features"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model(x), golden["logits"], rtol=1e-4, atol=1e-5)


def test_golden_forward_of_the_cnn_transformer():
    rename = [
        ("encoder.transformer_encoder.", "transformer."),
        ("encoder.", ""),
        ("layer_norm_1", "norm1"),
        ("layer_norm_2", "norm2"),
        ("out_1", "projection"),
        ("out_2", "classifier"),
    ]
    with np.load(GOLDEN / "forward_transformer.npz", allow_pickle=False) as golden, torch.no_grad():
        config = json.loads(str(golden["meta"]))["config"]
        assert config["nhead"] == 2
        options = {"d_model": 8, "n_heads": 2, "d_hidden": 6, "n_layers": 2, "n_projection": 5, "n_conv": 2}
        model = load(build("cnn_transformer", n_outputs=2, n_chans=1, n_times=60, **options), golden, rename)
        np.testing.assert_allclose(sinusoids(20, 8), golden["pos_encoding_first_20"], rtol=1e-4, atol=1e-5)
        x = torch.from_numpy(golden["x"]).float()
        np.testing.assert_allclose(model.embed(x), golden["class_token_features"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model(x), golden["logits"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(MODELS))
class TestEveryModel:
    """What training, compression and export rely on."""

    def shape(self, name, n):
        options = SMALL[name]
        return (n, *(options[k] for k in ("n_chans", "n_times", "n_freqs", "n_frames") if k in options))

    def test_is_rebuilt_from_its_spec(self, name):
        model = build(name, **SMALL[name]).eval()
        again = build(**json.loads(json.dumps(model.spec))).eval()
        again.load_state_dict(model.state_dict())
        x = torch.randn(self.shape(name, 4))
        torch.testing.assert_close(again(x), model(x))

    def test_scores_do_not_depend_on_the_batch(self, name):
        model = build(name, **SMALL[name]).eval()
        x = torch.randn(self.shape(name, 5))
        torch.testing.assert_close(model(x)[2:3], model(x[2:3]), rtol=1e-4, atol=1e-5)
        assert model(x).shape == (5, 3)

    def test_every_parameter_gets_a_gradient(self, name):
        model = build(name, **SMALL[name])
        model(torch.randn(self.shape(name, 4))).square().sum().backward()
        assert not [n for n, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]

    def test_can_be_exported(self, name):
        model = build(name, **SMALL[name]).eval()
        x = torch.randn(self.shape(name, 2))
        torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), model(x), rtol=1e-4, atol=1e-5)


def test_lengths_of_the_transformer():
    for n_conv in range(5):
        n = shortest(n_conv)
        assert (token_count(n, n_conv), token_count(n - 1, n_conv) < 1) == (1, True)
    assert torch.isfinite(sinusoids(10, 7)).all()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("perceptron", {}, "Known models"),
        ("cnn2d", {"preset": "huge"}, "Known presets"),
        ("cnn2d", {"n_outputs": 2, "n_chans": 1, "n_freqs": 8, "n_frames": 100}, "at least 16"),
        ("cnn2d", {"n_outputs": 2}, "cannot be built"),
        ("cnn2d", SMALL["cnn2d"] | {"n_outputs": 0}, "n_outputs must be a whole number of at least 1, not 0"),
        ("cnn2d", SMALL["cnn2d"] | {"n_chans": -1}, "n_chans must be"),
        ("cnn2d", SMALL["cnn2d"] | {"n_filters": 2.5}, "n_filters must be"),
        ("cnn2d", SMALL["cnn2d"] | {"dropout": 1.5}, "dropout must be a number of at least 0 and below 1, not 1.5"),
        ("cnn_transformer", SMALL["cnn_transformer"] | {"n_chans": 0}, "n_chans must be"),
        ("cnn_transformer", SMALL["cnn_transformer"] | {"n_heads": 0}, "n_heads must be"),
        ("cnn_transformer", SMALL["cnn_transformer"] | {"n_conv": -1}, "n_conv must be"),
        ("cnn_transformer", {"n_outputs": 2, "n_chans": 1, "n_times": 9}, "at least 12 samples"),
        ("cnn_transformer", {"n_outputs": 2, "n_chans": 1, "n_times": 90, "d_model": 9}, "divisor"),
    ],
)
def test_impossible_models_name_a_remedy(name, options, message):
    with pytest.raises(InputError, match=message):
        build(name, **options)
