"""The page of results: it begins with what has to be reached, and says what does not hold."""

from core.events.hits.baselines import BASELINES
from core.events.hits.benchmark import OURS, Emitted, Job, Outcome
from core.events.hits.criteria import Hit
from core.reports import detection_page

HIT = dict.fromkeys(Hit.__dataclass_fields__) | {"kind": "embolus", "reason": ""}
NAMES = (OURS, *BASELINES)


def outcome(regime, gates=1, *, found=9, false=0, hbr_error=0.1, ratio=1.1, baseline=0.0, seconds=1.0):
    """Half an hour with ten emboli in each range of HBR, of which so many are found, and of these each is off by as much."""
    emboli = []
    for hbr_db in (4.0, 7.0, 12.0):
        for n in range(10):
            hit = Hit(**HIT | {"hbr_db": hbr_db + hbr_error, "duration_s": 0.02 * ratio}) if n < found else None
            scores = dict.fromkeys(NAMES, baseline) | {OURS: 0.9 if hit else float("-inf")}
            emboli.append(Emitted(hbr_db, 0.02, 800.0, 0.0, False, scores, hit))
    return Outcome(Job(regime, 1, gates, 1800.0), emboli, dict.fromkeys(NAMES, [0.5] * false), seconds)


def bars(outcomes, level=0.2):
    """Return measured and holds by bar."""
    lines = detection_page(outcomes, level, "bench", "2026-01-01").splitlines()
    first = lines.index("| bar | measured | holds |")
    assert first < lines.index("## 1 gate")
    rows = [line.strip("| ").split(" | ") for line in lines[first + 2 : lines.index("", first)]]
    return {bar: (measured, holds) for bar, measured, holds in rows}


def test_every_bar_is_told_and_what_does_not_hold_stands_out():
    said = bars([outcome("regular", false=2), outcome("low_flow", found=7, false=2), outcome("regular", 2, found=10)])
    assert said["1 gate, regular, HBR ≥ 6 dB: 95 % found"] == ("90.0 [69.9, 97.2] % of 20", "**no**")
    assert said["1 gate, regular, HBR 3-6 dB: 80 % found"][1] == "yes"
    assert said["1 gate, low flow, noisy, HBR 3-6 dB: 80 % found"][1] == "**no**"
    assert said["2 gates, regular, HBR ≥ 6 dB: 95 % found"][1] == "yes"
    assert said["1 gate, regular: 2 false alarms an hour"][1] == "**no**"
    assert said["1 gate, low flow, noisy: 6 false alarms an hour"][1] == "yes"
    assert said["1 gate: HBR within 0.5 dB in the mean"] == ("+0.10 dB of 48", "yes")
    assert said["1 gate: duration within 20 %, of emboli over 10 ms"] == ("100 %; median ratio 1.10", "yes")
    assert said["1 gate: 400 times real time"] == ("1,800 times", "yes")
    assert not any("atrial" in bar for bar in said), "there was none"


def test_errors_and_speed_beyond_their_bars():
    said = bars([outcome("regular", hbr_error=0.8, ratio=1.3, seconds=10.0)])
    assert said["1 gate: HBR within 0.5 dB in the mean"][1] == "**no**"
    assert said["1 gate: HBR, SD of 1.5 dB"] == ("0.00 dB", "yes")
    assert said["1 gate: duration within 20 %, of emboli over 10 ms"] == ("0 %; median ratio 1.30", "**no**")
    assert said["1 gate: 400 times real time"] == ("180 times", "**no**")


def test_baselines_are_held_against_at_equal_false_alarms():
    bar = "1 gate: more found than by both baselines in every range of HBR, at 1, 2, 6 false alarms an hour"
    nowhere = outcome("regular", baseline=float("-inf"))
    assert bars([nowhere])[bar] == ("in 9 of 9", "yes")
    measured, holds = bars([outcome("regular", found=10, baseline=1.0)])[bar]
    assert holds == "**no**"
    assert measured.startswith("in 0 of 9; tie: regular, 3-6 dB, 1 / h (100 and 100 %)")
    assert "worse: regular, ≥ 9 dB, 6 / h (90 and 100 %)" in bars([outcome("regular", baseline=1.0)])[bar][0]
    assert "see one gate only" in detection_page([nowhere], 0.2, "bench", "2026-01-01")


def test_the_level_is_the_one_that_is_given():
    assert bars([outcome("regular")], level=0.95)["1 gate, regular, HBR 3-6 dB: 80 % found"][0].startswith("0.0 ")
