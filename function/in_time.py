"""Requests in parallel that do not outlive the function's deadline, whatever hangs at their other end."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

WRITERS = 10  # parallel requests; as many connections as a botocore client keeps

T = TypeVar("T")
L = TypeVar("L")


def in_time(
    do: Callable[..., T], work: Iterable[tuple[Any, ...]], left_ms: float, reserve_ms: float, late: L
) -> list[T | L]:
    """Do all of `work` in parallel, but leave `reserve_ms` of `left_ms`, or half of it where that is more.

    Returns:
        The answers in the order of the work; `late` for what was not done in time. That is not waited for: it may
        still happen while the next batch is worked on, and does no harm then, as a repeat does none.
    """
    pool = ThreadPoolExecutor(WRITERS)
    pending = [pool.submit(do, *each) for each in work]
    wait(pending, timeout=max(left_ms - reserve_ms, left_ms / 2, 0) / 1000)
    pool.shutdown(wait=False, cancel_futures=True)
    return [each.result() if each.done() and not each.cancelled() else late for each in pending]
