"""The load is open-loop: sends start on schedule, and latency counts from when a text was due."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from tests.waiting import HANG_S
from tools.load.ledger import Ledger
from tools.load.open_loop import send_all
from tools.load.plan import Plan, usual_together


class OneSender(Executor):
    """Runs each call immediately, in the caller's thread."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(call(*arguments, **named))
        return done


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_stall_counts_against_every_text_due_during_it() -> None:
    clock, ledger = Clock(), Ledger(Plan(rate=10, duration_s=1, together=1))

    def send(indices: range) -> None:
        clock.sleep(0.45 if indices[0] == 2 else 0.01)  # the queue stalls once
        ledger.settled([ledger.id_of(index) for index in indices], clock.now)

    send_all(ledger.plan, ledger, send, OneSender(), clock.read, clock.sleep)
    latency_s = [ledger.done[ledger.id_of(index)][0] - ledger.due_at(index) for index in range(10)]
    # Due every 0.1 s. The third is done at 0.65 s; those due at 0.3 to 0.6 follow it by 0.01 s each.
    assert latency_s == pytest.approx([0.01, 0.01, 0.45, 0.36, 0.27, 0.18, 0.09, 0.01, 0.01, 0.01])
    assert ledger.lateness_s == pytest.approx([0, 0, 0, 0.35, 0.26, 0.17, 0.08, 0, 0, 0])


def test_the_schedule_does_not_wait_for_answers() -> None:
    ledger, second = Ledger(Plan(rate=100, duration_s=0.02, together=1)), Event()

    def send(indices: range) -> None:
        if indices[0]:
            second.set()
        else:
            assert second.wait(HANG_S), "the second send waits for the first one's answer"

    with ThreadPoolExecutor(2) as senders:
        send_all(ledger.plan, ledger, send, senders)


def test_texts_of_one_request_are_due_together_and_none_is_left_out() -> None:
    plan = Plan(rate=25, duration_s=1, together=10)
    assert [list(group) for group in plan.groups()] == [list(range(10)), list(range(10, 20)), list(range(20, 25))]
    assert [plan.due_s(index) for index in (0, 9, 10, 24)] == [0, 0, 0.4, 0.8]


@pytest.mark.parametrize(("rate", "together"), [(0.5, 1), (10, 1), (26, 3), (100, 10), (5000, 10)])
def test_requests_grow_to_keep_about_ten_a_second_until_they_are_full(rate: float, together: int) -> None:
    assert usual_together(rate) == together
