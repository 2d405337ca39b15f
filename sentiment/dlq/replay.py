"""A saved and edited file of dead letters, checked before anything of it is sent."""

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
        line: in the file.
        message_id: of the dead letter.
        body: what to send instead.
        faults: why the function would refuse it again; empty where it would not.
    """

    line: int
    message_id: str
    body: str
    faults: tuple[str, ...]


def edited(path: Path, encoding: str | None = None) -> Iterator[Edited]:
    """The lines of a file that `dlq save` wrote; CommandError if a line is none of these, or unreadable."""
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
