import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.models import build, count_parameters
from core.models.cnn_transformer import shortest, sinusoids, token_count
from core.models.encoder_layer import Dropout

GOLDEN = Path(__file__).parents[2] / "data" / "golden"

ECG = {"n_outputs": 2, "n_chans": 1, "n_times": 187, "n_spec_chans": 1, "n_freqs": 32, "n_frames": 39}
ESR = {"n_outputs": 2, "n_chans": 1, "n_times": 178, "n_spec_chans": 1, "n_freqs": 32, "n_frames": 37}
HITS = {"n_outputs": 3, "n_chans": 2, "n_times": 1400, "n_spec_chans": 3, "n_freqs": 224, "n_frames": 96}
PUBLISHED = [
    ("cnn2d", "hits", {"n_outputs": 3, "n_chans": 3, "n_freqs": 224, "n_frames": 96}, 1_681_923),
    ("cnn2d", "esr", {"n_outputs": 2, "n_chans": 1, "n_freqs": 32, "n_frames": 37}, 1_555_842),
    ("cnn2d", "ecg", {"n_outputs": 5, "n_chans": 1, "n_freqs": 32, "n_frames": 39}, 1_561_989),
    ("cnn_transformer", "hits", {"n_outputs": 3, "n_chans": 2, "n_times": 1400}, 766_271),
    ("cnn_transformer", "esr", {"n_outputs": 2, "n_chans": 1, "n_times": 178}, 109_942),
    ("cnn_transformer", "ecg", {"n_outputs": 2, "n_chans": 1, "n_times": 187}, 765_876),
    ("cnn_transformer", "ecg", {"n_outputs": 5, "n_chans": 1, "n_times": 187}, 765_909),
    ("intermediate_fusion", "ecg", ECG, 2_128_820),
    ("intermediate_fusion", "ecg", ECG | {"fusion": "softmax_sum"}, 2_128_054),
    ("intermediate_fusion", "esr", ESR, 1_830_486),
    ("intermediate_fusion", "esr", ESR | {"fusion": "softmax_sum"}, 1_830_104),
    ("intermediate_fusion", "hits", HITS, 4_833_727),
    ("intermediate_fusion", "hits", HITS | {"fusion": "softmax_sum"}, 4_832_961),
    # Both members and one weight for each member and class.
    ("late_fusion", "esr", ESR, 109_942 + 1_555_842 + 4),
    ("late_fusion", "hits", HITS, 766_271 + 1_681_923 + 6),
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


RAW_GOLDEN = {"d_model": 8, "n_heads": 2, "d_hidden": 6, "n_layers": 2, "n_projection": 5, "n_conv": 2}
# Of the golden files: names there and here.
HYBRID_RENAMES = [
    ("encoder.raw_encoder.transformer_encoder.", "raw.transformer."),
    ("encoder.raw_encoder.", "raw."),
    *((f"encoder.spec_encoder.conv_{n}.", f"log_spectrogram.{n - 1}.0.") for n in range(1, 5)),
    *((f"encoder.spec_encoder.batchNorm_{n}.", f"log_spectrogram.{n - 1}.1.") for n in range(1, 5)),
    ("encoder.layer_norm_fusion_raw.", "bring_raw.0."),
    ("encoder.proj_raw.", "bring_raw.1."),
    ("encoder.layer_norm_fusion_spec.", "bring_log_spectrogram.0."),
    ("encoder.proj_spec.", "bring_log_spectrogram.1."),
    ("encoder.attention_weights", "fusion.scales"),
    ("layer_norm_1.", "head.0."),
    ("out_1.", "head.1."),
    ("layer_norm_2.", "head.2."),
    ("out_2.", "head.3."),
]


@pytest.mark.parametrize(
    ("file", "fusion"), [("Concatenation", "concatenation"), ("weightedSumWithSoftmax", "softmax_sum")]
)
def test_golden_forward_of_intermediate_fusion(file, fusion):
    sizes = {"n_outputs": 2, "n_chans": 1, "n_times": 60, "n_spec_chans": 1, "n_freqs": 16, "n_frames": 24}
    model = build("intermediate_fusion", **sizes, **RAW_GOLDEN, fusion=fusion, d_common=8, n_filters=4)
    with np.load(GOLDEN / f"forward_hybrid_{file}.npz", allow_pickle=False) as golden, torch.no_grad():
        load(model, golden, HYBRID_RENAMES)
        views = [torch.from_numpy(golden[name]).float() for name in ("x_raw", "x_spec")]
        np.testing.assert_allclose(model.embed(*views), golden["fused"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model(*views), golden["logits"], rtol=1e-4, atol=1e-5)


def test_golden_parameter_counts():
    """Of the shared file of counts: the models that are of this registry."""
    hits = {"n_outputs": 3, "n_chans": 3, "n_freqs": 224, "n_frames": 96}
    esr = {"n_outputs": 2, "n_chans": 1}
    ours = {
        "2DCNN_HITS": build("cnn2d", preset="hits", **hits),
        "1DCNNT_HITS": build("cnn_transformer", preset="hits", n_outputs=3, n_chans=2, n_times=1400),
        "Hybrid_HITS": build(
            "intermediate_fusion", preset="hits", **hits | {"n_chans": 2, "n_spec_chans": 3, "n_times": 1400}
        ),
        "2DCNN_ESR": build("cnn2d", preset="esr", **esr, n_freqs=32, n_frames=37),
        "1DCNNT_ESR": build("cnn_transformer", preset="esr", **esr, n_times=178),
    }
    with np.load(GOLDEN / "param_counts.npz", allow_pickle=False) as golden:
        theirs = {name.split()[0]: int(n) for name, n in zip(golden["names"], golden["params"], strict=True)}
    assert {name: count_parameters(model) for name, model in ours.items()} == {name: theirs[name] for name in ours}


class TestChoices:
    def test_additive_growth_and_average_pooling(self):
        model = build("cnn2d", **SMALL["cnn2d"], growth="additive", pooling="average")
        assert [block[0].out_channels for block in model.encoder] == [4, 14, 24, 34]
        block = model.encoder.eval()[0]
        x = torch.randn(2, 2, 16, 20)
        expected = torch.nn.functional.avg_pool2d(torch.nn.functional.leaky_relu(block[1](block[0](x))), 2)
        torch.testing.assert_close(block(x), expected)

    def test_pooling_first_changes_nothing(self):
        block = build("cnn2d", **SMALL["cnn2d"]).encoder.eval()[0]
        x = torch.randn(2, 2, 16, 20)
        expected = torch.nn.functional.max_pool2d(torch.nn.functional.leaky_relu(block[1](block[0](x))), 2)
        torch.testing.assert_close(block(x), expected)

    def test_pre_norm_ends_in_a_norm_and_post_norm_does_not(self):
        pre, post = (build("cnn_transformer", **SMALL["cnn_transformer"], norm_first=first) for first in (True, False))
        assert count_parameters(pre) - count_parameters(post) == 2 * 8
        tokens = pre.eval().tokens(torch.randn(2, 2, 64))
        torch.testing.assert_close(tokens.mean(dim=2), torch.zeros(2, tokens.shape[1]), atol=1e-5, rtol=0)

    def test_the_mean_is_of_the_tokens_of_the_signal(self):
        model = build("cnn_transformer", **SMALL["cnn_transformer"], pooling="mean").eval()
        x = torch.randn(2, 2, 64)
        assert model.tokens(x).shape[1] == token_count(64, 2)
        torch.testing.assert_close(model.embed(x), model.tokens(x).mean(dim=1))
        assert "class_token" not in model.state_dict()


class TestTrainingPath:
    """Training takes a shorter way than evaluation; without dropout both give the same."""

    @pytest.mark.parametrize("norm_first", [False, True])
    @pytest.mark.parametrize("pooling", ["token", "mean"])
    def test_scores_and_gradients_are_those_of_plain_layers(self, norm_first, pooling):
        options = SMALL["cnn_transformer"] | {"n_layers": 3, "dropout": 0.0}
        model = build("cnn_transformer", **options, norm_first=norm_first, pooling=pooling)
        x, grads = torch.randn(4, 2, 64), []
        with torch.no_grad():  # layers begin alike; here they must differ
            for p in model.parameters():
                p.add_(0.1 * torch.randn_like(p))
        for mode in (True, False):
            model.train(mode).zero_grad()
            scores = model(x)
            scores.square().sum().backward()
            grads.append([scores, *(p.grad.clone() for p in model.parameters())])
        for fast, plain in zip(*grads, strict=True):
            torch.testing.assert_close(fast, plain, rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize("p", [1e-9, 0.1, 0.3, 0.9, 1 - 1e-9])
    def test_dropout_keeps_its_share_and_the_mean(self, p):
        torch.manual_seed(0)
        layer, x = Dropout(p), torch.ones(301, 999)
        out = layer(x)
        dropped = (out == 0).float().mean().item()
        assert dropped == pytest.approx(p, abs=5 * (p * (1 - p) / x.numel()) ** 0.5 + 2e-5)
        values = torch.unique(out[out != 0])
        assert len(values) <= 1
        torch.testing.assert_close(
            values * (1 - p), torch.ones_like(values), rtol=1e-4 if p < 1 - 1e-6 else 9e9, atol=0
        )
        assert torch.equal(layer.eval()(x), x)

    def test_dropout_has_no_pattern_and_follows_the_seed(self):
        x = torch.ones(4096, 64)
        torch.manual_seed(3)
        first = Dropout(0.5)(x)
        correlation = np.corrcoef((first != 0).numpy().T)
        assert np.abs(correlation - np.eye(64)).max() < 0.09
        torch.manual_seed(3)
        assert torch.equal(Dropout(0.5)(x), first)
        assert not torch.equal(Dropout(0.5)(x), first)


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
        ("cnn2d", SMALL["cnn2d"] | {"pooling": "median"}, "pooling must be one of max, average"),
        ("cnn_transformer", SMALL["cnn_transformer"] | {"norm_first": 1}, "norm_first must be true or false"),
        ("intermediate_fusion", ESR | {"fusion": "glue"}, "Known fusions: concatenation, sum, "),
        ("intermediate_fusion", ESR | {"n_freqs": 15}, "at least 16"),
        ("late_fusion", ESR | {"raw": "small"}, "raw must be a table"),
        ("late_fusion", ESR | {"raw": {"colour": "red"}}, "cannot be built"),
        ("late_fusion", ESR | {"log_spectrogram": {"n_filters": 0}}, "n_filters must be"),
    ],
)
def test_impossible_models_name_a_remedy(name, options, message):
    with pytest.raises(InputError, match=message):
        build(name, **options)
