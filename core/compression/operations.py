"""Operations of one inference, counted by running the model: per position and per token, zeros skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core.compression.layers import quantised_tensors


@dataclass(frozen=True)
class Operations:
    """Operations of one input.

    Attributes
    ----------
    multiplies, additions : int
        A ternary weight adds or subtracts its input; each output is multiplied by its two scales.
    loads : int
        Operands read: weight and input of every multiply-accumulate, the input only for a ternary weight.
    macs : int
        Multiply-accumulates of the dense model, zeros included: its size as device vendors quote it.
    """

    multiplies: int = 0
    additions: int = 0
    loads: int = 0
    macs: int = 0

    def __add__(self, other: Operations) -> Operations:
        return Operations(
            self.multiplies + other.multiplies,
            self.additions + other.additions,
            self.loads + other.loads,
            self.macs + other.macs,
        )


def products(weight: torch.Tensor, positions: int, bias: bool, ternary: bool) -> Operations:
    """Return the operations of a kernel or matrix (n_out, …) applied at so many positions."""
    nonzero, n_out = int(torch.count_nonzero(weight)), weight.shape[0]
    outputs = positions * n_out
    return Operations(
        multiplies=2 * outputs if ternary else positions * nonzero,
        additions=positions * nonzero + (outputs if bias else 0),
        loads=positions * nonzero * (1 if ternary else 2),
        macs=positions * weight.numel(),
    )


def _of_conv(module: Any, inputs: Any, output: torch.Tensor, ternary: set[int]) -> Operations:
    positions = output[0].numel() // output.shape[1]
    return products(module.weight, positions, module.bias is not None, id(module) in ternary)


def _of_linear(module: Any, inputs: Any, output: torch.Tensor, ternary: set[int]) -> Operations:
    return products(
        module.weight, output[0].numel() // output.shape[-1], module.bias is not None, id(module) in ternary
    )


def _of_attention(module: Any, inputs: Any, output: Any, ternary: set[int]) -> Operations:
    tokens, width = inputs[0].shape[1], module.embed_dim
    projections = products(module.in_proj_weight, tokens, True, id(module) in ternary)
    projections += products(module.out_proj.weight, tokens, True, id(module.out_proj) in ternary)
    pairs = 2 * tokens * tokens * width  # Q Kᵀ and A V, over all heads
    return projections + Operations(pairs, pairs, 2 * pairs, pairs)


def _of_norm(module: Any, inputs: Any, output: torch.Tensor, ternary: set[int]) -> Operations:
    n = output[0].numel()
    return Operations(n, n, 2 * n, 0)


COUNTERS: dict[type[nn.Module], Callable[[Any, Any, Any, set[int]], Operations]] = {
    nn.Conv1d: _of_conv,
    nn.Conv2d: _of_conv,
    nn.Linear: _of_linear,
    nn.MultiheadAttention: _of_attention,
    nn.LayerNorm: _of_norm,
    nn.BatchNorm1d: _of_norm,
    nn.BatchNorm2d: _of_norm,
}


def count_operations(model: nn.Module, example_input: torch.Tensor) -> Operations:
    """Return the operations of one input of the shape of ``example_input[:1]``.

    Pooling, activations, softmax and residual sums are left out: they are the same before and after compression.
    """
    ternary = {id(model.get_submodule(name.rpartition(".")[0])) for name in quantised_tensors(model)}
    total = Operations()

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal total
        total += COUNTERS[type(module)](module, inputs, output, ternary)

    # The projection inside attention is counted with it, not as a layer of its own.
    inside = {id(m.out_proj) for m in model.modules() if isinstance(m, nn.MultiheadAttention)}
    hooks = [m.register_forward_hook(count) for m in model.modules() if type(m) in COUNTERS and id(m) not in inside]
    was_training = model.training
    try:
        with plain_attention(), torch.no_grad():
            model.eval()(example_input[:1])
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return total


@contextmanager
def plain_attention() -> Iterator[None]:
    """Switch PyTorch's fused encoder layer off, which runs no hooks."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
