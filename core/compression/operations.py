"""Operations of one inference, counted by running the model: per position and per token, zeros skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from core.checks import Rule, check
from core.compression.layers import is_quantised
from core.errors import InputError

INPUT = Rule("a tensor that is not empty", lambda value: isinstance(value, torch.Tensor) and value.numel() > 0)
T = TypeVar("T")
# By kind of layer: (layer, its input, its output) -> what it costs.
Counters = Mapping[type[nn.Module], Callable[[Any, torch.Tensor, Any], T]]


@dataclass(frozen=True)
class Operations:
    """Operations of one input.

    Attributes
    ----------
    multiplies, additions : int
        A ternary weight adds or subtracts its input; each output is multiplied once by each different scale.
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


def products(weight: torch.Tensor, positions: int, bias: bool) -> Operations:
    """Return the operations of a kernel or matrix (n_out, …) applied at so many positions."""
    nonzero, outputs = int(torch.count_nonzero(weight)), positions * weight.shape[0]
    ternary = is_quantised(weight)
    scales = len(torch.unique(weight[weight != 0].abs())) if ternary else 0
    return Operations(
        multiplies=scales * outputs if ternary else positions * nonzero,
        additions=positions * nonzero + (outputs if bias else 0),
        loads=positions * nonzero * (1 if ternary else 2),
        macs=positions * weight.numel(),
    )


def conv_positions(output: torch.Tensor) -> int:
    """Return at how many places a kernel was applied to one input, from its output (batch, n_out, …)."""
    return output[0].numel() // output.shape[1]


def attention_products(attention: Any, x: torch.Tensor) -> int:
    """Return the products of QKᵀ and AV of self-attention, over all heads."""
    return 2 * _tokens(attention, x) ** 2 * int(attention.embed_dim)


def _tokens(attention: Any, x: torch.Tensor) -> int:
    return x.shape[1 if attention.batch_first else 0]


def _of_conv(module: Any, x: torch.Tensor, output: torch.Tensor) -> Operations:
    return products(module.weight, conv_positions(output), module.bias is not None)


def _of_linear(module: Any, x: torch.Tensor, output: torch.Tensor) -> Operations:
    return products(module.weight, output[0].numel() // output.shape[-1], module.bias is not None)


def _of_attention(module: Any, x: torch.Tensor, output: Any) -> Operations:
    tokens, pairs, bias = _tokens(module, x), attention_products(module, x), module.in_proj_bias is not None
    projections = products(module.in_proj_weight, tokens, bias) + products(module.out_proj.weight, tokens, bias)
    return projections + Operations(pairs, pairs, 2 * pairs, pairs)


def _of_norm(module: Any, x: torch.Tensor, output: torch.Tensor) -> Operations:
    n = output[0].numel()
    return Operations(n, n, 2 * n, 0)


COUNTERS: Counters[Operations] = {
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

    Raises
    ------
    InputError
        If a layer with weights is of a kind that cannot be counted, or the model does not take such an input.
    """
    return sum(count_each(model, example_input, COUNTERS), start=Operations())


def count_each(model: nn.Module, example_input: torch.Tensor, counters: Counters[T]) -> list[T]:
    """Run one input and return what the counters say of each layer, as often as it runs.

    Raises
    ------
    InputError
        If a layer with weights has no counter, or the model does not take such an input.
    """
    check(INPUT, example_input=example_input)
    found: list[T] = []
    hooks = []
    for name, module in model.named_modules():
        counter = next((counter for kind, counter in counters.items() if isinstance(module, kind)), None)
        if counter is not None:
            hooks.append(module.register_forward_hook(_recorder(counter, found)))
        elif "parametrizations." not in name and any(p.ndim > 1 for p in module.parameters(recurse=False)):
            kind = type(module).__name__
            raise InputError(f"the operations of a {kind} cannot be counted", subject=name, remedy="Add its counter")
    was_training = model.training
    try:
        with plain_attention(), torch.no_grad():
            model.eval()(example_input[:1])
    except (RuntimeError, ValueError, IndexError) as error:  # which of them depends on the layer that meets it
        raise InputError(
            f"the model does not take an input of shape {tuple(example_input.shape)} ({error})",
            remedy="Give (batch, …) as it was trained on",
        ) from error
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return found


def _recorder(counter: Callable[[Any, torch.Tensor, Any], T], found: list[T]) -> Callable[..., None]:
    def record(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
        found.append(counter(module, inputs[0], output))

    return record


@contextmanager
def plain_attention() -> Iterator[None]:
    """Switch PyTorch's fused encoder layer off, which runs no hooks."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
