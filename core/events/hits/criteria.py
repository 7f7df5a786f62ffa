"""What makes a HITS candidate, and what is said of one.

The consensus: shorter than 300 ms, at least 3 dB above the blood flow, one-directional (Consensus Committee, Stroke 1995;
Ringelstein et al., Stroke 1998). The hits-to-blood ratio (HBR) is power while the embolus passes, its own E and the
blood's B, over power of blood alone: ``10 log10((E + B) / B)``. The echo alone over blood, ``10 log10(E / B)``, is another
measure: 3 dB of HBR are 0 dB of echo (`core.signals.simulate.hbr_of_echo` converts).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.checks import check_each, finite
from core.errors import InputError


@dataclass(frozen=True)
class Criteria:
    """What makes a candidate, and an embolus of it.

    Attributes
    ----------
    min_hbr_db : float
        Least hits-to-blood ratio, dB: power of embolus and blood together over that of blood alone.
    max_duration_s : float
        An embolus passes in less, s.
    min_direction : float
        Least direction index of an embolus, 0 (both ways) to 1 (one way).
    min_probability : float
        From which calibrated probability on a candidate is called an embolus, 0 to 1: low, since somebody reviews them.
    wall_hz : float
        Slower movements are those of the vessel wall, Hz; at most a quarter of the sampling rate.
    search_db : float
        How far one place in time and frequency must stand out of the blood's own there to be looked at, dB. Blood alone
        reaches 13 dB some times an hour; lower finds weaker ones, and takes longer.
    """

    min_hbr_db: float = 3.0
    max_duration_s: float = 0.3
    min_direction: float = 0.9
    min_probability: float = 0.3
    wall_hz: float = 150.0
    search_db: float = 10.5

    def __post_init__(self) -> None:
        rules = {
            "min_hbr_db": finite(least=0),
            "max_duration_s": finite(above=0),
            "min_direction": finite(least=0, most=1),
            "min_probability": finite(least=0, most=1),
            "wall_hz": finite(least=0),
            "search_db": finite(least=8),  # below, blood itself is found everywhere
        }
        check_each(rules, {name: getattr(self, name) for name in rules})

    def for_rate(self, fs: float) -> Criteria:
        """Return these criteria for a signal sampled at `fs`, Hz.

        Raises
        ------
        InputError
            If `wall_hz` is above a quarter of it: next to nothing of the spectrum, ±fs/2, would be left to be searched.
        """
        if self.wall_hz > fs / 4:
            raise InputError(
                f"wall_hz={self.wall_hz:g} is too high for a signal sampled at {fs:g} Hz",
                remedy=f"Give wall_hz={fs / 4:g} or less, a quarter of the sampling rate",
            )
        return self


@dataclass(frozen=True)
class Measures:
    """What is measured of a candidate.

    Attributes
    ----------
    start_s, duration_s : float
        Where the amplitude that it adds exceeds half of its peak; of an artefact on both sides, all of it.
    hbr_db : float
        Hits-to-blood ratio: ``10 log10`` of its mean power in that time and the blood's, over the blood's.
    direction : float or None
        -1 (away from the probe) to 1 (towards it), of the power it adds; None where the signal has no direction.
    peak_hz : float
        Its Doppler shift where it is strongest.
    velocity_cm_s : float
        The same as a velocity along the beam: ``c f / (2 f₀)``, not corrected for the angle.
    bandwidth_hz : float
        Width of its spectrum at a quarter of the peak.
    ratio_db : float
        How far it stands out of the blood in time and frequency at once: matched-filter energy over the blood's density.
    kurtosis : float
        Spectral kurtosis at its frequency over the second around: 0 for blood alone (Antoni 2006).
    time_in_cycle_s : float or None
        Since the last steep rise of the flow; None where there is no pulse.
    gate_delay_ms : float or None
        How much later it shows in the other gate; None with one gate, or if it does not show there.
    quality : float
        Of the second around: 1 is whole, unclipped, and blood 10 dB above the noise or more; 0 is useless.
    """

    start_s: float
    duration_s: float
    hbr_db: float
    direction: float | None
    peak_hz: float
    velocity_cm_s: float
    bandwidth_hz: float
    ratio_db: float
    kurtosis: float
    time_in_cycle_s: float | None
    gate_delay_ms: float | None
    quality: float


@dataclass(frozen=True)
class Hit(Measures):
    """A candidate, judged.

    Attributes
    ----------
    probability : float
        That it is an embolus: calibrated on simulated recordings, see `core.events.hits.judging`.
    kind : str
        ``embolus`` or ``artefact``; ``unsure`` where it is neither by the criteria.
    reason : str
        The rule that decided, in words.
    """

    probability: float
    kind: str
    reason: str


class Hits(list[Hit]):
    """Candidates in order of time, and what there is to say of the recording: missing, silent or clipped parts."""

    def __init__(self, hits: list[Hit] | None = None, notes: tuple[str, ...] = ()) -> None:
        super().__init__(hits or [])
        self.notes = notes
