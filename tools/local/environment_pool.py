"""The pool of one function's execution environments."""

from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore, Lock

from tools.local.execution_environment import ExecutionEnvironment
from tools.local.function_config import FunctionConfig
from tools.local.runtime_process import Start
from tools.local.watchdog import Watchdog


class EnvironmentPool:
    """Lends execution environments, at most `max_concurrency` at a time; safe to use from many threads.

    An environment is kept until its process ends or a new version is deployed.
    """

    def __init__(
        self, config: FunctionConfig, max_concurrency: int, on_log: Callable[[str], None], start: Start
    ) -> None:
        self._on_log, self._start_runtime = on_log, start
        self._max_concurrency = max_concurrency
        self._slots = BoundedSemaphore(max_concurrency)
        self._watchdog = Watchdog()
        self._lock = Lock()  # guards all below
        self._config = config
        self._idle: list[ExecutionEnvironment] = []
        self._lent: list[ExecutionEnvironment] = []
        self._closed = False

    @property
    def environments(self) -> list[ExecutionEnvironment]:
        """The live environments, lent or idle."""
        with self._lock:
            return [environment for environment in [*self._lent, *self._idle] if environment.alive]

    def take(self) -> ExecutionEnvironment:
        """Lend the idle environment that was used last, or start one; waits if all are lent.

        Raises:
            RuntimeError: the pool is closed.
        """
        self._slots.acquire()
        try:
            return self._take_idle() or self._start()
        except BaseException:
            self._slots.release()
            raise

    def replace(self, environment: ExecutionEnvironment) -> ExecutionEnvironment:
        """Lend a new environment in place of one that did not start."""
        self._discard(environment)
        return self._start()

    def give_back(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            keep = environment.reusable and environment.config is self._config and not self._closed
            if keep:
                self._lent.remove(environment)
                self._idle.append(environment)
        if not keep:
            self._discard(environment)
        self._slots.release()

    def deploy(self, config: FunctionConfig) -> None:
        """Run a new version from now on; lent environments finish on the old one."""
        with self._lock:
            self._config = config
            retired, self._idle = self._idle, []
        for environment in retired:
            self._discard(environment)

    def recycle(self) -> None:
        """Replace all environments, as Lambda does every few hours."""
        self.deploy(replace(self._config))  # equal but not the same object, so that no environment is current

    def close(self) -> None:
        """Kill all processes, even in the middle of an invocation; returns when none is left."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            remaining, self._idle = [*self._lent, *self._idle], []
        for environment in remaining:
            self._discard(environment)
        for _ in range(self._max_concurrency):  # the borrowers have yet to notice
            self._slots.acquire()
        self._slots.release(self._max_concurrency)
        self._watchdog.close()

    def _take_idle(self) -> ExecutionEnvironment | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                environment = self._idle.pop()
                self._lent.append(environment)
            if environment.alive:
                return environment
            self._discard(environment)

    def _start(self) -> ExecutionEnvironment:
        with self._lock:  # while the process starts, so that close() misses none
            if self._closed:
                raise RuntimeError("the Lambda service is closed")
            environment = ExecutionEnvironment(self._config, self._on_log, self._start_runtime)
            self._watchdog.watch(environment.pid)
            self._lent.append(environment)
        return environment

    def _discard(self, environment: ExecutionEnvironment) -> None:
        environment.close()
        with self._lock:
            if environment in self._lent:
                self._lent.remove(environment)
            self._watchdog.forget(environment.pid)
