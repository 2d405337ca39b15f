"""Files of texts, read record by record: JSON lines, CSV with named columns, or plain lines."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sentiment.errors import CommandError
from sentiment_contract.messages import Fault, Item, parse_body

STDIN = Path("-")
FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".txt": "lines"}
SHOWN_CHARS = 200  # of a header, in an error


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    Attributes:
        line: where it ends in the file, from 1.
        content: as it was read.
        body: what it says, as a message body.
    """

    line: int
    content: str
    body: str

    def parse(self, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
        """What the function would make of it, dated `sent_at` unless it has a timestamp of its own."""
        return parse_body(self.body, sent_at)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is to be read.

    Attributes:
        format: jsonl (each line a message body), csv or lines (each line a text).
        id_column, text_column, timestamp_column, delimiter: of csv.
        id_prefix: of lines, whose ids are the prefix and the number of the line.
    """

    format: str
    id_column: str = "id"
    text_column: str = "text"
    timestamp_column: str = "timestamp"
    delimiter: str = ","
    id_prefix: str = "line-"


def format_of(path: Path, given: str | None) -> str:
    known = given or ("jsonl" if path == STDIN else FORMATS.get(path.suffix.lower(), ""))
    if known not in FORMATS.values():
        allowed = ", ".join(sorted(set(FORMATS.values())))
        if not (given or path.suffix):
            raise CommandError(f"--format: {path.name!r} has no suffix that says it; must be one of {allowed}")
        raise CommandError(f"--format: {given or path.suffix!r} is not one that is known; must be one of {allowed}")
    return known


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """A file or standard input as text. What is not UTF-8 becomes lone surrogates, which the contract refuses."""
    name = sys.stdin.fileno() if path == STDIN else path
    with open(name, encoding="utf-8-sig", errors="surrogateescape", newline="", closefd=path != STDIN) as file:
        yield file


def count_lines(path: Path) -> int | None:
    """For the progress bar; None where it cannot be known beforehand."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def records(file: IO[str], layout: Layout) -> Iterator[Record]:
    """All records of a file but empty lines.

    Raises:
        CommandError: it is no CSV file, or lacks a column.
    """
    return {"jsonl": _json_lines, "csv": _csv, "lines": _plain_lines}[layout.format](file, layout)


def _lines(file: IO[str], body: Callable[[int, str], str]) -> Iterator[Record]:
    for number, line in enumerate(file, start=1):
        content = line.rstrip("\r\n")
        if content.strip():
            yield Record(line=number, content=content, body=body(number, content))


def _json_lines(file: IO[str], layout: Layout) -> Iterator[Record]:
    return _lines(file, lambda _, content: content)


def _plain_lines(file: IO[str], layout: Layout) -> Iterator[Record]:
    return _lines(file, lambda number, text: json.dumps({"id": f"{layout.id_prefix}{number}", "text": text}))


def _csv(file: IO[str], layout: Layout) -> Iterator[Record]:
    """The header is read at once: a file without the columns is refused before a run begins and leaves a checkpoint."""
    csv.field_size_limit(sys.maxsize)  # how long a text may be, the contract says
    reader = csv.DictReader(file, delimiter=layout.delimiter)
    with _errors_named(reader):
        header = reader.fieldnames
    if not header:
        raise CommandError("no CSV: the file is empty; its first line must name the columns")
    for option, column in (("--id-column", layout.id_column), ("--text-column", layout.text_column)):
        if column not in header:
            names = ", ".join(map(repr, header))
            shown = names if len(names) <= SHOWN_CHARS else f"{names[:SHOWN_CHARS]}..."
            raise CommandError(f"{option}: {column!r} is no column; must be one of {shown}")
    return _rows(reader, layout)


def _rows(reader: "csv.DictReader[str]", layout: Layout) -> Iterator[Record]:
    with _errors_named(reader):
        for row in reader:
            given = {"id": row[layout.id_column], "text": row[layout.text_column]}
            if timestamp := row.get(layout.timestamp_column):
                given["timestamp"] = _number(timestamp)
            yield Record(line=reader.line_num, content=json.dumps(row), body=json.dumps(given))


@contextmanager
def _errors_named(reader: "csv.DictReader[str]") -> Iterator[None]:
    """A file that is no CSV is the caller's error, at a line."""
    try:
        yield
    except csv.Error as error:
        raise CommandError(f"line {reader.line_num}: no CSV: {error}") from error


def _number(value: str) -> str | float:
    """CSV knows strings only; seconds since 1970 are a number."""
    try:
        return float(value)
    except ValueError:
        return value
