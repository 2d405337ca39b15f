"""A design: how texts are sent, polled and processed, and the rate that each concurrent batch achieves."""

from dataclasses import dataclass

from settings.polling import MOST_CONCURRENCY
from tools.estimate.capacity import quotas
from tools.estimate.cost.measured import Engine
from tools.estimate.pollers import texts_read


@dataclass(frozen=True, kw_only=True)
class Design:
    """
    Attributes:
        engine, memory_mb: the engine and memory for a batch.
        batch_messages: in a full invocation. texts_per_message: as producers send them.
        text_bytes: size of one text in its message.
        stacks: each with its own queue, function and table; the texts are spread evenly.
        minimum_pollers: provisioned pollers that one queue always keeps; 0 means no provisioned pollers at all.
        start, per_minute, limit: a mapping's concurrent batches: initially, added per minute, and at most.
        limit_is: describes what sets that limit.
    """

    name: str
    engine: Engine
    memory_mb: int
    batch_messages: int
    texts_per_message: int = 1
    text_bytes: float
    stacks: int = 1
    minimum_pollers: int = 0
    start: float = quotas.POLLERS_START.value
    per_minute: float = quotas.POLLERS_PER_MINUTE.value
    limit: float
    limit_is: str

    @property
    def slots_per_stack(self) -> float:
        """The most concurrent batches of one mapping; a queue limits the messages in flight."""
        return min(self.limit, quotas.IN_FLIGHT.value / self.batch_messages)

    @property
    def ends_at(self) -> str:
        """Describes the limit that it reaches first."""
        return self.limit_is if self.slots_per_stack == self.limit else f"{quotas.IN_FLIGHT.value:,g} in flight"

    @property
    def batch_texts(self) -> int:
        return self.batch_messages * self.texts_per_message

    @property
    def batch_s(self) -> float:
        """Seconds for a full batch, warm."""
        return self.engine.batch_ms(self.batch_texts, self.memory_mb) / 1000

    @property
    def texts_per_slot(self) -> float:
        """Texts a second per concurrent batch."""
        processed = self.batch_texts / self.batch_s
        if not self.minimum_pollers:
            return processed
        return min(processed, texts_read(self.texts_per_message, self.text_bytes) / quotas.POLLER_CONCURRENCY.value)

    @property
    def maximum_pollers(self) -> int:
        return round(self.limit / quotas.POLLER_CONCURRENCY.value) if self.minimum_pollers else 0

    @property
    def keys(self) -> str:
        """Describes the keys to set for it."""
        scaling = {"maxConcurrency": self.limit if self.limit <= MOST_CONCURRENCY and not self.minimum_pollers else 0}
        if self.minimum_pollers:
            scaling |= {"minimumPollers": self.minimum_pollers, "maximumPollers": self.maximum_pollers}
        keys = ", ".join(f"{key} {value:g}" for key, value in (scaling | {"memoryMb": self.memory_mb}).items())
        keys += f", reservedConcurrency 0 or at least {self.limit:g}"
        texts = f", with {self.texts_per_message} texts a message" if self.texts_per_message > 1 else ""
        return f"{keys}{texts}" + (f", in each of {self.stacks} stacks" if self.stacks > 1 else "")

    @property
    def most(self) -> float:
        """Texts a second at its limit."""
        return self.stacks * self.slots_per_stack * self.texts_per_slot

    def slots(self, rate: float) -> float:
        """Concurrent batches over all stacks that keep up with this rate."""
        return rate / self.texts_per_slot
