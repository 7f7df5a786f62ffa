"""Losses: ``loss(logits, targets, weight) -> scalar``, targets being class numbers or shares of classes.

To add one, write it in a file of its own and add its entry to `core.training.registry.LOSSES`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
