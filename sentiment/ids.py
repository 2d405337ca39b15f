"""Ids given to a command: as arguments, or in a file of ids, of texts that were sent, or of results."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sentiment.opening import opened
from sentiment.record import Layout, Record
from sentiment.rows import Dialect
from sentiment.screen import notes
from sentiment.sources import FORMATS, STDIN, delimiter_of, derived_prefix, format_of, records, suffix_of
from sentiment_contract.messages import ID_ALLOWED, is_id

IDS = "ids"  # one per line; lines of JSON are read as such
SHOWN = 20  # ids or reasons

IdsFrom = Annotated[
    Path | None,
    typer.Option(
        help="File with an id per line, or the JSON lines or CSV that you sent or `results` wrote; - is standard input."
    ),
]
IdFormat = Annotated[
    str | None,
    typer.Option(
        help="Format of --ids-from: ids, jsonl, csv or lines (plain texts that were sent); default: by the suffix."
    ),
]
IdColumn = Annotated[str, typer.Option(help="CSV column of --ids-from that holds the id.")]
IdDelimiter = Annotated[str | None, typer.Option(help="CSV delimiter of --ids-from; default: a comma, for .tsv a tab.")]
IdEncoding = Annotated[
    str | None, typer.Option(help="Encoding of --ids-from; default: by the byte-order mark, else UTF-8.")
]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """
    Attributes:
        format: one of `send`'s, or ids; None goes by the suffix, and reads plain lines as ids where `send` reads texts.
        id_column, delimiter: for CSV.
        encoding: as in `opened`.
    """

    format: str | None = None
    id_column: str = "id"
    delimiter: str | None = None
    encoding: str | None = None


def given_ids(arguments: Sequence[str] | None, path: Path | None, options: FileOptions) -> tuple[list[str], bool]:
    """The ids from the arguments and the file, each once; prints those that are not allowed.

    Returns:
        The ids, and whether some were not allowed.

    Raises:
        CommandError: the file cannot be read, or lacks the column.
    """
    told: list[str] = []
    given = [*(arguments or []), *(read_ids(path, options, told.append) if path else [])]
    told += [f"id: {ascii(bad)[:80]} is not allowed; must be {ID_ALLOWED}" for bad in given if not is_id(bad)]
    for why in told[:SHOWN]:
        notes.print(why, style="red", markup=False, highlight=False)
    if hidden := len(told[SHOWN:]):
        notes.print(f"{hidden} more of these are not shown", style="red", highlight=False)
    return list(dict.fromkeys(filter(is_id, given))), bool(told)


def read_ids(path: Path, options: FileOptions, tell: Callable[[str], None]) -> Iterator[str]:
    """The ids in a file, including repeats.

    Args:
        tell: called with the reason for each line without an id.

    Raises:
        CommandError: the file cannot be read, or lacks the column.
    """
    likely = FORMATS.get(suffix_of(path), "lines")
    chosen = options.format or (IDS if path == STDIN or likely == "lines" else likely)
    layout = Layout(
        format="lines" if chosen == IDS else format_of(path, chosen),
        id_column=options.id_column,
        text_column=options.id_column,  # a file of ids needs no texts
        dialect=Dialect(delimiter=delimiter_of(path, options.delimiter)),
        id_prefix=derived_prefix(path) if chosen == "lines" else "",
    )
    with opened(path, options.encoding) as file:
        for record in records(file, layout):
            try:
                yield from _ids(record, chosen)
            except ValueError as error:
                tell(f"line {record.line}: {error}")


def _ids(record: Record, format: str) -> list[str]:
    if record.fault:
        raise ValueError(record.fault.message)
    if format == IDS and not record.content.lstrip().startswith("{"):
        return [record.content]
    try:
        message = json.loads(record.content if format in (IDS, "jsonl") else record.body)
        items = message.get("items", [message])
        ids = [item["id"] for item in items]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError('no id; must be JSON with "id", or with "items" that have one') from None
    if wrong := [item_id for item_id in ids if not isinstance(item_id, str)]:
        raise ValueError(f"id: {json.dumps(wrong[0])[:80]} is not allowed; must be a string")
    return ids
