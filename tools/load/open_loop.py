"""Sends on a fixed schedule, however long the answers to earlier sends take."""

import time
from collections.abc import Callable
from concurrent.futures import Executor

from tools.load.ledger import Ledger
from tools.load.plan import Plan

Send = Callable[[range], None]  # the texts of these indices; it must not raise


def send_all(
    plan: Plan,
    ledger: Ledger,
    send: Send,
    senders: Executor,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Start every send when it is due, or as soon as a sender is free; returns when all are done.

    The schedule never waits for an answer and never moves, so a slow queue cannot slow the load and hide its slowness.
    """
    ledger.started_at = clock()

    def begin(group: range) -> None:
        ledger.began(group, clock())
        send(group)

    running = []
    for group in plan.groups():
        left_s = ledger.due_at(group[0]) - clock()
        if left_s > 0:
            sleep(left_s)
        running.append(senders.submit(begin, group))
    for each in running:
        each.result()
