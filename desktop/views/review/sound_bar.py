"""The controls of the sound: play, speed, loop, volume; where there is little room, in the menu of the one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget, QWidgetAction

from desktop.services.guard import guarded
from desktop.widgets.parts import number

SPEEDS = {1.0: "1×", 0.5: "½×", 0.25: "¼×"}
PLAY_PX, VOLUME_PX, GAP_PX = 46, 64, 4
ROOMY_PX = 640  # of the toolbar, from which on there is room for all


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
        self._silence, self._roomy = "", False
        self.play = self._play_button()
        self.speed, self.loop, self.volume = self._speeds(), self._loop_button(), self._volume_slider()
        self.mute = self._mute_button()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        for widget in (self.play, self.speed, self.loop, self.volume, self.mute):
            row.addWidget(widget)
        self.show_playing(False)

    def _play_button(self) -> QToolButton:
        made = QToolButton()
        made.setProperty("role", "menu")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that Space goes on meaning the sound after a click
        made.setFixedWidth(PLAY_PX)
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        made.setMenu(menu)
        made.clicked.connect(lambda _checked=False: self.asked.emit())
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

    def _loop_button(self) -> QToolButton:
        made = QToolButton()
        made.setText("⟳")
        made.setProperty("role", "toggle")
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(self.tr("Play over and over"))
        made.setToolTip(self.tr("Play the stretch, the selected event or the page over and over (L)"))
        made.clicked.connect(lambda on: self.loop_chosen.emit(on))
        return made

    def _mute_button(self) -> QToolButton:
        made = QToolButton()
        made.setProperty("role", "toggle")
        made.setText(self.tr("Silent: WAV…"))
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(self.tr("No sound device: write the sound to a file"))
        made.clicked.connect(lambda _checked=False: self.write_asked.emit())
        return made

    def _volume_slider(self) -> QSlider:
        made = QSlider(Qt.Orientation.Horizontal)
        made.setRange(0, 100)
        made.setValue(100)
        made.setFixedWidth(VOLUME_PX)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(self.tr("Volume"))
        made.valueChanged.connect(lambda value: self.volume_chosen.emit(value / 100))
        return made

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        menu.addSection(self.tr("L ← forward · reverse → R"))
        if self._silence:
            menu.addAction(self.tr("No sound device: plays in silence")).setEnabled(False)
        for speed, text in SPEEDS.items():
            self._choice(menu, self.tr("Speed {}").format(text), speed == self.speed.currentData()).triggered.connect(
                lambda _checked=False, s=speed: self.speed_chosen.emit(s)
            )
        menu.addSeparator()
        over = self._choice(menu, self.tr("Over and over (L)"), self.loop.isChecked())
        over.triggered.connect(lambda on: self.loop_chosen.emit(on))
        menu.addAction(self._volume_action(menu))
        menu.addSeparator()
        menu.addAction(self.tr("Write the sound to a file…"), self.write_asked.emit)

    def _volume_action(self, menu: QMenu) -> QWidgetAction:
        action, row = QWidgetAction(menu), QWidget(menu)
        slider = self._volume_slider()
        slider.setValue(self.volume.value())
        slider.setFixedWidth(2 * VOLUME_PX)
        slider.valueChanged.connect(self.volume.setValue)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(28, 2, 12, 2)
        layout.addWidget(QLabel(self.tr("Volume")))
        layout.addWidget(slider, 1)
        action.setDefaultWidget(row)
        return action

    @staticmethod
    def _choice(menu: QMenu, text: str, on: bool):  # type: ignore[no-untyped-def]
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        return action

    def show_playing(self, on: bool, silence: str = "") -> None:
        """Show whether sound is played, and why it cannot be heard."""
        self._silence = silence
        self.play.setText("■" if on else "▶")
        self.play.setAccessibleName(self.tr("Stop the sound") if on else self.tr("Play the sound"))
        what = (
            self.tr("Stop (Space, Esc)")
            if on
            else self.tr("Play (Space): the stretch, or from the selected event, the pointer, the page's start")
        )
        ears = self.tr("Doppler: L ← forward, R → reverse; other channels in both ears")
        silent = self.tr("No sound device ({}): the line moves in silence. Write a WAV file to listen to elsewhere.")
        self.play.setToolTip("\n".join((what, ears, *([silent.format(silence)] if silence else []))))
        self.mute.setToolTip(silent.format(silence))
        self._arrange()

    def show_settings(self, speed: float, loop: bool, volume: float) -> None:
        """Show how sound is played, wherever that was chosen."""
        self.speed.setCurrentIndex(self.speed.findData(speed))
        self.loop.setChecked(loop)
        self.volume.setValue(round(100 * volume))
        self.volume.setToolTip(self.tr("Volume {} % (Alt+Up, Alt+Down)").format(number(100 * volume)))

    def fit(self, toolbar_px: int) -> None:
        """Show all where there is room, else only the button: its menu has the rest."""
        self._roomy = toolbar_px >= ROOMY_PX
        self._arrange()

    def _arrange(self) -> None:
        self.speed.setVisible(self._roomy)
        self.loop.setVisible(self._roomy)
        self.volume.setVisible(self._roomy and not self._silence)
        self.mute.setVisible(self._roomy and bool(self._silence))

    @guarded
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # not when the window is only minimised
            self.hidden.emit()
