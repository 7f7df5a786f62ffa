"""Late fusion: a model of the raw signal and one of the spectrogram decide alone, and each class weighs their votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from core.checks import TABLE, YES_OR_NO, check, whole
from core.models.cnn2d import CNN2d
from core.models.cnn_transformer import CNNTransformer


class LateFusion(nn.Module):
    """A `CNNTransformer` and a `CNN2d` whose probabilities are mixed, class by class, with learned weights.

    Reference specification 1.4, for any number of classes, mended: the weights of a class are positive and sum to 1, so that
    they can be read as trust, and the scores are logarithms of the mixture, so that their softmax is the mixture again
    (normalised over the classes) and not a flattened copy of it.

    Parameters
    ----------
    n_outputs : int
        Classes.
    n_chans, n_times : int
        Of the raw signal.
    n_spec_chans, n_freqs, n_frames : int
        Of the spectrogram.
    raw, log_spectrogram : mapping
        Options of the two members, as `CNNTransformer` and `CNN2d` take them, without the sizes above.
    constrained : bool
        False for the published variant: weights of any sign, scores that are the mixture itself.

    Attributes
    ----------
    members : nn.ModuleDict
        By view: ``raw`` and ``log_spectrogram``. Trained alone, their weights are loaded here.

    Raises
    ------
    InputError
        If an option is out of its range, or one of the inputs is too small.
    """

    def __init__(
        self,
        n_outputs: int,
        n_chans: int,
        n_times: int,
        n_spec_chans: int,
        n_freqs: int,
        n_frames: int,
        raw: Mapping[str, Any] | None = None,
        log_spectrogram: Mapping[str, Any] | None = None,
        constrained: bool = True,
    ) -> None:
        super().__init__()
        check(whole(1), n_outputs=n_outputs, n_spec_chans=n_spec_chans)
        check(TABLE.or_none(), raw=raw, log_spectrogram=log_spectrogram)
        check(YES_OR_NO, constrained=constrained)
        self.constrained, self.frozen = constrained, False
        self.members = nn.ModuleDict(
            {
                "raw": CNNTransformer(n_outputs=n_outputs, n_chans=n_chans, n_times=n_times, **(raw or {})),
                "log_spectrogram": CNN2d(
                    n_outputs=n_outputs,
                    n_chans=n_spec_chans,
                    n_freqs=n_freqs,
                    n_frames=n_frames,
                    **(log_spectrogram or {}),
                ),
            }
        )
        # Equal at first, so that what is learnt is trust and not what the random numbers were.
        share = 0.0 if constrained else 1 / len(self.members)
        self.scales = nn.Parameter(torch.full((len(self.members), n_outputs), share))

    def weights(self) -> torch.Tensor:
        """Return how much each member counts for each class (n_members, n_outputs), in the order of `members`."""
        return torch.softmax(self.scales, dim=0) if self.constrained else self.scales

    def freeze_members(self) -> None:
        """Train the weights alone from now on: members get no gradient and stay in evaluation mode."""
        self.frozen = True
        self.members.requires_grad_(False)
        self.members.eval()

    def train(self, mode: bool = True) -> LateFusion:
        """Set the mode; frozen members stay in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.members.eval()
        return self

    def embed(self, *views: torch.Tensor) -> torch.Tensor:
        """Return the members' embeddings side by side (batch, d), in the order of `members`."""
        return torch.cat([m.embed(view) for m, view in zip(self.members.values(), views, strict=True)], dim=1)  # type: ignore[operator]

    def forward(self, raw: torch.Tensor, log_spectrogram: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs) of signals (batch, n_chans, n_times) and their images."""
        scores = torch.stack([self.members["raw"](raw), self.members["log_spectrogram"](log_spectrogram)])
        if self.constrained:
            return torch.logsumexp(
                torch.log_softmax(scores, dim=-1) + torch.log_softmax(self.scales, 0)[:, None], dim=0
            )
        return (torch.softmax(scores, dim=-1) * self.scales[:, None]).sum(dim=0)
