"""`forget`: deletes results by id."""

from typing import Annotated

import typer
from rich.progress import Progress

from sentiment.confirm import confirm_deletion
from sentiment.errors import CommandError
from sentiment.ids import FileOptions, IdColumn, IdDelimiter, IdEncoding, IdFormat, IdsFrom, given_ids
from sentiment.opening import STDIN
from sentiment.options import works_on
from sentiment.screen import notes
from sentiment.table import Results
from sentiment.target import Target
from sentiment.words import counted

REMAINS = (
    "Their texts may remain in the queue and the dead letters, from which they can become results again; in files "
    "saved from these; in the table's stream (24 hours) and backups (35 days); and with the results' readers and "
    "producers."
)


@works_on("table_name")
def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of the results.")] = None,
    *,
    target: Target,
    ids_from: IdsFrom = None,
    format: IdFormat = None,
    id_column: IdColumn = "id",
    delimiter: IdDelimiter = None,
    encoding: IdEncoding = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the results, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation.")] = False,
) -> None:
    """Delete results by id permanently, and list where their texts may remain. Repeating it is safe.

    Exits with 1 if some ids are not allowed.
    """
    if not (ids or ids_from):
        raise CommandError("forget: needs ids, as arguments or by --ids-from")
    if ids_from == STDIN and not (dry_run or yes):
        raise CommandError(
            "--ids-from -: standard input holds the ids, so it cannot confirm the deletion; add --yes or --dry-run"
        )
    options = FileOptions(format=format, id_column=id_column, delimiter=delimiter, encoding=encoding)
    wanted, refused = given_ids(ids, ids_from, options)
    table = Results(dynamodb=target.client("dynamodb"), table_name=target.table_name)
    there = _look(table, wanted)
    found = f"{counted(len(there), 'result')} of {counted(len(wanted), 'id')}"
    if dry_run:
        notes.print(f"{found} would be deleted; {len(wanted) - len(there):,} have none.")
    else:
        if there:
            confirm_deletion(len(there), "result", target.table_name, yes)
            _delete(table, there)
        notes.print(f"{found} deleted; {len(wanted) - len(there):,} had none.")
    notes.print(REMAINS, highlight=False)
    raise typer.Exit(1 if refused else 0)


def _look(table: Results, wanted: list[str]) -> list[str]:
    """The ids that have a result."""
    there: list[str] = []
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        for some in progress.track(table.present(wanted), len(wanted), description="look"):
            there += some
    return there


def _delete(table: Results, there: list[str]) -> None:
    deleted = 0
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        bar = progress.add_task("delete", total=len(there))
        try:
            for settled in table.delete(there):
                deleted += settled
                progress.update(bar, completed=deleted)
        except BaseException:
            notes.print(f"Interrupted after {deleted:,} of {counted(len(there), 'result')}; repeat the command.")
            raise
