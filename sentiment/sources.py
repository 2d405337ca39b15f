"""Reads files of texts record by record: JSON lines, CSV with named columns, plain lines, or dead letters."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from uuid import uuid4

from sentiment.columns import rows_as_records
from sentiment.dlq.saved import SavedLetter
from sentiment.errors import CommandError
from sentiment.opening import COMPRESSED_SUFFIXES, SAVE_AS_CSV, STDIN
from sentiment.record import Layout, Record
from sentiment.rows import chomped
from sentiment_contract.messages import Fault

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".txt": "lines"}
WAYS_OUT = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), SAVE_AS_CSV),
    ".json": "write each object on a line of its own (jq -c '.[]') and name the file .jsonl",
}
OTHER_ENCODINGS = ("cp1252", "mac-roman")  # Excel's on Windows and on a Mac
DIGEST_CHARS = 8


def suffix_of(path: Path) -> str:
    """The suffix that determines a file's format: `.csv` for reviews.CSV.gz."""
    plain = path.with_suffix("") if path.suffix.lower() in COMPRESSED_SUFFIXES else path
    return plain.suffix.lower()


def format_of(path: Path, given: str | None) -> str:
    suffix = suffix_of(path)
    known = given or ("jsonl" if path == STDIN else FORMATS.get(suffix, ""))
    if known in READERS:
        return known
    allowed = ", ".join(sorted(READERS))
    if not given and suffix in WAYS_OUT:
        raise CommandError(f"{path}: is not one of {allowed}; {WAYS_OUT[suffix]}")
    if not (given or suffix):
        raise CommandError(f"--format: {path.name!r} has no known suffix; must be one of {allowed}")
    raise CommandError(f"--format: {given or suffix!r} is unknown; must be one of {allowed}")


def derived_prefix(path: Path) -> str:
    """The id prefix for plain lines, from the file's name and content, so that two files never share ids.

    The content of standard input is not known beforehand, so its prefix is new in every run.
    """
    if not path.is_file():
        return f"{'stdin' if path == STDIN else path.stem}-{uuid4().hex[:DIGEST_CHARS]}-"
    with path.open("rb") as file:
        return f"{path.stem}-{hashlib.file_digest(file, 'sha256').hexdigest()[:DIGEST_CHARS]}-"


def delimiter_of(path: Path, given: str | None) -> str:
    if given is None:
        return "\t" if suffix_of(path) == ".tsv" else ","
    delimiter = "\t" if given == "\\t" else given
    if len(delimiter) != 1:
        raise CommandError(f"--delimiter: {given!r} must be one character, or \\t for a tab")
    return delimiter


def records(file: TextIOWrapper, layout: Layout) -> Iterator[Record]:
    """All records in a file except empty lines.

    Raises:
        CommandError: it is not a CSV file, or lacks a column.
    """
    return (_readable(record, file.encoding) for record in READERS[layout.format](file, layout))


def _readable(record: Record, encoding: str) -> Record:
    """The record, with a fault if it contains bytes that are invalid in its encoding (read as lone surrogates)."""
    try:
        record.content.encode()
    except UnicodeEncodeError as error:
        byte = ord(record.content[error.start]) & 0xFF
        why = f"line: the byte 0x{byte:02X} at character {error.start + 1} is not {encoding}; must be --encoding NAME's"
        if encoding == "utf-8":
            raw = record.content[max(0, error.start - 20) : error.start + 20].encode(encoding, "surrogateescape")
            readings = (f"--encoding {name} reads {raw.decode(name, 'replace')!r}" for name in OTHER_ENCODINGS)
            why = f"{why}: {', '.join(readings)}"
        return replace(record, body="", fault=Fault("InvalidEncoding", why))
    return record


def _json_lines(file: Iterable[str], layout: Layout) -> Iterator[Record]:
    return (Record(line=number, content=line, body=line) for number, line in _lines(file))


def _plain_lines(file: Iterable[str], layout: Layout) -> Iterator[Record]:
    for number, line in _lines(file):
        yield Record(line=number, content=line, body=json.dumps({"id": f"{layout.id_prefix}{number}", "text": line}))


def _letters(file: Iterable[str], layout: Layout) -> Iterator[Record]:
    for number, line in _lines(file):
        try:
            letter = SavedLetter.read(line)
        except ValueError as error:
            yield Record(line=number, content=line, body="", fault=Fault("InvalidLetter", str(error)))
        else:
            yield Record(line=number, content=line, body=letter.body, sent_at=letter.sent_at)


def _lines(file: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, content) for number, line in enumerate(file, start=1) if (content := chomped(line)).strip())


READERS = {"jsonl": _json_lines, "csv": rows_as_records, "lines": _plain_lines, "letters": _letters}
