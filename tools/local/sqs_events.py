"""What SQS and Lambda say to each other: messages as event records, and responses as verdicts on them."""

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One message as it was received once; `record` is its event record as JSON."""

    message_id: str
    receipt_handle: str
    record: bytes


def delivery(message: dict[str, Any], queue_arn: str) -> Delivery:
    """A message as boto3 receives it, for the event of the queue's consumer.

    Source: Lambda developer guide, "Using Lambda with Amazon SQS".
    """
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return Delivery(message["MessageId"], message["ReceiptHandle"], json.dumps(record).encode())


def event(deliveries: Iterable[Delivery]) -> bytes:
    return b'{"Records": [' + b", ".join(each.record for each in deliveries) + b"]}"


def fitting(deliveries: list[Delivery], limit_bytes: int) -> int:
    """How many of the first deliveries fit into one event; at least one: what is too large has to fail."""
    size = len(event([]))
    for count, each in enumerate(deliveries):
        size += len(each.record) + len(b", ")
        if size > limit_bytes:
            return max(1, count)
    return len(deliveries)


def reported_failures(response: bytes, sent: frozenset[str]) -> frozenset[str]:
    """The messages that a response with ReportBatchItemFailures gives back to the queue.

    No report is success; a report that cannot be trusted fails all that were sent.
    Source: Lambda developer guide, "Implementing partial batch responses", success and failure conditions.
    """
    try:
        answer = json.loads(response)
    except ValueError:
        return sent
    if answer is None:
        return frozenset()
    if not isinstance(answer, dict):
        return sent
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return sent
    reported = set()
    for each in failures:
        message_id = each.get("itemIdentifier") if isinstance(each, dict) else None
        if not isinstance(message_id, str) or message_id not in sent:
            return sent
        reported.add(message_id)
    return frozenset(reported)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {}
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    # SQS has reserved the lists and not put them to use.
    return {**attribute, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
