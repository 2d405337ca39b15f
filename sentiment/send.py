"""`send`: a file of texts to the queue."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from sentiment.batch import MAX_MESSAGES
from sentiment.checkpoint import Checkpoint, checksum
from sentiment.errors import CommandError
from sentiment.options import works_on
from sentiment.pace import Pace
from sentiment.producer import PENDING_PER_SENDER, Producer, SendFailed
from sentiment.rejects import Rejects
from sentiment.screen import notes
from sentiment.sending import Sending
from sentiment.sources import STDIN, Layout, Record, count_lines, format_of, opened, records
from sentiment.target import Target

COLUMNS = (
    SpinnerColumn(),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("lines, {task.fields[texts]} texts at {task.fields[rate]}/s, {task.fields[rejected]} rejected, left"),
    TimeRemainingColumn(),
)


@works_on("queue_url")
def send(
    file: Annotated[Path, typer.Argument(help="- is standard input.")],
    *,
    target: Target,
    format: Annotated[
        str | None,
        typer.Option(help="jsonl (each line a message body), csv or lines (each line a text); default: by the suffix."),
    ] = None,
    id_column: Annotated[str, typer.Option(help="Of csv.")] = "id",
    text_column: Annotated[str, typer.Option(help="Of csv.")] = "text",
    timestamp_column: Annotated[str, typer.Option(help="Of csv; it may be absent.")] = "timestamp",
    delimiter: Annotated[str | None, typer.Option(help="Of csv; default: a comma, of .tsv a tab.")] = None,
    id_prefix: Annotated[
        str | None, typer.Option(help="Of lines: an id is this and the line's number; default: the file's name and -.")
    ] = None,
    items_per_message: Annotated[
        int, typer.Option(min=1, max=100, help="Texts that share a message: cheaper, and retried together.")
    ] = 1,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Texts a second at most.")] = None,
    senders: Annotated[int, typer.Option(min=1, max=64, help="Requests at the same time.")] = 4,
    rejects: Annotated[Path | None, typer.Option(help="Write what was rejected to this file, as JSON lines.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Where to keep how far it got; default: FILE.checkpoint, none for -.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew, whatever the checkpoint says.")] = False,
) -> None:
    """Send the texts of a file. The same command goes on where an earlier run was broken off.

    Exits with 1 when texts were rejected.
    """
    kind = format_of(file, format)
    delimiter = delimiter or ("\t" if file.suffix.lower() == ".tsv" else ",")
    if len(delimiter) != 1:
        raise CommandError(f"--delimiter: {delimiter!r} must be one character")
    layout = Layout(
        format=kind,
        id_column=id_column,
        text_column=text_column,
        timestamp_column=timestamp_column,
        delimiter=delimiter,
        id_prefix=f"{'stdin' if file == STDIN else file.stem}-" if id_prefix is None else id_prefix,
    )
    kept = checkpoint or (None if file == STDIN else file.with_name(f"{file.name}.checkpoint"))
    before = None if restart or kept is None else Checkpoint.load(kept, target.queue_url)
    with ExitStack() as stack:
        source = records(stack.enter_context(opened(file)), layout)
        if before:
            _skip(source, before, file)
            notes.print(f"Going on after {before.records} records, as {kept} says; --restart begins anew.")
        rejected = Rejects(
            console=notes, file=stack.enter_context(rejects.open("a" if before else "w")) if rejects else None
        )
        progress = stack.enter_context(Progress(*COLUMNS, console=notes, transient=True, disable=not notes.is_terminal))
        bar = progress.add_task("", total=count_lines(file), texts=0, rate=0, rejected=0)
        begin, began = before or Checkpoint.begin(target.queue_url), time.monotonic()

        def settled(now: Checkpoint, last: Record) -> None:
            if kept:
                now.save(kept)
            speed = (now.texts - begin.texts) / (time.monotonic() - began)
            progress.update(bar, completed=last.line, texts=now.texts, rate=f"{speed:.0f}", rejected=now.rejected)

        sending = Sending(
            producer=Producer(
                target.queue_url,
                client=target.client("sqs", max_pool_connections=senders),
                items_per_message=items_per_message,
                senders=senders,
            ),
            checkpoint=begin,
            window=senders * PENDING_PER_SENDER * MAX_MESSAGES * items_per_message,
            on_reject=rejected.add,
            on_settled=settled,
        )
        try:
            _send_all(source, sending, Pace(rate))
        except BaseException:
            if kept:
                notes.print(
                    f"Broken off after {sending.checkpoint.records} records; the same command goes on from there."
                )
            raise
    if kept:
        kept.unlink(missing_ok=True)
    done, seconds = sending.checkpoint, time.monotonic() - began
    notes.print(
        f"{done.texts} texts sent, {done.rejected} rejected; "
        f"{done.texts - begin.texts} texts in {seconds:.1f} s, {(done.texts - begin.texts) / seconds:.0f}/s"
    )
    raise typer.Exit(1 if done.rejected else 0)


def _send_all(source: Iterable[Record], sending: Sending, pace: Pace) -> None:
    try:
        with sending.producer:
            for record in source:
                pace.wait()
                pace.went(sending.take(record))
    except SendFailed:
        pass  # the records' own outcomes say so too
    finally:
        sending.settle()


def _skip(source: Iterator[Record], before: Checkpoint, file: Path) -> None:
    """Pass over what an earlier run has settled; CommandError if it is not the same any more."""
    passed = total = 0
    for record in islice(source, before.records):
        passed, total = passed + 1, checksum(record.content, total)
    if (passed, total) != (before.records, before.checksum):
        raise CommandError(f"{file}: has changed where it was sent already; --restart sends it from its beginning")
