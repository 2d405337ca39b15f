"""Packs texts into the messages of one SQS request, within its limits."""

from collections.abc import Iterator

from sentiment.json_line import json_line
from sentiment_contract.messages import MAX_MESSAGE_BYTES, Item

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGES = 10  # in one request

HEAD, SEPARATOR, TAIL = '{"items": [', ", ", "]}"


def encode(item: Item) -> str:
    """An item as unescaped JSON: escapes would take up to three times the bytes."""
    fields = {"id": item.id, "text": item.text, "timestamp": item.sent_at.isoformat()}
    return json_line(fields)


class Batch:
    """The messages of one request. Any item that the contract allows fits into an empty batch."""

    def __init__(self, items_per_message: int = 1) -> None:
        self._items_per_message = items_per_message
        self._messages: list[list[str]] = []
        self._bytes = 0

    def add(self, item: str) -> int | None:
        """Add an encoded item; returns the index of its message, or None if there is no room."""
        joins = self._last_has_room
        size = len(item.encode()) + (len(SEPARATOR) if joins else len(HEAD + TAIL))
        if self._bytes + size > MAX_MESSAGE_BYTES or not (joins or len(self._messages) < MAX_MESSAGES):
            return None
        if not joins:
            self._messages.append([])
        self._messages[-1].append(item)
        self._bytes += size
        return len(self._messages) - 1

    @property
    def full(self) -> bool:
        return len(self._messages) == MAX_MESSAGES and not self._last_has_room

    @property
    def _last_has_room(self) -> bool:
        return bool(self._messages) and len(self._messages[-1]) < self._items_per_message

    def bodies(self) -> Iterator[str]:
        for items in self._messages:
            yield items[0] if len(items) == 1 else f"{HEAD}{SEPARATOR.join(items)}{TAIL}"
