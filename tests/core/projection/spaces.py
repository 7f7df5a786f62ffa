"""Studies with a feature space that marks test subjects, for tests of what is made from it."""

from dataclasses import dataclass

import numpy as np
import wfdb

from core.features import FeatureSpace
from core.jobs import JobSpec, NullReporter, write_json
from core.projection import load_projection, run_projection
from core.signals import add_to_study
from core.study import NewEvent, Study, add_recording, edit_recording, label_events, new_events

GRID = {"perplexities": [5], "exaggerations": [12], "iterations": 40}
EACH = 25  # events of each subject
SUBJECTS = ("A", "B", "C", "T")  # T is kept for testing
TEST = np.repeat(SUBJECTS, EACH) == "T"


@dataclass
class Cohort:
    """A study of four subjects; classes are y, vectors x."""

    study: Study
    ids: np.ndarray
    x: np.ndarray
    y: np.ndarray

    def features(self, x=None, rows=slice(None), test=TEST, transductive=False):
        """Save a feature space of some events as a run of its own."""
        run = self.study.new_run("features", "f", {"kinds": ["hits"]})
        spec = {"held_out": {"subjects": ["T"], "recordings": []}, "transductive": transductive}
        x = self.x if x is None else x
        FeatureSpace(self.ids[rows], x[rows].astype(np.float32), spec, test[rows]).save(run.folder)
        write_json(run.folder / "result.json", {})
        return run

    def maps(self, features, **params):
        """Make maps of a features run; return the run, its result and the maps."""
        given = {"features": features.id, **(GRID if "extends" not in params else {}), **params}
        run = self.study.new_run("projection", "p", given, parent=features.id)
        spec = JobSpec("projection", given, str(run.folder), str(self.study.folder), seed=4)
        result = run_projection(spec, NullReporter())
        write_json(run.folder / "result.json", result)
        return run, result, load_projection(run.folder)


def cohort(folder, seed=0, real=False):
    """Make the study: three groups of events, half of each subject's labelled; `real` recordings are of noise."""
    rng = np.random.default_rng(seed)
    n = EACH * len(SUBJECTS)
    y = rng.integers(0, 3, n)
    x = y[:, None] * np.array([9.0, 0, 0, 0]) + rng.standard_normal((n, 4))
    study = Study.create(folder, annotator="Ana")
    ids = []
    for number, subject in enumerate(SUBJECTS, 1):
        if real:
            noise = rng.standard_normal((30 * 50, 1))
            wfdb.wrsamp(subject, 50, ["mV"], ["I"], noise, fmt=["16"], write_dir=str(folder.parent))
            add_to_study(study, folder.parent / f"{subject}.hea", subject=subject)
        else:
            study.apply(add_recording(study, path=subject, sha256=subject, format="wav", name=subject, duration_s=30.0))
            study.apply(edit_recording(study, number, subject=subject))
        made = new_events(study, [NewEvent(number, "I", t + 1.0, 0.1, "hits", "t") for t in range(EACH)])
        ids += study.apply(made).event_ids
    study.apply(label_events(study, ids[::2], [f"class {c}" for c in y[::2]]))
    return Cohort(study, np.array(ids), x, y)
