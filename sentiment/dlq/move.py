"""`dlq redrive` and `dlq replay`."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from rich.progress import Progress

from sentiment.dlq.letter import DeadLetter
from sentiment.dlq.queue import WORK_HIDES_SECONDS, Look, depth, move
from sentiment.dlq.redrive import MAX_PER_SECOND, MoveTask, start
from sentiment.dlq.replay import edited
from sentiment.options import works_on
from sentiment.pace import Pace
from sentiment.screen import notes
from sentiment.target import Target
from sentiment.words import counted

# Other clouds' answers to an action that they do not support: InvalidAction (MiniStack, fauxqs),
# UnknownOperationException (JSON services), NotImplemented, or plain HTTP (moto: 500).
UNKNOWN_ACTION = re.compile("invalidaction|unknown.*(operation|action)|notimplemented", re.IGNORECASE)
UNKNOWN_STATUS = (404, 405, 500, 501)


@works_on("queue_url", "dead_letter_queue_url")
def redrive(
    *,
    target: Target,
    rate: Annotated[
        int | None, typer.Option(min=1, max=MAX_PER_SECOND, help="Maximum messages per second; default: SQS decides.")
    ] = None,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Move them from here, and keep the dates of those that SQS dead-lettered.")
    ] = False,
) -> None:
    """Send all dead letters back to the queue unchanged. Ctrl-C stops it."""
    sqs = target.client("sqs")
    count = depth(sqs, target.dead_letter_queue_url)
    task = None if by_hand or not count else _start(target, rate)
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as progress:
        bar = progress.add_task("redrive", total=count)
        moved = 0
        try:
            for moved in _watch(task) if task else _by_hand(target, sqs, count, Pace(rate)):
                progress.update(bar, completed=moved)
        except KeyboardInterrupt:
            moved = task.cancel() if task else moved
            notes.print(f"Stopped after about {counted(moved, 'message')}; the rest stays in the dead-letter queue.")
            raise
    notes.print(f"{moved} of {count} dead letters are back in the queue.")
    raise typer.Exit(0 if moved >= count else 1)


def _start(target: Target, rate: int | None) -> MoveTask | None:
    """Start a move task; None if another endpoint, such as moto's, does not support them."""
    endpoint = target.endpoint_of("sqs")
    attempts = {"retries": {"total_max_attempts": 1}} if endpoint else {}
    try:
        return start(target.client("sqs", **attempts), target.dead_letter_queue_url, target.queue_url, rate)
    except ResponseParserError:
        if not endpoint:
            raise
    except ClientError as error:
        known = error.response
        code, status = known["Error"]["Code"], known["ResponseMetadata"]["HTTPStatusCode"]
        if not UNKNOWN_ACTION.search(code) and not (endpoint and status in UNKNOWN_STATUS):
            raise
    notes.print(f"{endpoint or 'SQS'} has no message move tasks: moving from here.", markup=False)
    return None


def _watch(task: MoveTask) -> Iterator[int]:
    return (moved for moved, _ in task.progress())


def _by_hand(target: Target, sqs: Any, count: int, pace: Pace) -> Iterator[int]:
    """Yield how many were moved so far. Stops at the initial count, because refused messages come back as new ones."""
    moved = 0
    with Look(sqs, target.dead_letter_queue_url, WORK_HIDES_SECONDS) as look:
        for letters, failures in move(look, islice(look, count), sqs, target.queue_url):
            moved += len(letters) - len(failures)
            _tell(failures)
            yield moved
            pace.went(len(letters))
            pace.wait()


@works_on("queue_url", "dead_letter_queue_url")
def replay(
    file: Annotated[Path, typer.Argument(help="Edited file from `dlq save`; letters that you removed from it stay.")],
    *,
    target: Target,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding, such as cp1252; default: by the byte-order mark, else UTF-8.")
    ] = None,
) -> None:
    """Resend edited dead letters with their original dates, and delete them from the dead-letter queue.

    Letters that the function would refuse again stay. Exits with 1 if not all of the file was sent.
    """
    lines = list(edited(file, encoding))
    for line in lines:
        for fault in line.faults:
            notes.print(f"line {line.line}: {fault}", style="red", markup=False, highlight=False)
    wanted = {line.message_id: line.body for line in lines if not line.faults}
    sqs = target.client("sqs")
    sent = 0
    absent = set(wanted)
    with Look(sqs, target.dead_letter_queue_url, WORK_HIDES_SECONDS) as look, notes.status("looking") as status:
        for letters, failures in move(look, _only(look, wanted), sqs, target.queue_url, wanted):
            sent += len(letters) - len(failures)
            absent -= {letter.message_id for letter in letters}
            _tell(failures)
            status.update(f"{sent} of {len(wanted)} sent")
    if absent:
        notes.print(
            f"{len(absent)} are no longer in the dead-letter queue: purged, redriven or replayed before. "
            f"`send {file} --format letters` sends everything in {file} regardless.",
            markup=False,
            highlight=False,
        )
    notes.print(f"{sent} of {len(lines)} sent; {sum(bool(line.faults) for line in lines)} would be refused again.")
    raise typer.Exit(0 if sent == len(lines) else 1)


def _only(look: Look, wanted: Mapping[str, str]) -> Iterator[DeadLetter]:
    return islice((letter for letter in look if letter.message_id in wanted), len(wanted))


def _tell(failures: Mapping[str, Exception]) -> None:
    for message_id, why in failures.items():
        notes.print(f"{message_id} stays: {why}", style="red", markup=False)
