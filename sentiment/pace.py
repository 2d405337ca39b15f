"""A steady rate."""

import time
from collections.abc import Callable


class Pace:
    """Lets through so many a second, evenly; what is late is not made up for in a burst."""

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """With None there is no limit."""
        self._interval = 1 / per_second if per_second else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next may go."""
        left = self._next - self._clock()
        if left > 0:
            self._sleep(left)

    def went(self, count: int) -> None:
        """Say how many went."""
        self._next = max(self._next, self._clock()) + count * self._interval
