"""Small models with the interface of Hitscope's, data for them, and a training that is killed in the middle.

Run as ``python -m tests.core.training.small CASE FOLDER CHECKS``, it trains a case of `CASES` and dies by SIGKILL at a batch.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.jobs import NullReporter
from core.models.parts import Parts
from core.training import FitSettings, Pairs, fit

N_CLASSES = 3


class Guided(nn.Module):
    """Two views, an auxiliary head for each, an embedding between."""

    def __init__(self):
        super().__init__()
        self.raw = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2))
        self.image = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU())
        self.heads = nn.ModuleDict({"raw": nn.Linear(8, N_CLASSES), "log_spectrogram": nn.Linear(8, N_CLASSES)})
        self.classifier = nn.Linear(16, N_CLASSES)

    def parts(self, raw, image):
        """All that a guided loss is made of."""
        one, other = self.raw(raw), self.image(image)
        auxiliary = {"raw": self.heads["raw"](one), "log_spectrogram": self.heads["log_spectrogram"](other)}
        embedding = torch.cat([one, other], dim=1)
        return Parts(self.classifier(embedding), auxiliary, embedding)

    def forward(self, raw, image):
        """The scores."""
        return self.parts(raw, image).logits


class Late(nn.Module):
    """Two members, and weights that join them."""

    def __init__(self):
        super().__init__()
        raw = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, N_CLASSES))
        image = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, N_CLASSES))
        self.members = nn.ModuleDict({"raw": raw, "log_spectrogram": image})
        self.scales = nn.Parameter(torch.randn(2, N_CLASSES))

    def weights(self):
        """Of the members by class."""
        return torch.softmax(self.scales, dim=0)

    def forward(self, raw, image):
        """The scores."""
        scores = torch.stack([self.members["raw"](raw), self.members["log_spectrogram"](image)])
        return (torch.softmax(scores, dim=2) * self.weights()[:, None]).sum(dim=0).log()


class Plain(nn.Module):
    """Two views and nothing to guide."""

    def __init__(self):
        super().__init__()
        self.inner = Guided()

    def forward(self, raw, image):
        """The scores."""
        return self.inner(raw, image)


def sides(seed=0, n=90, noise=1.0):
    """Training and validation side of two views, in which the class shows."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % N_CLASSES
    raw = rng.normal(0, noise, (n, 2, 6)).astype(np.float32)
    image = rng.normal(0, noise, (n, 1, 4, 4)).astype(np.float32)
    raw[np.arange(n), 0, y] += 1.5
    image[np.arange(n), 0, y, 1] += 1.5
    cut = 2 * n // 3
    return ((raw[:cut], image[:cut]), y[:cut]), ((raw[cut:], image[cut:]), y[cut:])


def made(kind, seed=0):
    """A model with weights of its own."""
    torch.manual_seed(seed)
    return kind()


AUGMENT = [
    {"name": "time_shift", "most": 0.2},
    {"name": "gain"},
    {"name": "noise", "level": 0.2},
    {"name": "channel_drop", "p": 0.3},
    {"name": "spec_augment", "time": 0.5},
]
GUIDANCE = {"auxiliary": {"raw": 1.0, "log_spectrogram": 0.1}, "dec": 0.5, "dec_from": 2}
USUAL = {"max_epochs": 6, "patience": 6, "batch_size": 16, "lr": 0.01, "seed": 5}
PAIRS = Pairs(np.array([[0, 3], [1, 2], [4, 9], [5, 8]]), np.array([True, False, False, True]))
CASES = {
    "guided": (Guided, USUAL | {"guidance": GUIDANCE, "schedule": "noam", "optimiser": "adamax"}, None),
    "stages": (
        Late,
        USUAL | {"max_epochs": 3, "patience": 3, "stages": {"fusion": {"lr": 0.1, "max_epochs": 4}}},
        None,
    ),
    "plateau": (
        Guided,
        USUAL
        | {
            "schedule": "plateau",
            "schedule_options": {"patience": 1, "warmup": 3},
            "sampling": "balanced",
            "augment": AUGMENT,
            "gradient_clip": 0.5,
            "guidance": GUIDANCE | {"dec_from": 0},
            "links": {"weight": 0.5, "on": "embedding"},
            "loss": {"name": "js"},
        },
        PAIRS,
    ),
}
BATCHES = 4  # of an epoch of a case


def train(case, folder=None, report=None):
    """Train a case; return the result and the model."""
    kind, settings, pairs = CASES[case]
    model = made(kind)
    return fit(model, *sides(), FitSettings(**settings), report, folder, pairs=pairs), model


class Killed(NullReporter):
    """Ends its process at once at the n-th batch."""

    def __init__(self, checks):
        self.left = checks

    def check(self):
        """Count, and die."""
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(sys.argv[1], Path(sys.argv[2]), Killed(int(sys.argv[3])))
