"""Intermediate fusion: raw signal and spectrogram meet as embeddings of one space, and one classifier reads both."""

from __future__ import annotations

import torch
from torch import nn

from core.checks import YES_OR_NO, check, finite, whole
from core.models.cnn2d import ImageEncoder
from core.models.cnn_transformer import SignalEncoder
from core.models.parts import Parts
from core.models.registry import FUSIONS
from core.registry import chosen

N_AUXILIARY = 64  # between the two linear layers of the raw signal's auxiliary head


class IntermediateFusion(nn.Module):
    """A `SignalEncoder` and an `ImageEncoder`, each brought to one width, fused, and classified.

    Reference specification 1.3 and the guided loss of 5, mended: both encoders run once a step for all losses, and the dropout
    of the spectrogram's auxiliary head acts on features, not on scores.

    Parameters
    ----------
    n_outputs : int
        Classes.
    n_chans, n_times : int
        Of the raw signal.
    n_spec_chans, n_freqs, n_frames : int
        Of the spectrogram.
    fusion : str
        One of `FUSIONS`.
    d_common : int
        Width of both embeddings when they meet.
    guided : bool
        Add a head to each encoder, for losses that keep both views telling; only training uses them.
    d_model, n_heads, d_hidden, n_layers, n_conv, dropout, norm_first
        As `SignalEncoder`.
    n_filters : int
        As `ImageEncoder`.
    n_projection : int
        Width between the two linear layers of the classifier.
    auxiliary_dropout : float
        Before the linear layer of the spectrogram's head; 0 or more, below 1.

    Raises
    ------
    InputError
        If an option is out of its range, a choice is unknown, or one of the inputs is too small.
    """

    def __init__(
        self,
        n_outputs: int,
        n_chans: int,
        n_times: int,
        n_spec_chans: int,
        n_freqs: int,
        n_frames: int,
        fusion: str = "concatenation",
        d_common: int = 64,
        guided: bool = False,
        d_model: int = 128,
        n_heads: int = 4,
        d_hidden: int = 64,
        n_layers: int = 4,
        n_conv: int = 2,
        dropout: float = 0.1,
        norm_first: bool = False,
        n_filters: int = 64,
        n_projection: int = 10,
        auxiliary_dropout: float = 0.2,
    ) -> None:
        super().__init__()
        check(whole(1), n_outputs=n_outputs, n_spec_chans=n_spec_chans, d_common=d_common, n_projection=n_projection)
        check(YES_OR_NO, guided=guided)
        check(finite(least=0, below=1), auxiliary_dropout=auxiliary_dropout)
        self.raw = SignalEncoder(n_chans, n_times, d_model, n_heads, d_hidden, n_layers, n_conv, dropout, norm_first)
        self.log_spectrogram = ImageEncoder(n_spec_chans, n_freqs, n_frames, n_filters)
        n_features = self.log_spectrogram.n_features
        self.bring_raw = nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, d_common))
        self.bring_log_spectrogram = nn.Sequential(nn.LayerNorm(n_features), nn.Linear(n_features, d_common))
        self.fusion = chosen(FUSIONS, fusion, "fusion", "fusions").load()()
        self.head = _head(d_common * self.fusion.copies, n_projection, n_outputs)
        self.auxiliary = nn.ModuleDict()
        if guided:
            self.auxiliary["raw"] = _head(d_model, N_AUXILIARY, n_outputs)
            self.auxiliary["log_spectrogram"] = nn.Sequential(
                nn.Dropout(auxiliary_dropout), nn.Linear(n_features, n_outputs)
            )

    def embed(self, raw: torch.Tensor, log_spectrogram: torch.Tensor) -> torch.Tensor:
        """Return the fused embedding (batch, d) of signals (batch, n_chans, n_times) and their images."""
        return self._fuse(self.raw(raw), self.log_spectrogram(log_spectrogram))

    def forward(self, raw: torch.Tensor, log_spectrogram: torch.Tensor) -> torch.Tensor:
        """Return the class scores (batch, n_outputs)."""
        scores: torch.Tensor = self.head(self.embed(raw, log_spectrogram))
        return scores

    def parts(self, raw: torch.Tensor, log_spectrogram: torch.Tensor) -> Parts:
        """Return the class scores, those of the auxiliary heads, and the fused embedding."""
        features = {"raw": self.raw(raw), "log_spectrogram": self.log_spectrogram(log_spectrogram)}
        embedding = self._fuse(**features)
        auxiliary = {view: head(features[view]) for view, head in self.auxiliary.items()}
        return Parts(self.head(embedding), auxiliary, embedding)

    def _fuse(self, raw: torch.Tensor, log_spectrogram: torch.Tensor) -> torch.Tensor:
        fused: torch.Tensor = self.fusion(self.bring_raw(raw), self.bring_log_spectrogram(log_spectrogram))
        return fused


def _head(width: int, n_projection: int, n_outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, n_projection),
        nn.LayerNorm(n_projection),
        nn.Linear(n_projection, n_outputs),
    )
