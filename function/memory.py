"""The speed that a function's memory buys, and the memory that a model needs."""

import math

from function.manifest import DISTILBERT, Shape

MEMORY_MB_PER_VCPU = 1769  # AWS Lambda developer guide, "Configure Lambda function memory"
THREAD_GAIN = 0.7  # assumed: the gain of each vCPU beyond the first, as a share of the first
HEADROOM = 1.25  # a function's memory must be this many times its peak
STEP_MB = 64
MB = 1 << 20
# A function's memory besides the bytes of its model.
FUNCTION_MB = 133  # interpreter, libraries, session, and the encoding of the longest text
LONGEST_MB_PER_WIDTH, LONGEST_MB_PER_HEAD = 0.042, 1.17  # activations of 512 tokens
# Per word of a tokenizer: WordPiece or byte pairs, and Unigram, which has the largest vocabularies.
WORD_BYTES, UNIGRAM_BYTES, UNIGRAM_WORDS = 350, 1_650, 200_000
TORCH_MB, TORCH_LEAST_MB = 360, 1536
# The work per value of a layer besides its matrix products, in the time of so many of them.
VALUE_COST = 3_000


def speed(memory_mb: float) -> float:
    """A function's speed, where 1 is one core: proportional to memory up to 1,769 MB, less than that above."""
    vcpus = memory_mb / MEMORY_MB_PER_VCPU
    return vcpus if vcpus <= 1 else 1 + THREAD_GAIN * (vcpus - 1)


def needed_mb(shape: Shape, backend: str) -> int:
    """The least memory of a function that serves a model: its peak times HEADROOM, in steps of 64 MB.

    Measured part by part with tools/models/measure.py. PyTorch needs TORCH_LEAST_MB for any model: with less CPU,
    init comes close to Lambda's limit of 10 s.
    """
    layers = shape.layers * (4 * shape.width**2 + 2 * shape.width * shape.inner)
    tokenizer = shape.words * (UNIGRAM_BYTES if shape.words >= UNIGRAM_WORDS else WORD_BYTES)
    weights = layers + shape.words * shape.width
    if backend == "torch":
        return max(_with_headroom(TORCH_MB + (4 * weights + tokenizer) / MB), TORCH_LEAST_MB)
    longest_mb = LONGEST_MB_PER_WIDTH * shape.width + LONGEST_MB_PER_HEAD * shape.heads
    return _with_headroom(FUNCTION_MB + (weights + tokenizer) / MB + longest_mb)


def _with_headroom(peak_mb: float) -> int:
    return math.ceil(peak_mb * HEADROOM / STEP_MB) * STEP_MB


def relative_time(shape: Shape) -> float:
    """The time for a text, relative to DistilBERT's."""
    return _work(shape) / _work(DISTILBERT)


def _work(shape: Shape) -> float:
    return shape.layers * shape.width * (4 * shape.width + 2 * shape.inner + VALUE_COST)
