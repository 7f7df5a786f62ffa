import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.compression import EnergyModel, account, bake, compress, count_operations, mult_adds, ternarize
from core.compression.accounting import encoded_bits
from core.errors import InputError
from core.models import build

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


class Digits(nn.Module):
    """The MNIST model of the compression papers, in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"conv1": nn.Conv2d(1, 10, 5), "conv2": nn.Conv2d(10, 20, 5)})
        self.fc1, self.fc2 = nn.Linear(80, 50), nn.Linear(50, 10)

    def forward(self, x):
        x = torch.relu(nn.functional.max_pool2d(self.encoder["conv1"](x), 2))
        x = torch.relu(nn.functional.max_pool2d(self.encoder["conv2"](x), 2))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


def published_name(name):
    """Return Hitscope's name of a published parameter."""
    name = re.sub(r"encoder\.conv_(\d)\.", lambda m: f"encoder.{int(m[1]) - 1}.0.", name)
    name = re.sub(r"encoder\.batchNorm_(\d)\.", lambda m: f"encoder.{int(m[1]) - 1}.1.", name)
    name = re.sub(r"^fc\.", "classifier.", name).replace("encoder.transformer_encoder.", "transformer.")
    for theirs, ours in (("layer_norm_", "norm"), ("out_1", "projection"), ("out_2", "classifier")):
        name = name.replace(theirs, ours)
    return re.sub(r"^encoder\.(?=conv|class)", "", name)


CASES = {
    "mnist": (Digits, lambda name: name),
    "2dcnn": (
        lambda: build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=24, n_filters=4),
        published_name,
    ),
    "transformer": (
        lambda: build(
            "cnn_transformer",
            n_outputs=2,
            n_chans=1,
            n_times=60,
            d_model=8,
            n_heads=2,
            d_hidden=6,
            n_layers=2,
            n_projection=5,
        ),
        published_name,
    ),
}


def load(case):
    """Return the published results, the full and the ternary model, and an input."""
    make, rename = CASES[case]
    models = {"fp::": make(), "q::": make()}
    with np.load(GOLDEN / f"metrics_{case}.npz", allow_pickle=False) as golden:
        meta = json.loads(str(golden["meta"]))
        for prefix, model in models.items():
            names = [k for k in golden.files if k.startswith(prefix)]
            state = {rename(k.removeprefix(prefix)): torch.tensor(golden[k]) for k in names}
            assert not model.load_state_dict(state, strict=False).unexpected_keys
            assert set(state) == set(dict(model.named_parameters()))
    return meta["results"], models["fp::"].eval(), models["q::"].eval(), torch.zeros(meta["input"])


@pytest.mark.parametrize("case", sorted(CASES))
def test_golden_bits_sparsity_and_energy(case):
    expected, full, ternary, x = load(case)
    assert mult_adds(full, x) == expected["mult_adds_fp"]
    assert mult_adds(ternary, x) == (expected["mult_adds_q_each_layer_counted"] or expected["mult_adds_q"])
    # The reference counts one encoder layer as often as there are layers: 1 operation in 180,000 of the transformer.
    for method, key in (("talk", "EC_talk_1e-9"), ("as_published", "EC_code_4e-9")):
        got = account(full, ternary, x, method)
        assert got.weights == expected["n_params"]
        assert got.quantised_weights == expected["n_quantised_weights"]
        assert got.sparsity == pytest.approx(expected["SRQW_definition"])
        assert got.cr_g_total == pytest.approx(expected["CR_G_T"])
        assert got.cr_g_quantised == pytest.approx(expected["CR_G_Q"])
        assert got.encodings["coo"] == expected["quantised_bits_q"]
        assert got.energy_full_j == pytest.approx(expected[key]["EC_T_fp"])
        assert got.energy_j == pytest.approx(expected[key]["EC_T_q"], rel=1e-5)
        assert got.energy_saved == pytest.approx(expected[key]["EC_G"], rel=1e-5)


def test_operations_of_one_layer_by_hand():
    model = nn.Sequential(nn.Conv1d(2, 4, 3))
    x = torch.randn(5, 2, 10)
    ops = count_operations(model, x)  # 8 positions, 24 weights, 4 biases
    assert (ops.macs, ops.multiplies, ops.additions) == (192, 192, 192 + 32)
    with torch.no_grad():
        model[0].weight.copy_(torch.sign(model[0].weight))
        model[0].weight[:, 0] = 0
    ops = count_operations(model, x)
    # One multiply per output, since both scales are 1.
    assert (ops.macs, ops.multiplies, ops.additions, ops.loads) == (192, 32, 96 + 32, 96)
    with torch.no_grad():
        model[0].weight[model[0].weight > 0] = 0.5
    assert count_operations(model, x).multiplies == 64


