"""A training step (forward, backward, Adam) of both single models, beside the same maths in plain PyTorch layers.

    python tests/benchmarks/bench_training_step.py [--repeat 20] [--threads 2]

Batches of 32, shapes of ESR: images 1 × 32 × 37, signals 1 × 178. The two take turns, and the least of all repeats counts, since
other programs may be at work; time of processors is printed beside the time on the wall. The peers are plain convolutions in
the usual layout, activation before pooling, `nn.TransformerEncoder`, Adam as by default. The bars are the published code's
figures on two processors; exits 1 where a step is not 1.5 times faster than the lower of them, or where picking the rows of a
batch from a side of `EVENTS` events, all that is left of loading data, takes more than a twentieth of a step.
"""

import argparse
import sys
import time

import numpy as np
import torch
from torch import nn

from core.models import build, count_parameters
from core.models.cnn_transformer import sinusoids
from core.training.optimising import build_optimiser
from core.training.side import make_side

BATCH = 32
EVENTS = 4096
LOADING = 0.05  # of a step, at most
REFERENCE_MS = {"cnn2d": (168, 178), "cnn_transformer": (86, 99)}
SHAPES = {"cnn2d": {"n_chans": 1, "n_freqs": 32, "n_frames": 37}, "cnn_transformer": {"n_chans": 1, "n_times": 178}}


class PlainCNN2d(nn.Module):
    def __init__(self):
        super().__init__()
        layers, n_in = [], 1
        for n_out in (64, 128, 256, 512):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out, eps=1e-3, momentum=0.01)]
            layers += [nn.LeakyReLU(0.01), nn.MaxPool2d(2)]
            n_in = n_out
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(2048, 2))

    def forward(self, x):
        return self.layers(x)


class PlainCNNTransformer(nn.Module):
    def __init__(self, d=64, n_projection=4, dropout=0.3):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(1, 128, 3), nn.Conv1d(128, d, 3, padding=1)
        self.conv, self.class_token = nn.Conv1d(d, d, 3), nn.Parameter(torch.randn(d))
        self.dropout, self.positions = nn.Dropout(dropout), sinusoids(43, d)
        layer = nn.TransformerEncoderLayer(d, 4, 8, dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.head = nn.Sequential(
            nn.LayerNorm(d), nn.Linear(d, n_projection), nn.LayerNorm(n_projection), nn.Linear(n_projection, 2)
        )

    def forward(self, x):
        x = nn.functional.leaky_relu(self.conv2(nn.functional.leaky_relu(self.conv1(x))))
        for _ in range(2):
            x = nn.functional.max_pool1d(nn.functional.leaky_relu(self.conv(x)), 2)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x.transpose(1, 2)], dim=1)
        return self.head(self.transformer(self.dropout(x * 8 + self.positions))[:, 0])


PEERS = {"cnn2d": PlainCNN2d, "cnn_transformer": PlainCNNTransformer}


def step_of(model, x, optimiser):
    """Return a function that makes one training step."""
    y = torch.randint(0, 2, (BATCH,))

    def step():
        optimiser.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()

    return step


def loading_of(shape):
    """Return a function that picks a batch as the loop does."""
    x, y = np.zeros((EVENTS, *shape), np.float32), np.arange(EVENTS) % 2
    side, order = make_side("training", x, y, 2, torch.device("cpu")), torch.randperm(EVENTS)
    return lambda: (side.take(order[:BATCH]), side.targets[order[:BATCH]])


def measure(steps, repeat):
    """Return the least wall and processor times of each, ms."""
    least = {name: (float("inf"), float("inf")) for name in steps}
    for turn in range(repeat + 2):
        for name, step in steps.items():
            started, worked = time.perf_counter(), time.process_time()
            step()
            spent = (time.perf_counter() - started) * 1e3, (time.process_time() - worked) * 1e3
            if turn >= 2:
                least[name] = tuple(map(min, least[name], spent))
    return least


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--repeat", type=int, default=20)
    options.add_argument("--threads", type=int, default=2)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    missed = []
    print(f"{given.threads} threads, batch {BATCH}; ms, least of {given.repeat}")
    print(f"{'model':<16} {'who':<18} {'wall':>8} {'processors':>11} {'× peer*':>7} {'× published':>12}")
    for name, shape in SHAPES.items():
        ours, peer = build(name, preset="esr", n_outputs=2, **shape), PEERS[name]()
        assert count_parameters(ours) == count_parameters(peer)
        x = torch.randn(BATCH, *shape.values())
        steps = {
            "plain layers": step_of(peer, x, torch.optim.Adam(peer.parameters())),
            "ours": step_of(ours, x, build_optimiser("adam", ours.parameters(), 1e-3, 0.0)),
            "its data": loading_of(shape.values()),
        }
        least = measure(steps, given.repeat)
        published = REFERENCE_MS[name][0]
        for who in ("plain layers", "ours"):
            wall, busy = least[who]
            ratio = least["plain layers"][1] / busy
            print(f"{name:<16} {who:<18} {wall:8.1f} {busy:11.1f} {ratio:7.2f} {published / wall:12.2f}")
        share = least["its data"][0] / least["ours"][0]
        print(
            f"{name:<16} {'its data':<18} {least['its data'][0]:8.2f} {least['its data'][1]:11.2f}  {share:.2%} of a step"
        )
        missed += [f"{name}: 1.5 times the published speed"] if published / least["ours"][0] < 1.5 else []
        missed += [f"{name}: data in {LOADING:.0%} of a step"] if share > LOADING else []
    print("* by time of processors, which other programs disturb less")
    if missed:
        print(f"MISSED: {'; '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
