"""Errors that stop a command and are not bugs in it."""


class CommandError(Exception):
    """The message says in one line what is wrong, and what is allowed."""
