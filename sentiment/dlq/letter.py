"""A dead letter: its body, its reason, and how to resend it with its original date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sentiment.json_line import json_line
from sentiment_contract.dead_letters import CODE, MAX_ATTRIBUTES, MESSAGE, REQUEST_ID, SENT_TIMESTAMP, sent_at
from sentiment_contract.messages import MAX_MESSAGE_BYTES


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """
    Attributes:
        message_id: id in the dead-letter queue; a redrive changes it.
        code, error: the function's reason; empty if SQS dead-lettered it because the function crashed or timed out.
        sent_at: when it first entered the queue, as far as known.
        receives: number of deliveries, including these reads.
        attributes: its own attributes, without the reason.
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
        """The dead letter from a message as boto3 receives it, with all of its attributes."""
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
        """Its line in a saved file."""
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
        """An entry for SendMessageBatch that resends it; `body` replaces its own.

        It omits the date if the message has no room for it.
        """
        kept = dict(list(self.attributes.items())[: MAX_ATTRIBUTES - 1])
        date = {"DataType": "Number", "StringValue": str(int(self.sent_at.timestamp() * 1000))}
        undated = {"MessageBody": self.body if body is None else body, "MessageAttributes": kept}
        dated = {**undated, "MessageAttributes": {**kept, SENT_TIMESTAMP: date}}
        return dated if size_of(dated) <= MAX_MESSAGE_BYTES else undated


def size_of(message: Mapping[str, Any]) -> int:
    """The size of a SendMessageBatch entry in bytes, as SQS counts: body, and attributes' names, types and values."""
    parts = [message["MessageBody"]]
    for name, value in message["MessageAttributes"].items():
        parts += [name, value["DataType"], value.get("BinaryValue") or value["StringValue"]]
    return sum(len(part if isinstance(part, bytes) else part.encode()) for part in parts)
