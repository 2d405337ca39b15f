"""An execution environment: one real runtime process, controlled as Lambda does."""

import json
import signal
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from tools.local.function_config import FunctionConfig
from tools.local.runtime_api import (
    Exited,
    HandlerFailed,
    Ready,
    Request,
    Responded,
    RuntimeApi,
    RuntimeEvent,
    RuntimeFailed,
)
from tools.local.runtime_process import PlainProcess, Start

LAST_LOGS_S = 5  # how long to wait for the last lines of a process that has ended


class FunctionError(Exception):
    """The function failed; `error` is Lambda's answer: errorType, errorMessage, maybe more."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('errorType')}: {error.get('errorMessage')}")
        self.error = error


class ExecutionEnvironment:
    """Serves one invocation at a time until its process ends.

    Attributes:
        config: the version of the function that it runs.
        process: the runtime.
        pid: process id of the runtime.
        started_at: seconds since the epoch.
        initialised: whether the handler is imported.
        reusable: whether it can take another invocation.
        init_s, duration_s: seconds that the init and the last invocation took.
        invocations: number of invocations so far.
    """

    def __init__(self, config: FunctionConfig, on_log: Callable[[str], None], start: Start = PlainProcess) -> None:
        self.config = config
        self.started_at = time.time()
        self.initialised = False
        self.init_s = 0.0
        self.duration_s = 0.0
        self.invocations = 0
        self._awaited = True  # something is still to come from the runtime
        self._on_log = on_log
        self._events: SimpleQueue[RuntimeEvent] = SimpleQueue()
        self._api = RuntimeApi(self._events)
        self.process = start(config, self._api.address)
        self.pid = self.process.pid
        self._log_reader = Thread(target=self._read_logs, name=f"logs-{self.pid}", daemon=True)
        self._watcher = Thread(target=self._await_exit, name=f"exit-{self.pid}", daemon=True)
        self._log_reader.start()
        self._watcher.start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def reusable(self) -> bool:
        return self.alive and not self._awaited

    def init(self, request_id: str, limit_s: float) -> None:
        """Wait until the handler is imported.

        Raises:
            FunctionError: it failed, or the process ended or was killed after limit_s seconds.
        """
        started = time.perf_counter()
        try:
            self._await_event(request_id, limit_s)
        finally:
            self.init_s = time.perf_counter() - started
        self.initialised = True

    def invoke(self, request_id: str, event: bytes, limit_s: float) -> bytes:
        """Run the handler once and return its response.

        Raises:
            FunctionError: the handler failed, or the process ended or was killed after limit_s seconds.
        """
        self.invocations += 1
        self._awaited = True
        deadline_ms = int((time.time() + limit_s) * 1000)
        started = time.perf_counter()
        self._api.offer(Request(request_id, event, self.config.arn, deadline_ms))
        try:
            return self._await_event(request_id, limit_s)
        finally:
            self.duration_s = time.perf_counter() - started

    def close(self) -> None:
        """Kill the process and its children, and wait for its last log lines."""
        self._kill()
        self._watcher.join()
        self._log_reader.join(LAST_LOGS_S)
        self._api.close()

    def _await_event(self, request_id: str, limit_s: float) -> bytes:
        try:
            event = self._events.get(timeout=max(0.0, limit_s))
        except Empty:
            self._kill()
            reason = f"Task timed out after {self.config.timeout_s:.2f} seconds"
            raise self._platform_error("Sandbox.Timedout", request_id, reason) from None
        match event:
            case Ready():
                self._awaited = False
                return b""
            case Responded(body):
                self._awaited = False
                return body
            case HandlerFailed(error):
                self._awaited = False
                raise FunctionError(error)
            case RuntimeFailed(error):
                raise FunctionError(error)
            case Exited(code):
                raise self._platform_error("Runtime.ExitError", request_id, _exit_reason(code))

    def _platform_error(self, error_type: str, request_id: str, reason: str) -> FunctionError:
        error = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {reason}"}
        self._on_log(json.dumps({"type": "platform.report", "record": {"requestId": request_id, **error}}))
        return FunctionError(error)

    def _read_logs(self) -> None:
        for line in self.process.stdout:
            self._on_log(line.decode(errors="replace").rstrip("\n"))

    def _await_exit(self) -> None:
        code = self.process.wait()
        self.process.end()  # the environment goes as a whole: nothing the handler started may stay behind
        self._events.put(Exited(code))

    def _kill(self) -> None:
        if self.alive:
            self.process.end()


def _exit_reason(code: int) -> str:
    """Lambda's own words for how a process ended."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-code) or str(-code)).lower()}"
