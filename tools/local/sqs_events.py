"""Converts SQS messages to Lambda event records, and responses to the messages that failed."""

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One delivery of a message; `record` is its event record as JSON."""

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
    """How many of the first deliveries fit into one event; at least one, so that one that is too large fails."""
    size = len(event([])) - len(b", ")  # none before the first
    for count, each in enumerate(deliveries):
        size += len(each.record) + len(b", ")
        if size > limit_bytes:
            return max(1, count)
    return len(deliveries)


def reported_failures(response: bytes, sent: frozenset[str]) -> frozenset[str]:
    """The messages that a response with ReportBatchItemFailures returns to the queue.

    No report means success; an invalid report fails all messages that were sent.
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
