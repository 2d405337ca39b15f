"""The dead-letter queue, for messages that can never succeed: body intact, with the reason beside it."""

from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Lambda's own names for these: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
CODE, MESSAGE, REQUEST_ID = "ErrorCode", "ErrorMessage", "RequestID"
SENT_TIMESTAMP = "SentTimestamp"  # milliseconds, as SQS's own attribute, which a redrive resets
MAX_ATTRIBUTES = 10  # SQS's limit for a message
MAX_MESSAGE_CHARS = 1024


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """
    Attributes:
        client: botocore SQS client.
        queue_url: the dead-letter queue.
    """

    client: Any
    queue_url: str

    def send(self, record: Mapping[str, Any], code: str, message: str, request_id: str) -> None:
        """Put a record's body into the dead-letter queue, its attributes kept and the reason added.

        Raises:
            ClientError, BotoCoreError: SQS did not take it; the message must stay where it is.
        """
        reason = {
            CODE: {"DataType": "String", "StringValue": code},
            MESSAGE: {"DataType": "String", "StringValue": message[:MAX_MESSAGE_CHARS]},
            REQUEST_ID: {"DataType": "String", "StringValue": request_id},
            SENT_TIMESTAMP: {"DataType": "Number", "StringValue": str(int(sent_at(record).timestamp() * 1000))},
        }
        kept = {
            name: outgoing
            for name, attribute in record.get("messageAttributes", {}).items()
            if name not in reason and (outgoing := _outgoing(attribute))
        }
        kept = dict(list(kept.items())[: MAX_ATTRIBUTES - len(reason)])
        self.client.send_message(
            QueueUrl=self.queue_url, MessageBody=record["body"], MessageAttributes={**kept, **reason}
        )


def sent_at(record: Mapping[str, Any]) -> datetime:
    """When SQS first got a message, even if it has been through the dead-letter queue since."""
    milliseconds = int(record["attributes"]["SentTimestamp"])
    attribute = record.get("messageAttributes", {}).get(SENT_TIMESTAMP, {})
    try:
        first = int(attribute["stringValue"])
    except (KeyError, TypeError, ValueError):
        first = milliseconds
    if not 0 <= first <= milliseconds:  # a producer's own attribute of that name: no redrive goes back in time
        first = milliseconds
    return datetime.fromtimestamp(first / 1000, UTC)


def _outgoing(attribute: object) -> dict[str, Any] | None:
    """A message attribute as SendMessage wants it, from the shape in which Lambda hands it over.

    None for any other shape: SQS neither delivers nor takes it, and the message itself matters more.
    """
    match attribute:
        case {"dataType": str(kind), "binaryValue": str(encoded)} if encoded and kind.startswith("Binary"):
            with suppress(ValueError):
                return {"DataType": kind, "BinaryValue": b64decode(encoded, validate=True)}
        case {"dataType": str(kind), "stringValue": str(value)} if value and kind.startswith(("String", "Number")):
            return {"DataType": kind, "StringValue": value}
    return None
