"""What compression saves: bits, sparsity, operations and energy, by formulas that are named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from core.compression.layers import quantised_tensors
from core.compression.operations import Operations, count_operations, plain_attention
from core.errors import InputError

SCALE_BITS = 64  # two float32 scales per compressed tensor


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
    """Return the bits of a ternary tensor by encoding, scales included."""
    n, nonzero = tensor.numel(), int(torch.count_nonzero(tensor))
    shares = [int((tensor > 0).sum()) / n, int((tensor < 0).sum()) / n, (n - nonzero) / n]
    entropy = -sum(p * math.log2(p) for p in shares if p > 0)
    return {
        "coo": nonzero * 34 + SCALE_BITS,
        "dense_2bit": 2 * n + SCALE_BITS,
        "bitmask_sign": n + nonzero + SCALE_BITS,
        "entropy_bound": math.ceil(n * entropy) + SCALE_BITS,
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
        Of the same architecture.
    example_input : tensor
        (batch, …); its first entry is run.
    method : str
        ``operations``: multiplies, additions and operand loads of one inference, counted truly. ``talk``:
        mult-adds × 3.7 pJ plus 1 nJ per 32-bit transfer. ``as_published``: the same with the faults of the published
        table (4 nJ, rounding down, the full model counted as ternary), for comparison only.

    Raises
    ------
    InputError
        If the method is unknown.
    """
    if method not in ENERGIES:
        raise InputError(f"there is no accounting method {method!r}", remedy=f"Known methods: {', '.join(ENERGIES)}")
    energy = energy or EnergyModel()
    tensors = quantised_tensors(compressed)
    n_all = sum(p.numel() for p in full.parameters())
    n_quantised = sum(t.numel() for t in tensors.values())
    totals = {"coo": 0, "dense_2bit": 0, "bitmask_sign": 0, "entropy_bound": 0}
    best = 0
    for tensor in tensors.values():
        bits = encoded_bits(tensor)
        totals = {name: totals[name] + bits[name] for name in totals}
        best += min(bits[name] for name in bits if name != "entropy_bound")
    rest = 32 * (n_all - n_quantised)
    zeros = sum(int((t == 0).sum()) for t in tensors.values())
    ops_full, ops = count_operations(full, example_input), count_operations(compressed, example_input)
    energy_full, energy_now = ENERGIES[method](full, compressed, example_input, energy)
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


def _by_operations(full: nn.Module, compressed: nn.Module, x: torch.Tensor, energy: EnergyModel) -> tuple[float, float]:
    return tuple(energy.operations_j(count_operations(model, x)) for model in (full, compressed))  # type: ignore[return-value]


def _by_talk(full: nn.Module, compressed: nn.Module, x: torch.Tensor, energy: EnergyModel) -> tuple[float, float]:
    names = set(quantised_tensors(compressed))
    plain = sum(int(torch.count_nonzero(p)) for p in full.parameters())
    transfers = (plain, _transfers(compressed, names, lambda nnz: math.ceil(nnz * 2 / 32) + 2))
    return _talk_energy(full, compressed, x, energy, transfers, energy.transfer_nj)


def _as_published(full: nn.Module, compressed: nn.Module, x: torch.Tensor, energy: EnergyModel) -> tuple[float, float]:
    names = set(quantised_tensors(compressed))
    transfers = tuple(_transfers(m, names, lambda nnz: nnz * 2 // 32 + 2) for m in (full, compressed))
    return _talk_energy(full, compressed, x, energy, transfers, 4 * energy.transfer_nj)  # type: ignore[arg-type]


ENERGIES: dict[str, Callable[..., tuple[float, float]]] = {
    "operations": _by_operations,
    "talk": _by_talk,
    "as_published": _as_published,
}


def _transfers(model: nn.Module, quantised: set[str], of_ternary: Callable[[int], int]) -> int:
    counts = ((name, int(torch.count_nonzero(p))) for name, p in model.named_parameters())
    return sum(of_ternary(nnz) if name in quantised else nnz for name, nnz in counts)


def _talk_energy(
    full: nn.Module, compressed: nn.Module, x: torch.Tensor, energy: EnergyModel, transfers: tuple[int, int], nj: float
) -> tuple[float, float]:
    adds = (mult_adds(full, x), mult_adds(compressed, x))
    return tuple(1e-12 * energy.multiply_pj * n + 1e-9 * nj * t for n, t in zip(adds, transfers, strict=True))  # type: ignore[return-value]


def mult_adds(model: nn.Module, x: torch.Tensor) -> int:
    """Return the talk's count: convolutions per position, linear and norm layers once, zeros skipped, no attention."""
    total = 0

    def count(module: Any, inputs: Any, output: torch.Tensor) -> None:
        nonlocal total
        own = sum(int(torch.count_nonzero(p)) for p in module.parameters(recurse=False))
        conv = isinstance(module, nn.Conv1d | nn.Conv2d)
        total += own * (output[0].numel() // output.shape[1] if conv else 1)

    kinds = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, kinds)]
    try:
        with plain_attention(), torch.no_grad():
            model(x[:1])
    finally:
        for hook in hooks:
            hook.remove()
    return total
