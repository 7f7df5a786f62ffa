"""The talk's and the public code's count of multiply-adds, for figures that can be compared with theirs."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from core.compression.operations import Counters, attention_products, conv_positions, count_each


def _of_linear(module: Any, x: torch.Tensor, output: torch.Tensor) -> int:
    return int(torch.count_nonzero(module.weight)) + (0 if module.bias is None else module.bias.numel())


def _of_conv(module: Any, x: torch.Tensor, output: torch.Tensor) -> int:
    return _of_linear(module, x, output) * conv_positions(output)


def _of_norm(module: Any, x: torch.Tensor, output: torch.Tensor) -> int:
    return sum(p.numel() for p in module.parameters(recurse=False))


def _of_attention(module: Any, x: torch.Tensor, output: Any) -> int:
    projections = int(torch.count_nonzero(module.in_proj_weight) + torch.count_nonzero(module.out_proj.weight))
    biases = 0 if module.in_proj_bias is None else module.in_proj_bias.numel()  # the public code leaves out_proj's out
    return projections + biases + attention_products(module, x)


def _of_encoder_layer(module: Any, x: torch.Tensor, output: torch.Tensor) -> int:
    return 2 * output[0].numel()  # its two residual sums


COUNTERS: Counters[int] = {
    nn.Conv1d: _of_conv,
    nn.Conv2d: _of_conv,
    nn.Linear: _of_linear,
    nn.LayerNorm: _of_norm,
    nn.BatchNorm1d: _of_norm,
    nn.BatchNorm2d: _of_norm,
    nn.MultiheadAttention: _of_attention,
    nn.TransformerEncoderLayer: _of_encoder_layer,
}


def mult_adds(model: nn.Module, example_input: torch.Tensor) -> int:
    """Return the multiply-adds of one input by the talk's rules (reference specification 5).

    Nonzero weights and biases of convolutions per position; of linear layers once, even where they act on every token; of
    norms once; the products of attention, with its projections once; residual sums. The public code counts one encoder
    layer as many times as there are layers; here each counts as it is.

    Raises
    ------
    InputError
        If a layer with weights is of a kind that cannot be counted, or the model does not take such an input.
    """
    return sum(count_each(model, example_input, COUNTERS))
