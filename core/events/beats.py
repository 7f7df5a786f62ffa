"""Heart beats of an ECG lead, by the GQRS detector of the wfdb library, stretch by stretch.

The library's detector takes a whole signal, without gaps, and keeps some 80 bytes a sample. Here it is given a million samples
at a time, so that memory does not grow with the recording; each piece begins two minutes early, since the detector must first
get to know rhythm and amplitude, and stretches without samples are never shown to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy  # its parts come when they are used: the window asks for options only

from core.errors import InputError
from core.events.made import MadeEvent, all_missing, first_of_kind, index_of
from core.signals import Channel, Recording, conversion

Floats = npt.NDArray[np.float64]

CHUNK = 1 << 20  # samples
BEFORE_S, AFTER_S = 120.0, 5.0
LEAST_HZ = 60.0  # below, the detector's QRS filter is shorter than a sample
LEAST_S = 3.0  # of signal, for the detector to know what a beat looks like
REFRACTORY_S = 0.25  # the detector finds no two beats closer: what lies closer at a seam is one, found in both pieces
BRIDGED_S = 0.2  # a shorter gap is bridged; in a longer one there may be beats that nobody knows of
MOST_MV = 100.0  # no ECG is larger; an artefact that is would leave the detector no digits for the beats
USUAL_MV = 0.75  # peak to peak, a usual QRS complex, where the unit is not known


def beats_of(recording: Recording, *, channel: str | int | None = None) -> list[MadeEvent]:
    """Heart beats of an ECG lead, by the GQRS detector of the wfdb library; events are 0.2 s round the R peak.

    A beat never lies where samples are missing, and a lead that is flat or shorter than 3 s has none. Hours-long recordings
    are searched in overlapping pieces of a million samples (48 min at 360 Hz), so that memory is bounded; at a seam no beat
    is doubled or lost, since each piece goes on behind the last beat of the one before. Where the detector has adapted
    otherwise by then, single beats may differ from those of one pass over the whole.

    Parameters
    ----------
    channel : str or int, optional
        The lead, by name or by number from 0; text that is no name may be a number. By default the first ECG lead. A lead in
        volts, of any prefix, is taken as it is; of any other unit, its amplitude is taken to be usual.

    Returns
    -------
    list of MadeEvent
        In order of time; the attribute ``peak_s`` is the time of the beat. Agreement with cardiologists:
        ``docs/results/beat_detectors.md``.

    Raises
    ------
    InputError
        If no channel is ECG, there is no such one, it has no samples at all, or less than 60 of them a second.
    """
    chosen = first_of_kind(recording, "ecg") if channel is None else index_of(recording, channel)
    lead = recording.channels[chosen]
    if lead.fs < LEAST_HZ:
        raise InputError(
            f"{lead.name} has {lead.fs:g} samples a second, too few to see a QRS complex",
            subject=recording.path,
            remedy=f"Choose a lead of {LEAST_HZ:g} Hz or more (--option channel=NAME)",
        )
    peaks: list[float] = []
    any_present = False
    for first, stop, piece in _pieces(recording, chosen, lead):
        present = np.isfinite(piece)
        any_present |= bool(present.any())
        found = _peaks_of_piece(piece, present, lead) + first
        begins = (peaks[-1] + REFRACTORY_S) * lead.fs if peaks else 0.0
        peaks.extend((found[(found >= begins) & (found < stop)] / lead.fs).tolist())
    if not any_present and lead.n_samples:
        raise all_missing(recording, lead.name)
    return [MadeEvent(lead.name, max(0.0, p - 0.1), 0.2, "beat", {"peak_s": p}) for p in peaks]


def _pieces(recording: Recording, chosen: int, lead: Channel) -> Iterator[tuple[int, int, Floats]]:
    """Yield where the samples of each piece begin, up to where its beats count, and its samples."""
    before, after = int(BEFORE_S * lead.fs), int(AFTER_S * lead.fs)
    for start in range(0, lead.n_samples, CHUNK):
        first, stop = max(0, start - before), min(lead.n_samples, start + CHUNK)
        yield first, stop, recording.read(chosen, first, min(lead.n_samples, stop + after))


def _peaks_of_piece(piece: Floats, present: npt.NDArray[np.bool_], lead: Channel) -> npt.NDArray[np.int64]:
    """Return the beats of the stretches of a piece between its gaps, as sample numbers."""
    bridged = scipy.ndimage.binary_closing(np.pad(present, 1), np.ones(int(BRIDGED_S * lead.fs) + 1))[1:-1] | present
    regions, n = scipy.ndimage.label(bridged)
    found = []
    for (region,) in scipy.ndimage.find_objects(regions, n):
        inside = present[region]
        at = np.arange(len(inside))
        stretch = np.interp(at, at[inside], piece[region][inside])
        peaks = _detect(_in_millivolts(stretch - np.median(stretch), lead.unit), lead.fs)
        found.append(peaks[inside[peaks]] + region.start)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _in_millivolts(x: Floats, unit: str) -> Floats:
    """Return a signal in mV, which the detector's thresholds are in; of an unknown unit, one of usual amplitude."""
    factor = conversion(unit, "mV")
    if factor is None:
        spread = float(np.subtract(*np.percentile(x, [99.5, 0.5])))
        factor = USUAL_MV / spread if spread > 0 else 1.0
    return x * factor


def _detect(x: Floats, fs: float) -> npt.NDArray[np.int64]:
    """Return the detector's sample numbers in a stretch without gaps, in mV, in order."""
    from wfdb.processing import gqrs_detect

    if np.ptp(x) == 0 or len(x) < LEAST_S * fs:
        return np.zeros(0, np.int64)  # there are no beats to find, and the detector would fail on it
    peaks = np.unique(np.asarray(gqrs_detect(np.clip(x, -MOST_MV, MOST_MV), fs=fs), dtype=np.int64))
    return peaks[(peaks >= 0) & (peaks < len(x))]
