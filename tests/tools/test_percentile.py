"""A percentile is always a measured value."""

import math

import pytest

from tools.percentile import percentile


@pytest.mark.parametrize(("share", "value"), [(0.95, 19), (0.96, 20), (1, 20), (0.5, 10), (0.01, 1)])
def test_a_percentile_is_a_measured_value(share: float, value: float) -> None:
    assert percentile(list(range(20, 0, -1)), share) == value


def test_the_nth_percentile_of_the_first_hundred_numbers_is_n() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]


def test_the_percentile_of_an_empty_list_is_nan() -> None:
    assert math.isnan(percentile([], 0.5))
