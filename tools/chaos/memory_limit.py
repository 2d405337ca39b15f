"""Enforces the function's memory limit, which the local Lambda only announces: kills what exceeds it, like Lambda."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from tools.local.function_config import FunctionConfig
from tools.local.runtime_process import PlainProcess

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MB = 1_048_576
LOOK_EVERY_S = 0.02


class LimitedProcess(PlainProcess):
    """A plain process that is killed as soon as it exceeds its function's memory."""

    def __init__(self, config: FunctionConfig, runtime_api: str, on_kill: Callable[[], None]) -> None:
        super().__init__(config, runtime_api)
        self._limit_bytes, self._on_kill = config.memory_mb * MB, on_kill
        Thread(target=self._watch, name=f"memory-{self.pid}", daemon=True).start()

    def _watch(self) -> None:
        while self.poll() is None:
            if _resident_bytes(self.pid) > self._limit_bytes:
                os.kill(self.pid, signal.SIGKILL)
                self._on_kill()
                return
            time.sleep(LOOK_EVERY_S)


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0
