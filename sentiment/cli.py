"""The command line of producers and operators: `sentiment COMMAND`."""

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from sentiment.delivery import NotSent
from sentiment.dlq.command import app as dlq
from sentiment.errors import CommandError
from sentiment.forget import forget
from sentiment.report.command import report
from sentiment.results import results
from sentiment.schema import published
from sentiment.screen import notes
from sentiment.send import send


def new_app(help: str | None = None) -> typer.Typer:
    """An application that prints each error as one plain line."""
    return typer.Typer(
        help=help,
        no_args_is_help=help is not None,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


def run(app: typer.Typer, name: str) -> int:
    """Run a command.

    Args:
        name: the command as the user typed it.

    Returns:
        0; 1 if the command reports a problem; 2 if it could not run; 130 if interrupted.
    """
    try:
        app(prog_name=name)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (CommandError, NotSent, BotoCoreError, ClientError, OSError) as error:
        notes.print(f"[bold red]error:[/] {escape(' '.join(str(error).split()))}", highlight=False, soft_wrap=True)
        return 2
    return 0


app = new_app(
    "Send texts to the sentiment service, read its results, handle its dead letters. "
    "In a checkout of the repository, `make help` lists more commands."
)
app.command()(send)
app.command()(results)
app.command()(report)
app.command()(forget)
app.add_typer(dlq, name="dlq")


@app.command()
def schema() -> None:
    """Print the message contract as JSON Schema, for producers in other languages."""
    typer.echo(published(), nl=False)
