"""Ends a long command on Ctrl-C or SIGTERM: immediately, with one line of output and nothing left running."""

# Few and small imports: until the handlers are there, Python answers Ctrl-C with a traceback.
import atexit
import contextlib
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable
from threading import Timer
from types import FrameType

TERMINAL = sys.stderr
PATIENCE_S = 3.0  # for an orderly shutdown, for example of containers; then the process just ends
at_once: list[Callable[[], None]] = []  # ends what must be gone whatever the rest of the process waits for


class Told(KeyboardInterrupt):
    """A signal asked the command to end."""


def end_when_told(module: str) -> None:
    """Run a module's `main` and exit with its result; the import is part of the run."""
    told = 0
    ready = False

    def tell(number: int, frame: FrameType | None) -> None:
        nonlocal told
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # once is enough
        told = number
        if not ready:
            _leave(number)  # in the middle of an import, which could swallow what is raised; nothing runs yet
        logging.disable()  # what is cut off in the middle complains
        sys.stderr = io.StringIO()
        sys.unraisablehook = swallowed
        for end in at_once:
            end()
        force = Timer(PATIENCE_S, _leave, [number])
        force.daemon = True
        force.start()
        raise Told

    def swallowed(unraisable: object) -> None:
        """Handle exceptions in finalizers and weak reference callbacks, which Python would drop."""
        if isinstance(getattr(unraisable, "exc_value", None), Told):
            _leave(told)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, tell)
    import logging

    main = importlib.import_module(module).main
    ready = True
    try:
        status = main()
        atexit._run_exitfuncs()
        _exit(status)  # to finalize this much takes Python a second or two, in which a signal kills it without a word
    except BaseException:
        if not told:
            raise
    _leave(told)


def _leave(number: int) -> None:
    """Exit without waiting for threads: pipes and watchdogs end the processes that this one started."""
    show_cursor = "\x1b[?25h" if TERMINAL.isatty() else ""
    TERMINAL.write(f"{show_cursor}stopped\n")
    _exit(128 + number)


def _exit(status: int) -> None:
    for stream in (sys.stdout, TERMINAL):
        with contextlib.suppress(OSError):  # whoever read it has gone
            stream.flush()
    os._exit(status)
