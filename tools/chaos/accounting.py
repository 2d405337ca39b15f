"""The account of a scenario: the outcome of every message that was sent."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.chaos.messages import Message, Text


@dataclass(frozen=True, slots=True)
class Write:
    """A result that the table accepted (`accepted`), or absorbed because it already held one as new."""

    id: str
    content: str
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class Account:
    """Messages, each counted once: sent = stored + dead_lettered + lost.

    Attributes:
        stored: the newest text of each id in the message reached the table, which holds it or a newer version.
        both: stored, and also in the dead-letter queue: SQS dead-lettered a message that was done but not deleted.
        copies: in the dead-letter queue, beyond the first of a message.
        lost: bodies of messages that are nowhere.
        duplicated: texts that took effect more than once.
        overwritten: texts replaced by an older version, or by something nobody sent.
    """

    sent: int
    stored: int
    dead_lettered: int
    both: int
    copies: int
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    overwritten: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not (self.lost or self.duplicated or self.overwritten)


def account(
    sent: Sequence[Message], results: Mapping[str, Mapping[str, Any]], dead: Iterable[str], writes: Sequence[Write]
) -> Account:
    """
    Args:
        results: the table's content at the end, by id.
        dead: bodies in the dead-letter queue.
        writes: in the order of the table's answers.
    """
    known = {(text.id, text.content): text for message in sent for text in message.texts}
    held = {item_id: _version(known, item_id, item["text"]) for item_id, item in results.items()}
    written = {(write.id, write.content) for write in writes}
    dead_bodies = Counter(dead)

    def is_stored(message: Message) -> bool:
        newest = {text.id: text for text in sorted(message.texts, key=lambda text: text.version)}  # all that is written
        return bool(newest) and all(
            (text.id, text.content) in written and held.get(text.id, 0) >= text.version for text in newest.values()
        )

    stored = {message.body for message in sent if is_stored(message)}
    gone = [message for message in sent if message.body not in stored and message.body not in dead_bodies]
    return Account(
        sent=len(sent),
        stored=len(stored),
        dead_lettered=len(sent) - len(stored) - len(gone),
        both=sum(body in dead_bodies for body in stored),
        copies=sum(dead_bodies.values()) - len(dead_bodies),
        lost=tuple(message.body for message in gone),
        duplicated=tuple(
            f"{item_id}: {content}"
            for (item_id, content), times in Counter((w.id, w.content) for w in writes if w.accepted).items()
            if times > 1
        ),
        overwritten=tuple(_overwritten(known, held, writes)),
    )


def _version(known: Mapping[tuple[str, str], Text], item_id: str, content: str) -> int:
    """The version of a text that was sent; 0 for anything else."""
    text = known.get((item_id, content))
    return text.version if text else 0


def _overwritten(
    known: Mapping[tuple[str, str], Text], held: Mapping[str, int], writes: Sequence[Write]
) -> Iterable[str]:
    newest: dict[str, int] = {}
    for write in writes:
        if write.accepted:
            version = _version(known, write.id, write.content)
            if version < newest.get(write.id, 1):
                yield f"{write.id}: version {version} after {newest.get(write.id)}"
            newest[write.id] = max(version, newest.get(write.id, 0))
    for item_id, version in newest.items():
        if held.get(item_id, 0) < version:
            yield f"{item_id}: version {held.get(item_id)} in the table, {version} was written"
