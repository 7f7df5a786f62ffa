"""What an ONNX file says of itself; without PyTorch, which takes a second to import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.errors import BundleError


def describe_onnx(data: bytes) -> dict[str, int]:
    """Return opset, IR version and size of an ONNX file that needs nothing but itself.

    Raises
    ------
    BundleError
        If it is none, asks for files beside it, or for operators other than ONNX's own.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # of the library's parser
        raise BundleError("this is no ONNX model") from error
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise BundleError(f"the model reads a file outside the bundle for {tensor.name}")
    domains = {node.domain for node in model.graph.node} | {opset.domain for opset in model.opset_import}
    domains |= {function.domain for function in model.functions}
    if foreign := sorted(domains - {"", "ai.onnx"}):
        raise BundleError(f"the model needs operators of {', '.join(foreign)}")
    opset = next((opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")), None)
    if opset is None:
        raise BundleError("the model does not say which operators of ONNX it needs")
    return {"opset": opset, "ir": model.ir_version, "bytes": len(data)}


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield all tensors of a graph, those inside its nodes too."""
    yield from graph.initializer
    yield from (part for sparse in graph.sparse_initializer for part in (sparse.values, sparse.indices))
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)
