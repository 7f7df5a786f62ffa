"""Finding, measuring and judging HITS: on simulated flow, on what a real device flagged, and where there is nothing."""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.events import Criteria, HitStream, detect_hits, run_maker
from core.events.hits import detecting
from core.events.hits.criteria import Hit
from core.events.hits.following import follow
from core.events.hits.surroundings import upstrokes
from core.signals import open_recording, simulate, velocity_cm_s

FS = 4385.0


def overlaps(a, b):
    return a.start_s < b.start_s + b.duration_s + 0.05 and b.start_s < a.start_s + a.duration_s + 0.05


def emboli_of(hits):
    return [h for h in hits if h.kind == "embolus"]


@pytest.fixture(scope="module")
def flow():
    """Two minutes of a regular heart without events."""
    return simulate.tcd(12, 120.0, emboli_per_minute=0, artefacts_per_minute=0)[0]


def with_embolus(flow, at_s, echo_db, shift_hz, lasting_s, away=False):
    """Flow with the echo of one embolus: of blood of power 1, a Gaussian tone with half its amplitude for a time."""
    t = np.arange(len(flow)) / FS - at_s
    shape = np.exp(-np.log(2) * (2 * t / lasting_s) ** 2)
    inside = np.abs(t) <= lasting_s / 2
    level = np.sqrt(10 ** (echo_db / 10) / np.mean(shape[inside] ** 2))
    return flow + level * shape * np.exp(2j * np.pi * (-1 if away else 1) * shift_hz * t)


@pytest.mark.parametrize("regime", sorted(simulate.REGIMES))
def test_emboli_are_found_and_artefacts_are_not_taken_for_them(regime):
    iq, truth = simulate.tcd(7, 120.0, regime, echo_db=(6.0, 20.0))
    emboli = [t for t in truth if t.kind != "artefact"]
    taken = emboli_of(detect_hits(iq, FS))
    found = [e for e in emboli if any(overlaps(e, h) for h in taken)]
    assert len(found) >= 0.9 * len(emboli) > 0
    assert len([h for h in taken if not any(overlaps(h, e) for e in emboli)]) <= 1
    errors = [h.hbr_db - e.hbr_db for e in emboli for h in taken if overlaps(e, h)]
    assert abs(np.median(errors)) < 0.7


@pytest.mark.parametrize("event", range(1, 11))
def test_events_flagged_by_a_real_device_are_called_artefacts_with_a_reason(event):
    recording = open_recording(resources.path(f"demo/tcd_device_event_{event:02}.wav"))
    hits = run_maker("hits", recording, {})
    assert hits
    assert {h.attributes["suggestion"] for h in hits} == {"artefact"}
    assert all("both sides of zero" in h.attributes["reason"] for h in hits)


@pytest.mark.parametrize(
    ("signal", "note"),
    [
        (np.zeros(5000, complex), "100 % of the signal is missing, silent or constant"),
        (np.full(5000, 1.0 + 0j), "100 % of the signal is missing, silent or constant"),
        (np.full(5000, 1e-12 + 0j), "100 % of the signal is missing, silent or constant"),
        (np.full(5000, np.nan + 0j), "100 % of the signal is missing, silent or constant"),
        (np.random.default_rng(0).standard_normal((20_000, 2)) @ [1, 1j], "100 % of the signal is without blood flow"),
    ],
)
def test_where_there_is_no_blood_nothing_is_found_and_a_note_says_why(signal, note):
    found = detect_hits(signal, FS)
    assert found == []
    assert any(note in said for said in found.notes)


def test_flow_without_events_is_quiet(flow):
    found = detect_hits(flow, FS)
    assert emboli_of(found) == []
    assert found.notes == ()


def test_clipped_signals_say_so_and_what_clips_is_no_embolus(flow):
    iq = 0.3 * np.asarray(flow)
    artefact = simulate.tcd(12, 120.0, emboli_per_minute=0, artefacts_per_minute=20)[0] * 0.3
    clipped = np.clip(artefact.real, -1, 1) + 1j * np.clip(artefact.imag, -1, 1)
    found = detect_hits(clipped, FS)
    assert any("clipped" in note for note in found.notes)
    assert len(emboli_of(found)) <= 1
    assert not any("clipped" in note for note in detect_hits(iq, FS).notes)


