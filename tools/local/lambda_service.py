"""A local Lambda: one function, invoked as Lambda invokes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self
from uuid import uuid4

from tools.local.environment_pool import EnvironmentPool
from tools.local.execution_environment import ExecutionEnvironment, FunctionError
from tools.local.function_config import FunctionConfig
from tools.local.runtime_process import PlainProcess, Start

REQUEST_LIMIT_BYTES = 6_291_456  # 6 MB; Lambda refuses more in a synchronous invocation
INIT_LIMIT_S = 10  # of the first try


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """
    Attributes:
        payload: the function's response or its error, as JSON.
        error: errorType, errorMessage and maybe stackTrace, or None if the function succeeded.
        init_s: seconds that this invocation waited for an init; 0 in a warm environment.
        duration_s: seconds in the handler; 0 if the init failed.
    """

    request_id: str
    payload: bytes
    error: dict[str, Any] | None
    cold_start: bool
    init_s: float
    duration_s: float


class LambdaService:
    """Runs a function in up to `max_concurrency` processes; safe to use from many threads.

    If all are busy, an invocation waits; Lambda itself would refuse it.

    Args:
        log_file: receives every line that the function's processes write.
        on_log: called with every such line, one at a time; it must not raise.
        start: starts a runtime; by default, a plain process on this machine.
    """

    def __init__(
        self,
        config: FunctionConfig,
        *,
        max_concurrency: int,
        log_file: Path,
        on_log: Callable[[str], None] | None = None,
        start: Start = PlainProcess,
    ) -> None:
        self._on_log = on_log
        self._log_lock = Lock()
        self._log_file = log_file.open("a", encoding="utf-8", buffering=1)  # a line at a time
        self._pool = EnvironmentPool(config, max_concurrency, self._log, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def environments(self) -> list[ExecutionEnvironment]:
        """The live environments, busy or idle."""
        return self._pool.environments

    def invoke(self, payload: bytes | dict[str, Any]) -> Invocation:
        """Run the function on an event and wait for its answer.

        Raises:
            ValueError: the event is larger than Lambda accepts.
            RuntimeError: the service is closed.
        """
        event = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        if len(event) > REQUEST_LIMIT_BYTES:
            raise ValueError(f"{len(event)} byte payload is too large (limit {REQUEST_LIMIT_BYTES} bytes)")
        request_id = str(uuid4())
        error = None
        environment = self._pool.take()
        cold_start = not environment.initialised
        try:
            limit_s = environment.config.timeout_s
            if cold_start:
                try:
                    environment.init(request_id, INIT_LIMIT_S)
                except FunctionError:  # Lambda tries once more, on the invocation's own time
                    environment = self._pool.replace(environment)
                    environment.init(request_id, limit_s)
                    limit_s -= environment.init_s
            answer = environment.invoke(request_id, event, limit_s)
        except FunctionError as failure:
            error = failure.error
            answer = json.dumps(error).encode()
        finally:
            self._pool.give_back(environment)
        return Invocation(
            request_id=request_id,
            payload=answer,
            error=error,
            cold_start=cold_start,
            init_s=environment.init_s if cold_start else 0.0,
            duration_s=environment.duration_s,
        )

    def deploy(self, config: FunctionConfig) -> None:
        """Send all further invocations to a new version; those in flight finish on the old one."""
        self._pool.deploy(config)

    def recycle(self) -> None:
        """Replace all environments, as Lambda does every few hours."""
        self._pool.recycle()

    def close(self) -> None:
        """Kill all processes, even in the middle of an invocation; returns when none is left."""
        self._pool.close()
        self._log_file.close()

    def _log(self, line: str) -> None:
        with self._log_lock:
            self._log_file.write(line + "\n")
            if self._on_log is not None:
                self._on_log(line)
