"""One side of a split as tensors: made once, so that a step only picks rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from core.errors import InputError

Array = npt.NDArray[np.generic]
X = Array | tuple[Array, ...]
ROOM = 0.5  # of a GPU's free memory that data may take


@dataclass(frozen=True)
class Side:
    """Inputs and targets of some events.

    Attributes
    ----------
    views : tuple of (N, …) float32 tensors
        On the device that computes, if they leave it room.
    targets : (N,) int64 or (N, K) float32 tensor
        Class numbers or shares, on that device.
    classes : (N,) int64 tensor
        The class of the largest share, on the processor.
    """

    views: tuple[torch.Tensor, ...]
    targets: torch.Tensor
    classes: torch.Tensor

    def take(self, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the views of rows, on the device of the targets."""
        return tuple(view[rows.to(view.device)].to(self.targets.device, non_blocking=True) for view in self.views)

    def of_views(self, numbers: tuple[int, ...]) -> Side:
        """Return the side with some of its views."""
        return Side(tuple(self.views[n] for n in numbers), self.targets, self.classes)

    def __len__(self) -> int:
        return len(self.classes)


def views_of(x: X) -> tuple[Array, ...]:
    """Return the views of inputs: a tuple of arrays, or one array that is the only view."""
    return x if isinstance(x, tuple) else (x,)


def take(x: tuple[Array, ...], rows: npt.NDArray[np.intp]) -> tuple[Array, ...]:
    """Return the rows of every view."""
    return tuple(view[rows] for view in x)


def make_side(name: str, x: X, y: Array, n_classes: int, device: torch.device) -> Side:
    """Return a side on a device.

    Raises
    ------
    InputError
        If it is empty, of one class only, or views and targets are not of one length.
    """
    views, targets = tuple(map(tensor, views_of(x))), tensor(y)
    if {len(view) for view in views} != {len(targets)}:
        lengths = ", ".join(str(len(view)) for view in views)
        raise InputError(f"the {name} side has {len(targets)} labels for {lengths} events", remedy="Give one for each")
    if targets.ndim == 2 and targets.shape[1] != n_classes:
        raise InputError(
            f"the {name} side has shares of {targets.shape[1]} classes, the model {n_classes} scores",
            remedy="Give a share for each score",
        )
    classes = targets.argmax(dim=1) if targets.ndim == 2 else targets
    if len(torch.unique(classes)) < 2:
        what = "holds events of one class only" if len(classes) else "is empty"
        raise InputError(
            f"the {name} side {what}: nothing can be learnt or judged", remedy="Label or choose more events"
        )
    size = sum(view.nbytes for view in views)
    roomy = device.type != "cuda" or size < ROOM * torch.cuda.mem_get_info(device)[0]
    placed = tuple(view.to(device) if roomy else view.pin_memory() for view in views)
    return Side(placed, targets.to(device), classes.long())


def tensor(array: Array) -> torch.Tensor:
    """Return an array as a tensor; shared where torch may write to it, else copied."""
    solid = np.ascontiguousarray(array)
    return torch.from_numpy(solid if solid.flags.writeable else solid.copy())
