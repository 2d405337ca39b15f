"""A queue looked into without keeping its messages from others, and messages moved out of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sentiment.batch import MAX_BYTES, MAX_MESSAGES
from sentiment.delivery import NotSent, deliver
from sentiment.dlq.letter import DeadLetter, size_of

WORK_HIDES_SECONDS = 600  # from others, should the process die
WAIT_SECONDS = 1  # long polling asks all of SQS's servers: an empty answer means an empty queue


class Look:
    """Takes messages of a queue and, at its end, gives all back at once that were not deleted; a context manager.

    Iterating over it receives until the queue is empty, each message once.
    """

    def __init__(self, sqs: Any, queue_url: str, hide_seconds: int) -> None:
        """
        Args:
            hide_seconds: after which SQS shows the messages again, should this process die.
        """
        self._sqs, self._queue_url, self._hide_seconds = sqs, queue_url, hide_seconds
        self._held: dict[str, DeadLetter] = {}

    def __iter__(self) -> Iterator[DeadLetter]:
        while received := self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=MAX_MESSAGES,
            VisibilityTimeout=self._hide_seconds,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages"):
            letters = [DeadLetter.of(message) for message in received]
            new = [letter for letter in letters if letter.message_id not in self._held]
            self._held |= {letter.message_id: letter for letter in letters}
            if not new:
                return  # hidden for too short a time: the queue begins again
            yield from new

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        """Delete at most ten messages; those that SQS does not delete are given back with the others."""
        failed = self._sqs.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[{"Id": str(n), "ReceiptHandle": letter.receipt_handle} for n, letter in enumerate(letters)],
        ).get("Failed", [])
        for index in set(range(len(letters))) - {int(each["Id"]) for each in failed}:
            del self._held[letters[index].message_id]

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
) -> Iterator[tuple[list[DeadLetter], dict[str, NotSent]]]:
    """Send messages to another queue, then delete them where they were: none is lost, a crash may send a batch twice.

    Args:
        look: holds the messages.
        bodies: by message id, instead of the message's own.

    Yields:
        The messages of each request, and why some of them stay, by message id.
    """
    group: list[tuple[DeadLetter, dict[str, Any]]] = []
    for letter in letters:
        message = letter.message((bodies or {}).get(letter.message_id))
        if len(group) == MAX_MESSAGES or sum(size_of(each) for _, each in group) + size_of(message) > MAX_BYTES:
            yield _move(look, group, sqs, destination_url)
            group = []
        group.append((letter, message))
    if group:
        yield _move(look, group, sqs, destination_url)


def _move(
    look: Look, group: Sequence[tuple[DeadLetter, dict[str, Any]]], sqs: Any, destination_url: str
) -> tuple[list[DeadLetter], dict[str, NotSent]]:
    letters = [letter for letter, _ in group]
    failures = deliver(sqs, destination_url, [message for _, message in group])
    if sent := [letter for index, letter in enumerate(letters) if index not in failures]:
        look.delete(sent)
    return letters, {letters[index].message_id: why for index, why in failures.items()}


def depth(sqs: Any, queue_url: str) -> int:
    """About how many messages a queue holds, those among them that someone looks at."""
    return sum(counts(sqs, queue_url))


def counts(sqs: Any, queue_url: str) -> tuple[int, int, int]:
    """About how many messages of a queue wait, are delayed, and are in flight."""
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "Delayed", "NotVisible")]
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    waiting, delayed, in_flight = (int(found[name]) for name in names)
    return waiting, delayed, in_flight
