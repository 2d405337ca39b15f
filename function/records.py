"""SQS records as Lambda hands them over: which are whole, and how any other is given back."""

from collections.abc import Mapping
from typing import Any

from sentiment_contract.dead_letters import sent_at

# Lambda takes this identifier for a failure of the whole batch, and nothing is deleted:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
WHOLE_BATCH = ""


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
