import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.compression import EnergyModel, account, bake, compress, count_operations
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


def load(golden, prefix):
    model = Digits()
    model.load_state_dict(
        {k.removeprefix(prefix): torch.tensor(golden[k]) for k in golden.files if k.startswith(prefix)}
    )
    return model.eval()


def test_golden_bits_sparsity_and_energy_of_the_digits_model():
    with np.load(GOLDEN / "metrics_mnist.npz", allow_pickle=False) as golden:
        expected = json.loads(str(golden["meta"]))["results"]
        full, ternary = load(golden, "fp::"), load(golden, "q::")
    x = torch.zeros(1, 1, 20, 20)
    got = account(full, ternary, x, "talk")
    assert got.sparsity == pytest.approx(expected["SRQW_definition"])
    assert got.cr_g_total == pytest.approx(expected["CR_G_T"])
    assert got.cr_g_quantised == pytest.approx(expected["CR_G_Q"])
    for method, key in (("talk", "EC_talk_1e-9"), ("as_published", "EC_code_4e-9")):
        got = account(full, ternary, x, method)
        assert got.energy_full_j == pytest.approx(expected[key]["EC_T_fp"])
        assert got.energy_j == pytest.approx(expected[key]["EC_T_q"])
        assert got.energy_saved == pytest.approx(expected[key]["EC_G"])


def test_operations_of_one_layer_by_hand():
    model = nn.Sequential(nn.Conv1d(2, 4, 3))
    x = torch.randn(5, 2, 10)
    ops = count_operations(model, x)  # 8 positions, 24 weights, 4 biases
    assert (ops.macs, ops.multiplies, ops.additions) == (192, 192, 192 + 32)
    with torch.no_grad():
        model[0].weight.copy_(torch.sign(model[0].weight))
        model[0].weight[:, 0] = 0
    ops = count_operations(model, x)
    assert (ops.macs, ops.multiplies, ops.additions, ops.loads) == (192, 64, 96 + 32, 96)


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
