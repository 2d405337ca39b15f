"""The share of each quota that a design needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.estimate.capacity import quotas
from tools.estimate.capacity.design import Design
from tools.estimate.capacity.quotas import Quota

RECORD_BYTES = 900  # of an event record besides its body: see tools/local/sqs_events.py


@dataclass(frozen=True, kw_only=True)
class Need:
    """`steady`, `peak`: how much of the quota, per scope."""

    quota: Quota
    steady: float
    peak: float

    @property
    def exceeded(self) -> bool:
        return self.peak > self.quota.value


def needs(design: Design, rate: float, peak_rate: float, write_units: float) -> list[Need]:
    """
    Args:
        rate, peak_rate: texts a second. write_units: per result.
    """
    return [
        Need(quota=quota, steady=rate * per + fixed, peak=peak_rate * per + fixed)
        for quota, per, fixed in _parts(design, write_units)
    ]


def _parts(design: Design, write_units: float) -> Iterator[tuple[Quota, float, float]]:
    """Yield each quota, the need per text a second, and the need at any rate."""
    slots = 1 / design.texts_per_slot
    invocations = 1 / design.batch_texts / quotas.REQUESTS_PER_CONCURRENCY.value
    yield quotas.CONCURRENCY, max(slots, invocations), 0
    yield quotas.TABLE_WRITES, write_units / design.stacks, 0
    yield quotas.IN_FLIGHT, slots * design.batch_messages / design.stacks, 0
    if design.minimum_pollers:
        yield quotas.PROVISIONED_POLLERS, slots / quotas.POLLER_CONCURRENCY.value / design.stacks, 0
    else:
        yield quotas.MAXIMUM_CONCURRENCY, slots / design.stacks, 0
    yield quotas.ENVIRONMENTS_PER_10_S, 0, design.per_minute / 6
    body = design.texts_per_message * design.text_bytes + RECORD_BYTES
    yield quotas.EVENT_BYTES, 0, design.batch_messages * body