def test_nothing_but_artefacts_is_called_so():
    iq, _ = simulate.tcd(3, 60.0, emboli_per_minute=0, artefacts_per_minute=150)
    found = detect_hits(iq, FS)
    assert len(emboli_of(found)) <= 1
    assert any("artefacts on both sides" in note for note in found.notes)


def test_missing_and_silent_stretches_are_passed_over(flow):
    iq = with_embolus(flow, 60.0, 8.0, 800.0, 0.03)
    iq[10 * 4385 : 14 * 4385] = np.nan
    iq[30 * 4385 : 33 * 4385] = 0
    found = detect_hits(iq, FS)
    assert [round(h.start_s) for h in emboli_of(found)] == [60]
    assert any(note.startswith("5.") and "missing" in note for note in found.notes)


def test_blocks_leave_no_seam(flow, monkeypatch):
    iq = with_embolus(with_embolus(flow, 30.0, 8.0, 800.0, 0.03), 90.01, 6.0, 700.0, 0.04)
    monkeypatch.setattr(detecting, "BLOCK_S", 30.0)  # the first embolus lies on a seam
    pieces = [h for h in emboli_of(detect_hits(iq, FS)) if h.ratio_db > 15]
    assert [h.start_s + h.duration_s / 2 for h in pieces] == pytest.approx([30.0, 90.01], abs=0.005)


@pytest.mark.parametrize("off_ms", range(-5, 6))
def test_what_passes_where_two_blocks_meet_is_told_once(flow, monkeypatch, off_ms):
    iq = with_embolus(flow[: 60 * 4385], 30.0 + off_ms / 1000, 9.0, 800.0, 0.03)
    monkeypatch.setattr(detecting, "BLOCK_S", 30.0)
    there = [h for h in detect_hits(iq, FS) if abs(h.start_s - 30.0) < 0.2]
    assert [h.start_s + h.duration_s / 2 for h in there] == pytest.approx([30.0 + off_ms / 1000], abs=0.003)
    stream = HitStream(FS)  # its steps meet there too
    there = [h for h in stream.feed(iq) + stream.end() if abs(h.start_s - 30.0) < 0.2]
    assert [h.start_s + h.duration_s / 2 for h in there] == pytest.approx([30.0 + off_ms / 1000], abs=0.005)


@pytest.mark.parametrize("off_s", [-0.5, -0.3, -0.1, 0.0, 0.2, 0.4])
def test_a_long_artefact_where_two_blocks_meet_is_told_once_and_in_order(flow, monkeypatch, off_s):
    iq, n, start = flow[: 60 * 4385].copy(), round(0.6 * FS), round((30.0 + off_s) * FS)
    iq[start : start + n] += 20 * np.hanning(n) * np.random.default_rng(1).standard_normal(n)
    monkeypatch.setattr(detecting, "BLOCK_S", 30.0)
    found = detect_hits(iq, FS)
    assert [h.start_s for h in found] == sorted(h.start_s for h in found)
    pieces = [h for h in found if "both sides of zero for" in h.reason]  # it may be told in several, but no time twice
    assert found
    assert all(b.start_s > a.start_s + a.duration_s - 0.05 for a, b in pairwise(pieces))
    stream = HitStream(FS)
    told = stream.feed(iq) + stream.end()
    assert [h.start_s for h in told] == sorted(h.start_s for h in told)


@pytest.mark.parametrize("other", ["silent", "missing", "noise"])
def test_a_gate_without_blood_has_no_say(other):
    iq, _ = simulate.tcd(31, 120.0, gates=2, emboli_per_minute=20, artefacts_per_minute=0)
    rng = np.random.default_rng(0)
    iq[1] = {"silent": 0, "missing": np.nan, "noise": rng.standard_normal((iq.shape[1], 2)) @ [1, 1j]}[other]
    alone, both = detect_hits(iq[0], FS), detect_hits(iq, FS)
    assert [(h.start_s, h.probability) for h in both] == [(h.start_s, h.probability) for h in alone]
    assert any("without blood in another gate" in note for note in both.notes)


def test_a_stream_says_what_is_missing_and_what_has_no_blood(flow):
    stream = HitStream(FS)
    stream.feed(np.zeros(0))
    stream.feed(np.zeros(40 * 4385, complex))
    stream.feed(flow[: 60 * 4385])
    stream.end()
    assert stream.tally.whole_s == pytest.approx(100, abs=0.01)
    assert stream.tally.missing_s == pytest.approx(40, abs=1)
    silent = HitStream(FS)
    assert silent.feed(np.full(9000, np.nan + 0j)) + silent.end() == []
    assert any("100 %" in note and "missing" in note for note in silent.tally.notes())


