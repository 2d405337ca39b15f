"""The int8 levels of weights are close to the weights, and never saturate a CPU without VNNI."""

import numpy as np
import pytest

from function.model_build import levels

LARGEST_OF_16_BITS = 32_767
MATRICES = {
    "normal": np.random.default_rng(1).normal(size=(64, 300)),
    "two large neighbours": np.array([[1.0], [1.0], [0.1], [-1.0]]),
    "large beside small": np.array([[1.0], [0.003], [-1.0], [1.0]]),
    "halves that both round up": np.array([[64.5], [63.5], [127.0], [0.0]]),
    "an odd row": np.array([[0.5], [0.5], [0.9]]),
    "zeros": np.zeros((4, 2)),
}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
def test_no_sum_of_two_products_overflows_16_bits(matrix: np.ndarray) -> None:
    found, _ = levels.of_columns(matrix.astype(np.float32))
    even = np.pad(found.astype(int), ((0, len(found) % 2), (0, 0)))
    for half in (even, -even):
        # In the worst case, the activation is 0 wherever the level is negative.
        pairs = np.maximum(half, 0).reshape(-1, 2, even.shape[1]).sum(axis=1)
        assert 255 * pairs.max() <= LARGEST_OF_16_BITS


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
def test_levels_reproduce_the_weights_to_within_half_a_level(matrix: np.ndarray) -> None:
    for found, scales in (levels.of_columns(matrix), levels.of_rows(matrix)):
        assert np.abs(found * scales - matrix).max(initial=0) <= 0.5001 * scales.max()


def test_pairing_gives_finer_levels_than_seven_bits() -> None:
    matrix = MATRICES["normal"]
    found, scales = levels.of_columns(matrix)
    seven_bits = np.abs(matrix).max(axis=0) / 63
    assert np.median(seven_bits / scales) > 1.3
    assert np.abs(found).max() > 64
