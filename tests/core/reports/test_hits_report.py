"""The HITS report: whose numbers, escaped, whole without any other file, and a table that gives everything back."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from core.errors import InputError
from core.events import Recorded
from core.reports import hits_annotators, hits_csv, hits_html, hits_report, write_files
from core.reports.hits_figures import hbr_histogram, timeline
from core.reports.hits_table import plain_cell
from core.reports.recorded import gaps_of
from core.reports.svg import ticks
from core.signals import Channel, Recording
from core.study import NewEvent, Search, Study, add_recording, label_events, new_events, note_search

NAME = "<script>alert('1')</script> & co"


def add(study, name, **said):
    fields = {"path": f"/nowhere/{name}", "sha256": name, "format": "wav", "name": name, "duration_s": 1800.0, **said}
    return study.apply(add_recording(study, **fields)).keys("recordings")[0][0]


@pytest.fixture
def study(tmp_path):
    """Two recordings whose files are gone, one simulated; six HITS, two annotators."""
    with Study.create(tmp_path / "study", name=NAME, annotator="Ana") as made:
        first, second = add(made, "left", subject="=S1"), add(made, "phantom", simulated=True)
        said = [{"hbr_db": 4.0 + n, "suggestion": "embolus", "min_hbr_db": 3.0, "note": "-1+1"} for n in range(5)]
        said.append({"bandwidth_hz": None, "bands": [1, 2], "by": "Ana"})
        events = [
            NewEvent(second if n == 5 else first, "I", 10.0 * n, 0.05, "hits", "annotator" if n == 5 else "hits", a)
            for n, a in enumerate(said)
        ]
        made.apply(new_events(made, events))
        made.apply(label_events(made, [1, 2, 3, 4], ["solid", "artefact", "embolus", "unsure"], annotator="Ana"))
        made.apply(label_events(made, [1, 2, 3], ["embolus", "embolus", "embolus"], annotator="@Bo"))
        yield made


def test_numbers_are_the_annotators_unless_others_are_asked_for(study):
    own = hits_report(study)
    assert (own.annotator, own.basis, own.summary.total.emboli, own.summary.total.undecided) == (
        "Ana",
        "annotator",
        2,
        2,
    )
    assert own.summary.total.per_hour.value == 2.0
    both, detector = (hits_report(study, basis=basis) for basis in ("both", "detector"))
    assert (both.summary.total.emboli, detector.summary.total.emboli, detector.annotator) == (3, 5, None)
    assert "3 verdicts of @Bo" not in hits_html(own)
    assert "4 verdicts of Ana, and for 1 event without one the detector" in hits_html(both)
    assert "no person has judged them" in hits_html(detector)
    assert hits_annotators(study) == {"Ana": 4, "@Bo": 3}


def test_who_is_meant_is_never_guessed(study):
    with pytest.raises(InputError, match="Cleo has given no verdict"):
        hits_report(study, annotator="Cleo")
    study.annotator = "Cleo"
    with pytest.raises(InputError, match="several annotators") as caught:
        hits_report(study)
    assert "Ana, @Bo" in caught.value.remedy
    assert hits_report(study, annotator="@Bo").summary.total.emboli == 3
    with pytest.raises(InputError, match="basis"):
        hits_report(study, basis="guess")
    with pytest.raises(InputError, match="no recording 9"):
        hits_report(study, [9])


def test_the_page_is_whole_and_says_what_it_must(study):
    html = hits_html(hits_report(study))
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; co" in html
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", html)
    for said in (
        "SIMULATED DATA. phantom is a simulated recording", "phantom (simulated)", "Hitscope 0.1.0", "HBR of 3 dB or more",
        "drawn by hand, 1 event", "Ana and @Bo: 3 events that both judged", "Garwood", "Fleiss", "Ringelstein", "10 log10",
        "left: its gaps could not be left out", "What was counted", "2 emboli in 1.00 h",
    ):  # fmt: skip
        assert said in html, said
    for figure in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ET.fromstring(figure)


def test_of_one_annotator_there_is_no_agreement(study):
    study.apply(label_events(study, [1, 2, 3], "", annotator="@Bo"))
    assert "Agreement of annotators" not in hits_html(hits_report(study))


def test_one_recording_alone(study):
    found = hits_report(study, [2])
    assert ([r.name for r in found.recordings], found.summary.total.n, found.basis) == (["phantom"], 1, "detector")
    assert "It was measured of no event" in hits_html(found)


def test_a_study_without_hits_says_so(tmp_path):
    with Study.create(tmp_path / "empty") as made:
        with pytest.raises(InputError, match="no Doppler recording"):
            hits_report(made)
        add(made, "silent")
        assert "0 emboli in 30.0 min" in hits_html(hits_report(made, [1]))


def test_the_table_holds_every_attribute_and_verdict_and_no_formula(study):
    data = hits_csv(hits_report(study, basis="both"))
    assert data.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    assert [row["event"] for row in rows] == list("123456")
    first, last = rows[0], rows[5]
    assert (first["subject"], first["note"], float(first["hbr_db"])) == ("'=S1", "'-1+1", 4.0)
    assert (first["verdict of Ana"], first["verdict of @Bo"], first["counted_as"]) == ("solid", "embolus", "solid")
    assert (rows[4]["counted_as"], rows[4]["counted_source"], rows[4]["verdict of Ana"]) == ("embolus", "detector", "")
    assert (last["simulated"], last["bands"], last["bandwidth_hz"]) == ("true", "[1, 2]", "")
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in (*row, *row.values()))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_is_no_formula_and_numbers_stay(text):
    assert plain_cell(text) == f"'{text}"
    assert plain_cell(-0.5) == -0.5
    assert plain_cell("a=b") == "a=b"


def test_nothing_is_written_over_what_is_there(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    two.write_text("mine")
    with pytest.raises(InputError, match="already"):
        write_files({one: b"1", two: b"2"})
    assert (one.exists(), two.read_text()) == (False, "mine")
    assert write_files({one: b"1", two: b"2"}, replace=True) == (one, two)
    with pytest.raises(InputError) as caught:
        write_files({two / "below": b"3"})
    assert caught.value.subject == str(two)


def test_only_gaps_of_all_doppler_channels_count():
    channels = (
        Channel("I", 10, "1", 1000, "doppler_i"),
        Channel("Q", 10, "1", 900, "doppler_q"),
        Channel("v", 1, "1", 100),
    )
    gaps = {0: ((0.0, 20.0), (50.0, 60.0)), 1: ((10.0, 55.0),)}
    made = Recording("x", "wav", channels, source=None, channel_gaps=gaps)
    assert gaps_of(made) == ((10.0, 20.0), (50.0, 55.0))
    assert gaps_of(made, ["v"]) == ()


def test_figures_of_little_and_of_much():
    groups = np.array(["embolus"] * 5000 + [""] * 5000, dtype=object)
    hbr = np.linspace(-40, 400, 10_000)
    assert len(hbr_histogram(hbr, groups)) < 20_000
    assert hbr_histogram(np.full(3, np.nan), groups[:3]) == ""
    long = [Recorded(1, "a", "", 24.0, duration_s=86_400.0)]
    assert len(timeline(long, np.ones(10_000, np.int64), np.linspace(0, 86_400, 10_000), groups)) < 200_000
    assert timeline([], np.ones(0, np.int64), np.ones(0), groups[:0]) == ""
    assert ticks(0) == [0, 1]
    assert ticks(7) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert ticks(1400)[-1] >= 1400


def test_rates_are_of_the_usable_time_where_the_detector_said_it(study):
    seconds = {"whole_s": 1800.0, "missing_s": 300.0, "clipped_s": 9.0, "without_blood_s": 200.0, "both_sides_s": 100.0}
    study.apply(note_search(study, Search(1, "hits", "I", {}, seconds, ["17 % of the signal is missing"])))
    study.apply(note_search(study, Search(1, "hits", "J", {}, {**seconds, "missing_s": 900.0}, [])))
    found = hits_report(study, [1])
    total = found.summary.total
    assert (total.hours, total.rated_hours, total.per_hour.value) == (0.5, pytest.approx(1 / 3), pytest.approx(6.0))
    html = hits_html(found)
    assert "2 emboli in 20.0 min of usable time (30.0 min recorded): 6.0 [" in html
    assert "left: I: 17 % of the signal is missing." in html
    assert "is not known" not in html.split("Methods")[0].replace("where it is not known", "")
    row = next(csv.DictReader(io.StringIO(hits_csv(found).decode(), newline="")))
    assert (row["recorded_s"], row["usable_s"]) == ("1800.0", "1200.0")
    both = hits_report(study)
    assert both.summary.total.rated_hours == pytest.approx(1 / 3 + 0.5)
    assert "usable time, as far as it is known (1.00 h recorded)" in hits_html(both)
    assert any(note.startswith("The usable time of phantom is not known") for note in both.notes)


def test_where_nothing_says_the_usable_time_the_whole_length_counts_and_that_is_said(study):
    html = hits_html(hits_report(study))
    assert "Usable time</td><td>not known: the study notes no search" in re.sub(r' class="[a-z]*"', "", html)
    assert "The usable time of left, phantom is not known" in html
    empty = add(study, "quiet")
    study.apply(note_search(study, Search(empty, "hits", "I", {}, {"whole_s": 1800.0, "without_blood_s": 1800.0}, [])))
    found = hits_report(study, [empty])
    assert found.summary.total.per_hour.why == "no usable time"
    assert any("through which the detector looked" in note for note in found.notes)
