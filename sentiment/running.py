"""Lets other commands find a running `make local`: a file with its address, locked as long as it runs."""

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
    """Announce `state` while the context lasts; yields False and changes nothing if another one is already running.

    Unlike a file or a process id, the lock cannot outlive the process, however that ends.
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
    """The state that a running `make local` announced; None if none is running."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return json.loads(file.read() or "null")
    except FileNotFoundError:
        pass
    return None
