"""What a design costs a month, by the sums of cost/."""

from dataclasses import replace

from cost import prices
from cost.measured import Sizes
from cost.model import bill
from cost.stack import Stack
from cost.usage import HOURS_PER_MONTH, SQS_BATCH
from sentiment.capacity import quotas
from sentiment.capacity.design import Design


def monthly_usd(design: Design, stack: Stack, sizes: Sizes, rate: float) -> float:
    """US dollars at a steady rate of texts a second, by list prices without discounts for volume.

    Producers are taken to fill their requests to SQS.
    """
    of = replace(stack, memory_mb=design.memory_mb, batch_size=design.batch_texts)
    whole = bill(
        of,
        design.engine,
        sizes,
        rate * 3600,
        texts_per_message=design.texts_per_message,
        messages_per_request=SQS_BATCH,
    )
    pollers = design.slots(rate) / quotas.POLLER_CONCURRENCY.value if design.provisioned else 0
    return whole.usd + prices.POLLER_HOURS.of(pollers * HOURS_PER_MONTH)
