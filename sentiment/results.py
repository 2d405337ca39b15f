"""`results`: what became of the texts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sentiment.errors import CommandError
from sentiment.follow import wait_for, watch
from sentiment.ids import FileOptions, read_ids
from sentiment.options import works_on
from sentiment.output import Format, Output
from sentiment.screen import answers, excerpt, notes
from sentiment.table import FIELDS, USD_PER_MILLION_READ_UNITS, Results
from sentiment.target import Target
from sentiment_contract.messages import ID_ALLOWED, is_id

SHOWN_MISSING = 20
SHOWN_CHARS = 100  # of an id


@works_on("table_name")
def results(
    ids: Annotated[list[str] | None, typer.Argument(help="Whose results.")] = None,
    *,
    target: Target,
    ids_from: Annotated[
        Path | None, typer.Option(help="Ids, one a line, or the JSON lines or CSV that was sent; - is standard input.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="Of --ids-from: jsonl, csv, lines (texts as they were sent), ids; default: by suffix."),
    ] = None,
    id_column: Annotated[str, typer.Option(help="Of --ids-from's csv.")] = "id",
    delimiter: Annotated[str | None, typer.Option(help="Of --ids-from's csv; default: a comma, of .tsv a tab.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of --ids-from; default: by byte-order mark, else UTF-8.")
    ] = None,
    all: Annotated[
        bool, typer.Option("--all", help="Scan the table. Every byte of it is paid for, whatever is shown.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for those that are not there yet; with --all, scan again and again.")
    ] = False,
    patience: Annotated[float | None, typer.Option(min=0, help="Seconds to wait for ids at most.")] = None,
    interval: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between looks; default: 1, with --all 30.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="Only texts sent then or later, in UTC.")] = None,
    text: Annotated[bool, typer.Option(help="Fetch the texts too.")] = True,
    output: Annotated[Format, typer.Option(help="What to write.")] = Format.TABLE,
) -> None:
    """Show results by id, or all of them, and what they say together.

    Exits with 1 when some ids have no result.
    """
    if all == bool(ids or ids_from):
        raise CommandError("results: needs either ids (as arguments or by --ids-from) or --all")
    told: list[str] = []
    given = list(ids or [])
    if ids_from:
        options = FileOptions(format=format, id_column=id_column, delimiter=delimiter, encoding=encoding)
        given += read_ids(ids_from, options, told.append)
    wanted = [item_id for item_id in given if is_id(item_id)]
    told += [f"id: {ascii(bad)[:80]} is not allowed; must be {ID_ALLOWED}" for bad in given if not is_id(bad)]
    _tell(told)
    found = Results(
        dynamodb=target.client("dynamodb"),
        table_name=target.table_name,
        since=since.replace(tzinfo=UTC) if since else None,
        fields=[name for name in FIELDS if text or name != "text"],
    )
    shown = Output(format=output, fields=found.fields, console=answers, live=follow)
    shown.begin()
    if all:
        _show_all(found, shown, interval or 30 if follow else None)
        return
    missing = dict.fromkeys(wanted)
    with suppress(KeyboardInterrupt), _waiting(shown) as say:
        for page in wait_for(found, wanted, interval or 1, patience_s=patience if follow else 0):
            shown.write(page)
            for result in page:
                del missing[result["id"]]
            say(f"{len(missing)} of {len(wanted)} to come")
    shown.end()
    if missing:
        some = ", ".join(str(excerpt(item_id, SHOWN_CHARS)) for item_id in list(missing)[:SHOWN_MISSING])
        more = ", ..." if len(missing) > SHOWN_MISSING else ""
        notes.print(
            f"No result of {len(missing)}: {some}{more}. `dlq peek` shows what was refused.",
            markup=False,
        )
    if missing or told:
        raise typer.Exit(1)


def _tell(refused: list[str]) -> None:
    for why in refused[:SHOWN_MISSING]:
        notes.print(why, style="red", markup=False, highlight=False)
    if hidden := len(refused[SHOWN_MISSING:]):
        notes.print(f"{hidden} more of these are not shown", style="red", highlight=False)


def _show_all(found: Results, shown: Output, interval_s: float | None) -> None:
    """Scan once, or for ever where an interval is given; and say what it cost."""
    units = 0.0
    with suppress(KeyboardInterrupt), _waiting(shown) as say:
        for page, used in found.scan() if interval_s is None else watch(found, interval_s):
            shown.write(page)
            units += used
            say(f"{shown.summary.total} results, {units:.1f} read units")
    shown.end()
    usd = units * USD_PER_MILLION_READ_UNITS / 1e6
    notes.print(f"The scan took {units:.1f} read units, about {usd:.6f} USD on demand.", style="dim", highlight=False)


@contextmanager
def _waiting(shown: Output) -> Iterator[Callable[[str], None]]:
    """A line that says how far it is, unless results appear on the same screen."""
    if answers.is_terminal and shown.format is not Format.SUMMARY:
        yield lambda line: None
    else:
        with notes.status("") as status:
            yield status.update
