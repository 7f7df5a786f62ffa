from .bundle import export_bundle as export_bundle
from .bundle import run_export as run_export
from .onnx_model import export_onnx as export_onnx
from .verify import Check as Check
from .verify import Report as Report
from .verify import verify_bundle as verify_bundle
