"""`results`: reads the results of texts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from sentiment.errors import CommandError
from sentiment.follow import wait_for, watch
from sentiment.ids import SHOWN, FileOptions, IdColumn, IdDelimiter, IdEncoding, IdFormat, IdsFrom, given_ids
from sentiment.options import works_on
from sentiment.output import Format, Output
from sentiment.result import FIELDS
from sentiment.screen import answers, excerpt, notes
from sentiment.since import SINCE, moment
from sentiment.table import Results, priced
from sentiment.target import Target
from sentiment.words import counted

SHOWN_CHARS = 100  # of an id


@works_on("table_name")
def results(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of the results.")] = None,
    *,
    target: Target,
    ids_from: IdsFrom = None,
    format: IdFormat = None,
    id_column: IdColumn = "id",
    delimiter: IdDelimiter = None,
    encoding: IdEncoding = None,
    all: Annotated[
        bool, typer.Option("--all", help="Scan the whole table, which costs the same whatever is shown.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for missing results; with --all, scan repeatedly.")
    ] = False,
    patience: Annotated[float | None, typer.Option(min=0, help="Maximum seconds to wait for missing results.")] = None,
    interval: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between requests; default: 1, with --all 30.")
    ] = None,
    since: Annotated[str | None, SINCE] = None,
    text: Annotated[bool, typer.Option(help="Include the texts.")] = True,
    output: Annotated[Format, typer.Option(help="Output format.")] = Format.TABLE,
) -> None:
    """Show results by id, or all of them, and a summary.

    Exits with 1 if some ids have no result.
    """
    if all == bool(ids or ids_from):
        raise CommandError("results: needs either ids (as arguments or with --ids-from) or --all")
    options = FileOptions(format=format, id_column=id_column, delimiter=delimiter, encoding=encoding)
    wanted, refused = given_ids(ids, ids_from, options)
    found = Results(
        dynamodb=target.client("dynamodb"),
        table_name=target.table_name,
        since=moment(since) if since else None,
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
            say(f"{len(missing)} of {len(wanted)} still missing")
    shown.end()
    if missing:
        some = ", ".join(str(excerpt(item_id, SHOWN_CHARS)) for item_id in list(missing)[:SHOWN])
        more = ", ..." if len(missing) > SHOWN else ""
        notes.print(
            f"No result for {counted(len(missing), 'id')}: {some}{more}. `dlq peek` shows refused messages.",
            markup=False,
        )
    if missing or refused:
        raise typer.Exit(1)


def _show_all(found: Results, shown: Output, interval_s: float | None) -> None:
    """Scan once, or forever if there is an interval, and print the cost."""
    units = 0.0
    with suppress(KeyboardInterrupt), _waiting(shown) as say:
        for page, used in found.scan() if interval_s is None else watch(found, interval_s):
            shown.write(page)
            units += used
            say(f"{shown.summary.total} results, {units:.1f} read units")
    shown.end()
    notes.print(f"The scan took {priced(units)}.", style="dim", highlight=False)


@contextmanager
def _waiting(shown: Output) -> Iterator[Callable[[str], None]]:
    """A progress line, unless results appear on the same screen."""
    if answers.is_terminal and shown.format is not Format.SUMMARY:
        yield lambda line: None
    else:
        with notes.status("") as status:
            yield status.update
