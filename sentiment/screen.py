"""Writes results to standard output, for pipelines, and progress and notes to standard error."""

import sys
import unicodedata
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# A pipe has no width, and wrapped lines cannot be searched.
PIPE_COLUMNS = 10_000
BIDI = range(0x202A, 0x202F), range(0x2066, 0x206A)  # embeddings, overrides, isolates: they reorder what follows


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, without wrapping elsewhere; replaces characters it cannot encode by `?`."""
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):  # unless a test or a program has replaced it
        stream.reconfigure(errors="replace")
    return Console(stderr=stderr, width=None if stream.isatty() else PIPE_COLUMNS)


answers = console()
notes = console(stderr=True)


def as_data() -> TextIO:
    """Standard output for data, which `?` in place of a character would corrupt: in UTF-8, unless it is a terminal."""
    if hasattr(sys.stdout, "reconfigure") and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    return sys.stdout


def excerpt(text: str, chars: int) -> Text:
    """The beginning of an untrusted text on one line, without characters that could control the terminal.

    It keeps soft hyphens and the joiners of emoji and Persian.
    """
    line = " ".join(text[: 2 * chars].split())
    cut = line if len(line) <= chars else f"{line[: chars - 3]}..."
    return Text("".join("\ufffd" if _controls(c) else c for c in cut))


def _controls(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or any(ord(character) in each for each in BIDI)


def fitting(table: Table, console: Console) -> RenderableType:
    """The table if the screen is wide enough for it, otherwise each row with one line per value."""
    if Measurement.get(console, console.options.update(width=PIPE_COLUMNS), table).maximum <= console.width:
        return table
    lines: list[RenderableType] = [table.title] if table.title else []
    for row in zip(*(column.cells for column in table.columns), strict=True):
        shown = zip((column.header for column in table.columns), row, strict=True)
        lines += ["", *(f"{heading}: {value}" if heading else value for heading, value in shown)]
    return Group(*lines)
