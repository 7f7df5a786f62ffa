"""Detecting HITS while a recording runs: causal, with bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.events.hits.background import Background, Phases
from core.events.hits.criteria import Criteria, Hit
from core.events.hits.detecting import Block, Samples, Tally, followed_gates, later
from core.events.hits.following import Followed
from core.events.hits.seams import Seam
from core.events.hits.search import WINDOWS_S, frames_of, window_of

Floats = npt.NDArray[np.floating]

STEP_S, MARGIN_S = 3.0, 1.0
LEARN_S, FIRST_S = 60.0, 8.0  # of the past that the blood is known from; and at least, before anything is said
RELEARN_S = 9.0  # between two looks at what is known
RATE_HZ = 16  # of moments kept
PHASES = 5


class _Memory:
    """What the blood of one gate was like over the last minute: some moments of it in every window length."""

    def __init__(self, fs: float) -> None:
        self._fs = fs
        self._keep = int(LEARN_S * RATE_HZ)
        self._known: tuple[Phases, list[Background]] | None = None
        self._fresh_s = 0.0  # what came since that was learnt
        self._power: list[Floats] = [np.zeros((0, window_of(s, fs)), np.float32) for s in WINDOWS_S]
        self._shift: list[Floats] = [np.zeros(0, np.float32) for _ in WINDOWS_S]

    def add(self, followed: Followed, start: int, stop: int) -> None:
        """Add moments between two samples of a stretch."""
        self._fresh_s += (stop - start) / self._fs
        hop = max(1, round(self._fs / RATE_HZ))
        for number, before in enumerate(self._power):
            n = before.shape[1]
            first = max(0, start - n // 2)
            part = replace(followed, still=followed.still[first : stop + n // 2])
            if len(part.still) < n:
                continue
            power, _, _ = frames_of(part, n, hop, np.zeros(len(followed.dead), np.intp))
            step = followed.step(first + np.arange(len(power)) * hop + n // 2)
            live = ~followed.dead[step]
            power = power[live] / np.maximum(followed.power[step[live]], 1e-30)[:, None]
            self._power[number] = np.concatenate([before, power])[-self._keep :]
            self._shift[number] = np.concatenate([self._shift[number], followed.shift_hz[step[live]]])[-self._keep :]

    def blood(self) -> tuple[Phases, list[Background]] | None:
        """Return what is known; None if it is too little."""
        shift = self._shift[0]
        if self._known is not None and self._fresh_s < min(RELEARN_S, len(shift) / RATE_HZ / 4):
            return self._known
        if len(shift) < RATE_HZ * 2:
            return None
        self._fresh_s = 0.0
        sign = -1.0 if np.median(shift) < 0 else 1.0
        phases = Phases(np.quantile(shift * sign, np.linspace(0, 1, PHASES + 1)[1:-1]), sign)
        self._known = (
            phases,
            [
                Background.of(power, np.digitize(moment * sign, phases.limits).astype(np.intp), PHASES, self._fs)
                for power, moment in zip(self._power, self._shift, strict=True)
            ],
        )
        return self._known


class HitStream:
    """Finds HITS candidates in samples as they come.

    The blood is learnt from the minute before only; what is told of a time is told five seconds later at most, nine at the
    beginning, and is the same in whatever pieces the samples come. Memory: some ten seconds of samples, and 4 MB of moments
    of each gate, however long it runs.

    Parameters
    ----------
    fs : float
        Sampling rate, Hz.
    emission_hz : float
        Emission frequency, Hz.
    criteria : Criteria, optional
    """

    def __init__(self, fs: float, *, emission_hz: float = 2e6, criteria: Criteria | None = None) -> None:
        if not fs > 0:
            raise InputError(f"a rate of {fs:g} Hz is not possible", remedy="Give it above 0 Hz")
        self.fs, self.emission_hz, self.criteria = fs, emission_hz, (criteria or Criteria()).for_rate(fs)
        self.tally = Tally()
        self._held: Samples | None = None  # from sample `_first` on
        self._first = self._told = self._learnt = 0
        self._memories: Sequence[_Memory] = ()
        self._seam = Seam()

    def feed(self, samples: npt.ArrayLike) -> list[Hit]:
        """Take further samples, (n,) or (n_gates, n); return candidates that are complete, in order of time."""
        fresh = np.atleast_2d(np.asarray(samples))
        if not fresh.size:
            return []
        if self._held is None:
            self._held = fresh[:, :0]
            self._memories = [_Memory(self.fs) for _ in fresh]
            self.tally.directed = bool(np.iscomplexobj(fresh))
        if len(fresh) != len(self._held):
            raise InputError(f"{len(fresh)} gates after {len(self._held)}", remedy="Feed the same gates throughout")
        self._held = np.concatenate([self._held, fresh], axis=1)
        found: list[Hit] = []
        step, margin = round(STEP_S * self.fs), round(MARGIN_S * self.fs)
        while self._first + self._held.shape[1] >= max(self._told + step + margin, round(FIRST_S * self.fs)):
            found += self._process(self._told + step, margin)
        return found

    def end(self) -> list[Hit]:
        """Return what is left when no more samples come."""
        if self._held is None or self._first + self._held.shape[1] <= self._told:
            return self._seam.join([], self._told / self.fs, None)
        return self._process(self._first + self._held.shape[1], 0)

    def _process(self, stop: int, margin: int) -> list[Hit]:
        assert self._held is not None
        start, before = self._told, self._first
        samples = self._held[:, : stop + margin - before]
        followed = followed_gates(samples, self.fs, self.criteria)
        moved: list[Hit] = []
        if bloods := self._bloods():
            block = Block.among(samples, followed, bloods, self.criteria, directed=np.iscomplexobj(samples))
            block.count(self.tally, start - before, stop - before)
            moved = [later(hit, before / self.fs) for hit in block.hits(self.emission_hz, self.criteria)]
        else:
            self.tally.pass_over(followed[0], start - before, stop - before)
        hits = self._seam.join(moved, start / self.fs, stop / self.fs if margin else None)
        self._learn(followed, before, stop)
        self._told = stop
        cut = max(0, stop - 2 * margin - before) if margin else 0
        self._held, self._first = self._held[:, cut:], before + cut
        return hits

    def _bloods(self) -> list[tuple[Phases, list[Background]]]:
        """Return what is known of the blood of each gate; the first time, from all that is there. Empty if it is too little."""
        assert self._held is not None
        if not self._learnt:
            first = self._held[:, : round(FIRST_S * self.fs)]  # however much came at once
            self._learn(followed_gates(first, self.fs, self.criteria), 0, first.shape[1])
        known = [memory.blood() for memory in self._memories]
        return [blood for blood in known if blood is not None] if None not in known else []

    def _learn(self, followed: Sequence[Followed], first: int, stop: int) -> None:
        """Add what was not learnt yet, up to a sample, of stretches that begin at `first`."""
        for memory, one in zip(self._memories, followed, strict=True):
            if self._learnt < stop:
                memory.add(one, self._learnt - first, stop - first)
        self._learnt = max(self._learnt, stop)
