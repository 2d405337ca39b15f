"""A stack, an engine and sizes that sums come out even with."""

from dataclasses import replace

import pytest

from tools.estimate.cost.bill import Bill
from tools.estimate.cost.measured import Engine, Sizes
from tools.estimate.cost.stack import Stack, stack_of
from tools.local.recorder import Recorder

ENGINE = Engine(call_ms=10, item_ms=4, cold_start_s=1, peak_mb=300, image_gb=0.5)
SIZES = Sizes(characters=100, batch_line=300, metrics_line=400, stored_item=250)


@pytest.fixture(scope="module")
def plain(dev: Recorder) -> Stack:
    """dev with one whole vCPU, no batch window and no images."""
    return replace(stack_of("dev", dev), memory_mb=1769, batch_size=10, window_s=0, kept_images=0)


def lines(bill: Bill) -> dict[str, float]:
    """US dollars by service and what for."""
    return {f"{line.service} {line.what}": bill.usd_of(line) for line in bill.lines}
