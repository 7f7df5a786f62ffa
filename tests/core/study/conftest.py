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
