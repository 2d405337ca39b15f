"""Runs a command to its end, and passes on signals that ask this program to stop."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asked this program to stop, and the command it ran has ended.

    Attributes:
        status: the exit status that a shell reports for that signal.
        died: whether the signal killed the command because it had no handler at that moment. Pulumi has none for some
            milliseconds after it locks the state, and then leaves the lock.
    """

    def __init__(self, number: int, *, died: bool = False):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number
        self.died = died


def run(command: Sequence[str], cwd: Path, *, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. It gets SIGTERM and SIGHUP as SIGINT, at which Pulumi finishes its step and unlocks.

    The command runs in its own session. In the terminal's it would get each Ctrl-C twice, and Pulumi stops immediately
    at a second SIGINT. GitHub's runner sends SIGINT, then SIGTERM, which is therefore not passed on.

    Raises:
        Stopped: after the command's end, if a signal arrived.
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
            if asked:  # before the command started
                child.send_signal(signal.SIGINT)
            out, err = child.communicate()
    if asked:
        raise Stopped(asked[0], died=child.returncode == -signal.SIGINT)
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def stop_on_signals() -> None:
    """Make signals that ask this program to stop raise Stopped, even while no command runs."""
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
