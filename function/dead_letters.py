"""Sends messages that can never succeed to the dead-letter queue: body intact, with the reason as attributes."""

from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sentiment_contract.dead_letters import CODE, MAX_ATTRIBUTES, MESSAGE, REQUEST_ID, SENT_TIMESTAMP, sent_at

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
        """Put a record's body into the dead-letter queue, with its attributes and the reason.

        If that exceeds ten attributes, its own take precedence over ours, except over the date, without which a
        redrive could overwrite a newer result.

        Raises:
            ClientError, BotoCoreError: SQS did not accept it; the message must stay in the source queue.
        """
        date = str(int(sent_at(record).timestamp() * 1000))
        ours = {  # the most dispensable last
            SENT_TIMESTAMP: {"DataType": "Number", "StringValue": date},
            CODE: {"DataType": "String", "StringValue": code},
            MESSAGE: {"DataType": "String", "StringValue": message[:MAX_MESSAGE_CHARS]},
            REQUEST_ID: {"DataType": "String", "StringValue": request_id},
        }
        own = {
            name: outgoing
            for name, attribute in record.get("messageAttributes", {}).items()
            if name not in ours and (outgoing := _outgoing(attribute))
        }
        kept = dict(list(own.items())[: MAX_ATTRIBUTES - 1])
        attributes = dict(list({SENT_TIMESTAMP: ours[SENT_TIMESTAMP], **kept, **ours}.items())[:MAX_ATTRIBUTES])
        self.client.send_message(QueueUrl=self.queue_url, MessageBody=record["body"], MessageAttributes=attributes)


def _outgoing(attribute: object) -> dict[str, Any] | None:
    """A message attribute in SendMessage's shape, from the shape in which Lambda passes it.

    None for any other shape: SQS neither delivers nor accepts it, and the message itself matters more.
    """
    match attribute:
        case {"dataType": str(kind), "binaryValue": str(encoded)} if encoded and kind.startswith("Binary"):
            with suppress(ValueError):
                return {"DataType": kind, "BinaryValue": b64decode(encoded, validate=True)}
        case {"dataType": str(kind), "stringValue": str(value)} if value and kind.startswith(("String", "Number")):
            return {"DataType": kind, "StringValue": value}
    return None
