"""A producer for services, which sends texts to the queue in batches. The command `send` uses it too."""

import os
import re
import threading
from concurrent.futures import Future
from datetime import datetime
from types import TracebackType
from typing import Any, NoReturn, Self

import boto3
from botocore.config import Config
from botocore.credentials import RefreshableCredentials

from sentiment.senders import Senders
from sentiment.words import counted
from sentiment_contract.messages import MAX_ITEMS, Fault, Item, parse_message

_after_a_fork = threading.Lock()  # held while a child creates its own threads


class Rejected(ValueError):
    """A text breaks the message contract.

    Attributes:
        fault: its stable code, and the allowed values.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.message}")
        self.fault = fault


class SendFailed(Exception):
    """Some texts are not in the queue.

    Attributes:
        failures: the reasons by id.
    """

    def __init__(self, failures: dict[str, Exception]) -> None:
        item_id, error = next(iter(failures.items()))
        count = counted(len(failures), "text")
        super().__init__(f"{count} could not be sent, the first {item_id!r}: {error}")
        self.failures = failures


class Producer:
    """Sends texts in batches, from its own threads. Safe to use from many threads; a context manager.

        with Producer(queue_url) as producer:
            producer.send("review-17", "I love it.")

    A batch leaves when it is full, after `linger_seconds`, and at `flush` and `close`.

    It survives a fork (gunicorn with preload, Celery, multiprocessing): only the parent sends the texts that were
    passed to `send` before the fork, and only there do their futures complete.
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
            client: boto3 SQS client; by default, one with boto3's own configuration, in the region of the queue's URL.
                Its connections belong to this process, so a producer that gets one refuses to work in a forked process.
            items_per_message: texts per message; more are cheaper, but are retried together. ValueError above
                MAX_ITEMS, which the function would refuse.
            senders: concurrent requests.
            linger_seconds: how long a text may wait for others.
        """
        if not 1 <= items_per_message <= MAX_ITEMS:
            raise ValueError(f"items_per_message: {items_per_message} must be 1 to {MAX_ITEMS}")
        self._queue_url, self._client = queue_url, client
        self._items_per_message, self._threads, self._linger_seconds = items_per_message, senders, linger_seconds
        self._senders, self._pid = self._start(), os.getpid()

    def send(self, id: str, text: str, timestamp: datetime | str | float | None = None) -> Future[None]:
        """Queue a text for sending; waits only while all senders are busy.

        Args:
            timestamp: when the text was created; now by default. A datetime without a time zone is in UTC. The newest
                result for an id wins.

        Returns:
            A future that completes when SQS has the text, or holds NotSent or botocore's error if it does not. If you
            ignore it, `flush` and `close` report failures.

        Raises:
            Rejected: the text breaks the message contract.
            RuntimeError: the producer is closed, or was forked after you passed it a client.

        A callback of the future may call `send`, which then does not wait, but not `flush` or `close`.
        """
        moment = timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp
        senders = self._of_this_process()
        items, faults = parse_message({"id": id, "text": text, "timestamp": moment}, senders.now())
        if faults:
            raise Rejected(faults[0])
        return senders.take(items[0])

    def send_item(self, item: Item) -> Future[None]:
        """Like `send`, for a text that has already been parsed."""
        return self._of_this_process().take(item)

    def flush(self) -> None:
        """Send buffered texts, and wait for all texts that were passed to `send` before.

        Raises:
            SendFailed: some of these texts are not in the queue, and no earlier flush has reported them.
        """
        _tell(self._of_this_process().flush())

    def close(self) -> None:
        """Flush, and stop the threads; a second call does nothing. Raises the same errors as `flush`."""
        if self._pid != os.getpid():
            self._senders.closed = True  # nothing was sent in this process
            return
        _tell(self._of_this_process().close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except SendFailed:
            if error is None:  # otherwise it would hide the first error
                raise

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Producer cannot be sent to another process; create one there, with the same queue URL")

    def _of_this_process(self) -> Senders:
        """This process's senders. A fork copies neither threads nor lock holders, and would share a connection."""
        # Compare process ids, because some programs fork without telling Python (uWSGI, by default).
        if self._pid != os.getpid():
            with _after_a_fork:
                if self._pid != os.getpid():
                    if self._client:
                        raise RuntimeError(
                            "this process was forked after the producer was created with `client`, whose connections "
                            "belong to the parent: create the Producer here, or pass no client"
                        )
                    closed = self._senders.closed
                    self._senders, self._pid = self._start(_session_after_a_fork()), os.getpid()
                    if closed:
                        self._senders.close()
        return self._senders

    def _start(self, session: Any = boto3) -> Senders:
        sqs = self._client or session.client(
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


def _session_after_a_fork() -> boto3.Session:
    """A session whose locks no thread holds that the fork did not copy: one may have been refreshing credentials."""
    default = boto3.DEFAULT_SESSION
    if default is None or isinstance(default.get_credentials(), RefreshableCredentials):
        known = default is not None and default.profile_name in default.available_profiles
        return boto3.Session(profile_name=default.profile_name if known else None)
    return default


def _tell(failures: dict[str, Exception]) -> None:
    if failures:
        raise SendFailed(failures)


def region_of(queue_url: str) -> str | None:
    """The region in a queue's URL; None if the URL is not AWS's."""
    named = re.match(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com", queue_url)
    return named[1] if named else None
