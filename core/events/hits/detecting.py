"""Detecting HITS: a recording goes through in blocks, each is followed, searched, and what stands out is measured and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import scipy

from core.errors import InputError
from core.events.hits.background import PHASE_S, PHASES, Background, Phases
from core.events.hits.criteria import Criteria, Hit, Hits
from core.events.hits.following import Followed, follow
from core.events.hits.gates import Support, peaks_with_support
from core.events.hits.judging import Features, judge
from core.events.hits.measuring import Chirp, best_chirp, strength_of
from core.events.hits.seams import Seam, distinct
from core.events.hits.search import SIDES, BothSides, Peak, Scale, peaks_of, scales_of
from core.events.hits.surroundings import Surroundings

Complex = npt.NDArray[np.complexfloating]
Samples = npt.NDArray[np.inexact]  # complex, or real where there is no direction
Reader = Callable[[int, int], Samples]

BLOCK_S, MARGIN_S = 60.0, 1.5
SHORTEST_S = 0.5
LEARNT_S = PHASE_S * PHASES  # of blood, in which every phase of the heart is known


@dataclass
class Tally:
    """What is noticed on the way, in seconds of signal, and whether it tells both directions apart.

    `gate_lost_s` is where another gate than the first is missing, silent or without blood; all others are of the first.
    """

    whole_s: float = 0.0
    missing_s: float = 0.0
    clipped_s: float = 0.0
    without_blood_s: float = 0.0
    both_sides_s: float = 0.0
    gate_lost_s: float = 0.0
    directed: bool = True

    def seconds(self) -> dict[str, float]:
        """Return its times by name, to the millisecond."""
        return {name: round(value, 3) for name, value in vars(self).items() if name.endswith("_s")}

    def pass_over(self, followed: Followed, start: int, stop: int) -> None:
        """Add what lies between two samples of a stretch in which nothing is known of the blood."""
        missing = float(
            followed.dead[start // followed.hop : max(start // followed.hop + 1, stop // followed.hop)].mean()
        )
        seconds = (stop - start) / followed.fs
        self.whole_s += seconds
        self.missing_s += missing * seconds
        self.without_blood_s += (1 - missing) * seconds

    def notes(self) -> tuple[str, ...]:
        """Return it in words; empty if nothing is remarkable."""
        if not self.whole_s:
            return ()
        table = (
            (self.missing_s, 1e-9, "missing, silent or constant: nothing can be found there"),
            (
                self.clipped_s,
                1e-4,
                "clipped, in one gate or several: the machine was overloaded, and ratios there may be too low",
            ),
            (self.without_blood_s, 1e-3, "without blood flow: there is nothing to compare a candidate with"),
            (self.gate_lost_s, 1e-3, "without blood in another gate: candidates there are judged without that gate"),
            (self.both_sides_s, 0.05, "artefacts on both sides of zero: an embolus among them is not seen"),
        )
        said = [
            f"{_percent(seconds / self.whole_s)} of the signal is {what}"
            for seconds, least, what in table
            if seconds > least * self.whole_s
        ]
        blood_s = self.whole_s - self.missing_s - self.without_blood_s
        if 1e-3 < blood_s < LEARNT_S:
            said.append(
                f"there are {blood_s:.2g} s of blood to learn from: with less than {LEARNT_S:g} s, strengths and probabilities are "
                "less sure"
            )
        if not self.directed and self.missing_s < self.whole_s:
            said.append(
                "the signal has no direction: artefacts are told from emboli by their spectrum and shape only, and more pass"
            )
        return tuple(said)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %" if share >= 0.001 else "less than 0.1 %"


def detect_hits(iq: npt.ArrayLike, fs: float, *, emission_hz: float = 2e6, criteria: Criteria | None = None) -> Hits:
    """Find HITS candidates.

    Parameters
    ----------
    iq : (n,) or (n_gates, n) array
        Doppler signal I + jQ of one gate, or of several of the same vessel: candidates are those of the first, the others
        tell emboli, which pass one after the other, from artefacts. A real signal (mono audio) has no direction. NaN
        samples are passed over, with what touches them.
    fs : float
        Sampling rate, Hz.
    emission_hz : float
        Emission frequency, Hz: for velocities, and the way that a candidate went, which is part of its probability.
    criteria : Criteria, optional

    Returns
    -------
    Hits
        Candidates in order of time, emboli and artefacts alike, each with its reason; its `notes` say what of the signal was
        missing, silent, clipped or without blood. O(n log n) time.

    Raises
    ------
    InputError
        If there is less than half a second, the rate is not positive, or it is not an array of that shape.
    """
    signal = np.atleast_2d(np.asarray(iq))
    if signal.ndim != 2 or signal.shape[0] > max(1, signal.shape[1]):
        raise InputError(f"an array of shape {np.shape(iq)} is not (n_gates, n)", remedy="Give one row for each gate")
    if not fs > 0 or signal.shape[1] < SHORTEST_S * fs:
        raise InputError(
            f"{signal.shape[-1]:,} samples at {fs:g} Hz are too short to tell an embolus from the blood around it",
            remedy=f"Give {SHORTEST_S:g} s or more",
        )
    tally = Tally()
    directed = np.iscomplexobj(signal)
    found = find_hits(lambda a, b: signal[:, a:b], signal.shape[1], fs, emission_hz, criteria, tally, directed=directed)
    return Hits(list(found), tally.notes())


def find_hits(
    read: Reader, n: int, fs: float, emission_hz: float = 2e6, criteria: Criteria | None = None,
    tally: Tally | None = None, *, directed: bool = True, seen: list[tuple[Features, Hit]] | None = None,
) -> Iterator[Hit]:  # fmt: skip
    """Yield the candidates of `n` samples that `read(start, stop)` gives, (n_gates, n); memory does not grow with `n`.

    Parameters
    ----------
    tally : Tally, optional
        Filled with what is noticed.
    directed : bool
        Whether the signal tells both directions apart.
    seen : list, optional
        Filled with what each candidate in one place of time and frequency was judged by.
    """
    criteria, tally = (criteria or Criteria()).for_rate(fs), Tally() if tally is None else tally
    tally.directed = directed
    length, margin = round(BLOCK_S * fs), round(MARGIN_S * fs)
    # A rest that is short has too little blood to learn from: it goes with the block before.
    starts = range(0, max(1, n - length // 2), length)
    seam = Seam()
    for start in starts:
        stop = n if start == starts[-1] else start + length
        first, last = max(0, start - margin), min(n, stop + margin)
        block = Block.of(np.asarray(read(first, last)), fs, criteria, directed=directed)
        block.count(tally, start - first, stop - first)
        hits = [later(hit, first / fs) for hit in block.hits(emission_hz, criteria, seen)]
        yield from seam.join(hits, start / fs, None if stop == n else stop / fs)


def later(hit: Hit, seconds: float) -> Hit:
    """Return a hit of a stretch that begins so many seconds later."""
    return replace(hit, start_s=hit.start_s + seconds)


@dataclass(frozen=True)
class Block:
    """A stretch of all gates, followed and searched."""

    fs: float
    directed: bool
    clipped: npt.NDArray[np.bool_]
    followed: Sequence[Followed]
    scales: Sequence[Sequence[Scale]]
    both: Sequence[BothSides]
    around: Sequence[Surroundings] = field(repr=False)  # of each gate

    @classmethod
    def of(cls, samples: Samples, fs: float, criteria: Criteria, *, directed: bool) -> Block:
        """Follow and search a stretch, (n_gates, n), in blood that is learnt from it."""
        followed = followed_gates(samples, fs, criteria)
        known = [(Phases.of(one), None) for one in followed]
        return cls.among(samples, followed, known, criteria, directed=directed)

    @classmethod
    def among(
        cls, samples: Samples, followed: Sequence[Followed], known: Sequence[tuple[Phases, Sequence[Background] | None]],
        criteria: Criteria, *, directed: bool,
    ) -> Block:  # fmt: skip
        """Search a stretch in blood that is known of each gate, or of which only the phases are."""
        fs, clipped = followed[0].fs, np.any([_clipped(gate) for gate in samples], axis=0)
        searched = [scales_of(one, *blood, criteria.wall_hz) for one, blood in zip(followed, known, strict=True)]
        scales, both = [s for s, _ in searched], searched[0][1] if directed else []
        around = [
            Surroundings.of(one, phases, found[SIDES] if len(found) > SIDES else None, clipped)
            for one, (phases, _), found in zip(followed, known, scales, strict=True)
        ]
        return cls(fs, directed, clipped, followed, scales, both, around)

    def count(self, tally: Tally, start: int, stop: int) -> None:
        """Add what is noticed between two samples."""
        lasting, hop = (stop - start) / self.fs, self.followed[0].hop
        steps = slice(start // hop, max(start // hop + 1, stop // hop))
        dead = self.followed[0].dead[steps]
        tally.whole_s += lasting
        tally.missing_s += float(dead.mean()) * lasting
        tally.clipped_s += float(self.clipped[start:stop].sum()) / self.fs
        if not self.around[0].blood:
            tally.without_blood_s += float((~dead).mean()) * lasting
        lost = np.zeros_like(dead)
        for gate, around in zip(self.followed[1:], self.around[1:], strict=True):
            lost |= gate.dead[steps] | (not around.blood)
        tally.gate_lost_s += float(lost.mean()) * lasting
        for b in self.both:
            tally.both_sides_s += max(0, min(stop, b.stop) - max(start, b.start)) / self.fs

    def hits(self, emission_hz: float, criteria: Criteria, seen: list[tuple[Features, Hit]] | None = None) -> list[Hit]:
        """Return the candidates, in order of time."""
        if not self.around[0].blood:
            return []
        least = 10 ** (criteria.search_db / 10)
        peaks = [peaks_of(s, self.fs, least, self.both) for s in self.scales]
        told = [
            self._measured(peak, support, emission_hz, criteria)
            for peak, support in peaks_with_support(peaks, self.followed, self.scales, [a.blood for a in self.around])
        ]
        judged = [(features, judge(features, criteria)) for features in told if features is not None]
        if seen is not None:
            seen += judged
        found = [hit for _, hit in judged]
        found += [self.around[0].of_both(b, emission_hz) for b in self.both]
        return distinct(found)

    def _measured(self, peak: Peak, support: Support | None, emission_hz: float, criteria: Criteria) -> Features | None:
        main = self.around[0]
        chirp = best_chirp(main.followed, peak, main.level(peak))
        if chirp.ratio < 10 ** ((criteria.search_db - 2.5) / 10):
            return None
        strength = strength_of(main.followed, chirp, main.density_at(chirp), partial(main.blood_within, chirp))
        delay = self._later(chirp, support) if support is not None and support.seen else None
        return main.features(chirp, strength, support, delay, emission_hz, directed=self.directed, both=self.both)

    def _later(self, chirp: Chirp, support: Support) -> float:
        """Return how much later a candidate shows in another gate, s."""
        there = self.around[support.gate]
        return best_chirp(there.followed, support.peak, there.level(support.peak)).middle_s - chirp.middle_s


def followed_gates(samples: Samples, fs: float, criteria: Criteria) -> list[Followed]:
    """Follow the flow in all gates of a stretch, (n_gates, n)."""
    gates = samples if np.iscomplexobj(samples) else analytic(samples)
    return [follow(gate, fs, criteria.wall_hz) for gate in gates]


def analytic(samples: npt.NDArray[np.inexact]) -> Complex:
    """Return the positive frequencies of real signals; NaN samples stay NaN."""
    missing = ~np.isfinite(samples)
    out = np.asarray(scipy.signal.hilbert(np.where(missing, 0.0, samples), axis=1))
    out[missing] = np.nan
    return out


def _clipped(samples: Samples) -> npt.NDArray[np.bool_]:
    """Return where a channel stays at its largest or least value for three samples or more."""
    out = np.zeros(len(samples), dtype=bool)
    for part in (samples.real, samples.imag) if np.iscomplexobj(samples) else (samples,):
        finite = part[np.isfinite(part)]
        if not len(finite) or finite.max() == finite.min():
            continue
        for end in (finite.max(), finite.min()):
            at = part == end
            if at.sum() >= 6:
                run = at[2:] & at[1:-1] & at[:-2]
                out[1:-1] |= run
    return out
