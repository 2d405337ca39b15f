"""A stored result, as the client reads it from an item of the table."""

from datetime import UTC, datetime
from typing import Any

from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY

Result = dict[str, Any]  # the attributes of a stored result, as docs/messages.md lists them

FIELDS = (TABLE_KEY, "sentiment", "score", "truncated", "sent_at", "processed_at", "model_id", "model_revision", "text")
UNDATED = datetime.min.replace(tzinfo=UTC)


def plain(item: dict[str, dict[str, Any]]) -> Result:
    """An item without DynamoDB's type tags."""
    return {name: float(value["N"]) if "N" in value else next(iter(value.values())) for name, value in item.items()}


def expired(result: Result, now: float) -> bool:
    """Whether a result has expired; removes its expiry."""
    expiry = result.pop(TABLE_EXPIRY, None)
    return isinstance(expiry, float) and expiry <= now


def sent_at(result: Result) -> datetime:
    """When the text was sent; UNDATED if the item, of another writer, has no valid date."""
    try:
        date = datetime.fromisoformat(result["sent_at"])
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date
    except (KeyError, TypeError, ValueError):
        return UNDATED
