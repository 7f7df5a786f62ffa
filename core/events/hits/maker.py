"""HITS candidates of a recording, as events: I/Q of one gate or several, forward/reverse audio, or mono."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import scipy

from core.errors import InputError
from core.events.hits.criteria import Criteria
from core.events.hits.detecting import SHORTEST_S, Tally, find_hits
from core.events.made import Made, MadeEvent, Searched, all_missing
from core.signals import Recording

Complex = npt.NDArray[np.complexfloating]
Samples = npt.NDArray[np.inexact]

# Emission frequency where nobody says it. Velocities scale with it, and the probability asks how far a candidate went.
UNKNOWN_HZ = 2e6
ASSUMED = f"velocities assume an emission frequency of {UNKNOWN_HZ / 1e6:g} MHz: the file does not say"
SETTLE_S = 0.25  # around what is read of audio, so that parting its directions leaves no seam


@dataclass(frozen=True)
class Source:
    """Doppler as the detector takes it.

    Attributes
    ----------
    channel : int
        That events are of.
    read : callable
        ``(start, stop)`` to samples, (n_gates, n).
    directed : bool
        Whether it tells both directions apart.
    """

    channel: int
    read: Callable[[int, int], Samples]
    directed: bool


def hits_of(recording: Recording, *, gate: int = 0, emission_hz: float | None = None, **criteria: float) -> Made:
    """HITS candidates of a Doppler gate; none of less than half a second. Memory does not grow with length.

    Parameters
    ----------
    gate : int
        From 0; the recording's other gates tell emboli from artefacts.
    emission_hz : float, optional
        Of the machine, Hz: for velocities, and the way that a candidate went, which is part of its probability. By default
        what the recording says; where it says nothing 2 MHz, which is noted.
    **criteria
        The fields of `Criteria`.

    Raises
    ------
    InputError
        If there is no Doppler signal, no such gate, or nothing but missing samples.
    """
    chosen, tally = Criteria(**criteria), Tally()
    source = _source_of(recording, gate)
    channel = recording.channels[source.channel]
    used = recording.emission_hz if emission_hz is None else emission_hz
    assumed, used = ((), used) if used is not None else ((ASSUMED,), UNKNOWN_HZ)
    settings = {"gate": gate, "emission_hz": used} | asdict(chosen)
    if channel.n_samples < SHORTEST_S * channel.fs:
        known = f"{channel.n_samples / channel.fs:.2g} s are too short to tell an embolus from the blood around it"
        seconds = channel.n_samples / channel.fs  # none of it usable
        return Made((), (known,), Searched(channel.name, settings, Tally(seconds, seconds).seconds()))
    found = find_hits(source.read, channel.n_samples, channel.fs, used, chosen, tally, directed=source.directed)
    made = []
    for hit in found:
        attributes = asdict(hit) | {"suggestion": hit.kind, "settings": settings}
        for name in ("start_s", "duration_s", "kind"):
            attributes.pop(name)
        made.append(MadeEvent(channel.name, hit.start_s, hit.duration_s, "hits", attributes))
    if tally.missing_s >= tally.whole_s - 0.5 / channel.fs and _nothing(source.read, channel.n_samples):
        raise all_missing(recording, channel.name)
    return Made(made, tally.notes() + assumed, Searched(channel.name, settings, tally.seconds()))


def has_doppler(recording: Recording) -> bool:
    """Return whether HITS can be looked for in a recording."""
    try:
        _source_of(recording, 0)
    except InputError:
        return False
    return True


def _nothing(read: Callable[[int, int], Samples], n: int) -> bool:
    """Whether a signal without anything in it has no samples, rather than silent ones: its first ones and some others tell."""
    return not any(np.isfinite(read(at, min(n, at + 1000))).any() for at in range(0, n, max(1, n // 20)))


def _source_of(recording: Recording, gate: int) -> Source:
    """Return the Doppler signal of a recording, as it comes."""
    kinds = [channel.kind for channel in recording.channels]
    if recording.gates:
        return _of_gates(recording, gate)
    if "doppler_forward" in kinds and "doppler_reverse" in kinds:
        return _of_directions(recording, kinds.index("doppler_forward"), kinds.index("doppler_reverse"))
    if kinds == ["audio"]:
        return Source(0, lambda start, stop: recording.read(0, start, stop)[None], directed=False)
    raise InputError(
        "HITS need Doppler: I/Q, forward/reverse or mono audio",
        subject=recording.path,
        remedy="If its two channels are I and Q, say so when it is added (--reader layout=iq)"
        if "audio" in kinds
        else "Choose a Doppler recording",
    )


def _of_gates(recording: Recording, gate: int) -> Source:
    n = len(recording.gates)
    if not 0 <= gate < n:
        raise InputError(
            f"there is no gate={gate}: it has {n} Doppler I/Q gate{'s' * (n > 1)}",
            subject=recording.path,
            remedy="Give gate=0" + (f" to gate={n - 1}" if n > 1 else ""),
        )
    main = recording.channels[recording.gates[gate][0]]
    order = [gate] + [g for g in range(n) if g != gate]
    # Gates of other rates or lengths cannot be laid beside it.
    alike = [g for g in order if _like(recording.channels[recording.gates[g][0]], main)]
    return Source(
        recording.gates[gate][0], lambda a, b: _stacked([recording.read_iq(g, a, b) for g in alike]), directed=True
    )


def _like(one: object, other: object) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("fs", "n_samples"))


def _stacked(gates: Sequence[Complex]) -> Complex:
    return np.stack([gate.astype(np.complex64) for gate in gates])


def _of_directions(recording: Recording, forward: int, reverse: int) -> Source:
    """Return I/Q whose positive shifts are the forward channel and whose negative ones the reverse channel."""
    channel = recording.channels[forward]
    settle = round(SETTLE_S * channel.fs)

    def read(start: int, stop: int) -> Complex:
        low, high = max(0, start - settle), min(channel.n_samples, stop + settle)
        sides = np.stack(recording.read_several((forward, reverse), low, high))
        missing = ~np.isfinite(sides).all(axis=0)
        towards, away = scipy.signal.hilbert(np.where(np.isfinite(sides), sides, 0.0), axis=1)
        both = towards + np.conj(away)
        both[missing] = np.nan
        return np.asarray(both[None, start - low : len(both) - (high - stop)])

    return Source(forward, read, directed=True)
