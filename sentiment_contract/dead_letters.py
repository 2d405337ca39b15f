"""A dead letter's message attributes: the reason, and the time at which SQS first received it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Lambda's own names for these: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
CODE, MESSAGE, REQUEST_ID = "ErrorCode", "ErrorMessage", "RequestID"
SENT_TIMESTAMP = "SentTimestamp"  # milliseconds, like SQS's own attribute, which a redrive resets
MAX_ATTRIBUTES = 10  # SQS's limit per message


def sent_at(record: Mapping[str, Any]) -> datetime:
    """When SQS first received a message (a record of a Lambda event), even if it has been a dead letter since."""
    milliseconds = int(record["attributes"]["SentTimestamp"])
    attribute = record.get("messageAttributes", {}).get(SENT_TIMESTAMP, {})
    try:
        first = int(attribute["stringValue"])
    except (KeyError, TypeError, ValueError):
        first = milliseconds
    if not 0 <= first <= milliseconds:  # then it is a producer's own attribute of that name
        first = milliseconds
    return datetime.fromtimestamp(first / 1000, UTC)
