"""What compression saves: bits, sparsity, operations and energy, by formulas that are named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from core.compression.layers import dense_parameters, quantised_tensors
from core.compression.operations import Operations, count_operations
from core.compression.talk import mult_adds
from core.errors import InputError

COO_SCALE_BITS = 64  # two float32 scales per compressed tensor, also where they are equal


@dataclass(frozen=True)
class EnergyModel:
    """Energy of single operations, picojoules: 45 nm figures of Horowitz (ISSCC 2014), to be replaced by a device's own.

    `load_pj` is a 32-bit operand from a small on-chip memory; `transfer_nj` the talk's 1 nJ per 32-bit transfer.
    """

    multiply_pj: float = 3.7
    add_pj: float = 0.9
    load_pj: float = 5.0
    transfer_nj: float = 1.0

    def operations_j(self, ops: Operations) -> float:
        """Return the energy of counted operations, J."""
        return 1e-12 * (self.multiply_pj * ops.multiplies + self.add_pj * ops.additions + self.load_pj * ops.loads)


@dataclass(frozen=True)
class Account:
    """Full precision against compressed.

    Attributes
    ----------
    method : str
        Of the energy.
    sparsity : float
        Zeros over weights of the compressed tensors only (SRQW), 0 to 1.
    weights, quantised_weights : int
    bits_full, bits : int
        Of the whole model, the latter with the best encoding of each tensor.
    encodings : dict
        Bits of the compressed tensors by encoding; ``entropy_bound`` cannot be reached.
    best_encoding : str
    cr_g_total, cr_g_quantised : float
        ``1 - bits / bits_full`` with the papers' COO encoding, of the whole model and of the compressed tensors.
    operations_full, operations : dict
        Of one input.
    energy_full_j, energy_j : float
    energy_saved : float
        ``1 - energy / energy_full``; negative where compression costs energy.
    """

    method: str
    sparsity: float
    weights: int
    quantised_weights: int
    bits_full: int
    bits: int
    encodings: dict[str, int]
    best_encoding: str
    cr_g_total: float
    cr_g_quantised: float
    operations_full: dict[str, int]
    operations: dict[str, int]
    energy_full_j: float
    energy_j: float
    energy_saved: float

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able fields."""
        return asdict(self)


def encoded_bits(tensor: torch.Tensor) -> dict[str, int]:
    """Return the bits of a ternary or binary tensor by encoding, scales included.

    ``coo`` is the papers': 32 bits of index and 2 of value for each nonzero weight, and two scales. ``fixed_width`` is 2
    bits per weight, 1 where there are two values only (DoReFa). ``bitmask_sign`` is 1 bit per weight and 1 more per nonzero
    one. ``entropy_bound`` is what no encoding of independent weights can go below.
    """
    n, nonzero = tensor.numel(), int(torch.count_nonzero(tensor))
    values, counts = torch.unique(tensor, return_counts=True)
    entropy = -sum(p * math.log2(p) for p in (counts / n).tolist())
    scales = 32 * len(torch.unique(tensor[tensor != 0].abs()))
    return {
        "coo": nonzero * 34 + COO_SCALE_BITS,
        "fixed_width": n * (1 if len(values) <= 2 else 2) + scales,
        "bitmask_sign": n + nonzero + scales,
        "entropy_bound": math.ceil(n * entropy) + scales,
    }


def account(
    full: nn.Module,
    compressed: nn.Module,
    example_input: torch.Tensor,
    method: str = "operations",
    energy: EnergyModel | None = None,
) -> Account:
    """Compare a compressed model with the one it was made from.

    Parameters
    ----------
    full, compressed : nn.Module
        Of the same architecture; the compressed one with its parametrizations or baked.
    example_input : tensor
        (batch, …); its first entry is run.
    method : str
        ``operations``: multiplies, additions and operand loads of one inference, counted truly. ``talk``:
        mult-adds × 3.7 pJ plus 1 nJ per 32-bit transfer. ``as_published``: the same with the faults of the published
        table (4 nJ, rounding down, the full model counted as ternary), for comparison only.

    Raises
    ------
    InputError
        If the method is unknown, or a model does not take the input.
    """
    if method not in ENERGIES:
        raise InputError(f"there is no accounting method {method!r}", remedy=f"Known methods: {', '.join(ENERGIES)}")
    energy = energy or EnergyModel()
    tensors = quantised_tensors(compressed)
    n_all = sum(p.numel() for p in full.parameters())
    n_quantised = sum(t.numel() for t in tensors.values())
    totals = dict.fromkeys(("coo", "fixed_width", "bitmask_sign", "entropy_bound"), 0)
    best = 0
    for tensor in tensors.values():
        bits = encoded_bits(tensor)
        totals = {name: totals[name] + bits[name] for name in totals}
        best += min(bits[name] for name in bits if name != "entropy_bound")
    rest = 32 * (n_all - n_quantised)
    zeros = sum(int((t == 0).sum()) for t in tensors.values())
    ops_full, ops = count_operations(full, example_input), count_operations(compressed, example_input)
    energy_full, energy_now = (
        ENERGIES[method](model, example_input, set(tensors), energy, model is full) for model in (full, compressed)
    )
    return Account(
        method=method,
        sparsity=zeros / max(n_quantised, 1),
        weights=n_all,
        quantised_weights=n_quantised,
        bits_full=32 * n_all,
        bits=rest + best,
        encodings=totals,
        best_encoding=min((name for name in totals if name != "entropy_bound"), key=lambda name: totals[name]),
        cr_g_total=1 - (rest + totals["coo"]) / (32 * n_all),
        cr_g_quantised=1 - totals["coo"] / (32 * n_quantised) if n_quantised else 0.0,
        operations_full=asdict(ops_full),
        operations=asdict(ops),
        energy_full_j=energy_full,
        energy_j=energy_now,
        energy_saved=1 - energy_now / energy_full,
    )


def _by_operations(model: nn.Module, x: torch.Tensor, ternary: set[str], energy: EnergyModel, is_full: bool) -> float:
    return energy.operations_j(count_operations(model, x))


def _by_talk(model: nn.Module, x: torch.Tensor, ternary: set[str], energy: EnergyModel, is_full: bool) -> float:
    transfers = _transfers(model, set() if is_full else ternary, lambda nonzero: math.ceil(nonzero * 2 / 32) + 2)
    return 1e-12 * energy.multiply_pj * mult_adds(model, x) + 1e-9 * energy.transfer_nj * transfers


def _as_published(model: nn.Module, x: torch.Tensor, ternary: set[str], energy: EnergyModel, is_full: bool) -> float:
    transfers = _transfers(model, ternary, lambda nonzero: nonzero * 2 // 32 + 2)
    return 1e-12 * energy.multiply_pj * mult_adds(model, x) + 4e-9 * energy.transfer_nj * transfers


# Energy of one inference of a model, J, given which of its tensors are compressed, and whether it is the full one.
ENERGIES: dict[str, Callable[[nn.Module, torch.Tensor, set[str], EnergyModel, bool], float]] = {
    "operations": _by_operations,
    "talk": _by_talk,
    "as_published": _as_published,
}


def _transfers(model: nn.Module, ternary: set[str], of_ternary: Callable[[int], int]) -> int:
    """Return the 32-bit transfers of a model's parameters: one for each nonzero one, fewer for ternary tensors."""
    counts = ((name, int(torch.count_nonzero(p))) for name, p in dense_parameters(model).items())
    return sum(of_ternary(nonzero) if name in ternary else nonzero for name, nonzero in counts)
