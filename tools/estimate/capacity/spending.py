"""The monthly cost of a design, computed by tools/estimate/cost/."""

from dataclasses import replace

from tools.estimate.capacity.design import Design
from tools.estimate.cost.measured import Sizes
from tools.estimate.cost.model import bill
from tools.estimate.cost.stack import Stack
from tools.estimate.cost.usage import SQS_BATCH


def monthly_usd(design: Design, stack: Stack, sizes: Sizes, rate: float) -> float:
    """US dollars a month at a steady rate of texts a second, at list prices without volume discounts.

    It assumes that producers fill their requests to SQS.
    """
    changed = replace(
        stack,
        memory_mb=design.memory_mb,
        batch_size=design.batch_texts,
        minimum_pollers=design.minimum_pollers,
        maximum_pollers=design.maximum_pollers,
    )
    one = bill(
        changed,
        design.engine,
        sizes,
        rate * 3600 / design.stacks,
        texts_per_message=design.texts_per_message,
        messages_per_request=SQS_BATCH,
    )
    return one.usd * design.stacks