def test_operations_of_a_linear_layer_count_every_token():
    model = nn.Linear(6, 5)
    assert count_operations(model, torch.zeros(2, 7, 6)).macs == 7 * 30
    assert mult_adds(model, torch.zeros(2, 7, 6)) == 35


@pytest.mark.parametrize("batch_first", [True, False])
def test_operations_of_attention(batch_first):
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            return self.attention(x, x, x)[0]

    macs = count_operations(Attention(), torch.zeros(3, 5, 8)).macs
    assert macs == 5 * (24 * 8 + 8 * 8) + 2 * 5 * 5 * 8


def test_layers_that_cannot_be_counted_are_not_passed_over():
    with pytest.raises(InputError, match="GRU cannot be counted"):
        count_operations(nn.Sequential(nn.GRU(3, 4)), torch.zeros(1, 5, 3))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((1, 1, 16, 16), np.float32), "example_input must be a tensor that is not empty"),
        (torch.zeros(0, 1, 16, 16), "that is not empty"),
        (torch.zeros(1, 3, 16, 16), r"does not take an input of shape \(1, 3, 16, 16\)"),
        (torch.zeros(1, 1, 64, 64), "does not take"),
        (torch.zeros(16), "does not take"),
        (torch.tensor(1.0), "does not take"),
        (torch.zeros(1, 1, 16, 16, dtype=torch.int64), "does not take"),
    ],
)
def test_an_input_that_the_model_does_not_take_is_named(x, message):
    model = build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=16, n_filters=2).eval()
    with pytest.raises(InputError, match=message):
        account(model, model, x)


def test_a_model_counts_the_same_before_and_after_baking():
    torch.manual_seed(0)
    full = build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=16, n_filters=2).eval()
    ternary, x = compress(full, "ttq", "all"), torch.zeros(1, 1, 16, 16)
    unbaked = account(full, ternary, x)
    bake(ternary)
    assert account(full, ternary, x) == unbaked


def test_bits_of_ternary_and_binary_tensors_by_hand():
    w = torch.tensor([0.0, 0.0, 2.0, -3.0])
    assert encoded_bits(w) == {"coo": 132, "fixed_width": 72, "bitmask_sign": 70, "entropy_bound": 70}
    binary = ternarize(torch.tensor([-1.0, 2.0, 3.0, -4.0] * 8), "dorefa")
    assert encoded_bits(binary)["fixed_width"] == 32 + 32  # published: 1 bit per weight and one scale


def test_published_size_of_the_hits_models():
    """Reference specification 1.2: about 0.65 G true multiply-accumulates; 1.23 G for the 2D CNN."""
    transformer = build("cnn_transformer", preset="hits", n_outputs=3, n_chans=2, n_times=1400)
    assert count_operations(transformer, torch.zeros(1, 2, 1400)).macs == pytest.approx(0.65e9, rel=0.01)
    cnn = build("cnn2d", preset="hits", n_outputs=3, n_chans=3, n_freqs=224, n_frames=96)
    assert count_operations(cnn, torch.zeros(1, 3, 224, 96)).macs == pytest.approx(1.23e9, rel=0.01)


def test_account_of_a_compressed_model():
    torch.manual_seed(0)
    full = build("cnn2d", n_outputs=2, n_chans=1, n_freqs=16, n_frames=16, n_filters=8).eval()
    ternary = compress(full, "pttq", "paper", t_min=1.5, t_max=1.5)
    bake(ternary.eval())
    x = torch.randn(2, 1, 16, 16)
    got = account(full, ternary, x)
    assert 0.7 < got.sparsity < 1
    assert got.bits < got.bits_full
    encodings = got.encodings
    assert encodings["entropy_bound"] <= min(encodings.values())
    assert got.best_encoding != "entropy_bound"
    assert 0 < got.energy_saved < 1
    assert json.loads(json.dumps(got.to_json())) == got.to_json()
    cheap = account(full, ternary, x, energy=EnergyModel(multiply_pj=0, add_pj=0))
    assert cheap.energy_full_j == pytest.approx(5e-12 * got.operations_full["loads"])
    assert account(full, full, x).energy_saved == 0
    with pytest.raises(InputError, match="Known methods"):
        account(full, ternary, x, "guess")
