"""The dead-letter queue, for messages that can never succeed: body intact, with the reason beside it."""

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
        """Put a record's body into the dead-letter queue, its attributes kept and the reason added.

        Where ten attributes are too few, its own come before ours but for the date, without which a redrive could
        overwrite a newer result.

        Raises:
            ClientError, BotoCoreError: SQS did not take it; the message must stay where it is.
        """
        date = str(int(sent_at(record).timestamp() * 1000))
        ours = {  # what can be done without comes last
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
