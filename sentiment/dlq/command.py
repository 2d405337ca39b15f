"""`dlq`: dead letters, for operators."""

import typer

from sentiment.dlq.look import peek, save
from sentiment.dlq.move import redrive, replay
from sentiment.dlq.purge import purge

app = typer.Typer(help="Inspect, save, redrive, resend after editing, or delete dead letters.", no_args_is_help=True)
for command in (peek, save, redrive, replay, purge):
    app.command()(command)
