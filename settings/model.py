"""What the size of a stack's model asks of its other settings: memory, and a threshold that usual texts keep to."""

import math

from function.manifest import DISTILBERT, Manifest, ModelError, Shape
from function.memory import needed_mb, relative_time, speed
from settings.project import ROOT, schema


def built(model_id: str) -> Manifest | None:
    """The manifest of a folder that function/build_model.py made; None if it made none there, or of a hub's model."""
    try:
        return Manifest.read(ROOT / "function" / model_id) if model_id.startswith("./") else None
    except ModelError:
        return None


def shape_of(model_id: str) -> Shape:
    """A hub's model counts as DistilBERT: its size shows when the image is built."""
    manifest = built(model_id)
    return manifest.shape if manifest else DISTILBERT


def least_memory_mb(model_id: str, backend: str) -> int:
    return needed_mb(shape_of(model_id), backend)


def latency_warning(model_id: str, image_uri: str, memory_mb: int, threshold_ms: int) -> str | None:
    """What to say where the model's usual times may set off the alarm on the latency; None of a model of unknown size.

    The defaults of threshold and memory fit DistilBERT: a model that takes twice as long needs twice one or the other.
    """
    default = {key: spec["default"] for key, spec in schema().items()}
    if image_uri or not (built(model_id) or model_id == default["modelId"]):
        return None
    slower = relative_time(shape_of(model_id))
    fitting_ms = default["inferenceLatencyThresholdMs"] * slower * speed(default["memoryMb"]) / speed(memory_mb)
    if threshold_ms >= fitting_ms:
        return None
    return (
        f"inferenceLatencyThresholdMs: usual texts may set off the alarm at {threshold_ms} ms: {model_id} takes "
        f"{slower:.1f} times as long as DistilBERT, and the function has {memory_mb} MB. Set it to "
        f"{math.ceil(fitting_ms)} or more, or give the function more memory (docs/model.md)."
    )
