"""Reads a queue's messages without hiding them from others for long, and moves messages to another queue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sentiment.batch import MAX_MESSAGES
from sentiment.delivery import deliver
from sentiment.dlq.letter import DeadLetter, size_of
from sentiment_contract.messages import MAX_MESSAGE_BYTES

WORK_HIDES_SECONDS = 600  # how long messages stay hidden if the process dies
WAIT_SECONDS = 1  # long polling asks all of SQS's servers, so an empty answer means an empty queue
REPEATS = 3  # answers without a new message, after which the queue has started over; SQS may deliver one twice
DELETIONS = 3  # attempts


class Look:
    """Receives messages and, on exit, immediately makes those visible that were not deleted; a context manager.

    Iterating over it receives each message once, until the queue is empty.
    """

    def __init__(self, sqs: Any, queue_url: str, hide_seconds: int) -> None:
        """
        Args:
            hide_seconds: if this process dies, SQS shows the messages again after this time.
        """
        self._sqs, self._queue_url, self._hide_seconds = sqs, queue_url, hide_seconds
        self._held: dict[str, DeadLetter] = {}

    def __iter__(self) -> Iterator[DeadLetter]:
        repeats = 0
        while repeats < REPEATS and (received := self._receive()):
            letters = [DeadLetter.of(message) for message in received]
            new = [letter for letter in letters if letter.message_id not in self._held]
            self._held |= {letter.message_id: letter for letter in letters}
            repeats = 0 if new else repeats + 1
            yield from new

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=MAX_MESSAGES,
            VisibilityTimeout=self._hide_seconds,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def delete(self, letters: Sequence[DeadLetter]) -> int:
        """Delete at most ten messages; returns the number that SQS did not delete: these become visible again."""
        left = dict(enumerate(letters))
        for _ in range(DELETIONS):
            answer = self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(index), "ReceiptHandle": each.receipt_handle} for index, each in left.items()],
            )
            failed = {int(each["Id"]) for each in answer.get("Failed", [])}
            for index in left.keys() - failed:
                del self._held[left.pop(index).message_id]
            if not left:
                break
        return len(left)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        handles = [letter.receipt_handle for letter in self._held.values()]
        for start in range(0, len(handles), MAX_MESSAGES):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for n, handle in enumerate(handles[start : start + MAX_MESSAGES])
                ],
            )


def move(
    look: Look, letters: Iterable[DeadLetter], sqs: Any, destination_url: str, bodies: Mapping[str, str] | None = None
) -> Iterator[tuple[list[DeadLetter], dict[str, Exception]]]:
    """Send messages to another queue, then delete them here: none is lost, but a crash may send a batch twice.

    Args:
        look: holds the messages.
        bodies: replacement bodies by message id.

    Yields:
        The messages of each request, and by message id the reasons why some of them stay.
    """
    group: list[tuple[DeadLetter, dict[str, Any]]] = []
    for letter in letters:
        message = letter.message((bodies or {}).get(letter.message_id))
        if len(group) == MAX_MESSAGES or sum(size_of(each) for _, each in group) + size_of(message) > MAX_MESSAGE_BYTES:
            yield _move(look, group, sqs, destination_url)
            group = []
        group.append((letter, message))
    if group:
        yield _move(look, group, sqs, destination_url)


def _move(
    look: Look, group: Sequence[tuple[DeadLetter, dict[str, Any]]], sqs: Any, destination_url: str
) -> tuple[list[DeadLetter], dict[str, Exception]]:
    letters = [letter for letter, _ in group]
    failures = deliver(sqs, destination_url, [message for _, message in group])
    if sent := [letter for index, letter in enumerate(letters) if index not in failures]:
        look.delete(sent)
    return letters, {letters[index].message_id: why for index, why in failures.items()}


def depth(sqs: Any, queue_url: str) -> int:
    """The approximate number of messages in a queue, including those in flight."""
    return sum(counts(sqs, queue_url))


def counts(sqs: Any, queue_url: str) -> tuple[int, int, int]:
    """The approximate numbers of messages in a queue that wait, are delayed, and are in flight."""
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "Delayed", "NotVisible")]
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    waiting, delayed, in_flight = (int(found[name]) for name in names)
    return waiting, delayed, in_flight
