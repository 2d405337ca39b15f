"""Reads a line from a file that `dlq save` wrote, possibly edited since."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from sentiment.json_line import json_line


@dataclass(frozen=True, kw_only=True)
class SavedLetter:
    """
    Attributes:
        message_id: id in the dead-letter queue.
        body: the body to send.
        sent_at: when it first entered the queue.
    """

    message_id: str
    body: str
    sent_at: datetime

    @classmethod
    def read(cls, line: str) -> Self:
        """The letter in a line; ValueError if it is not a dead letter."""
        try:
            saved = json.loads(line)
            message_id, body, sent_at = saved["message_id"], saved["body"], datetime.fromisoformat(saved["sent_at"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("is not a dead letter; must hold message_id and body, and the date sent_at") from None
        # A body is a string, but an editor may have replaced it with the JSON that it contained.
        text = body if isinstance(body, str) else json_line(body)
        return cls(message_id=message_id, body=text, sent_at=sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC))
