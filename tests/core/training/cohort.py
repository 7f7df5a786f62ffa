"""A study of several subjects whose two classes can be told apart, and experiments on it that are killed in the middle.

Run as ``python -m tests.core.training.cohort STUDY FOLDER PARAMS CHECKS``, it does an experiment and dies by SIGKILL at a batch.
"""

import json
import sys

import numpy as np
import torch
import wfdb

from core.jobs import JobSpec, NullReporter
from core.signals import add_to_study
from core.study import NewEvent, Study, label_events, new_events
from core.training import run_experiment
from tests.core.training.small import Killed

SUBJECTS = ("A", "B", "C", "D", "E", "F")
EACH = 16
FS = 64
BASE = {
    "window": {"n_times": 32},
    "model": {"name": "cnn_transformer", "d_model": 8, "n_heads": 2, "d_hidden": 8, "n_layers": 1, "n_conv": 2},
    "lr": 0.01,
    "max_epochs": 2,
    "threads": 1,
    "validation": 0.2,
}


def cohort(folder, subjects=SUBJECTS, each=EACH, seed=0, twins=False, lost=()):
    """Make the study: slow and fast waves in noise; with `twins`, the first two subjects have the same samples; those of the
    subjects whose numbers are `lost` are NaN.
    """
    study = Study.create(folder, annotator="Ana")
    time = np.arange(FS * (each + 2)) / FS
    for number, subject in enumerate(subjects, 1):
        rng = np.random.default_rng([seed, 1 if twins and number == 2 else number])
        fast = rng.permutation(np.arange(each) % 2).astype(bool)
        of = np.clip(time.astype(int) - 1, 0, each - 1)
        signal = np.sin(2 * np.pi * np.where(fast[of], 10, 4) * time) + 1.2 * rng.standard_normal(len(time))
        if number in lost:
            signal[FS // 2 :] = np.nan
        name = f"r{number}"
        wfdb.wrsamp(name, FS, ["mV"], ["I"], signal[:, None], fmt=["16"], write_dir=str(folder.parent))
        recording = add_to_study(study, folder.parent / f"{name}.hea", subject=subject)
        made = new_events(study, [NewEvent(recording, "I", t + 1.0, 0.5, "wave", "t") for t in range(each)])
        ids = study.apply(made).event_ids
        study.apply(label_events(study, ids, ["fast" if f else "slow" for f in fast]))
    return study


def experiment(study, folder, params, seed=0, report=None):
    """Do an experiment in this process."""
    spec = JobSpec("experiment", params, str(folder), str(study), seed)
    return run_experiment(spec, report or NullReporter())


if __name__ == "__main__":
    torch.set_num_threads(1)
    experiment(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), report=Killed(int(sys.argv[4])))
