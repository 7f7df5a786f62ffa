"""When other programs are to see an event: where it was annotated, whatever was put round that moment in Hitscope."""

from __future__ import annotations

from dataclasses import replace

from core.signals.recording import Annotation

MOMENTS = ("peak_s", "onset_s")  # the R peak of a beat, the time of an annotation
CLOSE_S = 1e-6  # what sums of seconds may be off


def as_seen(event: Annotation) -> Annotation:
    """Return an event as a format writes it for other programs: one made round a moment is an instant there.

    One that was moved or made longer since is not, nor is what lasts from the moment that it states.
    """
    for name in MOMENTS:
        at = event.attributes.get(name)
        if isinstance(at, int | float) and _made_round(event, at):
            return replace(event, onset_s=float(at), duration_s=0.0)
    return event


def _made_round(event: Annotation, at: float) -> bool:
    if not event.onset_s <= at <= event.onset_s + event.duration_s:
        return False
    middle = event.onset_s + event.duration_s / 2
    if event.onset_s < at:
        # What would begin before the recording begins with it.
        return abs(middle - at) < CLOSE_S or (event.onset_s == 0 and at < middle)
    return event.onset_s == at and event.attributes.get("instant") is True


def order_in_file(event: Annotation) -> tuple[float, float]:
    """Return the key that sorts what is written: as others see it."""
    return as_seen(event).onset_s, event.onset_s


def order_when_read(event: Annotation) -> tuple[float, float]:
    """Return the key that sorts what was read: by onset, and of equal onsets as in the file."""
    return event.onset_s, as_seen(event).onset_s
