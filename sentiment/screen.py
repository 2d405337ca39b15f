"""Answers go to standard output, for a pipeline to read; progress and notes to standard error."""

import sys

from rich.console import Console
from rich.text import Text

answers = Console(width=None if sys.stdout.isatty() else 110)
notes = Console(stderr=True, width=None if sys.stderr.isatty() else 110)


def excerpt(text: str, chars: int) -> Text:
    """The beginning of someone else's text in one line; what could control the terminal is left out of it."""
    line = " ".join(text[: 2 * chars].split())
    cut = line if len(line) <= chars else f"{line[: chars - 3]}..."
    return Text("".join(c if c.isprintable() else "\ufffd" for c in cut))
