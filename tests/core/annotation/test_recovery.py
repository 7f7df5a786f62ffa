"""A writer killed while it accepts and retracts loses nothing that it was told is saved, and leaves nothing half done."""

import os
import random
import signal
import subprocess
import sys

from core.annotation import descendants
from core.study import Study, label_events

WRITER = """
import sys
import numpy as np
from core.annotation import Proposal, retract, to_changeset
from core.study import Study

with Study.open(sys.argv[1], annotator="Ana") as study:
    ids = np.arange(2, 21)
    ones = np.ones(19)
    proposal = Proposal(ids, np.zeros(19, int), ids - 1, ones.astype(int), ids - 1, ones, 1.0)
    while True:
        study.apply(to_changeset(study, proposal, ["a"]))
        print("accepted", flush=True)
        study.apply(retract(study, 1))
        print("retracted", flush=True)
"""


def test_kill_9_while_accepting_and_retracting_loses_nothing_acknowledged(study):
    study.apply(label_events(study, [1], "a"))
    human = study.label_rows()
    folder = study.folder
    study.close()
    rng = random.Random(5)
    for _ in range(3):
        with Study.open(folder) as before:
            begun = before.history(limit=1)[0].id
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        said = [writer.stdout.readline() for _ in range(rng.randrange(1, 12))]
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.communicate()[0].splitlines()
        with Study.open(folder, annotator="Ana") as again:
            steps = [step for step in again.history(limit=10_000) if step.id > begun]
            # The very last one may have happened without its acknowledgement.
            assert len(said) <= len(steps) <= len(said) + 1
            accepted = len(steps) % 2 == 1
            assert steps[0].title.startswith("propagate labels to 19" if accepted else "retract 19 labels")
            assert descendants(again, 1) == (list(range(2, 21)) if accepted else [])  # all of a step or nothing
            if accepted:
                again.apply(again.changeset(steps[0].id).inverse())
            assert again.label_rows() == human
