"""The tiny models, which the function's tests make too."""

from tests.function.conftest import onnx_model, tiny_source

__all__ = ["onnx_model", "tiny_source"]
