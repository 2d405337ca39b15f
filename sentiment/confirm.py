"""Asks before a command deletes something permanently."""

import typer

from sentiment.errors import CommandError
from sentiment.words import counted


def confirm_deletion(count: int, noun: str, place: str, yes: bool) -> None:
    """Have the user type the number to delete, unless `yes` is set.

    Raises:
        CommandError: the user typed something else.
    """
    asked = f"Type {count} to delete {counted(count, noun)} from {place} for good"
    if not yes and typer.prompt(asked, err=True) != str(count):
        raise CommandError("not confirmed: nothing was deleted")
