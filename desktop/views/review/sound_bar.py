"""The controls of the sound: play, speed, loop, volume, and sound as a file."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QToolButton, QWidget

from desktop.services.guard import guarded
from desktop.widgets.parts import label, number

SPEEDS = {1.0: "1×", 0.5: "½×", 0.25: "¼×"}
VOLUME_PX, GAP_PX = 64, 4


class SoundBar(QWidget):
    """Shows what the player does, and tells what is asked of it."""

    asked = Signal()  # to play or to stop
    write_asked = Signal()
    speed_chosen = Signal(float)
    loop_chosen = Signal(bool)
    volume_chosen = Signal(float)
    hidden = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Sound"))
        self.play, self.loop, self.write = self._button("▶"), self._button("⟳"), self._button(self.tr("WAV…"))
        self.speed, self.volume = self._speeds(), self._volume_slider()
        self.mute = label(self.tr("no device"), "muted")  # where the volume stands otherwise
        self.loop.setCheckable(True)
        self.loop.setAccessibleName(self.tr("Play over and over"))
        self.loop.setToolTip(self.tr("Play the stretch, the selected event or the page over and over (L)"))
        self.write.setAccessibleName(self.tr("Write the sound to a file"))
        self.write.setToolTip(self.tr("Write the sound of the stretch, or of the page, to a file"))
        self.play.clicked.connect(lambda _checked=False: self.asked.emit())
        self.loop.clicked.connect(lambda on: self.loop_chosen.emit(on))
        self.write.clicked.connect(lambda _checked=False: self.write_asked.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        for widget in (self.play, self.speed, self.loop, self.volume, self.mute, self.write):
            row.addWidget(widget)
        self.show_playing(False)

    @staticmethod
    def _button(text: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setProperty("role", "toggle")
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that Space goes on meaning the sound after a click
        return made

    def _speeds(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Speed of the sound"))
        box.setToolTip(self.tr("Speed of the sound: slower is lower (S)"))
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for speed, text in SPEEDS.items():
            box.addItem(text, speed)
        box.activated.connect(lambda n: self.speed_chosen.emit(box.itemData(n)))
        return box

    def _volume_slider(self) -> QSlider:
        made = QSlider(Qt.Orientation.Horizontal)
        made.setRange(0, 100)
        made.setValue(100)
        made.setFixedWidth(VOLUME_PX)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(self.tr("Volume"))
        made.valueChanged.connect(lambda value: self.volume_chosen.emit(value / 100))
        return made

    def show_playing(self, on: bool, silence: str = "") -> None:
        """Show whether sound is played, and why it cannot be heard."""
        self.play.setText("■" if on else "▶")
        self.play.setAccessibleName(self.tr("Stop the sound") if on else self.tr("Play the sound"))
        what = (
            self.tr("Stop (Space, Esc)")
            if on
            else self.tr("Play (Space): the stretch, or from the selected event, the pointer, the page's start")
        )
        ears = self.tr("Doppler: L ← forward, R → reverse; other channels in both ears")
        why = self.tr("No sound device ({}): the line moves in silence").format(silence)
        self.play.setToolTip("\n".join((what, ears, *([why] if silence else []))))
        self.mute.setToolTip(why)
        self.mute.setVisible(bool(silence))
        self.volume.setVisible(not silence)

    def show_settings(self, speed: float, loop: bool, volume: float) -> None:
        """Show how sound is played, wherever that was chosen."""
        self.speed.setCurrentIndex(self.speed.findData(speed))
        self.loop.setChecked(loop)
        self.volume.setValue(round(100 * volume))
        self.volume.setToolTip(self.tr("Volume {} % (Alt+Up, Alt+Down)").format(number(100 * volume)))

    @guarded
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # not when the window is only minimised
            self.hidden.emit()
