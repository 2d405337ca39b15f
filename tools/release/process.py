"""A command whose end is awaited: a signal that asks this program to end is passed on to it first."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked this program to end, and the command that it ran has ended.

    Attributes:
        status: what a shell calls the exit status of it.
        died: the signal killed the command, which had no handler for it yet or no longer. Pulumi has none for some
            milliseconds after it locks the state, and leaves the lock then.
    """

    def __init__(self, number: int, *, died: bool = False):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number
        self.died = died


def run(command: Sequence[str], cwd: Path, *, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. SIGTERM and SIGHUP reach it as SIGINT, at which Pulumi finishes its step and unlocks.

    The command has a session of its own. In the terminal's it would get each Ctrl-C twice, and Pulumi ends at once at
    a second SIGINT. A runner of GitHub sends SIGINT, then SIGTERM: the latter is not passed on after the former.

    Raises:
        Stopped: after the command's end, where a signal came.
    """
    asked: list[int] = []
    child: subprocess.Popen[str] | None = None

    def pass_on(number: int, _: FrameType | None = None) -> None:
        asked.append(number)
        if child and (len(asked) == 1 or number == signal.SIGINT):
            child.send_signal(signal.SIGINT)

    with _handled_by(pass_on):
        streams = subprocess.PIPE if capture else None
        with subprocess.Popen(
            command, cwd=cwd, text=True, stdout=streams, stderr=streams, start_new_session=True
        ) as child:
            if asked:  # before there was a child
                child.send_signal(signal.SIGINT)
            out, err = child.communicate()
    if asked:
        raise Stopped(asked[0], died=child.returncode == -signal.SIGINT)
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def stop_on_signals() -> None:
    """Have the signals that ask this program to end raise Stopped, also where no command runs."""
    for number in ENDING:
        signal.signal(number, _stop)


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def _handled_by(handler: signal.Handlers | object) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in ENDING}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
