"""A record of a file of texts, and how the file is to be read."""

from dataclasses import dataclass, field
from datetime import datetime

from sentiment.rows import Dialect
from sentiment_contract.messages import Fault, Item, parse_body


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    Attributes:
        line: where it begins in the file, from 1.
        content: as it was read.
        body: what it says, as a message body; empty if it has a fault.
        fault: why it cannot be read at all.
        sent_at: of a dead letter, when it was first sent.
    """

    line: int
    content: str
    body: str
    fault: Fault | None = None
    sent_at: datetime | None = None

    def parse(self, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
        """What the function would make of it, dated `sent_at` unless it has a date of its own."""
        return ([], [self.fault]) if self.fault else parse_body(self.body, self.sent_at or sent_at)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is to be read.

    Attributes:
        format: jsonl (each line a message body), csv, lines (each line a text) or letters (as `dlq save` writes them).
        id_column, text_column, timestamp_column, dialect: of csv.
        id_prefix: of lines, whose ids are the prefix and the number of the line.
    """

    format: str
    id_column: str = "id"
    text_column: str = "text"
    timestamp_column: str = "timestamp"
    dialect: Dialect = field(default_factory=Dialect)
    id_prefix: str = "line-"
