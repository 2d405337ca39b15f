"""What a function's memory buys, and how much of it a model needs."""

import math

from function.manifest import DISTILBERT, Shape

MEMORY_MB_PER_VCPU = 1769  # AWS Lambda developer guide, "Configure Lambda function memory"
THREAD_GAIN = 0.7  # assumed: what each vCPU beyond the first adds, as a share of the first
HEADROOM = 1.25  # memory that a function must have over its peak
STEP_MB = 64
MB = 1 << 20
# What a function takes beside the bytes of its model.
FUNCTION_MB = 133  # interpreter, libraries, session, and the encoding of the longest text
LONGEST_MB_PER_WIDTH, LONGEST_MB_PER_HEAD = 0.042, 1.17  # what 512 tokens pass through
TOKENIZER_BYTES = 350  # for each word that it knows
TORCH_MB, TORCH_LEAST_MB = 360, 1536
VALUE_COST = 3000


def speed(memory_mb: float) -> float:
    """Of a function, where 1 is one core: its share of a vCPU up to 1,769 MB, less than in proportion above."""
    vcpus = memory_mb / MEMORY_MB_PER_VCPU
    return vcpus if vcpus <= 1 else 1 + THREAD_GAIN * (vcpus - 1)


def needed_mb(shape: Shape, backend: str) -> int:
    """The least memory of a function that serves a model: its peak and HEADROOM, in steps of 64 MB.

    PyTorch needs TORCH_LEAST_MB whatever the model: with less CPU, init comes near Lambda's 10 s.
    """
    peak = _torch_peak_mb(shape) if backend == "torch" else _onnx_peak_mb(shape)
    return max(math.ceil(peak * HEADROOM / STEP_MB) * STEP_MB, TORCH_LEAST_MB if backend == "torch" else 0)


def _onnx_peak_mb(shape: Shape) -> float:
    """Measured part by part with tools/models/measure.py; MB are 2^20 bytes."""
    layers = shape.layers * (4 * shape.width**2 + 2 * shape.width * shape.inner) / MB  # a byte for each weight
    words = shape.words * (shape.width + TOKENIZER_BYTES) / MB
    longest = LONGEST_MB_PER_WIDTH * shape.width + LONGEST_MB_PER_HEAD * shape.heads
    return FUNCTION_MB + layers + words + longest


def _torch_peak_mb(shape: Shape) -> float:
    layers = shape.layers * (4 * shape.width**2 + 2 * shape.width * shape.inner)
    return TORCH_MB + 4 * (layers + shape.words * shape.width) / MB


def relative_time(shape: Shape) -> float:
    """Of a text, where DistilBERT's is 1."""
    return _work(shape) / _work(DISTILBERT)


def _work(shape: Shape) -> float:
    """In matrix products of a token; what is done to each value beside them takes as long as VALUE_COST products."""
    return shape.layers * shape.width * (4 * shape.width + 2 * shape.inner + VALUE_COST)
