"""Reads a saved and edited file of dead letters, and checks all of it before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sentiment.dlq.saved import SavedLetter
from sentiment.errors import CommandError
from sentiment.opening import opened
from sentiment.record import Layout
from sentiment.sources import records


@dataclass(frozen=True, kw_only=True)
class Edited:
    """
    Attributes:
        line: line in the file.
        message_id: the dead letter's id.
        body: the edited body to send.
        faults: the reasons why the function would refuse it again, if any.
    """

    line: int
    message_id: str
    body: str
    faults: tuple[str, ...]


def edited(path: Path, encoding: str | None = None) -> Iterator[Edited]:
    """The letters in a file from `dlq save`; CommandError if a line is not a dead letter, or is unreadable."""
    with opened(path, encoding) as file:
        for record in records(file, Layout(format="letters")):
            if record.fault:
                raise CommandError(f"{path}: line {record.line}: {record.fault.message}")
            letter = SavedLetter.read(record.content)
            _, faults = record.parse(letter.sent_at)
            yield Edited(
                line=record.line,
                message_id=letter.message_id,
                body=letter.body,
                faults=tuple(fault.message for fault in faults),
            )
