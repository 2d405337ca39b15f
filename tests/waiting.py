"""Waits for an event in tests, with a timeout that only a hang reaches."""

import time
from collections.abc import Callable

HANG_S = 900.0  # nothing here takes so long, however busy the machine is; also the timeout of processes


def eventually(condition: Callable[[], object]) -> None:
    """Returns when the condition is true; it must then stay true, because a check may come late.

    Raises:
        AssertionError: the condition did not become true within HANG_S.
    """
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline, f"this did not become true within {HANG_S:.0f} s"
        time.sleep(0.02)
