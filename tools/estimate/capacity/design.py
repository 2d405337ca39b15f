"""A way to build it: how texts are sent, polled and processed; and what one batch at a time achieves by it."""

from dataclasses import dataclass

from tools.estimate.capacity import quotas
from tools.estimate.cost.measured import Engine
from tools.estimate.cost.usage import SQS_BATCH


@dataclass(frozen=True, kw_only=True)
class Design:
    """
    Attributes:
        engine, memory_mb: what a batch runs on.
        batch_messages: in one invocation, when there are enough. texts_per_message: as producers send them.
        text_bytes: of one text in its message.
        queues: each with a mapping of its own; the texts are spread evenly.
        provisioned: whether the mappings have provisioned pollers.
        start, per_minute, limit: batches at once of one mapping: at first, added a minute, and at most.
        limit_is: what sets that limit, in words.
    """

    name: str
    engine: Engine
    memory_mb: int
    batch_messages: int
    texts_per_message: int = 1
    text_bytes: float
    queues: int = 1
    provisioned: bool = False
    start: float = quotas.POLLERS_START.value
    per_minute: float = quotas.POLLERS_PER_MINUTE.value
    limit: float
    limit_is: str

    @property
    def slots_per_queue(self) -> float:
        """Batches at once of one mapping at most; their messages are in flight, of which a queue has only so many."""
        return min(self.limit, quotas.IN_FLIGHT.value / self.batch_messages)

    @property
    def ends_at(self) -> str:
        """What it has no more of at its most, in words."""
        return self.limit_is if self.slots_per_queue == self.limit else f"{quotas.IN_FLIGHT.value:,g} in flight"

    @property
    def batch_texts(self) -> int:
        return self.batch_messages * self.texts_per_message

    @property
    def batch_s(self) -> float:
        """A full batch, warm."""
        return self.engine.batch_ms(self.batch_texts, self.memory_mb) / 1000

    @property
    def texts_per_slot(self) -> float:
        """Texts a second for each batch that is processed at once."""
        processed = self.batch_texts / self.batch_s
        return min(processed, self._polled_per_slot) if self.provisioned else processed

    @property
    def _polled_per_slot(self) -> float:
        """What a poller can read for each of its batches: by polls of ten messages, and by bytes."""
        messages = quotas.POLLER_POLLS.value * SQS_BATCH
        by_bytes = quotas.POLLER_MB.value * 1e6 / self.text_bytes
        return min(messages * self.texts_per_message, by_bytes) / quotas.POLLER_CONCURRENCY.value

    @property
    def most(self) -> float:
        """Texts a second with all that it may have."""
        return self.queues * self.slots_per_queue * self.texts_per_slot

    def slots(self, rate: float) -> float:
        """Batches at once, of all queues, that keep up with so many texts a second."""
        return rate / self.texts_per_slot


def provisioned_limit() -> float:
    return quotas.PROVISIONED_POLLERS.value * quotas.POLLER_CONCURRENCY.value
