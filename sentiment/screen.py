"""Answers go to standard output, for a pipeline to read; progress and notes to standard error."""

import sys
import unicodedata

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# Nobody reads a pipe at a width, and what is broken into lines cannot be searched.
PIPE_COLUMNS = 10_000
BIDI = range(0x202A, 0x202F), range(0x2066, 0x206A)  # embeddings, overrides, isolates: they reorder what follows


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, which wraps nothing elsewhere; what the output cannot encode becomes `?`."""
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):  # not where a test or a program has put something else in its place
        stream.reconfigure(errors="replace")
    return Console(stderr=stderr, width=None if stream.isatty() else PIPE_COLUMNS)


answers = console()
notes = console(stderr=True)


def excerpt(text: str, chars: int) -> Text:
    """The beginning of someone else's text in one line; what could control the terminal is left out of it.

    Joiners of emoji and of Persian, and soft hyphens, are no control characters.
    """
    line = " ".join(text[: 2 * chars].split())
    cut = line if len(line) <= chars else f"{line[: chars - 3]}..."
    return Text("".join("\ufffd" if _controls(c) else c for c in cut))


def _controls(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or any(ord(character) in each for each in BIDI)


def fitting(table: Table, console: Console) -> RenderableType:
    """The table where the screen is wide enough for it; else the same row by row, a line for each value."""
    if Measurement.get(console, console.options.update(width=PIPE_COLUMNS), table).maximum <= console.width:
        return table
    lines: list[RenderableType] = [table.title] if table.title else []
    for row in zip(*(column.cells for column in table.columns), strict=True):
        shown = zip((column.header for column in table.columns), row, strict=True)
        lines += ["", *(f"{heading}: {value}" for heading, value in shown)]
    return Group(*lines)
