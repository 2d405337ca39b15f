"""moto's SQS queue with an index and a lock: as fast with a long backlog as without, and safe for many clients.

moto 5.2 keeps a queue's messages in a list. Every send counts it three times, and every delete walks and rebuilds it,
so calls take longer the more messages wait. The server uses threads but no lock: a message that is sent while another
is deleted may be lost with the old list, and two receivers may get the same one. This changes only how a queue finds
its messages, not what it does. Only the number of messages in flight still matters.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.utils import unix_time
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

LONGEST_WAIT_S = 1.0  # a message may become visible again without a notification


class Messages:
    """Replaces moto's list: oldest first, but finds messages by id or by any receipt handle they ever had."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._by_id = {message.id: message for message in messages}
        self._by_handle: dict[str | None, Message] = {}

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._by_id.values()))  # as it is now, whatever other threads do

    def __len__(self) -> int:
        return len(self._by_id)

    def append(self, message: Message) -> None:
        self._by_id[message.id] = message

    def remove(self, message: Message) -> None:
        del self._by_id[message.id]
        for handle in message.all_receipt_handles:
            self._by_handle.pop(handle, None)

    def received(self, message_id: str) -> None:
        """Index the handle that this message has just received."""
        message = self._by_id[message_id]
        self._by_handle[message.receipt_handle] = message

    def of_handle(self, handle: str) -> Message | None:
        return self._by_handle.get(handle)

    def deliverable(self) -> Iterator[Message]:
        """The receivable messages, found lazily; only under the queue's lock."""
        return (message for message in self._by_id.values() if message.visible and not message.delayed)


class IndexedQueue(Queue):
    @property  # type: ignore[override]
    def _messages(self) -> Messages:
        return self._index

    @_messages.setter
    def _messages(self, messages: Iterable[Message]) -> None:
        """moto makes and purges a queue by setting a new list."""
        self._index = Messages(messages)
        self._delayed: set[Message] = set()

    @property
    def messages(self) -> Any:
        return self._messages.deliverable()

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        with self._messages_lock:
            return sum(not message.visible for message in self.pending_messages)  # only what was received is hidden

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        with self._messages_lock:
            self._delayed = {message for message in self._delayed if message.delayed}
            return len(self._delayed)

    @property
    def approximate_number_of_messages(self) -> int:
        hidden = self.approximate_number_of_messages_not_visible + self.approximate_number_of_messages_delayed
        return len(self._messages) - hidden

    def add_message(self, message: Message) -> None:
        with self._messages_lock:
            if message.delayed:
                self._delayed.add(message)
            super().add_message(message)

    def delete_message(self, receipt_handle: str) -> None:
        with self._messages_lock:
            if receipt_handle in self.deleted_messages:
                return
            message = self._messages.of_handle(receipt_handle)
            if message is None:
                raise ReceiptHandleIsInvalid()
            self.pending_messages.discard(message)
            self.deleted_messages.update(filter(None, message.all_receipt_handles))
            self._messages.remove(message)


def install() -> None:
    """Index all queues that moto creates from now on in this process."""
    models.Queue = IndexedQueue  # type: ignore[misc]
    receive = SQSBackend.receive_message

    def receive_alone(
        self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *rest: Any
    ) -> list[Message]:
        """Like moto, but only one receiver at a time, which waits until it is notified of a message."""
        queue: Any = self.get_queue(queue_name)
        deadline = time.monotonic() + wait_seconds_timeout
        with queue._messages_lock:
            while True:
                found = receive(self, queue_name, count, 0, *rest)
                for message in found:
                    queue._messages.received(message.id)
                remaining_s = deadline - time.monotonic()
                if found or remaining_s <= 0:
                    return found
                queue._messages_lock.wait(min(remaining_s, LONGEST_WAIT_S))

    def still_retained(self: SQSBackend, queue_name: str, message: Any) -> bool:
        """Like moto's, which computes all attributes of the queue for it, including the counts."""
        queue: Any = self.get_queue(queue_name)
        return queue.message_retention_period + message.sent_timestamp / 1000 > unix_time()

    SQSBackend.is_message_valid_based_on_retention_period = still_retained  # type: ignore[method-assign]
    SQSBackend.receive_message = receive_alone  # type: ignore[assignment,method-assign]
