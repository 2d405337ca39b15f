"""`send`: sends a file of texts to the queue."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from sentiment.batch import MAX_MESSAGES
from sentiment.checkpoint import Checkpoint
from sentiment.display import Display
from sentiment.errors import CommandError
from sentiment.opening import count_lines, opened
from sentiment.options import works_on
from sentiment.pace import Pace
from sentiment.producer import Producer
from sentiment.record import Layout, Record
from sentiment.rejects import Rejects
from sentiment.rows import Dialect
from sentiment.screen import notes
from sentiment.senders import PENDING_PER_SENDER
from sentiment.sending import Sending
from sentiment.sources import delimiter_of, derived_prefix, format_of, records
from sentiment.target import Target
from sentiment.words import counted


@works_on("queue_url")
def send(
    file: Annotated[Path, typer.Argument(help="File to send; - is standard input.")],
    *,
    target: Target,
    format: Annotated[
        str | None,
        typer.Option(
            help="jsonl (each line a message body), csv, lines (each line a text) or letters (as `dlq save` writes "
            "them); default: by the suffix."
        ),
    ] = None,
    id_column: Annotated[str, typer.Option(help="CSV column that holds the id.")] = "id",
    text_column: Annotated[str, typer.Option(help="CSV column that holds the text.")] = "text",
    timestamp_column: Annotated[str, typer.Option(help="CSV column that holds the timestamp; optional.")] = "timestamp",
    delimiter: Annotated[
        str | None, typer.Option(help="CSV delimiter, one character or \\t; default: a comma, for .tsv a tab.")
    ] = None,
    quote: Annotated[str, typer.Option(help='CSV quote; "" for files without quotes, such as MySQL\'s.')] = '"',
    escape: Annotated[
        str, typer.Option(help="CSV escape: \\ if it precedes quotes, delimiters and line breaks in a text.")
    ] = "",
    encoding: Annotated[
        str | None, typer.Option(help="Encoding, such as cp1252; default: by the byte-order mark, else UTF-8.")
    ] = None,
    id_prefix: Annotated[
        str | None,
        typer.Option(help="For lines: an id is this and the line number; default: from the file's name and content."),
    ] = None,
    items_per_message: Annotated[
        int, typer.Option(min=1, max=100, help="Texts per message: more are cheaper, but are retried together.")
    ] = 1,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Maximum texts per second.")] = None,
    senders: Annotated[int, typer.Option(min=1, max=64, help="Concurrent requests.")] = 4,
    rejects: Annotated[Path | None, typer.Option(help="Write rejected records to this file, as JSON lines.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File that records how far it got; default: FILE.checkpoint, none for -.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Ignore the checkpoint and start over.")] = False,
) -> None:
    """Send the texts in a file. To resume an interrupted run, repeat the command.

    Exits with 1 if texts were rejected.
    """
    file_format = format_of(file, format)
    dialect = Dialect(delimiter=delimiter_of(file, delimiter), quote=quote, escape=escape)
    kept = checkpoint or (file.with_name(f"{file.name}.checkpoint") if file.is_file() else None)
    with ExitStack() as stack:
        before = None if restart or kept is None else Checkpoint.load(kept, target.queue_url)
        derived = derived_prefix(file) if file_format == "lines" and not before else ""
        prefix = derived if id_prefix is None else id_prefix
        begin = before or Checkpoint.begin(target.queue_url, prefix)
        if id_prefix not in (None, begin.id_prefix):
            raise CommandError(f"--id-prefix: {kept} continues with {begin.id_prefix!r}; --restart starts over")
        layout = Layout(
            format=file_format,
            id_column=id_column,
            text_column=text_column,
            timestamp_column=timestamp_column,
            dialect=dialect,
            id_prefix=begin.id_prefix,
        )
        source = records(stack.enter_context(opened(file, encoding)), layout)
        if before:
            before.pass_over(source)
            notes.print(f"Resuming after {counted(before.records, 'record')}, as in {kept}; --restart starts over.")
        elif file_format == "lines":
            notes.print(f"Ids: {prefix} and the line number, such as {prefix}1.", markup=False)
        rejected = stack.enter_context(rejects.open("a" if before else "w")) if rejects else None
        display = stack.enter_context(Display(begin, count_lines(file)))

        def settled(now: Checkpoint, last: Record) -> None:
            if kept:
                now.save(kept)
            display.update(now, last)

        if kept:
            begin.save(kept)  # before sending anything, so that a resumed run uses the same date
        sending = Sending(
            producer=Producer(
                target.queue_url,
                client=target.client("sqs", max_pool_connections=senders),
                items_per_message=items_per_message,
                senders=senders,
            ),
            checkpoint=begin,
            window=senders * PENDING_PER_SENDER * MAX_MESSAGES * items_per_message,
            on_reject=Rejects(console=notes, file=rejected).add,
            on_settled=settled,
        )
        try:
            sending.send_all(source, Pace(rate))
        except BaseException:
            if kept:
                so_far = sending.checkpoint.records
                notes.print(f"Interrupted after {counted(so_far, 'record')}; to resume, repeat the command.")
            raise
    if kept:
        kept.unlink()
    notes.print(display.sum_up(sending.checkpoint))
    raise typer.Exit(1 if sending.checkpoint.rejected else 0)
