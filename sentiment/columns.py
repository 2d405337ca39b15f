"""CSV with named columns: finds id, text and timestamp, and rejects rows that do not fit."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

from sentiment.errors import CommandError
from sentiment.record import Layout, Record
from sentiment.rows import Dialect, Row, Rows
from sentiment.spreadsheet import is_results, restored
from sentiment_contract.messages import Fault

PREAMBLES = ("#TYPE ", "sep=")  # a line before the header: PowerShell 5's Export-Csv, and for Excel
DELIMITERS = ",;\t|"  # tried if the requested one finds no column
SHOWN_CHARS = 200  # of a header, in an error
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # seconds since 1970, but not a spreadsheet's rounded 1.7E+09


def rows_as_records(file: Iterable[str], layout: Layout) -> Iterator[Record]:
    """The rows as records. It reads the header first, to refuse a file without the columns before a run begins."""
    rows = iter(Rows(file, layout.dialect))
    header = _header(next(rows, None), layout.dialect)
    while header.content.startswith(PREAMBLES):
        header = _header(next(rows, None), layout.dialect)
    wanted = {"--id-column": layout.id_column, "--text-column": layout.text_column}
    if layout.timestamp_column in header.fields or layout.timestamp_column != Layout.timestamp_column:
        wanted["--timestamp-column"] = layout.timestamp_column
    places = {}
    for option, column in wanted.items():
        if header.fields.count(column) != 1:
            raise CommandError(f"{option}: {_why_not(column, header, layout)}")
        places[option] = header.fields.index(column)
    return _records(rows, header.fields, *places.values())


def _header(row: Row | None, dialect: Dialect) -> Row:
    if row is None:
        raise CommandError("not CSV: the file is empty; its first line must name the columns")
    if row.fault:
        raise CommandError(f"line {row.line}: not CSV: {row.fault}")
    if row.content.startswith("sep=") and row.content != f"sep={dialect.delimiter}":
        raise CommandError(f"line 1 says {row.content!r}: --delimiter {row.content[4:]!r} reads it")
    return row


def _why_not(column: str, header: Row, layout: Layout) -> str:
    names = ", ".join(map(repr, header.fields))
    shown = names if len(names) <= SHOWN_CHARS else f"{names[:SHOWN_CHARS]}..."
    if column in header.fields:
        return f"{column!r} is the name of several columns; must be one that occurs once in {shown}"
    others = [d for d in DELIMITERS if d != layout.dialect.delimiter and d in header.content]
    finding = [d for d in others if layout.id_column in (name.strip('"') for name in header.content.split(d))]
    for delimiter in finding or (others if len(header.fields) == 1 else []):
        return f"{column!r} is not a column; the header contains {delimiter!r}: --delimiter {delimiter!r} splits it"
    return f"{column!r} is not a column; must be one of {shown}"


def _records(
    rows: Iterable[Row], header: list[str], id_place: int, text_place: int, timestamp_place: int | None = None
) -> Iterator[Record]:
    own = is_results(header)
    for row in rows:
        fault = row.fault
        if not fault and len(row.fields) != len(header):
            fault = (
                f"{len(row.fields)} fields, but the header has {len(header)}; quote a field that contains a delimiter"
            )
        if fault:
            yield Record(line=row.line, content=row.content, body="", fault=Fault("InvalidRow", f"row: {fault}"))
            continue
        fields = [restored(field) for field in row.fields] if own else row.fields
        given: dict[str, object] = {"id": fields[id_place], "text": fields[text_place]}
        if timestamp_place is not None and fields[timestamp_place]:
            given["timestamp"] = _timestamp(fields[timestamp_place])
        yield Record(line=row.line, content=row.content, body=json.dumps(given))


def _timestamp(value: str) -> str | float:
    """Seconds since 1970 as a number, because CSV has only strings; eight digits that form a date stay a date."""
    with suppress(ValueError):
        if len(value) == 8:
            return date.fromisoformat(value).isoformat()
    if not NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value[:400])
