"""Dead letters: looked at without keeping them from others, and moved back with the time that they were first sent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from function.dead_letters import CODE, MAX_ATTRIBUTES, MESSAGE, REQUEST_ID, SENT_TIMESTAMP, sent_at
from sentiment.batch import MAX_MESSAGES
from sentiment.delivery import NotSent, deliver

WAIT_SECONDS = 1  # long polling asks all of SQS's servers: an empty answer means an empty queue


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """
    Attributes:
        message_id: in the dead-letter queue; a redrive changes it.
        code, error: why the function gave it up; empty where SQS did, as the function crashed or timed out on it.
        sent_at: when it first got into the queue, as far as that is known.
        receives: deliveries, these looks among them.
        attributes: its own, without the reason.
    """

    message_id: str
    receipt_handle: str
    body: str
    code: str
    error: str
    sent_at: datetime
    receives: int
    attributes: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """A message as boto3 receives it, with all of its attributes."""
        attributes = message.get("MessageAttributes", {})
        texts = {name: value.get("StringValue") for name, value in attributes.items()}
        record = {
            "attributes": message["Attributes"],
            "messageAttributes": {name: {"stringValue": text} for name, text in texts.items()},
        }
        return cls(
            message_id=message["MessageId"],
            receipt_handle=message["ReceiptHandle"],
            body=message["Body"],
            code=texts.get(CODE) or "",
            error=texts.get(MESSAGE) or "",
            sent_at=sent_at(record),
            receives=int(message["Attributes"]["ApproximateReceiveCount"]),
            attributes={n: v for n, v in attributes.items() if n not in (CODE, MESSAGE, REQUEST_ID, SENT_TIMESTAMP)},
        )

    def to_json(self) -> str:
        """A line of a saved file."""
        fields = {
            "message_id": self.message_id,
            "code": self.code,
            "error": self.error,
            "sent_at": self.sent_at.isoformat(),
            "receives": self.receives,
            "attributes": {
                name: value["StringValue"] for name, value in self.attributes.items() if "StringValue" in value
            },
            "body": self.body,
        }
        return json.dumps(fields, ensure_ascii=False)

    def message(self, body: str | None = None) -> dict[str, Any]:
        """An entry of SendMessageBatch that sends it again, dated as before; `body` takes the place of its own."""
        kept = dict(list(self.attributes.items())[: MAX_ATTRIBUTES - 1])
        first = {"DataType": "Number", "StringValue": str(int(self.sent_at.timestamp() * 1000))}
        return {
            "MessageBody": self.body if body is None else body,
            "MessageAttributes": {**kept, SENT_TIMESTAMP: first},
        }


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
        for letter in set(range(len(letters))) - {int(each["Id"]) for each in failed}:
            del self._held[letters[letter].message_id]

    def move(
        self, letters: Sequence[DeadLetter], destination_url: str, bodies: Mapping[str, str]
    ) -> dict[str, NotSent]:
        """Send at most ten messages to another queue, then delete them here: none is lost, a crash may send one twice.

        Args:
            bodies: by message id, instead of the message's own.

        Returns:
            Why a message stays, by message id.
        """
        messages = [letter.message(bodies.get(letter.message_id)) for letter in letters]
        failures = deliver(self._sqs, destination_url, messages)
        if sent := [letter for place, letter in enumerate(letters) if place not in failures]:
            self.delete(sent)
        return {letters[place].message_id: why for place, why in failures.items()}

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


def depth(sqs: Any, queue_url: str) -> int:
    """About how many messages a queue holds, those among them that someone looks at."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
