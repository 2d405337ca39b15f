"""Fills batches, sends them from threads and records their outcome."""

import encodings.idna  # noqa: F401  for urllib3's first connection: a child forked during that import waits forever
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sentiment.batch import Batch, encode
from sentiment.delivery import deliver
from sentiment_contract.messages import Item

MOST_SET_BACK = timedelta(minutes=1)  # further back, the time before was wrong
PENDING_PER_SENDER = 2  # batches: one being sent, one to follow immediately


@dataclass(eq=False, kw_only=True)
class _Pending:
    """A batch that is being filled or sent; `number` counts them."""

    number: int
    due: float  # on the monotonic clock
    batch: Batch
    sends: list[tuple[int, str, Future[None]]] = field(default_factory=list)  # index of the message, id, outcome
    failures: dict[str, Exception] = field(default_factory=dict)  # by id
    awaited: bool = False  # a flush will report its failures


class Senders:
    """The sending threads of one process. Safe to use from many threads."""

    def __init__(
        self, sqs: Any, queue_url: str, *, items_per_message: int, threads: int, linger_seconds: float
    ) -> None:
        """
        Args:
            sqs: boto3 client.
            linger_seconds: how long a text may wait for others.
        """
        self._sqs, self._queue_url = sqs, queue_url
        self._items_per_message, self._linger_seconds = items_per_message, linger_seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="producer")
        self._most_unsettled = threads * PENDING_PER_SENDER
        self._changed = threading.Condition()  # guards all below
        self._open: _Pending | None = None
        self._begun = 0  # batches so far
        self._unsettled: set[_Pending] = set()
        self._failed: list[_Pending] = []  # those that no flush has reported
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._here = threading.local()  # whether this thread is delivering, and so perhaps in a future's callback
        self.closed = False
        threading.Thread(target=self._send_what_is_due, name="producer-linger", daemon=True).start()

    def now(self) -> datetime:
        """The time, later than at any call before, although the clock may stand still or be set back a little."""
        with self._changed:
            now = datetime.now(UTC)
            if timedelta(0) <= self._latest - now < MOST_SET_BACK:
                now = self._latest + timedelta(microseconds=1)
            self._latest = now
            return now

    def take(self, item: Item) -> Future[None]:
        """Send a text with others; waits only while all threads are busy, and never in a future's callback.

        RuntimeError if closed.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # it cannot be cancelled
        encoded = encode(item)
        with self._changed:
            index = None
            while index is None:
                if self.closed:
                    raise RuntimeError("the producer is closed")
                pending = self._open = self._open or self._new()
                index = pending.batch.add(encoded)
                if index is None:
                    self._seal(wait=True)  # releases the lock
            pending.sends.append((index, item.id, future))
            if pending.batch.full:
                self._seal(wait=True)
        return future

    def flush(self) -> dict[str, Exception]:
        """Wait until everything taken before is settled, whatever others add in the meantime.

        Returns:
            By id, the reasons why texts taken before are not in the queue, unless an earlier flush reported them.

        Raises:
            RuntimeError: it was called in a future's callback, for whose end it would wait.
        """
        self._refuse_in_a_callback()
        with self._changed:
            self._seal(wait=False)
            mine, self._failed = {*self._failed, *self._unsettled}, []
            for pending in mine:
                pending.awaited = True
            self._changed.wait_for(lambda: mine.isdisjoint(self._unsettled))
        in_order = sorted(mine, key=lambda pending: pending.number)
        return {item_id: error for pending in in_order for item_id, error in pending.failures.items()}

    def close(self) -> dict[str, Exception]:
        """Flush, and stop the threads; a second call does nothing. Returns and raises the same as `flush`."""
        with self._changed:
            if self.closed:
                return {}
            self._refuse_in_a_callback()
            self.closed = True
            self._changed.notify_all()
        try:
            return self.flush()
        finally:
            self._pool.shutdown()

    def _new(self) -> _Pending:
        self._begun += 1
        self._changed.notify_all()  # the linger thread has something to wait for
        due = time.monotonic() + self._linger_seconds
        return _Pending(number=self._begun, due=due, batch=Batch(self._items_per_message))

    def _seal(self, *, wait: bool) -> None:
        """Pass the open batch to the threads and, if asked, wait while they have too many; the lock is held.

        Batches that others begin later do not count, so that nobody waits forever.
        """
        pending, self._open = self._open, None
        if pending:
            self._unsettled.add(pending)
            try:
                self._pool.submit(self._deliver, pending)
            except RuntimeError as error:
                if "interpreter shutdown" not in str(error):
                    raise
                self._deliver(pending)  # called by atexit, when Python has ended the threads
            number = pending.number
            while (
                wait
                and not self._delivering
                and sum(each.number <= number for each in self._unsettled) > self._most_unsettled
            ):
                self._changed.wait()

    def _send_what_is_due(self) -> None:
        with self._changed:
            while not self.closed:
                left = self._open.due - time.monotonic() if self._open else None
                if left is None or left > 0:
                    self._changed.wait(left)
                else:
                    self._seal(wait=True)

    def _refuse_in_a_callback(self) -> None:
        if self._delivering:
            raise RuntimeError("flush and close wait for the callbacks of futures, so a callback cannot call them")

    @property
    def _delivering(self) -> bool:
        return getattr(self._here, "delivering", False)

    def _deliver(self, pending: _Pending) -> None:
        self._here.delivering = True
        try:
            self._send(pending)
        finally:
            self._here.delivering = False

    def _send(self, pending: _Pending) -> None:
        failures: dict[int, Exception] = {}
        try:
            failures |= deliver(self._sqs, self._queue_url, [{"MessageBody": body} for body in pending.batch.bodies()])
        except Exception as error:  # whatever it is, it is the outcome of every text
            failures = {index: error for index, _, _ in pending.sends}
        for index, _, future in pending.sends:
            if index in failures:
                future.set_exception(failures[index])
            else:
                future.set_result(None)
        pending.failures = {item_id: failures[index] for index, item_id, _ in pending.sends if index in failures}
        with self._changed:
            self._unsettled.remove(pending)
            if pending.failures and not pending.awaited:
                self._failed.append(pending)
            self._changed.notify_all()
