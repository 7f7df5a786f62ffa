"""The map of events: raster of points, tools to choose them, nearest event, minimap, small multiples."""

from desktop.widgets.map.canvas import MapCanvas
from desktop.widgets.map.cloud import Cloud
from desktop.widgets.map.minimap import MiniMap
from desktop.widgets.map.modes import MODES, join
from desktop.widgets.map.multiples import Small, SmallMultiples
from desktop.widgets.map.palettes import class_codes, class_palette, value_codes, value_palette
from desktop.widgets.map.picture import Mark, Picture
from desktop.widgets.map.still import still
from desktop.widgets.map.tools import TOOLS

__all__ = [
    "MODES",
    "TOOLS",
    "Cloud",
    "MapCanvas",
    "Mark",
    "MiniMap",
    "Picture",
    "Small",
    "SmallMultiples",
    "class_codes",
    "class_palette",
    "join",
    "still",
    "value_codes",
    "value_palette",
]
