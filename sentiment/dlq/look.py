"""`dlq peek` and `dlq save`."""

from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from sentiment.dlq.letter import DeadLetter
from sentiment.dlq.queue import WORK_HIDES_SECONDS, Look, depth
from sentiment.errors import CommandError
from sentiment.options import works_on
from sentiment.screen import answers, as_data, excerpt, notes
from sentiment.target import Target
from sentiment.words import counted

PEEK_HIDES_SECONDS = 60
COUNTED = 1_000  # letters whose reasons are counted
SHOWN_CHARS = 200  # of a reason or a body
NOT_GIVEN = "not given"
STDOUT = Path("-")


@works_on("dead_letter_queue_url")
def peek(*, target: Target, limit: Annotated[int, typer.Option(min=1, help="Maximum messages to show.")] = 20) -> None:
    """Count dead letters by reason and show some. They are visible to others again when this command ends."""
    sqs = target.client("sqs")
    with Look(sqs, target.dead_letter_queue_url, PEEK_HIDES_SECONDS) as look:
        letters = list(islice(look, max(limit, COUNTED)))
    of_about = depth(sqs, target.dead_letter_queue_url)
    for reason, count in Counter(letter.code or NOT_GIVEN for letter in letters).most_common():
        answers.print(f"{count:6} {reason}", markup=False, highlight=False)
    if letters and len(letters) < of_about:
        answers.print(f"counted: {len(letters)} of about {of_about}", highlight=False)
    folded = [Column(heading, overflow="fold") for heading in ("reason", "body")]  # JSON has no spaces to break at
    table = Table("message", folded[0], "receives", "age", folded[1], show_lines=True)
    for letter in letters[:limit]:
        reason = f"{letter.code}: {letter.error}" if letter.code else f"{NOT_GIVEN}: the function crashed or timed out"
        seen = (
            excerpt(reason, SHOWN_CHARS),
            str(letter.receives),
            _age(letter.sent_at),
            excerpt(letter.body, SHOWN_CHARS),
        )
        table.add_row(letter.message_id[:8], *seen)
    if letters:
        answers.print(table)
    answers.print(f"{min(limit, len(letters))} shown of about {counted(of_about, 'message')}.")


@works_on("dead_letter_queue_url")
def save(file: Annotated[Path, typer.Argument(help="File to write; - is standard output.")], *, target: Target) -> None:
    """Write all dead letters to a file as JSON lines; they stay in the queue."""
    with Look(target.client("sqs"), target.dead_letter_queue_url, WORK_HIDES_SECONDS) as look:
        write(look, file)


def write(look: Look, file: Path) -> list[DeadLetter]:
    """Save the messages in a queue, and report it; an interruption leaves no file.

    Raises:
        CommandError: the file exists, and may be the only copy of purged letters.
    """
    letters: list[DeadLetter] = []
    try:
        opened = nullcontext(as_data()) if file == STDOUT else file.open("x", encoding="utf-8")
    except FileExistsError:
        raise CommandError(f"{file}: exists already, and may be the only copy of letters; name another file") from None
    try:
        with opened as out, notes.status("saving") as status:
            for letter in look:
                out.write(letter.to_json() + "\n")
                letters.append(letter)
                status.update(f"{len(letters)} saved")
    except BaseException:
        discard(file)
        raise
    notes.print(f"{counted(len(letters), 'dead letter')} in {file}", markup=False, highlight=False)
    return letters


def discard(file: Path) -> None:
    """Remove a file that `write` has created."""
    if file != STDOUT:
        file.unlink()


def _age(since: datetime) -> str:
    """An age in days, or in hours, minutes and seconds."""
    age = datetime.now(UTC) - since
    return f"{age.days} d" if age.days else str(age).partition(".")[0]
