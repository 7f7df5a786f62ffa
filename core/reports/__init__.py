"""Reports: numbers of a study as a page to print and a table to compute with."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
