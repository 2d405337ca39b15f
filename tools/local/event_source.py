"""The event source mapping: passes messages from a queue to a function, as Lambda's own pollers do."""

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Lock, Semaphore, Thread
from typing import Any, Self

from tools.local.lambda_service import REQUEST_LIMIT_BYTES, Invocation
from tools.local.source_queue import SourceQueue
from tools.local.sqs_events import Delivery, event, fitting, reported_failures

logger = logging.getLogger(__name__)

# SQS allows 20 s; but abandoning a poll may hide its messages for a while, so stop() waits for it.
LONG_POLL_S = 1


@dataclass(frozen=True, kw_only=True)
class EventSourceConfig:
    """
    Attributes:
        batch_size: maximum messages in one event.
        window_s: how long to wait for more after the first one.
        max_concurrency: maximum batches in flight.
        report_batch_item_failures: whether the function's response names the failed messages.
        enabled: False starts paused.
    """

    queue_url: str
    queue_arn: str
    batch_size: int
    window_s: float
    max_concurrency: int
    report_batch_item_failures: bool
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """
    Attributes:
        failed_ids: the messages that stay in the queue.
        invocation: None if the function could not be invoked.
    """

    deliveries: tuple[Delivery, ...]
    failed_ids: frozenset[str]
    invocation: Invocation | None

    @property
    def message_ids(self) -> tuple[str, ...]:
        return tuple(each.message_id for each in self.deliveries)


@dataclass(frozen=True, kw_only=True)
class Stats:
    """Counts since the start, of messages unless a comment says batches."""

    received: int = 0
    invoked: int = 0  # batches
    succeeded: int = 0
    failed: int = 0
    function_errors: int = 0  # batches


class EventSourceMapping:
    """A context manager that polls; on exit it finishes the messages that it has received.

    A failed message stays hidden until its visibility timeout ends. One poller gathers the batches; Lambda has several
    and adds more under load.

    Args:
        sqs: boto3 client; all threads share it.
        invoke: runs the function on an event, for example LambdaService.invoke.
        on_batch: called after every batch, from several threads.
    """

    def __init__(
        self,
        config: EventSourceConfig,
        sqs: Any,
        invoke: Callable[[bytes], Invocation],
        on_batch: Callable[[BatchOutcome], None] | None = None,
    ) -> None:
        self._config = config
        self._queue = SourceQueue(sqs, config.queue_url, config.queue_arn)
        self._invoke = invoke
        self._on_batch = on_batch
        self._slots = Semaphore(config.max_concurrency)
        self._workers = ThreadPoolExecutor(config.max_concurrency, thread_name_prefix="batch")
        self._poller = Thread(target=self._poll, name="event-source", daemon=True)
        self._enabled = Event()
        self._stopping = Event()
        self._carried: list[Delivery] = []  # received, but too much for the last batch
        self._stats = Stats()
        self._stats_lock = Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def stats(self) -> Stats:
        return self._stats

    def start(self) -> None:
        if self._config.enabled:
            self._enabled.set()
        self._poller.start()

    def stop(self) -> None:
        """Stop taking messages for good, and return when those in hand are done."""
        self._stopping.set()
        self._enabled.set()  # wakes the poller where it is paused
        self._poller.join()
        self._workers.shutdown()

    def pause(self) -> None:
        """Stop taking messages for now; those in hand are still delivered."""
        self._enabled.clear()

    def resume(self) -> None:
        self._enabled.set()

    def _poll(self) -> None:
        while not self._stopping.is_set() or self._carried:
            if not self._carried:
                self._enabled.wait()
            self._slots.acquire()  # first: a message that is received should not wait for a worker
            if batch := self._gather():
                self._workers.submit(self._process, batch)
            else:
                self._slots.release()

    def _gather(self) -> list[Delivery]:
        """The next batch; empty if the mapping was paused or stopped before a message arrived."""
        batch, self._carried = self._carried, []
        deadline = time.monotonic() + self._config.window_s if batch else math.inf
        while self._polling and len(batch) < self._config.batch_size and not self._carried:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                break
            wait_s = LONG_POLL_S if remaining_s >= LONG_POLL_S else 0
            if wait_s == 0:  # SQS counts in whole seconds: wait here instead, then look once more
                self._stopping.wait(remaining_s)
            received = self._queue.receive(self._config.batch_size - len(batch), wait_s)
            self._count(received=len(received))
            batch += received
            if batch and deadline == math.inf:
                deadline = time.monotonic() + self._config.window_s
            fits = fitting(batch, REQUEST_LIMIT_BYTES)
            batch, self._carried = batch[:fits], batch[fits:]
        return batch

    @property
    def _polling(self) -> bool:
        return self._enabled.is_set() and not self._stopping.is_set()

    def _process(self, batch: list[Delivery]) -> None:
        try:
            outcome = self._run(batch)
            self._queue.delete([each for each in batch if each.message_id not in outcome.failed_ids])
            failed = sum(each.message_id in outcome.failed_ids for each in batch)
            erred = outcome.invocation is not None and outcome.invocation.error is not None
            self._count(invoked=1, succeeded=len(batch) - failed, failed=failed, function_errors=int(erred))
            if self._on_batch is not None:
                self._on_batch(outcome)
        except Exception:
            logger.exception("a batch was given up; its messages come back after their visibility timeout")
        finally:
            self._slots.release()

    def _run(self, batch: list[Delivery]) -> BatchOutcome:
        invocation = None
        failed_ids = frozenset(each.message_id for each in batch)
        try:
            invocation = self._invoke(event(batch))
        except Exception:
            logger.exception("the function could not be invoked")
        else:
            if invocation.error is None:
                failed_ids = (
                    reported_failures(invocation.payload, failed_ids)
                    if self._config.report_batch_item_failures
                    else frozenset()
                )
        return BatchOutcome(deliveries=tuple(batch), failed_ids=failed_ids, invocation=invocation)

    def _count(self, **more: int) -> None:
        with self._stats_lock:
            counts = {name: getattr(self._stats, name) + count for name, count in more.items()}
            self._stats = replace(self._stats, **counts)