@pytest.mark.parametrize("fs", [4385.0, 2200.0])
@pytest.mark.parametrize("seed", [41, 42])  # two patients whose systole is faster than half of the lower rate
def test_fast_flow_that_comes_back_on_the_other_side_is_followed_there(fs, seed):
    made = simulate.Simulation(seed, 60.0, fs=fs, emboli_per_minute=20, artefacts_per_minute=0, echo_db=(9.0, 20.0))
    emboli = [t for t in made.truth if t.hbr_db > 9]
    taken = emboli_of(detect_hits(np.concatenate(list(made.blocks()), axis=1), fs))
    strongest = [(e, max((h for h in taken if overlaps(e, h)), key=lambda h: h.ratio_db, default=None)) for e in emboli]
    pairs = [(e, h) for e, h in strongest if h is not None]
    assert len(pairs) >= 0.5 * len(emboli) > 0
    assert [np.sign(h.direction) for _, h in pairs] == [np.sign(e.shift_hz) for e, _ in pairs]
    assert abs(np.median([h.peak_hz - e.shift_hz for e, h in pairs])) < 30


@settings(max_examples=12, deadline=None)
@given(shift=st.floats(350, 1100), gain=st.floats(1e-3, 1e3), echo=st.floats(8, 20), lasting=st.floats(0.015, 0.06))
def test_what_is_measured_is_what_passed(flow, shift, gain, echo, lasting):
    (hit,) = emboli_of(detect_hits(gain * with_embolus(flow, 50.0, echo, shift, lasting), FS))
    assert hit.direction > 0.9
    assert hit.peak_hz == pytest.approx(shift, abs=40)
    assert hit.start_s + hit.duration_s / 2 == pytest.approx(50.0, abs=0.01)
    assert hit.duration_s == pytest.approx(lasting, rel=0.35)
    assert hit.hbr_db == pytest.approx(simulate.hbr_of_echo(echo), abs=2.0)
    assert hit.velocity_cm_s == pytest.approx(hit.peak_hz * 0.0385, rel=1e-3)
    assert 0 <= hit.probability <= 1


@pytest.mark.parametrize("regime", sorted(simulate.REGIMES))
def test_the_beats_of_the_flow_are_those_of_the_heart(regime):
    made = simulate.Simulation(43, 60.0, regime)
    followed = follow(next(iter(made.blocks()))[0].astype(np.complex64), FS, 150.0)
    starts = made.beats.starts_s
    steepest = starts + 0.07  # of this heart: half way up
    beats = steepest[(steepest > 0.5) & (steepest < len(followed.samples) / FS - 0.5)]
    found = upstrokes(followed)
    assert np.mean([np.abs(found - beat).min() < 0.1 for beat in beats]) > 0.85
    assert np.mean([np.abs(steepest - one).min() < 0.1 for one in found]) > 0.85


def test_blood_without_a_pulse_has_no_beats():
    rng = np.random.default_rng(4)
    steady = np.convolve(rng.standard_normal((40_000, 2)) @ [1, 1j], np.hanning(11), "same")
    steady *= np.exp(2j * np.pi * 600 * np.arange(len(steady)) / FS)
    assert len(upstrokes(follow(steady.astype(np.complex64), FS, 150.0))) == 0
    assert {h.time_in_cycle_s for h in detect_hits(with_embolus(steady, 4.0, 12.0, 700.0, 0.03), FS)} == {None}


def test_the_time_in_the_cycle_is_that_since_the_upstroke(flow):
    made = simulate.Simulation(12, 120.0, emboli_per_minute=0, artefacts_per_minute=0)
    beat = made.beats.starts_s[50]
    (hit,) = emboli_of(detect_hits(with_embolus(flow, beat + 0.4, 12.0, 700.0, 0.03), FS))
    assert hit.time_in_cycle_s == pytest.approx(0.4 - 0.07, abs=0.06)


def test_what_flows_the_other_way_has_the_other_sign(flow):
    there, back = (emboli_of(detect_hits(iq, FS)) for iq in (flow, np.conj(flow)))
    assert there == back == []
    iq = with_embolus(flow, 50.0, 10.0, 800.0, 0.03)
    (there,), (back,) = (emboli_of(detect_hits(signal, FS)) for signal in (iq, np.conj(iq)))
    assert back.direction == pytest.approx(-there.direction, abs=0.02)
    assert back.peak_hz == pytest.approx(-there.peak_hz, abs=2)


