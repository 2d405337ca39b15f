"""Answers go to standard output, for a pipeline to read; progress and notes to standard error."""

import sys

from rich.console import Console

answers = Console(width=None if sys.stdout.isatty() else 110)
notes = Console(stderr=True, width=None if sys.stderr.isatty() else 110)
