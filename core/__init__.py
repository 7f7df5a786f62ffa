"""Hitscope's engine: recordings, events, annotation, training, compression and export, without a window."""

__version__ = "0.1.0"
