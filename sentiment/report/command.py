"""`report`: charts the results over time."""

import csv as csv_files
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from sentiment.errors import CommandError
from sentiment.options import works_on
from sentiment.report.figures import Figures
from sentiment.report.reading import read_all
from sentiment.report.span import Span
from sentiment.screen import notes
from sentiment.since import SINCE, moment
from sentiment.spreadsheet import protected
from sentiment.table import SCANNED_BYTES_PER_UNIT, Page, Results, priced
from sentiment.target import Target
from sentiment.words import counted

FIELDS = ("id", "sentiment", "score", "sent_at", "text")


@works_on("table_name")
def report(
    *,
    target: Target,
    since: Annotated[str, SINCE] = "7d",
    html: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    csv: Annotated[Path | None, typer.Option(help="Also write the figures to this file.")] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="Texts to list for each label.")] = 5,
    text: Annotated[bool, typer.Option(help="Quote the texts, not just their ids.")] = True,
    segments: Annotated[int, typer.Option(min=1, max=64, help="Parts of the table to read in parallel.")] = 4,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation.")] = False,
) -> None:
    """Chart results over time, and list the texts with the highest scores. Scans the whole table."""
    try:
        from sentiment.report.page import account, page
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise CommandError("report: needs matplotlib: install sentiment-analyzer with its extra, [report]") from None
    for file in filter(None, (html, csv)):
        if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
            raise CommandError(f"{file}: cannot be written; must be a file in an existing folder")
    span = Span.of(moment(since), datetime.now(UTC))
    table = Results(
        dynamodb=target.client("dynamodb", max_pool_connections=segments),
        table_name=target.table_name,
        since=span.begin,
        fields=[name for name in FIELDS if text or name != "text"],
    )
    items, size = table.size()
    notes.print(
        f"{target.table_name} had about {counted(items, 'item')} and {size / 1e6:,.1f} MB when DynamoDB last counted, "
        f"up to six hours ago. Scanning them takes {priced(size / SCANNED_BYTES_PER_UNIT)}.",
        highlight=False,
    )
    if not yes:
        typer.confirm("Scan the table", default=True, abort=True, err=True)
    figures = Figures(span=span, top=top)
    units = _read(table, segments, items, figures)
    html.write_text(page(figures, target.table_name), encoding="utf-8")
    if csv:
        _write_csv(figures, csv)
    notes.print(account(figures, target.table_name), highlight=False)
    notes.print(f"The scan took {priced(units)}.", style="dim", highlight=False)
    notes.print(" and ".join(f"{file} ({file.stat().st_size / 1e3:,.0f} kB)" for file in (html, csv) if file))


def _read(table: Results, segments: int, items: int, figures: Figures) -> float:
    """Add the whole table to the figures; returns the read units consumed."""
    units, now = 0.0, time.time()
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        bar = progress.add_task("read", total=items or None)

        def take(page: Page) -> None:
            nonlocal units
            figures.add(page, now)
            units += page.units
            progress.update(bar, completed=figures.read)

        read_all(table, segments, take)
    return units


def _write_csv(figures: Figures, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv_files.writer(out, lineterminator="\n")
        rows.writerows([protected(value) for value in row] for row in figures.rows())
