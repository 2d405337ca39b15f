"""Isolates the tests, and the processes they start, from the developer's shell."""

import os
import re
import signal
from collections.abc import Iterable

FOREIGN = re.compile(
    r"""
    AWS_.* | PULUMI_(?!HOME$|SKIP_UPDATE_CHECK$).*      # whose account; the CLI's location may stay
    | .*_PROXY
    | STACK | QUEUE_URL | DEAD_LETTER_QUEUE_URL | RESULTS_TABLE | MODEL_DIR | POWERTOOLS_.*  # variables that we read
    | IMAGE_URI | VERSION | MAKEFLAGS | MFLAGS | MAKELEVEL                                   # set by `make`
    | FORCE_COLOR | NO_COLOR | CLICOLOR.* | TTY_.* | COLUMNS | LINES                         # how rich and typer print
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Without these, boto3 would read ~/.aws and ask EC2's metadata service for credentials.
NO_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def foreign(names: Iterable[str]) -> list[str]:
    """The variables among these that would change what a test sees."""
    return [name for name in names if FOREIGN.fullmatch(name)]


# conftest.py imports this before the code under test, because rich's consoles read the shell when they are imported.
for _name in foreign(list(os.environ)):
    del os.environ[_name]
os.environ.update(NO_CREDENTIALS)
# A shell makes its background processes ignore SIGINT, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
