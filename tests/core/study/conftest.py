import sqlite3
from contextlib import closing

import pytest

from core.study import NewEvent, Study, add_recording, new_events

RECORDING = {"path": "/data/a.wav", "sha256": "0" * 64, "format": "wav", "name": "a", "duration_s": 60.0}


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "étude 1", name="Étude", annotator="Ana") as study:
        study.apply(add_recording(study, **RECORDING))
        yield study


@pytest.fixture
def ids(study):
    events = [NewEvent(1, "I", float(t), 0.1, "hits", "test", {"hbr_db": 3.0 + t}) for t in range(20)]
    return study.apply(new_events(study, events)).event_ids


# How a study loses what a version brought: the version before it knew none of this.
TAKEN_BACK = {
    3: ["ALTER TABLE recordings DROP COLUMN bad_channels"],
    4: ["DROP TABLE searches"],
    5: ["ALTER TABLE labels DROP COLUMN donor", "ALTER TABLE labels DROP COLUMN soft"],
}


@pytest.fixture
def make_older():
    """Make of a closed study one of an older version."""

    def made_older(folder, version):
        with closing(sqlite3.connect(folder / "study.sqlite")) as raw:
            for later in sorted(TAKEN_BACK, reverse=True):
                for statement in TAKEN_BACK[later] if later > version else ():
                    raw.execute(statement)
            raw.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (str(version),))
            raw.commit()

    return made_older
