"""HITS: high-intensity transient signals in transcranial Doppler, found, measured and judged."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
