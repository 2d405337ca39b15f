"""Lambda and its poller in a separate process that can be killed: `python -m tools.chaos.mortal_poller`."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.event_source import EventSourceConfig, EventSourceMapping
from tools.local.function_config import FunctionConfig
from tools.local.lambda_service import LambdaService
from tools.local.program import ROOT


@contextmanager
def mortal_poller(function: FunctionConfig, mapping: EventSourceConfig) -> Iterator[subprocess.Popen[bytes]]:
    """A process that feeds the function from the queue until it is killed, at the latest on exit from the context."""
    process = subprocess.Popen([sys.executable, "-m", "tools.chaos.mortal_poller"], cwd=ROOT, stdin=subprocess.PIPE)
    assert process.stdin is not None
    try:
        process.stdin.write(pickle.dumps((function, mapping)))
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def _work(function: FunctionConfig, mapping: EventSourceConfig) -> None:
    with (
        LambdaService(function, max_concurrency=mapping.max_concurrency, log_file=Path(os.devnull)) as service,
        EventSourceMapping(mapping, function.client("sqs"), service.invoke),
    ):
        sys.stdin.buffer.read()  # returns when the parent is gone


if __name__ == "__main__":
    _work(*pickle.load(sys.stdin.buffer))
