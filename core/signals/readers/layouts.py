"""What the channels of a file may be whose format does not say it."""

from __future__ import annotations

from dataclasses import dataclass

from core.registry import Entry


@dataclass(frozen=True)
class ChannelLayout(Entry):
    """One meaning that channels may have.

    Attributes
    ----------
    channels : tuple of (str, str)
        Name and kind of each.
    repeats : bool
        Whether they come again for every gate.
    """

    channels: tuple[tuple[str, str], ...]
    repeats: bool = False

    def fits(self, n: int) -> bool:
        """Return whether `n` channels can be of this layout."""
        gates, rest = divmod(n, len(self.channels))
        return rest == 0 and (gates == 1 or (self.repeats and gates > 1))

    def of(self, n: int) -> list[tuple[str, str]]:
        """Return names and kinds of `n` channels that fit, numbered by gate where there are several."""
        gates = n // len(self.channels)
        if gates == 1:
            return list(self.channels)
        return [(f"{name}{gate + 1}", kind) for gate in range(gates) for name, kind in self.channels]


DOPPLER: dict[str, ChannelLayout] = {
    "iq": ChannelLayout(
        "Doppler I/Q (in-phase and quadrature), gate by gate",
        "The complex signal: towards and away from the probe are told apart",
        (("I", "doppler_i"), ("Q", "doppler_q")),
        repeats=True,
    ),
    "forward_reverse": ChannelLayout(
        "Doppler, forward and reverse",
        "The machine has parted the two directions of flow",
        (("forward", "doppler_forward"), ("reverse", "doppler_reverse")),
    ),
}