def test_a_signal_without_direction_is_searched_and_says_so(flow):
    found = detect_hits(with_embolus(flow, 50.0, 10.0, 800.0, 0.03).real, FS)
    (hit,) = emboli_of(found)
    assert hit.direction is None
    assert any("no direction" in note for note in found.notes)
    assert "direction unknown" in hit.reason


def test_two_gates_tell_how_the_embolus_went():
    iq, truth = simulate.tcd(9, 60.0, gates=2, echo_db=(10.0, 20.0), artefacts_per_minute=0)
    found = emboli_of(detect_hits(iq, FS))
    pairs = [(h, t) for h in found for t in truth if overlaps(h, t)]
    assert len(pairs) >= 3
    off = [h.gate_delay_ms - 1000 * t.delay_s for h, t in pairs if h.gate_delay_ms is not None]
    assert len(off) >= 0.7 * len(pairs)
    assert abs(np.median(off)) < 12


@pytest.mark.parametrize(
    "arguments", [(np.zeros(10, complex), FS), (np.zeros(5000, complex), 0.0), (np.zeros(877, complex), FS)]
)
def test_what_cannot_be_searched_says_why(arguments):
    with pytest.raises(InputError, match="too short") as caught:
        detect_hits(*arguments)
    assert caught.value.remedy


@pytest.mark.parametrize("shape", [(9000, 2), (1, 1, 9000)])
def test_gates_are_rows(shape):
    with pytest.raises(InputError, match=r"not \(n_gates, n\)"):
        detect_hits(np.zeros(shape, complex), FS)


def test_criteria_are_what_decides(flow):
    iq = with_embolus(flow, 50.0, 10.0, 800.0, 0.03)
    hit = max(detect_hits(iq, FS, criteria=Criteria(max_duration_s=0.001)), key=lambda h: h.ratio_db)
    assert (hit.kind, hit.reason[-25:]) == ("artefact", "an embolus less than 1 ms")
    hit = max(detect_hits(iq, FS, criteria=Criteria(min_hbr_db=20)), key=lambda h: h.ratio_db)
    assert hit.kind == "unsure"
    assert hit.reason.endswith("an embolus 20 dB or more")
    with pytest.raises(InputError, match="min_direction must be a number of at least 0 and at most 1, not 2"):
        Criteria(min_direction=2)


def test_a_stream_finds_the_same_emboli(flow):
    iq = with_embolus(with_embolus(flow, 30.0, 9.0, 800.0, 0.03), 90.0, 9.0, 700.0, 0.04)
    stream, found = HitStream(FS), []
    for start in range(0, len(iq), 700):
        fresh = stream.feed(iq[start : start + 700])
        assert all(h.start_s > (start + 700) / FS - 9 for h in fresh), "told late"
        found += fresh
    found += stream.end()
    batch = emboli_of(detect_hits(iq, FS))
    assert [h.start_s for h in emboli_of(found)] == pytest.approx([h.start_s for h in batch], abs=0.01)
    assert [h.hbr_db for h in emboli_of(found)] == pytest.approx([h.hbr_db for h in batch], abs=1.0)


@pytest.mark.parametrize("piece", [997, 40_000, 10**7])
def test_a_stream_tells_the_same_in_whatever_pieces_samples_come(flow, piece):
    iq = with_embolus(flow[: 30 * 4385], 17.0, 9.0, 700.0, 0.04)
    whole, pieces, found = HitStream(FS), HitStream(FS), []
    expected = [h for start in range(0, len(iq), 4385) for h in whole.feed(iq[start : start + 4385])] + whole.end()
    for start in range(0, len(iq), piece):
        found += pieces.feed(iq[start : start + piece])
    assert found + pieces.end() == expected
    assert expected


def test_a_stream_keeps_little(flow):
    stream = HitStream(FS)
    for start in range(0, len(flow), 5000):
        stream.feed(flow[start : start + 5000])
    assert stream._held.shape[1] < 12 * FS
    assert sum(p.nbytes for p in stream._memories[0]._power) < 5e6


