"""Sends the records of a file in order, and knows at any time up to which record everything is settled."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sentiment.checkpoint import Checkpoint
from sentiment.delivery import NotSent
from sentiment.pace import Pace
from sentiment.producer import Producer, SendFailed
from sentiment.record import Record
from sentiment_contract.messages import Fault


@dataclass(frozen=True, kw_only=True)
class _UnderWay:
    record: Record
    faults: list[Fault]
    sends: list[Future[None]]


@dataclass(kw_only=True)
class Sending:
    """
    Attributes:
        producer: sends the texts.
        checkpoint: the settled records.
        window: maximum records in flight; a crash can repeat no more than these.
        on_reject: called for every fault of a record, in the order of the file.
        on_settled: called when the checkpoint has advanced.
    """

    producer: Producer
    checkpoint: Checkpoint
    window: int
    on_reject: Callable[[Record, Fault], None]
    on_settled: Callable[[Checkpoint, Record], None]
    _under_way: deque[_UnderWay] = field(default_factory=deque)

    def send_all(self, source: Iterable[Record], pace: Pace) -> None:
        """Send all records, close the producer and settle what was sent, however it ends. Raises the same as `take`."""
        try:
            with self.producer:
                for record in source:
                    pace.wait()
                    pace.went(self.take(record))
        except SendFailed:
            pass  # the records' own outcomes report it too
        finally:
            self.settle()

    def take(self, record: Record) -> int:
        """Send the valid texts of a record; returns their number.

        Raises:
            NotSent, ClientError, BotoCoreError: an earlier record could not be sent, although it is valid.
        """
        # The same in every run, so that the table absorbs repeats; a later record counts as newer.
        offset = timedelta(microseconds=self.checkpoint.records + len(self._under_way))
        items, faults = record.parse(datetime.fromisoformat(self.checkpoint.started_at) + offset)
        sends = [self.producer.send_item(item) for item in items]
        self._under_way.append(_UnderWay(record=record, faults=faults, sends=sends))
        if len(self._under_way) > self.window:
            wait(self._under_way[0].sends)
        self.settle()
        return len(items)

    def settle(self) -> None:
        """Settle the records that are done, up to the first that is not. Raises the same errors as `take`."""
        record = None
        try:
            while self._under_way and all(send.done() for send in self._under_way[0].sends):
                faults = [*self._under_way[0].faults, *self._refused(self._under_way[0])]
                under_way = self._under_way.popleft()
                record = under_way.record
                for fault in faults:
                    self.on_reject(record, fault)
                sent = len(under_way.sends) + len(under_way.faults) - len(faults)
                self.checkpoint = self.checkpoint.after(record, sent, len(faults))
        finally:
            if record:
                self.on_settled(self.checkpoint, record)

    def _refused(self, under_way: _UnderWay) -> list[Fault]:
        """The messages that SQS refuses permanently; raises any other error."""
        refused = []
        for error in filter(None, (send.exception() for send in under_way.sends)):
            if not (isinstance(error, NotSent) and error.refused):
                raise error
            refused.append(Fault("RefusedBySqs", str(error)))
        return refused
