"""Records as Lambda hands them over: which are whole ones of SQS, how any other is given back, and what is foreign."""

from collections.abc import Mapping
from typing import Any

from sentiment_contract.dead_letters import sent_at

# Lambda takes this identifier for a failure of the whole batch, and nothing is deleted:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
WHOLE_BATCH = ""
SQS = "aws:sqs"
# The keys by which events of EventBridge, CloudWatch Logs and CloudWatch's alarms are known.
OTHER_SERVICES = {"detail-type": "aws:events", "awslogs": "aws:logs", "alarmArn": "aws:cloudwatch"}


class ForeignEvent(Exception):
    """A service that is not SQS invoked the function; whatever it answered, the service would take it for success."""

    def __init__(self, source: str) -> None:
        super().__init__(f"an event of {source}: only messages of the queue and {{'items': [...]}} are taken")


def refuse_foreign(event: object) -> None:
    """ForeignEvent for what SNS, S3 and other services send; SQS's and a caller's own events pass."""
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
    """Whether a record has what the function reads of it. Lambda's always have; those of a hand-made event may not."""
    try:
        int(record["attributes"]["ApproximateReceiveCount"])
        sent_at(record)
        return isinstance(record["body"], str) and message_id(record) != WHOLE_BATCH
    except Exception:  # of whatever shape it is
        return False


def message_id(record: object) -> str:
    """What to report of a record that failed; without a messageId the batch fails with it, and nothing is lost."""
    value = record.get("messageId") if isinstance(record, Mapping) else None
    return value if isinstance(value, str) and value.isascii() else WHOLE_BATCH
