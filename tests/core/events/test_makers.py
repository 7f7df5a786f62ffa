from collections import Counter

import numpy as np
import pytest
import soundfile

import resources
from core.errors import InputError
from core.events import EVENT_MAKERS, find_events, make_events
from core.signals import add_to_study, open_recording
from core.study import Study, remove_events


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "s", annotator="Ana") as study:
        yield study


def test_expert_beats_become_labelled_events_in_one_undoable_step(study):
    recording = add_to_study(study, resources.path("demo/208"))
    done = study.apply(make_events(study, recording, "annotations", mapping="aami"))
    events = study.events()
    assert Counter(events.label.tolist()) == {"N": 1586, "V": 992, "F": 373, "S": 2, "Q": 2}
    assert set(events.label_source) == {"imported"}
    marks = open_recording(resources.path("demo/208")).annotations
    first = next(a for a in marks if a.text in "NVFSQ")
    assert events.attributes[0]["symbol"] == first.text
    assert events.start_s[0] + events.duration_s[0] / 2 == pytest.approx(first.onset_s)
    study.apply(done.inverse())
    assert len(study.events()) == 0


def test_eeg_windows_take_the_label_of_what_covers_them(study):
    recording = add_to_study(study, resources.path("demo/S001R04.edf"))
    study.apply(make_events(study, recording, "windows", length_s=2.0))
    events = study.events()
    assert len(events) == 62
    counts = Counter(events.label.tolist())
    assert {"T0", "T1", "T2"} <= set(counts)
    marks = open_recording(resources.path("demo/S001R04.edf")).annotations
    for start, label in zip(events.start_s, events.label, strict=True):
        covering = [a.text for a in marks if a.onset_s <= start + 0.2 and start + 1.8 <= a.onset_s + a.duration_s]
        assert label == "" or label in covering


def test_simulated_hits_say_so(study):
    recording = add_to_study(study, resources.path("demo/tcd_simulated.wav"))
    study.apply(make_events(study, recording, "hits"))
    events = study.events()
    assert len(events) > 50
    assert {"hbr_db", "direction", "reason", "suggestion"} <= set(events.attributes[0])
    assert study.recording(recording).simulated


def test_finding_twice_adds_nothing_and_says_so(study):
    recording = add_to_study(study, resources.path("demo/208"))
    first = find_events(study, recording, "annotations", {"mapping": "aami"})
    assert (first.n_found, first.n_known) == (2955, 0)
    study.apply(first.changeset)
    n = len(study.history())
    again = find_events(study, recording, "annotations", {"mapping": "aami"})
    assert again.changeset.changes == ()
    assert (
        again.changeset.title
        == "annotations: 0 events of 208 (2,955 were there already; 85 that mark no beat were left out)"
    )
    assert (again.n_found, again.n_known) == (2955, 2955)
    assert len(study.history()) == n
    # Of other makers they are other events; those that were removed are found again, with their labels.
    assert find_events(study, recording, "beats").n_known == 0
    gone = study.events().id[:7]
    study.apply(remove_events(study, gone))
    study.apply(make_events(study, recording, "annotations", mapping="aami"))
    assert len(study.events()) == 2955
    assert (study.events().label != "").all()
    assert (
        study.history()[0].title
        == "annotations: 7 events of 208 (2,948 were there already; 85 that mark no beat were left out)"
    )


def test_what_a_maker_leaves_out_is_counted_and_can_be_had(study):
    marks = open_recording(resources.path("demo/208")).annotations
    recording = add_to_study(study, resources.path("demo/208"))
    found = find_events(study, recording, "annotations")
    n_left_out = len(marks) - found.n_found
    assert found.n_left_out == n_left_out > 0
    assert found.left_out == f"{n_left_out} that mark no beat were left out"
    assert found.describe() == f"2,955 found, {found.left_out}"
    study.apply(found.changeset)
    assert study.history()[0].title == f"annotations: 2,955 events of 208 ({found.left_out})"
    rest = find_events(study, recording, "annotations", EVENT_MAKERS["annotations"].unless)
    assert (rest.n_found, rest.n_known, rest.n_left_out, rest.left_out) == (len(marks), 2955, 0, "")
    study.apply(rest.changeset)
    added = study.events().take(study.events().kind == "annotation")
    assert Counter(added.label.tolist()) == Counter(a.text for a in marks if a.text in "+~|x![]")


def test_makers_that_leave_nothing_out_say_nothing_of_it(study):
    recording = add_to_study(study, resources.path("demo/S001R04.edf"))
    assert find_events(study, recording, "annotations").describe() == "30 found"


def test_flat_line_has_no_beats(tmp_path):
    soundfile.write(tmp_path / "flat.wav", np.zeros(5000), 500)
    assert EVENT_MAKERS["beats"](open_recording(tmp_path / "flat.wav"), channel=0) == []


@pytest.mark.parametrize(
    ("maker", "file", "options", "message"),
    [
        ("hits", "208.hea", {}, "HITS need Doppler: I/Q"),
        ("hits", "tcd_simulated.wav", {"loudness": 3}, "has no option loudness.*Options of hits: gate .*min_hbr_db"),
        ("beats", "S001R04.edf", {}, "Choose the channel that holds it"),
        ("windows", "208.hea", {"length_s": 0}, "length_s=0.*at least one sample"),
        ("annotations", "208.hea", {"mapping": "latin"}, "Known mappings"),
        ("beats", "208.hea", {"colour": "red"}, "has no option colour.*channel .text or a whole number"),
        ("nonsense", "208.hea", {}, "Known makers"),
    ],
)
def test_refusals_name_a_remedy_and_change_nothing(study, maker, file, options, message):
    recording = add_to_study(study, resources.path(f"demo/{file}"))
    n = len(study.history())
    with pytest.raises(InputError, match=message):
        study.apply(make_events(study, recording, maker, **options))
    assert len(study.history()) == n


def test_what_the_detector_says_of_a_recording_is_kept_with_the_study(study):
    recording = add_to_study(study, resources.path("demo/tcd_simulated.wav"))
    found = find_events(study, recording, "hits")
    done = study.apply(found.changeset)
    (search,) = study.searches(recording)
    assert (search.maker, search.channel, tuple(search.notes)) == ("hits", study.events().channel[0], found.notes)
    assert search.seconds["whole_s"] == pytest.approx(study.recording(recording).duration_s, abs=1e-3)
    assert search.settings["gate"] == 0
    assert find_events(study, recording, "hits").changeset.changes == ()
    study.apply(done.inverse())
    assert (len(study.events()), study.searches()) == (0, [])
