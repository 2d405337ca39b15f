"""A line of a file that `dlq save` wrote, perhaps edited since."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from sentiment.json_line import json_line


@dataclass(frozen=True, kw_only=True)
class SavedLetter:
    """
    Attributes:
        message_id: in the dead-letter queue.
        body: what to send.
        sent_at: when it first got into the queue.
    """

    message_id: str
    body: str
    sent_at: datetime

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError: the line is no dead letter."""
        try:
            saved = json.loads(line)
            message_id, body, sent_at = saved["message_id"], saved["body"], datetime.fromisoformat(saved["sent_at"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("is no dead letter; must hold message_id and body, and the date sent_at") from None
        # A body is a string, but whoever edits it may well turn it into the JSON that it holds.
        text = body if isinstance(body, str) else json_line(body)
        return cls(message_id=message_id, body=text, sent_at=sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC))
