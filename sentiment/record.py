"""A record in a file of texts, and the file's layout."""

from dataclasses import dataclass, field
from datetime import datetime

from sentiment.rows import Dialect
from sentiment_contract.messages import Fault, Item, parse_body


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    Attributes:
        line: the line on which it begins, from 1.
        content: the record as it was read.
        body: the record as a message body; empty if it has a fault.
        fault: the reason why it cannot be read.
        sent_at: when a dead letter was first sent.
    """

    line: int
    content: str
    body: str
    fault: Fault | None = None
    sent_at: datetime | None = None

    def parse(self, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
        """Parse it as the function would, dated `sent_at` unless it has its own date."""
        return ([], [self.fault]) if self.fault else parse_body(self.body, self.sent_at or sent_at)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How to read a file.

    Attributes:
        format: jsonl (each line a message body), csv, lines (each line a text) or letters (as `dlq save` writes them).
        id_column, text_column, timestamp_column, dialect: for csv.
        id_prefix: for lines, whose ids consist of the prefix and the line number.
    """

    format: str
    id_column: str = "id"
    text_column: str = "text"
    timestamp_column: str = "timestamp"
    dialect: Dialect = field(default_factory=Dialect)
    id_prefix: str = "line-"
