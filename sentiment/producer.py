"""A producer for services: texts in, batches to the queue. `send` of the command line works by it too."""

import os
import re
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, NoReturn, Self

import boto3
from botocore.config import Config

from sentiment.senders import Senders
from sentiment.words import counted
from sentiment_contract.messages import MAX_ITEMS, Fault, Item, parse_message

_after_a_fork = threading.Lock()  # held while a child makes its own threads


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
        count = counted(len(failures), "text")
        super().__init__(f"{count} did not get into the queue, the first {item_id!r}: {error}")
        self.failures = failures


class Producer:
    """Sends texts in batches, from threads of its own. Safe to use from many threads; a context manager.

        with Producer(queue_url) as producer:
            producer.send("review-17", "I love it.")

    A batch leaves when it is full, after `linger_seconds`, and at `flush` and `close`.

    It works in a process that was forked after it was made (gunicorn with preload, Celery, multiprocessing): what was
    handed over before the fork is sent by the parent alone, and its futures are done there alone.
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
                Its connections are of this process, so with it the producer refuses to work in a forked one.
            items_per_message: texts that share a message; more is cheaper, and they are retried together.
                ValueError above MAX_ITEMS, which the function would refuse.
            senders: requests at the same time.
            linger_seconds: how long a text may wait for others.
        """
        if not 1 <= items_per_message <= MAX_ITEMS:
            raise ValueError(f"items_per_message: {items_per_message} must be 1 to {MAX_ITEMS}")
        self._queue_url, self._client = queue_url, client
        self._items_per_message, self._threads, self._linger_seconds = items_per_message, senders, linger_seconds
        self._senders, self._pid = self._start(), os.getpid()

    def send(self, id: str, text: str, timestamp: datetime | str | float | None = None) -> Future[None]:
        """Hand over a text; waits only while all senders are busy.

        Args:
            timestamp: when the text was made; without it, now. The newest result of an id wins.

        Returns:
            Done when SQS has the text; NotSent, or botocore's error, when it has not. Whoever does not look at it
            learns of failures from `flush` and `close`.

        Raises:
            Rejected: the text breaks the message contract.
            RuntimeError: the producer is closed, or was forked with a client that was given to it.
        """
        moment = timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp
        items, faults = parse_message({"id": id, "text": text, "timestamp": moment}, datetime.now(UTC))
        if faults:
            raise Rejected(faults[0])
        return self.send_item(items[0])

    def send_item(self, item: Item) -> Future[None]:
        """Hand over a text that was parsed by the contract; as `send`."""
        return self._of_this_process().take(item)

    def flush(self) -> None:
        """Send what is buffered and wait until all that was handed over before is settled.

        Raises:
            SendFailed: some of these texts are not in the queue, and no earlier flush has told of them.
        """
        _tell(self._of_this_process().flush())

    def close(self) -> None:
        """Flush, and end the threads; a second time does nothing. Raises as `flush`."""
        if self._pid != os.getpid():
            self._senders.closed = True  # nothing was handed over in this process
            return
        _tell(self._of_this_process().close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except SendFailed:
            if error is None:  # else it would hide what went wrong first
                raise

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Producer cannot be sent to another process; make one there, of the same queue's URL")

    def _of_this_process(self) -> Senders:
        """A fork copies neither threads nor who holds a lock, and both processes would talk on one connection."""
        # By its id, since not all that forks tells Python (uWSGI, by default).
        if self._pid != os.getpid():
            with _after_a_fork:
                if self._pid != os.getpid():
                    if self._client:
                        raise RuntimeError(
                            "this process was forked after the producer was made with `client`, whose connections are "
                            "the parent's: make the Producer here, or give it no client"
                        )
                    closed = self._senders.closed
                    self._senders, self._pid = self._start(), os.getpid()
                    if closed:
                        self._senders.close()
        return self._senders

    def _start(self) -> Senders:
        sqs = self._client or boto3.client(
            "sqs",
            region_name=region_of(self._queue_url),
            config=Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=self._threads),
        )
        return Senders(
            sqs,
            self._queue_url,
            items_per_message=self._items_per_message,
            threads=self._threads,
            linger_seconds=self._linger_seconds,
        )


def _tell(failures: dict[str, Exception]) -> None:
    if failures:
        raise SendFailed(failures)


def region_of(queue_url: str) -> str | None:
    """The region that a queue's URL names; None for one that is not AWS's."""
    named = re.match(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com", queue_url)
    return named[1] if named else None
