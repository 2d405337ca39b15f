"""Scans the table in parallel segments."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event, Lock

from sentiment.table import Page, Results


def read_all(results: Results, segments: int, take: Callable[[Page], None]) -> None:
    """Pass each page of the table to `take`, one at a time; memory holds at most one page per segment.

    Raises:
        ClientError, BotoCoreError: the table cannot be read.
    """
    taking, stopped = Lock(), Event()

    def read(segment: int) -> None:
        for page in results.pages(segment, segments):
            with taking:
                take(page)
            if stopped.is_set():
                return

    with ThreadPoolExecutor(segments) as pool:
        reading = [pool.submit(read, segment) for segment in range(segments)]
        try:
            for done in as_completed(reading):
                done.result()
        except BaseException:
            stopped.set()
            raise
