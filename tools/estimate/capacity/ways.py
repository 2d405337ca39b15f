"""Ways to scale, each building on the one before."""

import math
from collections.abc import Iterator
from dataclasses import replace

from function.memory import MEMORY_MB_PER_VCPU
from settings.polling import LEAST, MOST_MINIMUM_POLLERS
from tools.estimate.capacity import quotas
from tools.estimate.capacity.design import Design
from tools.estimate.cost.measured import Engine
from tools.estimate.cost.stack import Stack
from tools.estimate.pollers import MESSAGE_BYTES

TEXTS_PER_MESSAGE = 10  # for the ways that send several together


def ways(stack: Stack, engine: Engine, characters: float, rate: float, peak_rate: float) -> list[Design]:
    """From the stack as it is to as many stacks as `peak_rate` takes, in texts a second; `rate` is the steady one."""
    return list(_ways(stack, engine, characters, rate, peak_rate))


def _ways(stack: Stack, engine: Engine, characters: float, rate: float, peak_rate: float) -> Iterator[Design]:
    way = Design(
        name="the stack as it is",
        engine=engine,
        memory_mb=stack.memory_mb,
        batch_messages=stack.batch_size,
        text_bytes=characters + MESSAGE_BYTES,
        minimum_pollers=stack.minimum_pollers,
        start=_start(stack.minimum_pollers, stack.most_batches),
        per_minute=(quotas.PROVISIONED_PER_MINUTE if stack.minimum_pollers else quotas.POLLERS_PER_MINUTE).value,
        limit=stack.most_batches,
        limit_is=stack.most_batches_is,
    )
    yield way
    most = quotas.MAXIMUM_CONCURRENCY.value
    if way.limit < most:
        way = replace(
            way,
            name=f"maxConcurrency {most:,g}",
            minimum_pollers=0,
            start=quotas.POLLERS_START.value,
            per_minute=quotas.POLLERS_PER_MINUTE.value,
            limit=most,
            limit_is=f"maxConcurrency {most:,g}",
        )
        yield way
    if way.memory_mb < MEMORY_MB_PER_VCPU:
        way = replace(way, name=f"+ {MEMORY_MB_PER_VCPU:,} MB", memory_mb=MEMORY_MB_PER_VCPU)
        yield way
    way = replace(way, name=f"+ {TEXTS_PER_MESSAGE} texts a message", texts_per_message=TEXTS_PER_MESSAGE)
    yield way
    pollers = _useful_pollers(way)
    if way.limit < pollers * quotas.POLLER_CONCURRENCY.value:
        way = _polled(replace(way, name="+ provisioned pollers", limit_is=f"maximumPollers {pollers:,}"), rate)
        yield way
    stacks = math.ceil(peak_rate / way.most)
    if stacks > 1:
        way = replace(way, name=f"+ {stacks} stacks", stacks=stacks)
        yield _polled(way, rate) if way.minimum_pollers else way


def _useful_pollers(way: Design) -> int:
    """The most pollers of one queue; more would only wait for its limit of messages in flight."""
    at_once = quotas.IN_FLIGHT.value / way.batch_messages
    return min(int(quotas.PROVISIONED_POLLERS.value), math.ceil(at_once / quotas.POLLER_CONCURRENCY.value))


def _polled(way: Design, rate: float) -> Design:
    """With pollers: as many at least as the steady rate takes, and as many at most as are of use."""
    at_once, most = quotas.POLLER_CONCURRENCY.value, _useful_pollers(way)
    way = replace(way, minimum_pollers=LEAST, per_minute=quotas.PROVISIONED_PER_MINUTE.value, limit=most * at_once)
    needed = math.ceil(way.slots(rate) / at_once / way.stacks)
    minimum = min(max(needed, LEAST), MOST_MINIMUM_POLLERS, most)
    return replace(way, minimum_pollers=minimum, start=_start(minimum, way.limit))


def _start(minimum_pollers: int, limit: float) -> float:
    """Batches at once when messages come."""
    return min(limit, minimum_pollers * quotas.POLLER_CONCURRENCY.value or quotas.POLLERS_START.value)


def first_that_holds(designs: list[Design], rate: float) -> Design:
    """The first design that can sustain this rate; otherwise the last."""
    return next((way for way in designs if way.most > rate), designs[-1])
