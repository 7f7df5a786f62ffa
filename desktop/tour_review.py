"""The tour through Review: an ECG on paper, an EEG through a montage, Doppler with its velocities, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.signals import Band, Filters

if TYPE_CHECKING:
    from desktop.tour import Tour

ECG, EEG, TCD, SIMULATED = "208", "S001R04", "tcd_device_event_01", "tcd_simulated"
VERDICT_OF = {"a": "artefact", "e": "embolus", "u": "unsure"}
DECIDED = "aaeeaeauaaa"  # by somebody who knows the truth table, and doubts the eighth
EEG_BAND = Band(0.5, 40.0, 60.0)  # recorded in the United States


def look_at_recordings(tour: Tour) -> None:
    """Look at the recordings of the demo, each as its readers are used to."""
    tour.window.enter("review")
    room: Any = tour.window.rooms["review"]
    tour.settle()
    show(tour, room, ECG)
    room.use_paper(25.0)
    room.events.step(1)
    both_themes(tour, "review-ecg", "Review: a real ECG (MIT-BIH 208) on paper of 25 mm/s and 10 mm/mV")
    room.toggle_paper()
    room.set_length(10.0)
    show(tour, room, EEG)
    room.derived.use_montage("longitudinal")
    tour.settle()
    room.derived.use_filters(Filters({"eeg": EEG_BAND}))
    tour.settle()
    room.appearance.set_sensitivity("eeg", 15.0)
    room.choose_channel("Fp1-F7")
    both_themes(tour, "review-eeg", "Review: a real EEG (EEGMMI S001R04), double banana, 0.5 to 40 Hz, 15 µV/mm")
    room.derived.use_montage("recorded")
    room.derived.use_filters(Filters())
    show(tour, room, TCD)
    room.set_length(2.8)
    room.spectral.change(velocity=True)
    room.pointing.choose((1.15, 1.65))
    both_themes(
        tour,
        "review-tcd",
        "Review: real TCD of a device's event log, velocities for 2 MHz and 0°; what it flagged is broad and on both sides of zero",
    )
    room.pointing.choose(None)
    room.spectral.change(velocity=False)
    show(tour, room, SIMULATED)
    room.set_length(10.0)
    room.events.step(1)
    tour.picture(
        "review-simulated", "Review: a simulated TCD recording with emboli and artefacts; it says so everywhere"
    )
    what_a_model_sees(tour)
    queue_of_hits(tour)


def what_a_model_sees(tour: Tour) -> None:
    """Look at the selected event as a model does."""
    preview = tour.window.inspector.preview
    preview.head.setChecked(True)
    text = "The inspector: the log-spectrogram of the selected event's window, as a model is given it"
    tour.picture("inspector-representation", text, preview)
    preview.head.setChecked(False)


def queue_of_hits(tour: Tour) -> None:
    """Decide a few candidates of the simulated recording, and take that back."""
    room: Any = tour.window.rooms["review"]
    room.queue.toggle()
    tour.settle()
    for key in DECIDED:
        room.queue.decide(VERDICT_OF[key])
    tour.settle()
    both_themes(
        tour,
        "review-hits",
        "Review: the queue of HITS candidates of a simulated TCD recording; each key is on its button",
    )
    for _ in DECIDED:
        tour.session.undo()
        tour.settle()
    room.queue.toggle()
    tour.settle()


def show(tour: Tour, room: Any, name: str) -> None:
    """Choose a recording by its name."""
    row = next(n for n, entry in enumerate(tour.session.recordings) if entry.name == name)
    room.recordings.setCurrentRow(row)
    tour.settle()


def both_themes(tour: Tour, name: str, text: str) -> None:
    """Take the picture in the light theme and in the dark one."""
    tour.wait(lambda: room_complete(tour))
    tour.picture(name, text)
    tour.window.set_theme("dark")
    tour.picture(f"{name}-dark", f"{text}; dark")
    tour.window.set_theme("light")
    tour.settle()


def room_complete(tour: Tour) -> bool:
    """Return whether all tiles of the spectrogram are there."""
    room: Any = tour.window.rooms["review"]
    return bool(room.pages.tiles.complete)
