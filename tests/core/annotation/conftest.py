import pytest

from core.study import NewEvent, Study, add_recording, new_events


@pytest.fixture
def study(tmp_path):
    """A study with 20 events, 1 to 20, and no label."""
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        study.apply(add_recording(study, path="a", sha256="0", format="wav", name="a", duration_s=100.0))
        study.apply(new_events(study, [NewEvent(1, "I", float(t), 0.1, "hits", "t") for t in range(20)]))
        yield study
