"""Weights as int8 levels with fp32 scales (build time only)."""

import numpy as np

Array = np.ndarray
LEVELS = 127
# x86 without VNNI multiplies two neighbouring rows of a matrix by two unsigned activations and adds the products in 16
# bits, which hold 255 * 128 (vpmaddubsw). Slightly less, so that rounding cannot lift a pair to 129.
PAIR_LEVELS = 127.9


def of_rows(matrix: Array) -> tuple[Array, Array]:
    """Levels, and scales (rows, 1) by each row's largest value."""
    return _levels(matrix, np.abs(matrix).max(axis=1, keepdims=True) / LEVELS)


def of_columns(matrix: Array) -> tuple[Array, Array]:
    """Levels of a linear layer's matrix (in, out), and scales (out,), such that no product saturates on any CPU.

    The usual remedy is seven bits for every weight (ONNX Runtime's quantisation guide, `reduce_range`). Only pairs of
    rows need it, and two neighbours of one sign are rarely both large, so limiting pairs gains half a bit.
    """
    rows = np.arange(0, len(matrix), 2)
    pairs = [
        np.add.reduceat(np.maximum(half, 0), rows, axis=0).max(axis=0, keepdims=True) for half in (matrix, -matrix)
    ]
    single = np.abs(matrix).max(axis=0, keepdims=True) / LEVELS
    levels, scales = _levels(matrix, np.maximum(np.maximum(*pairs) / PAIR_LEVELS, single))
    return levels, scales[0]


def _levels(matrix: Array, scales: Array) -> tuple[Array, Array]:
    scales = np.maximum(scales, 1e-12).astype(np.float32)  # even a row or column of zeros needs a scale
    return np.rint(matrix / scales).astype(np.int8), scales
