"""Lets other commands find a `make local` that runs: a file that says where it is, locked for as long as it runs."""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import fcntl

STATE_FILE = Path(".local", "serve.json")  # in the checkout, where make runs


@contextlib.contextmanager
def announced(state: Mapping[str, Any], path: Path = STATE_FILE) -> Iterator[bool]:
    """Make `state` known while the context lasts; yields False, and changes nothing, where another one runs already.

    The lock, unlike a file or a process id, cannot outlive the process, however that ends.
    """
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        file.truncate(0)
        file.write(json.dumps(state))
        file.flush()
        try:
            yield True
        finally:
            file.truncate(0)


def running(path: Path = STATE_FILE) -> dict[str, Any] | None:
    """What the `make local` that runs announced; None where none does."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return json.loads(file.read() or "null")
    except FileNotFoundError:
        pass
    return None
