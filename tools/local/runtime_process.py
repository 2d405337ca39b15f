"""Starts runtimes, as plain processes or in a replaceable way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Protocol

from tools.local.function_config import FunctionConfig, process_variables


class RuntimeProcess(Protocol):
    """One runtime client on its handler; `pid` leads a process group on this machine, `stdout` is all it writes."""

    @property
    def pid(self) -> int: ...

    @property
    def stdout(self) -> IO[bytes]: ...

    def poll(self) -> int | None:
        """Its exit code, or the negative number of the signal that ended it; None while it lives."""
        ...

    def wait(self) -> int: ...

    def end(self) -> None:
        """Kill it and its children; may be called again, even after it has ended."""
        ...


# Of a function and the `host:port` of its Runtime API.
Start = Callable[[FunctionConfig, str], RuntimeProcess]


def peak_bytes(status: str) -> int:
    """A process's peak memory in bytes, including libraries (VmHWM), from the text of its /proc/PID/status."""
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]
    return int(kilobytes) * 1024


class PlainProcess:
    """AWS's runtime client for Python on this machine, in its own process group."""

    def __init__(self, config: FunctionConfig, runtime_api: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", config.handler],
            cwd=config.task_root,
            env=process_variables(config, runtime_api),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.pid, self.stdout = self._process.pid, self._process.stdout

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self) -> int:
        return self._process.wait()

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
