"""The command line of producers and operators: `python -m sentiment COMMAND`."""

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from sentiment.delivery import NotSent
from sentiment.dlq.command import app as dlq
from sentiment.errors import CommandError
from sentiment.results import results
from sentiment.schema import published
from sentiment.screen import notes
from sentiment.send import send
from tools.estimate.capacity.command import capacity
from tools.load.command import load

app = typer.Typer(
    help="Send texts to the sentiment stack, read its results, deal with its dead letters.",
    no_args_is_help=True,
    rich_markup_mode=None,  # a wrong option is one plain line
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _commands() -> None:
    """A group, however few its commands."""


app.command()(send)
app.command()(results)
app.add_typer(dlq, name="dlq")
app.command()(load)
app.command()(capacity)


@app.command()
def schema() -> None:
    """Print the message contract as JSON Schema, for producers in other languages."""
    typer.echo(published(), nl=False)


def main() -> int:
    """Run a command.

    Returns:
        0; 1 where the command says that not all is well; 2 where it could not be run; 130 when interrupted.
    """
    try:
        app(prog_name="python -m sentiment")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (CommandError, NotSent, BotoCoreError, ClientError, OSError) as error:
        notes.print(f"[bold red]error:[/] {escape(' '.join(str(error).split()))}", highlight=False, soft_wrap=True)
        return 2
    return 0
