"""Shows how much of a file has been sent, at which rate, and how long the rest will take."""

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from sentiment.checkpoint import Checkpoint
from sentiment.record import Record
from sentiment.screen import notes
from sentiment.words import counted

COLUMNS = (
    SpinnerColumn(),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("lines, {task.fields[texts]} texts at {task.fields[rate]}, {task.fields[rejected]} rejected, left"),
    TimeRemainingColumn(),
)


class Display:
    """A progress bar on a terminal, as a context manager; nothing elsewhere."""

    def __init__(self, begin: Checkpoint, lines: int | None) -> None:
        """
        Args:
            begin: the checkpoint of earlier runs.
            lines: number of lines in the file; None if unknown.
        """
        self._begin, self._began = begin, time.monotonic()
        self._progress = Progress(*COLUMNS, console=notes, transient=True, disable=not notes.is_terminal)
        self._bar = self._progress.add_task("", total=lines, texts=begin.texts, rate="-", rejected=begin.rejected)

    def update(self, now: Checkpoint, last: Record) -> None:
        """Show the progress up to this record."""
        self._progress.update(
            self._bar, completed=last.line, texts=now.texts, rate=self._rate(now), rejected=now.rejected
        )

    def sum_up(self, end: Checkpoint) -> str:
        this_run, seconds = end.texts - self._begin.texts, time.monotonic() - self._began
        return (
            f"{counted(end.texts, 'text')} sent, {end.rejected} rejected; "
            f"{counted(this_run, 'text')} in {seconds:.1f} s, {self._rate(end)}"
        )

    def _rate(self, now: Checkpoint) -> str:
        return f"{(now.texts - self._begin.texts) / (time.monotonic() - self._began):.0f}/s"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()
