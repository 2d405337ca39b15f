"""`dlq purge`."""

from pathlib import Path
from typing import Annotated

import typer

from sentiment.batch import MAX_MESSAGES
from sentiment.confirm import confirm_deletion
from sentiment.dlq.look import discard, write
from sentiment.dlq.queue import WORK_HIDES_SECONDS, Look, depth
from sentiment.errors import CommandError
from sentiment.options import works_on
from sentiment.screen import notes
from sentiment.target import Target
from sentiment.words import counted

YES_OR_NO = ("y", "yes", "n", "no")


@works_on("dead_letter_queue_url")
def purge(
    *,
    target: Target,
    save: Annotated[Path | None, typer.Option(help="Save them to this file first, and delete only those.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation.")] = False,
) -> None:
    """Delete dead letters permanently."""
    sqs, url = target.client("sqs"), target.dead_letter_queue_url
    if not (count := depth(sqs, url)):
        notes.print("There are no dead letters.")
        return
    if not (save or yes):
        answer = typer.prompt("File to save them to first (empty: none)", default="", show_default=False, err=True)
        if answer.strip().lower() in YES_OR_NO or answer.strip().isdigit():  # that answers the next question
            raise CommandError(f"{answer!r} must be a file name or empty; nothing was deleted")
        save = Path(answer) if answer else None
    if save is None:
        confirm_deletion(count, "message", url, yes)
        sqs.purge_queue(QueueUrl=url)
        notes.print(f"About {counted(count, 'dead letter')} deleted; SQS takes up to a minute.")
        return
    with Look(sqs, url, WORK_HIDES_SECONDS) as look:
        letters = write(look, save)
        try:
            confirm_deletion(len(letters), "message", url, yes)
        except BaseException:
            discard(save)  # all are still in the queue, and the command can be repeated
            raise
        starts = range(0, len(letters), MAX_MESSAGES)
        left = sum(look.delete(letters[start : start + MAX_MESSAGES]) for start in starts)
    if left:
        raise CommandError(
            f"SQS did not delete {left} of {counted(len(letters), 'dead letter')}, which stay in the queue; all are "
            f"saved in {save}: repeat the command with another file"
        )
    notes.print(f"{counted(len(letters), 'dead letter')} deleted.")
