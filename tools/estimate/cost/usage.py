"""A stack's monthly usage at a steady rate of texts."""

import math
from dataclasses import dataclass

from components.provisioned_concurrency import TARGET_UTILIZATION
from tools.estimate.cost.measured import Engine
from tools.estimate.cost.stack import Stack

HOURS_PER_MONTH = 730
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
SQS_BATCH = 10  # messages in one receive or delete request
COLD_SHARE = 0.01  # assumed share of batches without a warm environment; "under 1 %", Lambda developer guide


@dataclass(frozen=True, kw_only=True)
class Usage:
    """
    Attributes:
        items: texts a month, one per message; batches: invocations a month.
        batch_items: texts in the average batch. batch_ms: its time, warm.
        concurrency: batches in flight on average.
        warm: environments kept warm on average.
        warm_s, on_demand_s: seconds of execution on them, and on others (including cold starts).
    """

    items: float
    batches: float
    batch_items: float
    batch_ms: float
    concurrency: float
    warm: float
    warm_s: float
    on_demand_s: float


def usage(stack: Stack, engine: Engine, items_per_hour: float) -> Usage:
    """The usage of a month at a steady rate.

    A batch opens with its first message and takes whatever else arrives within the window.

    Raises:
        ValueError: the rate is not a number of 0 or more.
    """
    if not math.isfinite(items_per_hour) or items_per_hour < 0:
        raise ValueError(f"items per hour: {items_per_hour:g} is not allowed; must be a number of 0 or more")
    per_second = items_per_hour / 3600
    items = items_per_hour * HOURS_PER_MONTH
    batch_items = min(stack.batch_size, 1 + per_second * stack.window_s) if items else 0.0
    batches = items / batch_items if items and stack.consume else 0.0
    batch_ms = math.ceil(engine.batch_ms(batch_items, stack.memory_mb))  # billed by started milliseconds
    busy_s = batches * batch_ms / 1000
    concurrency = busy_s / SECONDS_PER_MONTH
    warm = min(max(concurrency / TARGET_UTILIZATION, stack.provisioned), stack.provisioned_max)
    warm_share = min(1.0, warm / concurrency) if concurrency else 0.0
    cold_s = batches * (1 - warm_share) * COLD_SHARE * engine.cold_start_s
    return Usage(
        items=items,
        batches=batches,
        batch_items=batch_items,
        batch_ms=batch_ms,
        concurrency=concurrency,
        warm=warm,
        warm_s=busy_s * warm_share,
        on_demand_s=busy_s * (1 - warm_share) + cold_s,
    )
