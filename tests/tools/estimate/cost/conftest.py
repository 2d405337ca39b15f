"""A stack with round figures, so that the sums can be calculated by hand."""

from dataclasses import replace

import pytest

from tools.estimate.cost.stack import Stack, stack_of
from tools.local.recorder import Recorder


@pytest.fixture(scope="module")
def plain(dev: Recorder) -> Stack:
    """dev with one whole vCPU, no batch window and no images."""
    return replace(stack_of("dev", dev), memory_mb=1769, batch_size=10, window_s=0, kept_images=0)
