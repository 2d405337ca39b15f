"""moto's queue with our index answers like moto's own, at constant cost, and serves many threads."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core.utils import unix_time_millis
from moto.sqs import models

from tools.local import moto_queue

ACCOUNT, REGION = "123456789012", "us-west-2"
STOCK = models.Queue
STOCK_METHODS = {
    name: getattr(models.SQSBackend, name) for name in ("receive_message", "is_message_valid_based_on_retention_period")
}
COUNTS = ("messages", "messages_not_visible", "messages_delayed")
HIDDEN_S = 30


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "Queue", models.Queue)  # so that the patch restores it
        for name, method in STOCK_METHODS.items():
            patch.setattr(models.SQSBackend, name, method)
        moto_queue.install()
        yield


def backend() -> Any:
    """A backend with the queue `q`, whose messages move to `dead` at their third receive."""
    sqs = models.SQSBackend(REGION, ACCOUNT)
    models.sqs_backends[ACCOUNT][REGION] = sqs  # where a queue looks for its dead-letter queue
    arn = sqs.create_queue("dead").queue_arn
    sqs.create_queue("q", RedrivePolicy={"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    return sqs


def counts(sqs: Any) -> list[int]:
    return [
        getattr(sqs.get_queue(name), f"approximate_number_of_{count}") for name in ("q", "dead") for count in COUNTS
    ]


ACTIONS = st.sampled_from(
    ["send", "send late", "receive", "delete", "delete again", "give back", "expire", "grow old", "purge"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_the_indexed_queue_behaves_like_motos_own(actions: list[str]) -> None:
    outcomes = []
    for queue_class in (STOCK, moto_queue.IndexedQueue):
        models.Queue = queue_class
        sqs, seen = backend(), []
        handles: list[str] = []
        if queue_class is STOCK:  # with moto's own methods, because this queue has no index
            for name, method in STOCK_METHODS.items():
                setattr(sqs, name, partial(method, sqs))
        for number, action in enumerate(actions):
            if action.startswith("send"):
                sqs.send_message("q", str(number), delay_seconds=HIDDEN_S if action == "send late" else 0)
            elif action == "receive":
                received = sqs.receive_message("q", 3, 0, HIDDEN_S)
                handles += [message.receipt_handle for message in received]
                seen.append([message.body for message in received])
            elif action.startswith("delete") and handles:
                seen.append(outcome(sqs.delete_message, "q", handles[-1 if action == "delete" else 0]))
            elif action == "give back" and handles:
                seen.append(outcome(sqs.change_message_visibility, "q", handles[-1], 0))
            elif action == "expire":
                for message in sqs.get_queue("q")._messages:
                    message.visible_at = message.delayed_until = unix_time_millis() - 1
            elif action == "grow old":
                for message in sqs.get_queue("q")._messages:
                    message.sent_timestamp = 0
            elif action == "purge":
                sqs.get_queue("q").last_purged_at = None
                sqs.purge_queue("q")
            seen.append(counts(sqs))
        outcomes.append(seen)
    assert outcomes[0] == outcomes[1]


def outcome(call: Any, *arguments: Any) -> str:
    try:
        call(*arguments)
    except Exception as error:
        return type(error).__name__
    return "done"


@pytest.mark.parametrize("backlog", [10, 1000])
def test_a_call_inspects_few_messages_regardless_of_the_backlog(backlog: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = backend()
    for number in range(backlog):
        sqs.send_message("q", str(number))
    looks = Counter[str]()
    visible = models.Message.visible
    monkeypatch.setattr(
        models.Message,
        "visible",
        property(lambda message: (looks.update([message.id]), visible.fget(message))[1]),  # type: ignore[attr-defined]
    )
    sqs.send_message("q", "one more")
    (message,) = sqs.receive_message("q", 1, 0, HIDDEN_S)
    assert counts(sqs)[:2] == [backlog, 1]
    sqs.delete_message("q", message.receipt_handle)
    assert len(looks) < 5


@pytest.mark.slow(reason="many threads and messages")
def test_concurrent_threads_receive_every_message_exactly_once() -> None:
    sqs, each, threads = backend(), 250, 4

    def send(sender: int) -> None:
        for number in range(each):
            sqs.send_message("q", f"{sender}-{number}")

    def receive(_: int) -> list[str]:
        bodies = []
        while found := sqs.receive_message("q", 10, 1, HIDDEN_S):
            for message in found:
                bodies.append(message.body)
                sqs.delete_message("q", message.receipt_handle)
        return bodies

    with ThreadPoolExecutor(2 * threads) as pool:
        receivers = [pool.submit(receive, n) for n in range(threads)]
        list(pool.map(send, range(threads)))
        got = Counter(body for receiver in receivers for body in receiver.result())
    assert got == Counter({f"{sender}-{number}": 1 for sender in range(threads) for number in range(each)})
    assert counts(sqs) == [0] * 6
