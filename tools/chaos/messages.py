"""The messages of a scenario: texts in several versions, and poison."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

FIRST_SENT = datetime(2025, 1, 1, tzinfo=UTC)
HUNGRY = "hungry"  # in an id: makes the wrapper tools/chaos/hungry.py exhaust the memory
BUNDLE = 3  # texts in every tenth message
SENTENCES = ("I love it.", "Terrible, it broke at once.", "Fast delivery, and a friendly note.", "Never again.")


@dataclass(frozen=True, slots=True)
class Text:
    """One text to classify; of two with the same id, the higher version is the newer."""

    id: str
    version: int

    @property
    def content(self) -> str:
        """Unique, so that it identifies the version of a result."""
        return f"{SENTENCES[(self.version + len(self.id)) % len(SENTENCES)]} ({self.id}, version {self.version})"


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and the texts from it that must be stored; none for poison."""

    body: str
    texts: tuple[Text, ...] = ()


def message(*texts: Text, dated: bool = True) -> Message:
    """One message; without dates, the last one sent is the newest."""
    items = [_item(text, dated) for text in texts]
    return Message(json.dumps(items[0] if len(items) == 1 else {"items": items}), texts)


def shuffled(count: int, random: Random) -> list[Message]:
    """Messages of one text, every tenth of three; a third of the texts are newer versions of others; in no order."""
    sizes = [BUNDLE if number % 10 == 0 else 1 for number in range(count)]
    ids = sum(sizes) * 2 // 3
    texts = [Text(f"text-{number % ids}", number // ids + 1) for number in range(sum(sizes))]
    random.shuffle(texts)
    remaining: Iterator[Text] = iter(texts)
    return [message(*(next(remaining) for _ in range(size))) for size in sizes]


def versions(count: int, each: int) -> list[Message]:
    """Messages of one text, in `each` versions, oldest first."""
    return [message(Text(f"text-{number // each}", number % each + 1)) for number in range(count)]


def poison(count: int) -> list[Message]:
    """Messages that can never succeed, each for one of several reasons."""
    forms: Sequence[str] = ("not JSON ({})", '{{"id": "poison-{}"}}', '{{"id": "", "text": "{}"}}', '{{"items": "{}"}}')
    return [Message(forms[number % len(forms)].format(number)) for number in range(count)]


def _item(text: Text, dated: bool) -> dict[str, str]:
    item = {"id": text.id, "text": text.content}
    return item | {"timestamp": (FIRST_SENT + timedelta(hours=text.version)).isoformat()} if dated else item
