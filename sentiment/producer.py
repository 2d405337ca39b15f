"""A producer for services: texts in, batches to the queue. `send` of the command line works by it too."""

import re
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from sentiment.batch import Batch, encode
from sentiment.delivery import deliver
from sentiment_contract.messages import MAX_ITEMS, Fault, Item, parse_message

PENDING_PER_SENDER = 2  # batches: one on its way, one to follow it at once


class Rejected(ValueError):
    """A text breaks the message contract.

    Attributes:
        fault: its stable code, and what is allowed.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.message}")
        self.fault = fault


class SendFailed(Exception):
    """Texts that are not in the queue.

    Attributes:
        failures: why, by id.
    """

    def __init__(self, failures: dict[str, Exception]) -> None:
        item_id, error = next(iter(failures.items()))
        super().__init__(f"{len(failures)} texts were not sent, the first of them {item_id!r}: {error}")
        self.failures = failures


@dataclass
class _Pending:
    batch: Batch
    due: float  # on the monotonic clock
    sends: list[tuple[int, str, Future[None]]] = field(default_factory=list)  # index of the message, id, outcome


class Producer:
    """Sends texts in batches, from threads of its own. Safe to use from many threads; a context manager.

        with Producer(queue_url) as producer:
            producer.send("review-17", "I love it.")

    A batch leaves when it is full, after `linger_seconds`, and at `flush` and `close`.
    """

    def __init__(
        self,
        queue_url: str,
        *,
        client: Any = None,
        items_per_message: int = 1,
        senders: int = 4,
        linger_seconds: float = 0.2,
    ) -> None:
        """
        Args:
            client: boto3 SQS client; without it, one by boto3's own configuration, in the region of the queue's URL.
            items_per_message: texts that share a message; more is cheaper, and they are retried together.
                ValueError above MAX_ITEMS, which the function would refuse.
            senders: requests at the same time.
            linger_seconds: how long a text may wait for others.
        """
        if not 1 <= items_per_message <= MAX_ITEMS:
            raise ValueError(f"items_per_message: {items_per_message} must be 1 to {MAX_ITEMS}")
        self._sqs = client or boto3.client(
            "sqs",
            region_name=region_of(queue_url),
            config=Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=senders),
        )
        self._queue_url, self._items_per_message, self._linger_seconds = queue_url, items_per_message, linger_seconds
        self._pool = ThreadPoolExecutor(senders, thread_name_prefix="producer")
        self._most_unsettled = senders * PENDING_PER_SENDER
        self._changed = threading.Condition()  # guards all below
        self._open: _Pending | None = None
        self._unsettled = 0  # batches
        self._failures: dict[str, Exception] = {}
        self._closed = False
        threading.Thread(target=self._send_what_is_due, name="producer-linger", daemon=True).start()

    def send(self, id: str, text: str, timestamp: datetime | str | float | None = None) -> Future[None]:
        """Hand over a text; waits only while all senders are busy.

        Args:
            timestamp: when the text was made; without it, now. The newest result of an id wins.

        Returns:
            Done when SQS has the text; NotSent, or botocore's error, when it has not. Whoever does not look at it
            learns of failures from `flush` and `close`.

        Raises:
            Rejected: the text breaks the message contract.
            RuntimeError: the producer is closed.
        """
        moment = timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp
        items, faults = parse_message({"id": id, "text": text, "timestamp": moment}, datetime.now(UTC))
        if faults:
            raise Rejected(faults[0])
        return self.send_item(items[0])

    def send_item(self, item: Item) -> Future[None]:
        """Hand over a text that was parsed by the contract; as `send`."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # it is not to be cancelled
        encoded = encode(item)
        with self._changed:
            index = None
            while index is None:
                if self._closed:
                    raise RuntimeError("the producer is closed")
                pending = self._open = self._open or self._new()
                index = pending.batch.add(encoded)
                if index is None:
                    self._seal()  # lets go of the lock
            pending.sends.append((index, item.id, future))
            if pending.batch.full:
                self._seal()
        return future

    def flush(self) -> None:
        """Send what is buffered and wait until all is settled.

        Raises:
            SendFailed: some texts since the last flush are not in the queue.
        """
        with self._changed:
            self._seal()
            self._changed.wait_for(lambda: not self._unsettled)
            failures, self._failures = self._failures, {}
        if failures:
            raise SendFailed(failures)

    def close(self) -> None:
        """Flush, and end the threads; a second time does nothing. Raises as `flush`."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        try:
            self.flush()
        finally:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except SendFailed:
            if error is None:  # else it would hide what went wrong first
                raise

    def _new(self) -> _Pending:
        self._changed.notify_all()  # the linger thread has something to wait for
        return _Pending(Batch(self._items_per_message), time.monotonic() + self._linger_seconds)

    def _seal(self) -> None:
        """Hand the open batch to the senders, and wait while they have too many; the lock is held."""
        pending, self._open = self._open, None
        if pending:
            self._unsettled += 1
            self._pool.submit(self._deliver, pending)
            self._changed.wait_for(lambda: self._unsettled <= self._most_unsettled)

    def _send_what_is_due(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._open.due - time.monotonic() if self._open else None
                if left is None or left > 0:
                    self._changed.wait(left)
                else:
                    self._seal()

    def _deliver(self, pending: _Pending) -> None:
        failures: dict[int, Exception] = {}
        try:
            failures |= deliver(self._sqs, self._queue_url, [{"MessageBody": body} for body in pending.batch.bodies()])
        except Exception as error:  # whatever it is, it is the outcome of all of them
            failures = {index: error for index, _, _ in pending.sends}
        for index, _, future in pending.sends:
            if index in failures:
                future.set_exception(failures[index])
            else:
                future.set_result(None)
        with self._changed:
            self._failures |= {item_id: failures[index] for index, item_id, _ in pending.sends if index in failures}
            self._unsettled -= 1
            self._changed.notify_all()


def region_of(queue_url: str) -> str | None:
    """The region that a queue's URL names; None for one that is not AWS's."""
    named = re.match(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com", queue_url)
    return named[1] if named else None
