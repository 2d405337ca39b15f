"""A dead letter: what it says, why it is here, and how it is sent again, dated as before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sentiment.batch import MAX_BYTES
from sentiment.json_line import json_line
from sentiment_contract.dead_letters import CODE, MAX_ATTRIBUTES, MESSAGE, REQUEST_ID, SENT_TIMESTAMP, sent_at


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
        return json_line(fields)

    def message(self, body: str | None = None) -> dict[str, Any]:
        """An entry of SendMessageBatch that sends it again; `body` takes the place of its own.

        The date is left out of a message that has no room for it.
        """
        kept = dict(list(self.attributes.items())[: MAX_ATTRIBUTES - 1])
        date = {"DataType": "Number", "StringValue": str(int(self.sent_at.timestamp() * 1000))}
        undated = {"MessageBody": self.body if body is None else body, "MessageAttributes": kept}
        dated = {**undated, "MessageAttributes": {**kept, SENT_TIMESTAMP: date}}
        return dated if size_of(dated) <= MAX_BYTES else undated


def size_of(message: Mapping[str, Any]) -> int:
    """Bytes of an entry of SendMessageBatch, as SQS counts them: body, and names, types and values of attributes."""
    parts = [message["MessageBody"]]
    for name, value in message["MessageAttributes"].items():
        parts += [name, value["DataType"], value.get("BinaryValue") or value["StringValue"]]
    return sum(len(part if isinstance(part, bytes) else part.encode()) for part in parts)
