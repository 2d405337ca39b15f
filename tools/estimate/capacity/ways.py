"""Ways to take more, each building on the one before: what takes over where one ends."""

import math
from collections.abc import Iterator
from dataclasses import replace

from function.memory import MEMORY_MB_PER_VCPU
from tools.estimate.capacity import quotas
from tools.estimate.capacity.design import Design, provisioned_limit
from tools.estimate.cost.measured import Engine
from tools.estimate.cost.stack import Stack

TEXTS_PER_MESSAGE = 10  # of the ways that send many together
MESSAGE_BYTES = 110  # of one text's id, timestamp and JSON, beside the text


def ways(stack: Stack, engine: Engine, characters: float, peak_rate: float) -> list[Design]:
    """From the stack as it is to as many queues as `peak_rate` takes, in texts a second."""
    return list(_ways(stack, engine, characters, peak_rate))


def _ways(stack: Stack, engine: Engine, characters: float, peak_rate: float) -> Iterator[Design]:
    way = Design(
        name="the stack as it is",
        engine=engine,
        memory_mb=stack.memory_mb,
        batch_messages=stack.batch_size,
        text_bytes=characters + MESSAGE_BYTES,
        start=min(stack.max_concurrency, quotas.POLLERS_START.value),
        limit=stack.max_concurrency,
        limit_is=f"maxConcurrency {stack.max_concurrency}",
    )
    yield way
    most = quotas.MAXIMUM_CONCURRENCY.value
    way = replace(
        way,
        name=f"maxConcurrency {most:,g}",
        start=quotas.POLLERS_START.value,
        limit=most,
        limit_is=f"maxConcurrency {most:,g}",
    )
    yield way
    if way.memory_mb < MEMORY_MB_PER_VCPU:
        way = replace(way, name=f"+ {MEMORY_MB_PER_VCPU:,} MB", memory_mb=MEMORY_MB_PER_VCPU)
        yield way
    way = replace(way, name=f"+ {TEXTS_PER_MESSAGE} texts a message", texts_per_message=TEXTS_PER_MESSAGE)
    yield way
    way = replace(
        way,
        name="+ provisioned pollers",
        provisioned=True,
        per_minute=quotas.PROVISIONED_PER_MINUTE.value,
        limit=provisioned_limit(),
        limit_is=f"{quotas.PROVISIONED_POLLERS.value:,g} pollers",
    )
    yield way
    queues = math.ceil(peak_rate / way.most)
    if queues > 1:
        yield replace(way, name=f"+ {queues} queues", queues=queues)


def first_that_holds(designs: list[Design], rate: float) -> Design:
    """The first that can process so many texts a second in the long run; else the last."""
    return next((way for way in designs if way.most > rate), designs[-1])
