"""A still picture of a whole map: for a minimap, a list, an icon."""

from __future__ import annotations

from PySide6.QtGui import QImage, QPixmap

from desktop.widgets.map.frame import Frame
from desktop.widgets.map.palettes import inks
from desktop.widgets.map.picture import Picture

MOST = 30_000  # points that a small picture shows; more could not be told apart


def still(picture: Picture, width: int, height: int, ratio: float = 1.0) -> QPixmap:
    """Return the whole of a map in a size; of very many points, an even sample."""
    frame = Frame.fitted(picture.cloud.half, width, height).magnified(ratio)
    raster = picture.render(frame, inks(), most=MOST)
    pixels = raster.image.copy()
    high, wide = pixels.shape
    made = QPixmap.fromImage(QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGB32))
    made.setDevicePixelRatio(ratio)
    return made
