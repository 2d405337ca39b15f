"""What a design costs a month, by the sums of tools/estimate/cost/."""

from dataclasses import replace

from tools.estimate.capacity import quotas
from tools.estimate.capacity.design import Design
from tools.estimate.cost import prices
from tools.estimate.cost.measured import Sizes
from tools.estimate.cost.model import bill
from tools.estimate.cost.stack import Stack
from tools.estimate.cost.usage import HOURS_PER_MONTH, SQS_BATCH


def monthly_usd(design: Design, stack: Stack, sizes: Sizes, rate: float) -> float:
    """US dollars at a steady rate of texts a second, by list prices without discounts for volume.

    Producers are taken to fill their requests to SQS.
    """
    changed = replace(stack, memory_mb=design.memory_mb, batch_size=design.batch_texts)
    whole = bill(
        changed,
        design.engine,
        sizes,
        rate * 3600,
        texts_per_message=design.texts_per_message,
        messages_per_request=SQS_BATCH,
    )
    pollers = design.slots(rate) / quotas.POLLER_CONCURRENCY.value if design.provisioned else 0
    return whole.usd + prices.POLLER_HOURS.of(pollers * HOURS_PER_MONTH)
