"""Batches from the queue: every message ends up in the table, in the dead-letter queue, or back in the queue."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from function.classifier import Classifier
from function.dead_letters import DeadLetters
from function.errors import describe, error_code
from function.in_time import in_time
from function.outcome import Outcome, Rejected, Retry, Settled
from function.store import CannotBeStored, Store
from function.verdict import Sentiment
from sentiment_contract.dead_letters import sent_at
from sentiment_contract.messages import Fault, Item, parse_body

logger = logging.getLogger(__name__)

CHUNK_ITEMS = 16  # classified at once; the deadline is checked between chunks
RESERVE_MS = 1_000  # kept before the timeout for dead-lettering and answering
ANSWER_MS = 200  # of that, for answering alone
DEADLINE = "DeadlineNear"


@dataclass(slots=True)
class Delivery:
    """One SQS record on its way to its outcome.

    Attributes:
        record: the record as Lambda passed it.
        items, faults: its valid items, and its faults, which can never succeed.
        retry: error codes of failures that may succeed later.
    """

    record: Mapping[str, Any]
    items: list[Item]
    faults: list[Fault]
    retry: list[str] = field(default_factory=list)

    @property
    def receive_count(self) -> int:
        return int(self.record["attributes"]["ApproximateReceiveCount"])


@dataclass(slots=True)
class Counts:
    """The outcome of a batch, counted in items; `dead_lettered` and `failures` count messages."""

    items: int = 0
    classified: int = 0
    stored: int = 0
    absorbed: int = 0
    dead_lettered: int = 0
    failures: int = 0
    inference_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """
    Attributes:
        max_receive_count: after this delivery SQS would give up, so the function dead-letters with the reason.
    """

    classifier: Classifier
    store: Store
    dead_letters: DeadLetters
    max_receive_count: int

    def consume(
        self, records: Sequence[Mapping[str, Any]], request_id: str, remaining_ms: Callable[[], int]
    ) -> tuple[list[str], Counts]:
        """Classify and store all texts of a batch.

        Args:
            records: the records of an SQS event.
            request_id: the invocation's id, for the dead-letter queue.
            remaining_ms: returns the milliseconds until the timeout.

        Returns:
            The messageIds that SQS must deliver again, and the counts of the batch.
        """
        deliveries = [Delivery(record, *parse_body(record["body"], sent_at(record))) for record in records]
        # Small messages first: one with more items than a batch has time for must not fail the others.
        in_order = sorted(deliveries, key=lambda delivery: len(delivery.items))
        work = [(delivery, item) for delivery in in_order for item in newest(delivery.items)]
        given = sum(len(delivery.items) for delivery in deliveries)
        counts = Counts(items=given + sum(len(d.faults) for d in deliveries), absorbed=given - len(work))
        slowest_ms = 0.0
        for start in range(0, len(work), CHUNK_ITEMS):
            chunk = work[start : start + CHUNK_ITEMS]
            if remaining_ms() < slowest_ms + RESERVE_MS:
                for delivery, _ in work[start:]:
                    delivery.retry.append(DEADLINE)
                break
            began = time.perf_counter()
            sentiments = self._classify([item.text for _, item in chunk])
            chunk_ms = (time.perf_counter() - began) * 1000
            slowest_ms = max(slowest_ms, chunk_ms)
            counts.inference_ms += chunk_ms
            counts.classified += len(chunk)
            puts = [(item, sentiment) for (_, item), sentiment in zip(chunk, sentiments, strict=True)]
            outcomes = in_time(self._store, puts, remaining_ms(), RESERVE_MS, late=Retry(DEADLINE))
            for (delivery, _), outcome in zip(chunk, outcomes, strict=True):
                match outcome:
                    case Settled.STORED:
                        counts.stored += 1
                    case Settled.ABSORBED:
                        counts.absorbed += 1
                    case Rejected(fault):
                        delivery.faults.append(fault)
                    case Retry(code):
                        delivery.retry.append(code)
                    case _:
                        assert_never(outcome)
        rejected = [delivery for delivery in deliveries if delivery.faults or delivery.retry]
        sends = [(delivery, request_id) for delivery in rejected]
        settled = in_time(self._settle, sends, remaining_ms(), ANSWER_MS, late=False)
        failed = [d.record["messageId"] for d, ok in zip(rejected, settled, strict=True) if not ok]
        counts.failures = len(failed)
        counts.dead_lettered = len(rejected) - len(failed)
        return failed, counts

    def _classify(self, texts: list[str]) -> list[Sentiment | None]:
        """Classify all at once; if that fails, one by one, so that a text that breaks the model fails alone (None)."""
        try:
            return list(self.classifier.classify(texts))
        except Exception as error:
            logger.error("inference failed", extra={"texts": len(texts), **describe(error)})
            return [None] if len(texts) == 1 else [s for text in texts for s in self._classify([text])]

    def _store(self, item: Item, sentiment: Sentiment | None) -> Outcome:
        if sentiment is None:
            return Retry("InferenceError")
        try:
            return Settled.STORED if self.store.put(item, sentiment) else Settled.ABSORBED
        except CannotBeStored as error:
            return Rejected(Fault("CannotBeStored", f"the table refuses the result: {error}"))
        except Exception as error:
            logger.warning("put failed", extra=describe(error))
            return Retry(error_code(error))

    def _settle(self, delivery: Delivery, request_id: str) -> bool:
        """Whether SQS may delete a failed message because the dead-letter queue has it."""
        if delivery.retry and delivery.receive_count < self.max_receive_count:
            return False
        reasons = [*delivery.faults, *(Fault(code, "failed on every delivery") for code in delivery.retry)]
        text = "; ".join(reason.message for reason in reasons)
        try:
            self.dead_letters.send(delivery.record, reasons[0].code, text, request_id)
        except Exception as error:
            logger.error("dead-letter send failed", extra=describe(error))
            return False
        return True


def newest(items: Sequence[Item]) -> list[Item]:
    """One item per id: the newest, or the last of equally new ones; concurrent writes would keep an arbitrary one."""
    by_id: dict[str, Item] = {}
    for item in items:
        if item.id not in by_id or by_id[item.id].sent_at <= item.sent_at:
            by_id[item.id] = item
    return list(by_id.values())
