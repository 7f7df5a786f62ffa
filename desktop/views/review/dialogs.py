"""What Review asks for: filters, the looks of the spectrogram."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from core.errors import HitscopeError
from core.signals import FILTER_PRESETS, Band, Filters, Recording, apply_filters
from desktop.views.review.spectral import CLIP, SpectralLook
from desktop.widgets.parts import label, spin

NAMES = {
    "eeg": "EEG",
    "ecg": "ECG",
    "eog": "EOG",
    "emg": "EMG",
    "doppler": "Doppler",
    "audio": "Audio",
    "other": "Other",
}
MAINS = (None, 50.0, 60.0)
OFF = 0.0  # what a box shows as "none"


def kinds_of(recording: Recording) -> list[str]:
    """Return the kinds of channels that a recording has, as filters know them."""
    return list(dict.fromkeys("doppler" if c.kind.startswith("doppler") else c.kind for c in recording.channels))


class FilterDialog(QDialog):
    """Filters by kind of channel; each change is said as the sentence that the toolbar will show."""

    def __init__(self, recording: Recording, filters: Filters, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Filters"))
        self._recording, self._filters = recording, filters
        self._boxes: dict[str, tuple[QDoubleSpinBox, QDoubleSpinBox, QComboBox]] = {}
        layout, grid = QVBoxLayout(self), QGridLayout()
        layout.addWidget(
            label(
                self.tr("They change what is shown, without delay; what is stored stays as it is."), "muted", wrap=True
            )
        )
        for column, title in enumerate(
            (self.tr("Channels"), self.tr("Above (Hz)"), self.tr("Below (Hz)"), self.tr("Notch"), self.tr("Preset"))
        ):
            grid.addWidget(label(title, "muted"), 0, column)
        for row, kind in enumerate(kinds_of(recording), 1):
            self._add_row(grid, row, kind)
        layout.addLayout(grid)
        self.sentence = label("", wrap=True)
        layout.addWidget(self.sentence)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        none = buttons.addButton(self.tr("No filter"), QDialogButtonBox.ButtonRole.ResetRole)
        none.clicked.connect(self._clear)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._say()
        for high, *_ in list(self._boxes.values())[:1]:  # what is typed goes there, in place of what it says
            high.setFocus()
            high.selectAll()

    def _add_row(self, grid: QGridLayout, row: int, kind: str) -> None:
        band = self._filters.band(kind)
        high, low, notch, preset = self._cutoff(kind, "above"), self._cutoff(kind, "below"), QComboBox(), QComboBox()
        for hz in MAINS:
            notch.addItem(self.tr("none") if hz is None else f"{hz:g} Hz", hz)
        notch.setAccessibleName(self.tr("Notch of {}").format(NAMES.get(kind, kind)))
        preset.addItem(self.tr("choose…"))
        for key, entry in FILTER_PRESETS.items():
            if entry.kind == kind:
                preset.addItem(self.tr(entry.title), key)
                preset.setItemData(preset.count() - 1, self.tr(entry.help), Qt.ItemDataRole.ToolTipRole)
        preset.activated.connect(lambda n, k=kind, box=preset: self._use(k, box.itemData(n)))
        self._boxes[kind] = (high, low, notch)
        for column, widget in enumerate((label(NAMES.get(kind, kind)), high, low, notch, preset)):
            grid.addWidget(widget, row, column)
        self._show(kind, band)
        for box in (high, low):
            box.valueChanged.connect(lambda _value: self._say())
        notch.currentIndexChanged.connect(lambda _n: self._say())

    def _cutoff(self, kind: str, side: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(OFF, 1e5)
        box.setDecimals(2)
        box.setSpecialValueText(self.tr("none"))
        box.setAccessibleName(f"{NAMES.get(kind, kind)}, {side}")
        return box

    def _show(self, kind: str, band: Band) -> None:
        high, low, notch = self._boxes[kind]
        high.setValue(band.high_pass_hz or OFF)
        low.setValue(band.low_pass_hz or OFF)
        notch.setCurrentIndex(max(0, notch.findData(band.notch_hz)))

    def _use(self, kind: str, preset: str | None) -> None:
        if preset is not None:
            notch = self._boxes[kind][2].currentData()
            band = FILTER_PRESETS[preset].band
            self._show(kind, Band(band.high_pass_hz, band.low_pass_hz, notch))

    def _clear(self) -> None:
        for kind in self._boxes:
            self._show(kind, Band())

    def chosen(self) -> Filters:
        """Return the filters that are set; kinds that this recording lacks keep theirs.

        Raises
        ------
        InputError
            If nothing passes a band, or the recording's rate is too low for one.
        """
        bands = {kind: band for kind, band in self._filters.by_kind.items() if kind not in self._boxes}
        for kind, (high, low, notch) in self._boxes.items():
            band = Band(high.value() or None, low.value() or None, notch.currentData())
            if band.frequencies_hz:
                bands[kind] = band
        filters = Filters(bands)
        apply_filters(self._recording, filters)
        return filters

    def _say(self) -> None:
        try:
            self.sentence.setText(self.tr("Shown as: {}").format(self.chosen().sentence()))
        except HitscopeError as error:
            self.sentence.setText(str(error))

    def _accept(self) -> None:
        try:
            self.chosen()
        except HitscopeError:
            self._say()
            return
        self.accept()


class SpectralDialog(QDialog):
    """Range, highest frequency and axis of the spectrogram; changes are seen at once, Cancel takes them back."""

    def __init__(
        self,
        look: SpectralLook,
        kind: str,
        half_hz: float,
        doppler: bool,
        change: Callable[[SpectralLook], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Spectrogram"))
        self._before, self._kind, self._half, self._change = look, kind, half_hz, change
        layout, form = QVBoxLayout(self), QFormLayout()
        self.by_hand = QCheckBox(self.tr("by hand"))
        self.by_hand.setChecked(look.levels is not None)
        low, high = look.levels or (-20.0, 40.0)
        self.low, self.high = spin(-400, 400, low, 1, " dB"), spin(-400, 400, high, 1, " dB")
        self.a, self.b = spin(-9, 20, look.clip[0], 1, " σ"), spin(-9, 20, look.clip[1], 1, " σ")
        self.highest = spin(1, half_hz, min(look.highest_hz.get(kind, half_hz), half_hz), 0, " Hz")
        form.addRow(self.tr("From μ + a σ, a ="), self.a)
        form.addRow(self.tr("to μ + b σ, b ="), self.b)
        form.addRow(self.tr("Levels"), self._pair(self.by_hand, self.low, self.high))
        form.addRow(self.tr("Up to"), self.highest)
        self.velocity = QCheckBox(self.tr("velocity (cm/s) instead of frequency"))
        self.velocity.setChecked(look.velocity)
        self.emission = spin(0.5, 20, look.emission_mhz, 2, " MHz")
        self.angle = spin(0, 85, look.angle_deg, 0, " °")
        if doppler:
            form.addRow(self.tr("Axis"), self.velocity)
            form.addRow(self.tr("The probe emits"), self.emission)
            form.addRow(self.tr("Angle to the vessel"), self.angle)
        layout.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        usual = buttons.addButton(self.tr("As usual"), QDialogButtonBox.ButtonRole.ResetRole)
        usual.clicked.connect(self._usual)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        for box in (self.low, self.high, self.a, self.b, self.highest, self.emission, self.angle):
            box.valueChanged.connect(lambda _value: self._apply())
        for check in (self.by_hand, self.velocity):
            check.toggled.connect(lambda _on: self._apply())
        self._enable()

    @staticmethod
    def _pair(*widgets: QWidget) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            row.addWidget(widget)
        return made

    def ask_probe(self) -> None:
        """Switch to velocity and begin with what it rests on."""
        self.velocity.setChecked(True)
        self.emission.setFocus()
        self.emission.selectAll()

    def _usual(self) -> None:
        self.by_hand.setChecked(False)
        self.a.setValue(CLIP[0])
        self.b.setValue(CLIP[1])
        self.highest.setValue(SpectralLook().highest_hz.get(self._kind, self._half))

    def _enable(self) -> None:
        hand = self.by_hand.isChecked()
        for box, on in ((self.low, hand), (self.high, hand), (self.a, not hand), (self.b, not hand)):
            box.setEnabled(on)
        for box in (self.emission, self.angle):
            box.setEnabled(self.velocity.isChecked())

    def look(self) -> SpectralLook:
        """Return the look that is set."""
        before = self._before
        levels = (self.low.value(), max(self.high.value(), self.low.value() + 1)) if self.by_hand.isChecked() else None
        return SpectralLook(
            levels=levels, clip=(self.a.value(), max(self.b.value(), self.a.value() + 0.1)),
            colours=before.colours, highest_hz={**before.highest_hz, self._kind: self.highest.value()},
            velocity=self.velocity.isChecked(), emission_mhz=self.emission.value(), angle_deg=self.angle.value(),
            probe_told=before.probe_told or self.velocity.isChecked(),
        )  # fmt: skip

    def _apply(self) -> None:
        self._enable()
        self._change(self.look())

    def reject(self) -> None:
        self._change(self._before)
        super().reject()
