"""Batches from the queue: every record has exactly one outcome, whatever happens."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from function.consume import CHUNK_ITEMS, RESERVE_MS, Consumer
from function.dead_letters import DeadLetters
from function.in_time import WRITERS
from function.store import Store
from tests.function.aws import TABLE, Aws, FakeClassifier, moto_aws, record
from tests.waiting import HANG_S, eventually

REDRIVEN_MS = 1_800_000_000_000


@pytest.fixture
def aws() -> Iterator[Aws]:
    with moto_aws() as resources:
        yield resources


@pytest.fixture
def consumer(aws: Aws) -> Consumer:
    return Consumer(
        classifier=FakeClassifier(),  # type: ignore[arg-type]
        store=Store(
            client=aws.dynamodb, table_name=TABLE, model_id="m", model_revision="1", ttl_days=0, store_text=True
        ),
        dead_letters=DeadLetters(client=aws.sqs, queue_url=aws.dead_letter_queue_url),
        max_receive_count=3,
    )


class Failing:
    """A client whose method fails on a request that holds a word, with this AWS error code or another error."""

    def __init__(
        self, client: Any, method: str, word: str, error: str | Exception = "ProvisionedThroughputExceededException"
    ):
        self._client, self._method, self._word = client, method, word
        self._error = (
            ClientError({"Error": {"Code": error, "Message": "no"}}, method) if isinstance(error, str) else error
        )

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._method:
            return real

        def call(**given: Any) -> Any:
            if self._word in json.dumps(given, default=str):
                raise self._error
            return real(**given)

        return call


def text(item_id: str, value: str, **more: Any) -> str:
    return json.dumps({"id": item_id, "text": value, **more})


def consume(
    consumer: Consumer, *records: dict[str, Any], remaining_ms: Callable[[], int] = lambda: 30_000
) -> list[str]:
    return consumer.consume(records, "request-1", remaining_ms)[0]


def first_then(first_ms: int, then_ms: int) -> Callable[[], int]:
    """The time left, which drops from `first_ms` to `then_ms` after the first chunk."""
    left = chain([first_ms, first_ms], repeat(then_ms))  # the consumer asks before and after the first chunk
    return lambda: next(left)


def failing_puts(consumer: Consumer, word: str, code: str = "ProvisionedThroughputExceededException") -> Consumer:
    client = Failing(consumer.store.client, "put_item", word, code)
    return replace(consumer, store=replace(consumer.store, client=client))


def test_all_texts_of_a_batch_are_classified_together(consumer: Consumer, aws: Aws) -> None:
    records = [record(text(str(n), "good"), f"m-{n}") for n in range(10)]
    assert consume(consumer, *records) == []
    assert [len(batch) for batch in consumer.classifier.batches] == [10]  # type: ignore[attr-defined]
    assert len(aws.results()) == 10


def test_a_poison_message_never_blocks_its_batch(consumer: Consumer, aws: Aws) -> None:
    assert consume(consumer, record(text("1", "good")), record("poison", "m-2"), record(text("3", "bad"), "m-3")) == []
    assert {k: v["sentiment"] for k, v in aws.results().items()} == {"1": "POSITIVE", "3": "NEGATIVE"}
    (dead,) = aws.dead_letters()
    assert dead["Body"] == "poison"
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}
    assert attributes == {
        "ErrorCode": "InvalidJson",
        "ErrorMessage": "body: not valid JSON at character 0; must be a JSON object",
        "RequestID": "request-1",
        "SentTimestamp": "1700000000000",
    }


def test_a_poison_message_keeps_the_attributes_its_producer_gave_it(consumer: Consumer, aws: Aws) -> None:
    poison = record("poison")
    poison["messageAttributes"] = {
        "source": {"stringValue": "shop", "dataType": "String"},
        "blob": {"binaryValue": "AAE=", "dataType": "Binary"},
    }
    consume(consumer, poison)
    kept = aws.dead_letters()[0]["MessageAttributes"]
    assert kept["source"] == {"StringValue": "shop", "DataType": "String"}
    assert kept["blob"] == {"BinaryValue": b"\x00\x01", "DataType": "Binary"}


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        (6, {"SentTimestamp", "ErrorCode", "ErrorMessage", "RequestID"}),
        (7, {"SentTimestamp", "ErrorCode", "ErrorMessage"}),
        (8, {"SentTimestamp", "ErrorCode"}),
        (9, {"SentTimestamp"}),
        (10, {"SentTimestamp"}),  # without it a redrive could overwrite a newer result
    ],
)
def test_a_dead_letter_drops_our_attributes_first_if_ten_are_too_few(
    consumer: Consumer, aws: Aws, own: int, ours: set[str]
) -> None:
    poison = record("poison")
    names = ["traceparent", "tenant", *(f"a{n}" for n in range(own - 2))]
    poison["messageAttributes"] = {name: {"stringValue": "x", "dataType": "String"} for name in names}
    assert consume(consumer, poison) == []
    assert aws.dead_letters()[0]["MessageAttributes"].keys() == {*names[:9], *ours}


def test_a_poison_message_is_reported_if_the_dead_letter_queue_refuses_it(consumer: Consumer) -> None:
    client = Failing(consumer.dead_letters.client, "send_message", "poison", "ServiceUnavailable")
    consumer = replace(consumer, dead_letters=replace(consumer.dead_letters, client=client))
    assert consume(consumer, record("poison", "m-1"), record(text("2", "good"), "m-2")) == ["m-1"]


def test_a_throttled_write_is_reported_and_its_neighbours_are_stored(consumer: Consumer, aws: Aws) -> None:
    throttled = failing_puts(consumer, "unlucky")
    assert consume(throttled, record(text("1", "good")), record(text("2", "unlucky"), "m-2")) == ["m-2"]
    assert set(aws.results()) == {"1"}
    assert aws.dead_letters() == []


def test_a_failure_on_the_last_delivery_dead_letters_the_message(consumer: Consumer, aws: Aws) -> None:
    throttled = failing_puts(consumer, "unlucky")
    assert consume(throttled, record(text("2", "unlucky"), "m-2", receive_count=3)) == []
    (dead,) = aws.dead_letters()
    assert dead["MessageAttributes"]["ErrorCode"]["StringValue"] == "ProvisionedThroughputExceededException"


@pytest.mark.parametrize(
    "trouble", [ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError, EndpointConnectionError]
)
def test_a_broken_connection_retries_only_its_own_message(
    consumer: Consumer, aws: Aws, trouble: type[Exception]
) -> None:
    error = trouble(endpoint_url="https://dynamodb", error="broken")
    breaking = replace(consumer, store=replace(consumer.store, client=Failing(aws.dynamodb, "put_item", "off", error)))
    records = [record(text("1", "good")), record(text("2", "off"), "m-2"), record("poison", "m-3")]
    assert consume(breaking, *records) == ["m-2"]
    assert set(aws.results()) == {"1"}
    assert consume(breaking, record(text("2", "off"), "m-2", receive_count=3)) == []
    reasons = {dead["MessageAttributes"]["ErrorCode"]["StringValue"] for dead in aws.dead_letters()}
    assert reasons == {"InvalidJson", trouble.__name__}


def test_an_item_that_cannot_be_stored_is_dead_lettered_at_once(consumer: Consumer, aws: Aws) -> None:
    refusing = failing_puts(consumer, "too big", "ValidationException")
    assert consume(refusing, record(text("1", "too big"))) == []
    assert aws.dead_letters()[0]["MessageAttributes"]["ErrorCode"]["StringValue"] == "CannotBeStored"


def test_a_text_that_breaks_the_model_fails_alone(consumer: Consumer, aws: Aws) -> None:
    assert consume(consumer, record(text("1", "good")), record(text("2", "breaks"), "m-2")) == ["m-2"]
    assert set(aws.results()) == {"1"}


def test_every_message_is_reported_if_the_model_fails_on_all(consumer: Consumer, aws: Aws) -> None:
    records = [record(text(str(n), "breaks"), f"m-{n}") for n in range(3)]
    assert consume(consumer, *records) == ["m-0", "m-1", "m-2"]
    assert aws.results() == {}
    assert aws.dead_letters() == []


def test_a_message_is_retried_as_a_whole_if_one_item_fails(consumer: Consumer, aws: Aws) -> None:
    items = json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2", "text": "unlucky"}]})
    assert consume(failing_puts(consumer, "unlucky"), record(items)) == ["m-1"]
    assert consume(consumer, record(items, receive_count=2)) == []
    assert set(aws.results()) == {"1", "2"}


def test_a_faulty_message_is_dead_lettered_but_its_valid_items_are_stored(consumer: Consumer, aws: Aws) -> None:
    mixed = json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2"}]})
    assert consume(consumer, record(mixed)) == []
    assert set(aws.results()) == {"1"}
    assert [dead["Body"] for dead in aws.dead_letters()] == [mixed]


def test_a_retried_faulty_message_is_dead_lettered_only_once(consumer: Consumer, aws: Aws) -> None:
    mixed = json.dumps({"items": [{"id": "1", "text": "unlucky"}, {"id": "2"}]})
    assert consume(failing_puts(consumer, "unlucky"), record(mixed)) == ["m-1"]
    assert aws.dead_letters() == []
    assert consume(consumer, record(mixed, receive_count=2)) == []
    assert len(aws.dead_letters()) == 1


def test_redelivery_changes_nothing(consumer: Consumer, aws: Aws) -> None:
    consume(consumer, record(text("1", "good")))
    before = aws.results()
    assert consume(consumer, record(text("1", "good"), receive_count=2)) == []
    assert aws.results() == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_newest_text_of_an_id_wins_whatever_the_order(consumer: Consumer, aws: Aws, order: tuple[int, ...]) -> None:
    versions = [text("1", f"version {n}", timestamp=1_700_000_000 + n) for n in range(3)]
    assert consume(consumer, *(record(versions[n], f"m-{n}") for n in order)) == []
    assert aws.results()["1"]["text"] == "version 2"


@pytest.mark.parametrize(
    ("timestamps", "wins"),
    [([None] * 40, 39), ([1_700_000_000] * 40, 39), ([1_700_000_001, *[1_700_000_000] * 39], 0)],
    ids=["undated", "equally new", "the first is newer"],
)
def test_the_last_of_the_newest_items_for_an_id_wins(
    consumer: Consumer, aws: Aws, timestamps: list[int | None], wins: int
) -> None:
    items = [{"id": "1", "text": f"version {n}", "timestamp": stamp} for n, stamp in enumerate(timestamps)]
    failed, counts = consumer.consume([record(json.dumps({"items": items}))], "request-1", lambda: 30_000)
    assert (failed, counts.items, counts.stored, counts.absorbed) == ([], 40, 1, 39)
    assert aws.results()["1"]["text"] == f"version {wins}"


def test_a_redrive_does_not_overwrite_a_result_with_a_newer_timestamp(consumer: Consumer, aws: Aws) -> None:
    consume(consumer, record(text("1", "new", timestamp=1_700_000_100), "m-1", sent_ms=1_700_000_100_000))
    consume(consumer, record(text("1", "old", timestamp=1_700_000_000), "m-9", sent_ms=REDRIVEN_MS))
    assert aws.results()["1"]["text"] == "new"


def test_a_redrive_without_a_timestamp_keeps_its_first_send_time(consumer: Consumer, aws: Aws) -> None:
    throttled = failing_puts(consumer, "old")
    consume(throttled, record(text("1", "old"), "m-1", receive_count=3, sent_ms=1_700_000_000_000))
    consume(consumer, record(text("1", "new"), "m-2", sent_ms=1_700_000_100_000))
    (dead,) = aws.dead_letters()
    redriven = record(dead["Body"], "m-3", sent_ms=REDRIVEN_MS)
    redriven["messageAttributes"] = {
        name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
        for name, value in dead["MessageAttributes"].items()
    }
    assert consume(consumer, redriven) == []
    assert aws.results()["1"]["text"] == "new"


@pytest.mark.parametrize("forged", ["32503680000000", "-5", "soon"])
def test_a_producer_cannot_forge_the_send_time(consumer: Consumer, aws: Aws, forged: str) -> None:
    message = record(text("1", "good"), sent_ms=1_700_000_000_000)
    message["messageAttributes"] = {"SentTimestamp": {"stringValue": forged, "dataType": "String"}}
    consume(consumer, message)
    assert aws.results()["1"]["sent_at"].startswith("2023-11-14T22:13:20")


def test_a_message_too_large_for_the_deadline_does_not_fail_its_neighbours(consumer: Consumer, aws: Aws) -> None:
    large = json.dumps({"items": [{"id": f"large-{n}", "text": "good"} for n in range(100)]})
    left = first_then(30_000, RESERVE_MS - 1)
    failed = consume(consumer, record(large, "large"), record(text("1", "good"), "m-1"), remaining_ms=left)
    assert failed == ["large"]
    assert "1" in aws.results()


def test_messages_left_over_at_the_deadline_are_reported(consumer: Consumer, aws: Aws) -> None:
    records = [record(text(str(n), "good"), f"m-{n}") for n in range(CHUNK_ITEMS + 2)]
    failed = consume(consumer, *records, remaining_ms=first_then(30_000, RESERVE_MS - 1))
    assert failed == [f"m-{CHUNK_ITEMS}", f"m-{CHUNK_ITEMS + 1}"]
    assert len(aws.results()) == CHUNK_ITEMS


class Hanging:
    """A client whose method hangs on a request that holds a word, until a test releases it."""

    def __init__(self, deadline: "Deadline", client: Any, method: str, word: str) -> None:
        self._deadline, self._client, self._method, self._word = deadline, client, method, word
        self.released = threading.Event()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)

        def call(**given: Any) -> Any:
            if name == self._method and self._word in json.dumps(given, default=str):
                self._deadline.hangs()
                self.released.wait()
            return real(**given)

        return call


class Deadline:
    """The milliseconds left of an invocation, which pass only while it waits for a hanging call, and then all at once.

    Attributes:
        wait: replaces the `wait` of function/in_time.py. It returns when every writer that still has work hangs.
    """

    def __init__(self, left_ms: float) -> None:
        self.left_ms = left_ms
        self._hanging = self._hung_before = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        return int(self.left_ms)

    def hangs(self) -> None:
        with self._lock:
            self._hanging += 1

    def wait(self, pending: list[Future[Any]], timeout: float) -> None:
        def left() -> int:
            return sum(not each.done() for each in pending)

        eventually(lambda: self._hanging - self._hung_before == min(WRITERS, left()))
        self._hung_before = self._hanging
        if left():
            self.left_ms -= timeout * 1000


@pytest.fixture
def deadline(monkeypatch: pytest.MonkeyPatch) -> Deadline:
    deadline = Deadline(2_000)
    monkeypatch.setattr("function.in_time.wait", deadline.wait)
    return deadline


@pytest.fixture
def hanging(deadline: Deadline) -> Iterator[Callable[..., Hanging]]:
    clients: list[Hanging] = []

    def make(*given: Any) -> Hanging:
        clients.append(Hanging(deadline, *given))
        return clients[-1]

    yield make
    for client in clients:
        client.released.set()


@pytest.mark.parametrize("waiting", [1, 2 * WRITERS])  # one, and more than enough to block every writer
def test_a_hanging_table_fails_only_its_own_messages_before_the_timeout(
    consumer: Consumer, aws: Aws, hanging: Callable[..., Hanging], deadline: Deadline, waiting: int
) -> None:
    hung = replace(consumer, store=replace(consumer.store, client=hanging(aws.dynamodb, "put_item", "unlucky")))
    lucky = [record(text("1", "good"), "m-1"), record("poison", "m-2")]
    unlucky = [record(text(f"u-{n}", "unlucky"), f"u-{n}") for n in range(waiting)]
    failed = consume(hung, *lucky, *unlucky, remaining_ms=deadline)
    assert deadline() > 0, "the answer must come before the timeout"
    assert failed == [f"u-{n}" for n in range(waiting)]
    assert set(aws.results()) == {"1"}
    assert [dead["Body"] for dead in aws.dead_letters()] == ["poison"], (
        "a hanging table must not hold up the dead-letter queue"
    )


def test_a_message_that_hangs_on_its_last_delivery_is_dead_lettered(
    consumer: Consumer, aws: Aws, hanging: Callable[..., Hanging], deadline: Deadline
) -> None:
    hung = replace(consumer, store=replace(consumer.store, client=hanging(aws.dynamodb, "put_item", "unlucky")))
    assert consume(hung, record(text("1", "unlucky"), receive_count=3), remaining_ms=deadline) == []
    (dead,) = aws.dead_letters()
    assert dead["MessageAttributes"]["ErrorCode"]["StringValue"] == "DeadlineNear"


def test_a_hanging_dead_letter_queue_fails_only_the_poison_message(
    consumer: Consumer, aws: Aws, hanging: Callable[..., Hanging], deadline: Deadline
) -> None:
    client = hanging(aws.sqs, "send_message", "poison")
    hung = replace(consumer, dead_letters=replace(consumer.dead_letters, client=client))
    assert consume(hung, record("poison", "m-1"), record(text("2", "good"), "m-2"), remaining_ms=deadline) == ["m-1"]
    assert deadline() > 0
    assert set(aws.results()) == {"2"}


def test_a_late_write_does_not_overwrite_a_newer_result(
    consumer: Consumer, aws: Aws, hanging: Callable[..., Hanging], deadline: Deadline
) -> None:
    client = hanging(aws.dynamodb, "put_item", "old")
    hung = replace(consumer, store=replace(consumer.store, client=client))
    old, new = text("1", "old", timestamp=1_700_000_000), text("1", "new", timestamp=1_700_000_100)
    assert consume(hung, record(old), remaining_ms=deadline) == ["m-1"]
    assert consume(consumer, record(new, "m-2")) == []
    client.released.set()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join()
    assert aws.results()["1"]["text"] == "new"


def test_a_batch_is_written_even_past_its_reserve(consumer: Consumer, aws: Aws) -> None:
    left = chain([RESERVE_MS], repeat(RESERVE_MS - 200))  # the model took longer than any chunk before
    assert consume(consumer, record(text("1", "good")), remaining_ms=lambda: next(left)) == []
    assert set(aws.results()) == {"1"}


def test_the_consumer_writes_in_parallel(consumer: Consumer) -> None:
    together = threading.Barrier(4, timeout=HANG_S)

    class Meeting:
        def put_item(self, **_: Any) -> None:
            together.wait()

    meeting = replace(consumer, store=replace(consumer.store, client=Meeting()))
    assert consume(meeting, *(record(text(str(n), "good"), f"m-{n}") for n in range(4))) == []


def test_the_counts_cover_every_outcome_of_a_batch(consumer: Consumer) -> None:
    repeat = text("1", "good", timestamp=1_700_000_000)
    _, counts = failing_puts(consumer, "unlucky").consume(
        [
            record(repeat, "m-1"),
            record(repeat, "m-2"),
            record("poison", "m-3"),
            record(text("2", "unlucky"), "m-4"),
        ],
        "request-1",
        lambda: 30_000,
    )
    assert (counts.items, counts.classified, counts.stored, counts.absorbed) == (4, 3, 1, 1)
    assert (counts.dead_lettered, counts.failures) == (1, 1)