def test_forward_and_reverse_audio_are_searched_like_iq(tmp_path, flow):
    import soundfile

    iq = with_embolus(flow, 50.0, 10.0, 800.0, 0.03)[30 * 4385 : 70 * 4385]
    spectrum = np.fft.fft(iq)
    sides = [np.where(np.fft.fftfreq(len(iq)) > 0, spectrum, 0), np.where(np.fft.fftfreq(len(iq)) < 0, spectrum, 0)]
    audio = np.column_stack([np.fft.ifft(side).real for side in sides])
    path = Path(tmp_path / "sides.wav")
    soundfile.write(path, audio / np.abs(audio).max(), 4385)
    (hit,) = [
        e
        for e in run_maker("hits", open_recording(path, layout="forward_reverse"), {})
        if e.attributes["suggestion"] == "embolus"
    ]
    assert hit.start_s + hit.duration_s / 2 == pytest.approx(20.0, abs=0.01)
    assert hit.attributes["direction"] > 0.9
    assert hit.attributes["settings"]["min_hbr_db"] == 3.0


@pytest.mark.parametrize(
    ("said", "told", "used"), [(None, None, 2e6), (1e6, None, 1e6), (1e6, 2.5e6, 2.5e6), (None, 2e6, 2e6)]
)
def test_velocities_are_of_the_emission_that_is_given_or_said_and_a_note_says_when_it_is_assumed(
    tmp_path, flow, said, told, used
):
    import soundfile

    iq = with_embolus(flow, 50.0, 12.0, 800.0, 0.03)[40 * 4385 : 60 * 4385]
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 4385, 2, "FLOAT") as file:
        file.comment = "layout=iq" + (f"; emission_hz={said:.0f}" if said else "")
        file.write(np.column_stack([iq.real, iq.imag]) / np.abs(iq).max())
    made = run_maker("hits", open_recording(tmp_path / "a.wav"), {"emission_hz": told} if told else {})
    assert made
    for event in made:
        assert event.attributes["settings"]["emission_hz"] == used
        expected = velocity_cm_s(event.attributes["peak_hz"], used)
        assert event.attributes["velocity_cm_s"] == pytest.approx(expected)
    assert any("assume an emission frequency of 2 MHz" in note for note in made.notes) == (
        said is None and told is None
    )


def test_all_fields_are_numbers_that_a_file_can_hold(flow):
    import json

    (hit,) = emboli_of(detect_hits(with_embolus(flow, 50.0, 10.0, 800.0, 0.03), FS))
    assert isinstance(hit, Hit)
    json.dumps(vars(hit), allow_nan=False)


def test_hbr_in_the_demo_is_that_of_the_truth_also_where_the_flow_comes_back_on_the_other_side():
    with resources.path("demo/tcd_simulated_truth.csv").open(encoding="utf-8") as stream:
        truth = list(csv.DictReader(stream))
    made = run_maker("hits", open_recording(resources.path("demo/tcd_simulated.wav")), {})
    errors = []
    for event in (e for e in made if e.attributes["suggestion"] == "embolus"):
        stop = event.start_s + event.duration_s
        there = [
            r
            for r in truth
            if float(r["start_s"]) < stop and event.start_s < float(r["start_s"]) + float(r["duration_s"])
        ]
        if len(there) == 1 and there[0]["kind"] != "artefact":
            errors.append(event.attributes["hbr_db"] - float(there[0]["hbr_db"]))
    assert len(errors) > 50
    assert max(np.abs(errors)) < 4
    assert abs(np.median(errors)) < 1


def test_a_wall_that_leaves_nothing_to_search_is_refused(flow):
    criteria = Criteria(wall_hz=FS / 4 + 1)
    for search in (lambda: detect_hits(flow[:9000], FS, criteria=criteria), lambda: HitStream(FS, criteria=criteria)):
        with pytest.raises(InputError, match=r"wall_hz=1097\.25 .* 4385 Hz") as caught:
            search()
        assert "wall_hz=1096.25 or less" in caught.value.remedy
    assert detect_hits(flow[:9000], FS, criteria=Criteria(wall_hz=FS / 4)) is not None


def test_little_blood_is_said(flow):
    (note,) = detect_hits(flow[: round(20 * FS)], FS).notes
    assert note.startswith("there are 20 s of blood to learn from")
    assert "less sure" in note


def test_clipping_in_any_gate_is_said(flow):
    iq = 0.3 * np.asarray(flow[: round(40 * FS)])
    level = np.quantile(np.abs(iq), 0.9)
    other = np.clip(iq.real, -level, level) + 1j * np.clip(iq.imag, -level, level)
    assert any("clipped" in note for note in detect_hits(np.stack([iq, other]), FS).notes)
    assert detect_hits(iq, FS).notes == ()
