"""`results`: what became of the texts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sentiment.errors import CommandError
from sentiment.follow import wait_for, watch
from sentiment.opening import opened
from sentiment.options import works_on
from sentiment.output import Format, Output
from sentiment.record import Layout
from sentiment.screen import answers, notes
from sentiment.sources import records
from sentiment.table import FIELDS, USD_PER_MILLION_READ_UNITS, Results
from sentiment.target import Target

SHOWN_MISSING = 20


@works_on("table_name")
def results(
    ids: Annotated[list[str] | None, typer.Argument(help="Whose results.")] = None,
    *,
    target: Target,
    ids_from: Annotated[
        Path | None, typer.Option(help="Ids, one a line, or JSON lines as they were sent; - is standard input.")
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
    wanted = [*(ids or []), *(_ids_from(ids_from) if ids_from else [])]
    if all == bool(wanted):
        raise CommandError("results: needs either ids (as arguments or by --ids-from) or --all")
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
        some = ", ".join(list(missing)[:SHOWN_MISSING])
        more = ", ..." if len(missing) > SHOWN_MISSING else ""
        notes.print(f"No result of {len(missing)}: {some}{more}. `dlq peek` shows what was refused.", markup=False)
        raise typer.Exit(1)


def _show_all(found: Results, shown: Output, interval_s: float | None) -> None:
    """Scan once, or for ever where an interval is given; and say what it cost."""
    units = 0.0
    with suppress(KeyboardInterrupt), _waiting(shown) as say:
        for page, used in found.scan() if interval_s is None else watch(found, interval_s):
            shown.write(page)
            units += used
            say(f"{shown.summary.labels.total()} results, {units:.1f} read units")
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


def _ids_from(path: Path) -> Iterator[str]:
    with opened(path) as file:
        for record in records(file, Layout(format="jsonl")):
            if not record.content.lstrip().startswith("{"):
                yield record.content
            else:
                items, faults = record.parse(datetime.now(UTC))
                if faults:
                    notes.print(f"line {record.line}: {faults[0].message}", style="red", markup=False)
                yield from (item.id for item in items)
