"""One definition of a percentile for all that is timed."""

from collections.abc import Sequence

import numpy as np


def percentile(values: Sequence[float] | np.ndarray, share: float) -> float:
    """The least value that at least `share` (0-1) of them do not exceed; NaN of none."""
    return float(np.quantile(values, share, method="inverted_cdf")) if len(values) else float("nan")
