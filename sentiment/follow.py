"""Polls for results as they arrive: the table has no order, and a stream only where resultStream is on."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from sentiment.result import Result
from sentiment.table import Results
from sentiment_contract.results import TABLE_KEY

POLLED_IDS = 1_000  # per poll: each missing id costs half a read unit every time


def wait_for(
    results: Results,
    ids: Sequence[str],
    interval_s: float,
    clock: Callable[[], float] = time.monotonic,
    patience_s: float | None = None,
) -> Iterator[list[Result]]:
    """Yield the results of some ids as they arrive; ends when all have arrived, or after `patience_s`.

    It looks up every id at least once, however many there are and however little patience.
    """
    missing = deque(dict.fromkeys(ids))
    unseen = len(missing)
    deadline = None if patience_s is None else clock() + patience_s
    while missing:
        looked_for = [missing.popleft() for _ in range(min(POLLED_IDS, unseen or len(missing)))]
        unseen = max(0, unseen - len(looked_for))
        found = results.get(looked_for)
        missing.extend(item_id for item_id in looked_for if item_id not in found)
        yield list(found.values())
        if unseen:
            continue
        if deadline is not None and clock() >= deadline:
            return
        if not found and missing:
            results.sleep(interval_s)


def watch(results: Results, interval_s: float) -> Iterator[tuple[list[Result], float]]:
    """Yield all results, then forever the new ones, by scanning the table repeatedly; with the read units."""
    seen: dict[str, str] = {}
    while True:
        for page, units in results.scan():
            new = [result for result in page if seen.get(result[TABLE_KEY]) != result.get("processed_at", "")]
            seen |= {result[TABLE_KEY]: result.get("processed_at", "") for result in new}
            yield new, units
        results.sleep(interval_s)
