"""Limits work to a steady rate."""

import time
from collections.abc import Callable


class Pace:
    """Allows a number per second, evenly; it does not make up for delays with a burst."""

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """None means no limit."""
        self._interval = 1 / per_second if per_second else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next one is due."""
        left = self._next - self._clock()
        if left > 0:
            self._sleep(left)

    def went(self, count: int) -> None:
        """Count what was sent."""
        self._next = max(self._next, self._clock()) + count * self._interval
