"""`dlq peek` and `dlq save`."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from sentiment.dlq.letter import DeadLetter
from sentiment.dlq.queue import WORK_HIDES_SECONDS, Look, depth
from sentiment.options import works_on
from sentiment.screen import answers, excerpt, notes
from sentiment.target import Target

PEEK_HIDES_SECONDS = 30
SHOWN_CHARS = 200  # of a reason or a body


@works_on("dead_letter_queue_url")
def peek(*, target: Target, limit: Annotated[int, typer.Option(min=1, help="Messages to show at most.")] = 20) -> None:
    """Show dead letters and why they are here. Others can take them again as soon as this ends."""
    sqs = target.client("sqs")
    with Look(sqs, target.dead_letter_queue_url, PEEK_HIDES_SECONDS) as look:
        letters = list(islice(look, limit))
    table = Table("message", "reason", "receives", "age", "body", show_lines=True)
    for letter in letters:
        reason = f"{letter.code}: {letter.error}" if letter.code else "not given: the function crashed or timed out"
        seen = (
            excerpt(reason, SHOWN_CHARS),
            str(letter.receives),
            _age(letter.sent_at),
            excerpt(letter.body, SHOWN_CHARS),
        )
        table.add_row(letter.message_id[:8], *seen)
    if letters:
        answers.print(table)
    answers.print(f"{len(letters)} shown of about {depth(sqs, target.dead_letter_queue_url)} messages.")


@works_on("dead_letter_queue_url")
def save(file: Annotated[Path, typer.Argument(help="- is standard output.")], *, target: Target) -> None:
    """Write all dead letters to a file as JSON lines; they stay in the queue."""
    with Look(target.client("sqs"), target.dead_letter_queue_url, WORK_HIDES_SECONDS) as look:
        write(look, file)


def write(look: Look, file: Path) -> list[DeadLetter]:
    """Save what a queue holds, and say so.

    Raises:
        FileExistsError: rather than writing over what may be the only copy of purged letters.
    """
    letters: list[DeadLetter] = []
    with (
        nullcontext(sys.stdout) if file == Path("-") else file.open("x", encoding="utf-8") as out,
        notes.status("saving") as status,
    ):
        for letter in look:
            out.write(letter.to_json() + "\n")
            letters.append(letter)
            status.update(f"{len(letters)} saved")
    notes.print(f"{len(letters)} dead letters in {file}")
    return letters


def _age(since: datetime) -> str:
    """Days, or hours, minutes and seconds."""
    age = datetime.now(UTC) - since
    return f"{age.days} d" if age.days else str(age).partition(".")[0]
