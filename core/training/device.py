"""Where training computes: the processor, a GPU, or several through Hugging Face's accelerate."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from core.checks import check, one_of
from core.errors import InputError
from core.jobs import Reporter
from core.training.settings import PRECISIONS


class Engine:
    """One process on one device.

    Parameters
    ----------
    device : torch.device
    precision : str
        ``bfloat16`` computes scores in it where that is safe (autocast); weights and losses stay float32.
    """

    main = True

    def __init__(self, device: torch.device, precision: str) -> None:
        self.device, self.precision = device, precision

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context in which scores are computed."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")

    def wrap(self, learner: nn.Module) -> nn.Module:
        """Return what is called in place of the learner, so that all processes have its gradient."""
        return learner

    def share(self, rows: torch.Tensor) -> torch.Tensor:
        """Return this process's share of the rows of a batch."""
        return rows

    def backward(self, value: torch.Tensor) -> None:
        """Compute the gradient."""
        value.backward()

    def mean(self, value: torch.Tensor) -> torch.Tensor:
        """Return the mean of a value over the processes."""
        return value

    def agree(self, figures: dict[str, float]) -> dict[str, float]:
        """Return the main process's figures: all stop at the same epoch."""
        return figures

    def share_statistics(self, learner: nn.Module) -> None:
        """Give all processes the main one's running statistics, such as those of batch norm."""

    def wait(self) -> None:
        """Wait for the other processes."""


class SeveralProcesses(Engine):
    """As many processes as ``accelerate launch`` started, one for each device, each taking a share of every batch."""

    def __init__(self, precision: str) -> None:
        accelerator, kwargs = _accelerate()
        # A stage, or a model without some auxiliary weight, leaves parameters without gradient.
        self._accelerator = accelerator(kwargs_handlers=[kwargs(find_unused_parameters=True)])
        super().__init__(self._accelerator.device, precision)
        self.main = self._accelerator.is_main_process

    def wrap(self, learner: nn.Module) -> nn.Module:
        """Return the learner with its gradients averaged over the processes."""
        wrapped: nn.Module = self._accelerator.prepare_model(learner)
        return wrapped

    def share(self, rows: torch.Tensor) -> torch.Tensor:
        """Return every n-th row."""
        return rows[self._accelerator.process_index :: self._accelerator.num_processes]

    def backward(self, value: torch.Tensor) -> None:
        """Compute the gradient, averaged over the processes."""
        self._accelerator.backward(value)

    def mean(self, value: torch.Tensor) -> torch.Tensor:
        """Return the mean over the processes."""
        mean: torch.Tensor = self._accelerator.reduce(value, reduction="mean")
        return mean

    def agree(self, figures: dict[str, float]) -> dict[str, float]:
        """Return the main process's figures."""
        from accelerate.utils import broadcast_object_list

        agreed: dict[str, float] = broadcast_object_list([figures])[0]
        return agreed

    def share_statistics(self, learner: nn.Module) -> None:
        """Give all processes the main one's running statistics, such as those of batch norm."""
        from accelerate.utils import broadcast

        for statistic in learner.buffers():
            statistic.copy_(broadcast(statistic))

    def wait(self) -> None:
        """Wait for the other processes."""
        self._accelerator.wait_for_everyone()


def engine_for(device: str, precision: str, report: Reporter) -> Engine:
    """Return what computes on a device.

    Parameters
    ----------
    device : str
        ``auto``: a GPU if there is one, else the processor; ``cpu``, ``cuda``, ``cuda:1``, ``mps``; ``several``: all that
        ``accelerate launch`` started a process for.
    precision : str
        ``float32`` or ``bfloat16``.
    report : Reporter
        Is told where a GPU is used, or bfloat16 is slow.

    Raises
    ------
    InputError
        If there is no such device, or accelerate is not installed.
    """
    check(one_of(PRECISIONS), precision=precision)
    if device == "several":
        return SeveralProcesses(precision)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = device.partition(":")
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if int(number or 0) >= there.get(kind, 0):
        known = [f"{name}:{n}" if n else name for name, count in there.items() for n in range(count)]
        raise InputError(f"there is no device {device} here", remedy=f"Use auto, or one of: {', '.join(known)}")
    if kind != "cpu":
        report.log(f"Training on {torch.cuda.get_device_name(device) if kind == 'cuda' else device}.")
    if precision == "bfloat16" and not _has_bfloat16(kind):
        report.log("This device has no bfloat16 of its own: it is imitated, which is slower than float32.")
    return Engine(torch.device(device), precision)


def _has_bfloat16(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return kind == "mps" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _accelerate() -> tuple[Any, Any]:
    try:
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs
    except ImportError as error:
        raise InputError(
            "several devices need the package accelerate", remedy="Install it: pip install 'hitscope[several]'"
        ) from error
    return Accelerator, DistributedDataParallelKwargs
