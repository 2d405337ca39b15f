"""The percentile that all timings use."""

from collections.abc import Sequence

import numpy as np


def percentile(values: Sequence[float] | np.ndarray, share: float) -> float:
    """The smallest value that at least `share` (0-1) of them do not exceed; NaN if there are none."""
    return float(np.quantile(values, share, method="inverted_cdf")) if len(values) else float("nan")
