"""Checks of Lambda's records: whether they are complete SQS messages, how to report others, and foreign events."""

from collections.abc import Mapping
from typing import Any

from sentiment_contract.dead_letters import sent_at

# Lambda treats this identifier as a failure of the whole batch, and deletes nothing:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
WHOLE_BATCH = ""
SQS = "aws:sqs"
# The keys that identify events of EventBridge, CloudWatch Logs and CloudWatch alarms.
OTHER_SERVICES = {"detail-type": "aws:events", "awslogs": "aws:logs", "alarmArn": "aws:cloudwatch"}


class ForeignEvent(Exception):
    """A service other than SQS invoked the function, and would treat any answer as success."""

    def __init__(self, source: str) -> None:
        super().__init__(f"an event from {source}: the function accepts only SQS messages and {{'items': [...]}}")


def refuse_foreign(event: object) -> None:
    """Raise ForeignEvent for events from SNS, S3 and other services; SQS's and a caller's own events pass."""
    if not isinstance(event, Mapping):
        return
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        given = record.get("eventSource", record.get("EventSource")) if isinstance(record, Mapping) else None
        if isinstance(given, str) and given.startswith("aws:") and given != SQS:
            raise ForeignEvent(given[:20])
    if "items" not in event and not isinstance(records, list):
        for key, source in OTHER_SERVICES.items():
            if key in event:
                raise ForeignEvent(source)


def is_whole(record: Any) -> bool:
    """Whether a record has every field that the function reads. Lambda's always do; a handmade event's may not."""
    try:
        int(record["attributes"]["ApproximateReceiveCount"])
        sent_at(record)
        return isinstance(record["body"], str) and message_id(record) != WHOLE_BATCH
    except Exception:  # the record may have any shape
        return False


def message_id(record: object) -> str:
    """The identifier to report for a failed record; without a messageId, the whole batch fails, so nothing is lost."""
    value = record.get("messageId") if isinstance(record, Mapping) else None
    return value if isinstance(value, str) and value.isascii() else WHOLE_BATCH
