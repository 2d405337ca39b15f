"""The memory and the latency threshold that a stack's model needs, by its size."""

import math

from function.manifest import DISTILBERT, Manifest, ModelError, Shape
from function.memory import needed_mb, relative_time, speed
from settings.project import ROOT, schema


def built(model_id: str) -> Manifest | None:
    """The manifest of a folder that function/build_model.py built; None if there is none, and for hub models."""
    try:
        return Manifest.read(ROOT / "function" / model_id) if model_id.startswith("./") else None
    except ModelError:
        return None


def shape_of(model_id: str) -> Shape:
    """The model's shape; a hub model counts as DistilBERT, because only the image build learns its size."""
    manifest = built(model_id)
    return manifest.shape if manifest else DISTILBERT


def least_memory_mb(model_id: str, backend: str) -> int:
    return needed_mb(shape_of(model_id), backend)


def fitting_threshold_ms(shape: Shape, memory_mb: int) -> int:
    """The lowest threshold of the latency alarm that ordinary texts do not exceed.

    The defaults of threshold and memory fit DistilBERT: a model that takes twice as long needs twice either.
    """
    threshold_ms, fits_at_mb = (schema()[key]["default"] for key in ("inferenceLatencyThresholdMs", "memoryMb"))
    return math.ceil(threshold_ms * relative_time(shape) * speed(fits_at_mb) / speed(memory_mb))


def latency_warning(model_id: str, image_uri: str, memory_mb: int, threshold_ms: int) -> str | None:
    """A warning if ordinary texts may set off the latency alarm; None if not, or if the model's size is unknown."""
    if image_uri or not (built(model_id) or model_id == schema()["modelId"]["default"]):
        return None
    shape = shape_of(model_id)
    fitting_ms = fitting_threshold_ms(shape, memory_mb)
    if threshold_ms >= fitting_ms:
        return None
    return (
        f"inferenceLatencyThresholdMs: ordinary texts may set off the alarm at {threshold_ms} ms: {model_id} takes "
        f"{relative_time(shape):.1f} times as long as DistilBERT, and the function has {memory_mb} MB. Set it to "
        f"{fitting_ms} or more, or give the function more memory (docs/model.md)."
    )
