"""What stops a command, and is no defect of it."""


class CommandError(Exception):
    """Says in one line what is wrong, and what would be right."""
