"""The model as ONNX: from a batch of representations to class probabilities."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import torch
from torch import nn

from core.errors import JobError

OPSET, IR_VERSION = 18, 8  # what onnxruntime 1.17 still loads; the exporter's own default it refuses


class Probabilities(nn.Module):
    """A classifier with its softmax."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the class probabilities (batch, n_outputs)."""
        return torch.softmax(self.model(x), dim=1)


def export_onnx(model: nn.Module, shape: tuple[int, ...]) -> bytes:
    """Return the ONNX file of a model, the same bytes each time.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode, without parametrizations.
    shape : tuple of int
        Of one input, without the batch.

    Returns
    -------
    bytes
        One input ``x`` (batch, …) float32, one output ``probabilities``; opset 18, IR 8. Names of local files, which the
        exporter writes into the metadata of every node, are taken out.
    """
    example = torch.zeros(2, *shape)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Probabilities(model).eval(),
            (example,),
            input_names=["x"],
            output_names=["probabilities"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    proto.ir_version = IR_VERSION
    _strip(proto)
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _strip(model: Any) -> None:
    """Take documentation and metadata out of a model, its graph, nodes and values."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    if len(model.functions):
        raise JobError(
            "the exporter left functions in the model", remedy="Report this: the model cannot be exported as it is"
        )
