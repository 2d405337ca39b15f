"""Parallel requests with a deadline, so that a hanging service cannot make the function time out."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

WRITERS = 10  # parallel requests; as many connections as a botocore client keeps

T = TypeVar("T")
L = TypeVar("L")


def in_time(
    do: Callable[..., T], work: Iterable[tuple[Any, ...]], left_ms: float, reserve_ms: float, late: L
) -> list[T | L]:
    """Do all of `work` in parallel, but leave `reserve_ms` of `left_ms`, or half of it if that is more.

    Returns:
        The answers in the order of the work; `late` for those that were not done in time. They may still complete
        during the next batch, which is as harmless as a repeat.
    """
    pool = ThreadPoolExecutor(WRITERS)
    pending = [pool.submit(do, *each) for each in work]
    wait(pending, timeout=max(left_ms - reserve_ms, left_ms / 2, 0) / 1000)
    pool.shutdown(wait=False, cancel_futures=True)
    return [each.result() if each.done() and not each.cancelled() else late for each in pending]
