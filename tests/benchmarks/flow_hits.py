"""Three figures of docs/hits.md: beats found in the flow, direction of emboli in aliased flow, delay between gates.

Of simulated recordings, whose seeds the detector's final figures do not use.

python tests/benchmarks/flow_hits.py
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from core.events.hits import detect_hits
from core.events.hits.following import follow
from core.events.hits.scoring import match
from core.events.hits.surroundings import upstrokes
from core.signals import simulate

NEAR_S = 0.08  # between a beat and its telling
SLOW_RATES_HZ = (1800.0, 2200.0, 2800.0)


def samples_of(made):
    return np.concatenate(list(made.blocks()), axis=1).astype(np.complex64)


def beats(job):
    """Return how many beats there are, were told, of the beats were found, and of those told are beats."""
    regime, seed = job
    made = simulate.Simulation(seed, 60.0, regime)
    found = upstrokes(follow(samples_of(made)[0], made.fs, 150.0))
    beats = made.beats.starts_s + made.patient.upstroke_s / 2  # where it rises most steeply
    beats, found = (x[(x > 0.3) & (x < 59.5)] for x in (beats, found))
    if not len(found):
        return np.array([len(beats), 0, 0, 0])
    apart = np.abs(found[:, None] - beats) < NEAR_S
    return np.array([len(beats), len(found), apart.any(0).sum(), apart.any(1).sum()])


def pairs_of(made, samples):
    """Return emboli and what they were found as."""
    hits = [h for h in detect_hits(samples, made.fs) if h.kind == "embolus"]
    emboli = [t for t in made.truth if t.kind != "artefact"]
    times = ([(x.start_s, x.start_s + x.duration_s) for x in some] for some in (emboli, hits))
    return [(emboli[i], hits[at]) for i, at in enumerate(match(*times).alarm_of) if at >= 0]


def directions(job):
    """Return for each embolus found in slowly sampled flow whether its direction is right."""
    fs, seed = job
    made = simulate.Simulation(seed, 180.0, fs=fs, emboli_per_minute=10, artefacts_per_minute=0, echo_db=(9.0, 20.0))
    return [np.sign(h.direction) == np.sign(e.shift_hz) for e, h in pairs_of(made, samples_of(made))]


def delays(job):
    """Return the error of the delay between two gates, ms, for each embolus seen in both."""
    regime, seed = job
    made = simulate.Simulation(seed, 300.0, regime, gates=2, emboli_per_minute=6.0, artefacts_per_minute=0.5)
    pairs = pairs_of(made, samples_of(made))
    return [h.gate_delay_ms - 1000 * e.delay_s for e, h in pairs if h.gate_delay_ms is not None]


if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        for regime in simulate.REGIMES:
            n, told, found, right = sum(workers.map(beats, [(regime, 40 + k) for k in range(10)]))
            print(
                f"beats, {regime}: {found} of {n} found ({found / n:.1%}), {right} of {told} told are right ({right / told:.1%})"
            )
        for fs in SLOW_RATES_HZ:
            right = [ok for few in workers.map(directions, [(fs, 7000 + k) for k in range(4)]) for ok in few]
            print(f"direction at {fs:.0f} Hz: {sum(right)} of {len(right)} right")
        jobs = [(regime, 7000 + k) for regime in simulate.REGIMES for k in range(4)]
        errors = np.abs([error for few in workers.map(delays, jobs) for error in few])
        print(
            f"delay: median error {np.median(errors):.1f} ms, more than 20 ms in {(errors > 20).sum()} of {len(errors)}"
        )
