"""`hitscope info FILE --json` for every format that can be read."""

import json

import numpy as np
import pytest

from core.cli import main
from core.signals import open_recording
from tests.contracts.reader_cases import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_info_tells_what_every_recording_holds(name, tmp_path, capsys):
    case = CASES[name]
    path = case.put(tmp_path)
    options = [argument for key, value in case.options.items() for argument in ("--reader", f"{key}={value}")]
    status = main(["info", str(path), "--json", *options])
    told = json.loads(capsys.readouterr().out)
    recording = open_recording(path, **case.options)
    assert status == 0
    assert told["format"] == case.format
    assert told["duration_s"] == recording.duration
    assert [(c["name"], c["fs_hz"], c["unit"], c["n_samples"]) for c in told["channels"]] == [
        (c.name, c.fs, c.unit, c.n_samples) for c in recording.channels
    ]
    assert told["start_time"] == (recording.start_time and recording.start_time.isoformat())
    np.testing.assert_allclose(np.reshape(told["gaps_s"], (-1, 2)), np.reshape(recording.gaps, (-1, 2)))
    for number, channel in enumerate(told["channels"]):
        assert [tuple(gap) for gap in channel["gaps_s"]] == list(recording.gaps_of(number))
    assert sum(told["annotations"].values()) == len(recording.annotations)
    assert told["identifying"] == list(recording.identifying)  # names of fields only
