"""Fails while it is imported, as with a missing model file."""

from typing import Any

raise FileNotFoundError("model.onnx is not in the image")


def handler(event: dict[str, Any], context: Any) -> None:
    """Never reached."""
