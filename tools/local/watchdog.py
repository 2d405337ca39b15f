"""A helper process that kills this process's children if it dies without ending them."""

import subprocess
import sys

# Its standard input closes when its parent ends, however that happens: the kernel closes the pipe.
PROGRAM = """
import os, signal, sys
watched = set()
for line in sys.stdin:
    action, pid = line.split()
    (watched.add if action == "watch" else watched.discard)(int(pid))
for pid in watched:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Watchdog:
    """Kills the watched process groups as soon as its parent has ended.

    Linux could kill a child with its parent (PR_SET_PDEATHSIG), but counts the thread that started the
    child as its parent, and threads come and go here.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,  # a line at a time
            start_new_session=True,  # out of the reach of the terminal's Ctrl-C
        )

    def watch(self, pid: int) -> None:
        self._tell("watch", pid)

    def forget(self, pid: int) -> None:
        self._tell("forget", pid)

    def close(self) -> None:
        """End the watchdog, and with it the processes that it still watches."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, action: str, pid: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{action} {pid}\n")
