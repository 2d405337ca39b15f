"""The event source mapping, tried on moto's queues, with real runtime processes where the function matters."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.server import ThreadedMotoServer

from tests.tools.local.functions import eventually, function_config
from tools.local.event_source import LONG_POLL_S, BatchOutcome, EventSourceConfig, EventSourceMapping
from tools.local.lambda_service import REQUEST_LIMIT_BYTES, Invocation, LambdaService

VISIBILITY_S = 1


@pytest.fixture(scope="module")
def sqs() -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client(
        "sqs",
        region_name="us-west-2",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    server.stop()


class Queue:
    """A queue of its own for one test."""

    def __init__(self, sqs: Any, **attributes: str) -> None:
        name = f"texts-{uuid4()}"
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(VISIBILITY_S), **attributes})[
            "QueueUrl"
        ]
        self.arn = f"arn:aws:sqs:us-west-2:123456789012:{name}"

    def send(self, *bodies: str) -> list[str]:
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"] for body in bodies]

    def size(self) -> int:
        """Messages that are there, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def config(self, **changes: Any) -> EventSourceConfig:
        config = EventSourceConfig(
            queue_url=self.url,
            queue_arn=self.arn,
            batch_size=10,
            window_s=0,
            max_concurrency=2,
            report_batch_item_failures=True,
            enabled=True,
        )
        return replace(config, **changes)


class Recorder:
    """A function that remembers its events and answers as told."""

    def __init__(self, answer: bytes = b"null", seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.running = self.most_running = self.largest_bytes = 0
        self._lock = Lock()

    def __call__(self, event: bytes) -> Invocation:
        with self._lock:
            self.events.append(json.loads(event))
            self.times.append(time.monotonic())
            self.largest_bytes = max(self.largest_bytes, len(event))
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        time.sleep(self.seconds)
        with self._lock:
            self.running -= 1
        return _invocation(self.answer)

    @property
    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]

    @property
    def delivered(self) -> int:
        return sum(map(len, self.bodies))


def _invocation(answer: bytes, error: dict[str, Any] | None = None) -> Invocation:
    return Invocation(request_id="r", payload=answer, error=error, cold_start=False, init_s=0.0, duration_s=0.0)


Consume = Callable[..., tuple[EventSourceMapping, list[Any]]]


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return Queue(sqs)


@pytest.fixture
def consume(sqs: Any, tmp_path: Path) -> Iterator[Consume]:
    """Starts the recorded consumer behind a queue; gives the mapping, and the records as they are seen."""
    started: list[Any] = []

    def start(queue: Queue, timeout_s: float = 20.0) -> tuple[EventSourceMapping, list[Any]]:
        records: list[Any] = []

        def note(line: str) -> None:
            if line.startswith('{"Records"'):
                records.extend(json.loads(line)["Records"])

        function = LambdaService(
            function_config("consumer.handler", timeout_s=timeout_s),
            max_concurrency=2,
            log_file=tmp_path / "function.log",
            on_log=note,
        )
        started.append(function.close)
        mapping = EventSourceMapping(queue.config(), sqs, function.invoke)
        mapping.start()
        started.append(mapping.stop)
        return mapping, records

    yield start
    for stop in reversed(started):
        stop()


def test_the_function_gets_records_as_sqs_makes_them(sqs: Any, queue: Queue, consume: Consume) -> None:
    sent = sqs.send_message(
        QueueUrl=queue.url,
        MessageBody="I like it — ja!",
        MessageAttributes={"source": {"DataType": "String", "StringValue": "shop"}},
    )
    _, records = consume(queue)
    assert eventually(lambda: queue.size() == 0)
    [record] = records
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])
    assert attributes["ApproximateReceiveCount"] == "1"
    assert attributes["SenderId"]
    assert record == {
        "messageId": sent["MessageId"],
        "body": "I like it — ja!",
        "messageAttributes": {
            "source": {
                "stringValue": "shop",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-west-2",
    }


def test_a_partial_failure_leaves_only_the_failed_message_and_it_comes_again(queue: Queue, consume: Consume) -> None:
    queue.send("fine", "fail at first", "fine too")
    mapping, records = consume(queue)
    assert eventually(lambda: queue.size() == 0)
    mapping.stop()
    deliveries = [(each["body"], each["attributes"]["ApproximateReceiveCount"]) for each in records]
    assert sorted(deliveries) == [
        ("fail at first", "1"),
        ("fail at first", "2"),
        ("fine", "1"),
        ("fine too", "1"),
    ]
    assert (mapping.stats.received, mapping.stats.succeeded, mapping.stats.failed) == (4, 3, 1)
    assert mapping.stats.function_errors == 0


@pytest.mark.parametrize("trouble", ["crash at first", "hang at first"])
def test_a_batch_whose_function_ended_stays_and_comes_again_whole(sqs: Any, consume: Consume, trouble: str) -> None:
    queue = Queue(sqs, VisibilityTimeout="2")  # longer than the function may take, as it has to be
    queue.send("neighbour", trouble)
    mapping, records = consume(queue, timeout_s=1)
    assert eventually(lambda: queue.size() == 0)
    mapping.stop()
    assert mapping.stats.function_errors >= 1
    deliveries = [(each["body"], each["attributes"]["ApproximateReceiveCount"]) for each in records]
    assert (trouble, "1") in deliveries
    assert (trouble, "2") in deliveries
    assert mapping.stats.received == mapping.stats.succeeded + mapping.stats.failed
    assert mapping.stats.succeeded == 2


def test_a_failed_message_stays_hidden_until_its_visibility_timeout_ends(sqs: Any, queue: Queue) -> None:
    [message_id] = queue.send("text")
    function = Recorder(json.dumps({"batchItemFailures": [{"itemIdentifier": message_id}]}).encode())
    with EventSourceMapping(queue.config(), sqs, function):
        assert eventually(lambda: len(function.times) == 2)
        function.answer = b"null"
    assert function.times[1] - function.times[0] > VISIBILITY_S * 0.9  # moto's clock starts a little earlier


@pytest.mark.parametrize(
    "answer",
    [b"not JSON", b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', b'{"batchItemFailures": [""]}'],
)
def test_a_response_that_cannot_be_trusted_keeps_every_message(sqs: Any, queue: Queue, answer: bytes) -> None:
    queue.send("one", "two")
    outcomes: list[BatchOutcome] = []
    with EventSourceMapping(queue.config(), sqs, Recorder(answer), outcomes.append):
        assert eventually(lambda: sum(len(each.message_ids) for each in outcomes) >= 2)
    assert queue.size() == 2
    assert all(set(each.message_ids) == each.failed_ids for each in outcomes)


def test_an_error_of_the_function_keeps_every_message_whatever_its_payload(sqs: Any, queue: Queue) -> None:
    queue.send("one")
    with EventSourceMapping(
        queue.config(), sqs, lambda _: _invocation(b"null", {"errorType": "E", "errorMessage": "m"})
    ) as mapping:
        assert eventually(lambda: mapping.stats.function_errors > 0)
    assert queue.size() == 1


def test_without_partial_reports_the_response_does_not_count(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two")
    config = queue.config(report_batch_item_failures=False)
    with EventSourceMapping(config, sqs, Recorder(b"not JSON")):
        assert eventually(lambda: queue.size() == 0)


def test_a_function_that_cannot_be_invoked_keeps_its_messages_and_the_mapping_goes_on(sqs: Any, queue: Queue) -> None:
    queue.send("text")
    function = Mock(side_effect=[ConnectionError("no Lambda today"), _invocation(b"null")])
    outcomes: list[BatchOutcome] = []
    with EventSourceMapping(queue.config(), sqs, function, outcomes.append):
        assert eventually(lambda: len(outcomes) == 2)
        assert queue.size() == 0
    assert [each.invocation is None for each in outcomes] == [True, False]


def test_a_batch_holds_no_more_than_its_size(sqs: Any, queue: Queue) -> None:
    queue.send(*map(str, range(25)))
    function = Recorder()
    with EventSourceMapping(queue.config(batch_size=4), sqs, function):
        assert eventually(lambda: queue.size() == 0)
    assert max(map(len, function.bodies)) == 4
    assert sorted(int(body) for batch in function.bodies for body in batch) == list(range(25))


def test_a_batch_may_be_larger_than_one_call_to_sqs_yields(sqs: Any, queue: Queue) -> None:
    queue.send(*map(str, range(25)))
    function = Recorder()
    with EventSourceMapping(queue.config(batch_size=25, window_s=60), sqs, function):
        assert eventually(lambda: queue.size() == 0)
    assert [len(batch) for batch in function.bodies] == [25]


def test_the_window_gathers_what_comes_one_by_one(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="30")
    function = Recorder()
    with EventSourceMapping(queue.config(window_s=2), sqs, function):
        for number in range(4):
            queue.send(str(number))
        assert function.events == []
        assert eventually(lambda: queue.size() == 0)
    assert [sorted(batch) for batch in function.bodies] == [["0", "1", "2", "3"]]


def test_a_full_batch_does_not_wait_for_its_window(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two")
    with EventSourceMapping(queue.config(batch_size=2, window_s=300), sqs, Recorder()):
        assert eventually(lambda: queue.size() == 0)


def test_an_event_stays_within_6_mb(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="60", MaximumMessageSize="1048576")
    queue.send(*(letter * 1_000_000 for letter in "abcdefgh"))
    function = Recorder()
    with EventSourceMapping(queue.config(window_s=1), sqs, function):
        assert eventually(lambda: queue.size() == 0)
    assert [len(batch) for batch in function.bodies] == [6, 2]
    assert function.largest_bytes <= REQUEST_LIMIT_BYTES


def test_no_more_batches_are_in_flight_than_allowed(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="60")
    queue.send(*map(str, range(12)))
    function = Recorder(seconds=0.3)
    with EventSourceMapping(queue.config(batch_size=1, max_concurrency=3), sqs, function):
        assert eventually(lambda: queue.size() == 0)
    assert function.most_running == 3
    assert function.delivered == 12


def test_stopping_finishes_the_batch_in_flight(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="60")
    queue.send("one", "two")
    function = Recorder(seconds=0.5)
    mapping = EventSourceMapping(queue.config(), sqs, function)
    mapping.start()
    assert eventually(lambda: function.running > 0)
    queue.send("after")
    mapping.stop()
    assert function.running == 0
    assert queue.size() == 3 - function.delivered


def test_stopping_within_the_window_delivers_what_was_received(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="300")
    queue.send("one")
    with EventSourceMapping(queue.config(window_s=300), sqs, Recorder()) as mapping:
        assert eventually(lambda: mapping.stats.received == 1)
    assert queue.size() == 0


def test_a_paused_mapping_takes_nothing_until_it_is_resumed(sqs: Any, queue: Queue) -> None:
    queue.send("waiting")
    with EventSourceMapping(queue.config(enabled=False), sqs, Recorder()) as mapping:
        time.sleep(0.3)
        assert mapping.stats.received == 0
        mapping.resume()
        assert eventually(lambda: queue.size() == 0)
        mapping.pause()
        time.sleep(LONG_POLL_S + 0.2)  # a long poll that had begun may still take a message
        queue.send("waiting")
        time.sleep(0.3)
        assert (mapping.stats.received, queue.size()) == (1, 1)


def test_a_poison_message_goes_to_the_dead_letter_queue_after_its_last_receive(sqs: Any, consume: Consume) -> None:
    dead_letters = Queue(sqs)
    redrive = json.dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 2})
    queue = Queue(sqs, RedrivePolicy=redrive)
    queue.send("always fail", "fine")
    _, records = consume(queue)
    assert eventually(lambda: dead_letters.size() == 1)
    assert queue.size() == 0
    assert sorted(each["body"] for each in records) == ["always fail", "always fail", "fine"]
    [message] = sqs.receive_message(QueueUrl=dead_letters.url)["Messages"]
    assert message["Body"] == "always fail"


def test_passing_troubles_of_sqs_lose_nothing_and_deliver_nothing_twice(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="60")
    queue.send("one", "two")
    unreachable = EndpointConnectionError(endpoint_url=queue.url)
    throttled = ClientError({"Error": {"Code": "RequestThrottled"}}, "DeleteMessageBatch")
    busy = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    flaky = Mock(wraps=sqs)

    def in_turn(call: Callable[..., Any], *first: Any) -> Callable[..., Any]:
        troubles = list(first)

        def answer(**arguments: Any) -> Any:
            trouble = troubles.pop(0) if troubles else None
            if isinstance(trouble, Exception):
                raise trouble
            return trouble or call(**arguments)

        return answer

    flaky.receive_message.side_effect = in_turn(sqs.receive_message, unreachable, throttled)
    flaky.delete_message_batch.side_effect = in_turn(sqs.delete_message_batch, throttled, unreachable)
    function = Recorder()
    with EventSourceMapping(queue.config(), flaky, function):
        assert eventually(lambda: queue.size() == 0)
    assert sorted(body for batch in function.bodies for body in batch) == ["one", "two"]

    queue.send("three")
    flaky.delete_message_batch.side_effect = in_turn(sqs.delete_message_batch, busy)
    with EventSourceMapping(queue.config(), flaky, Recorder()):
        assert eventually(lambda: queue.size() == 0)


def test_a_callback_that_fails_stops_nothing(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two", "three")
    callback = Mock(side_effect=ZeroDivisionError)
    with EventSourceMapping(queue.config(batch_size=1, max_concurrency=1), sqs, Recorder(), callback):
        assert eventually(lambda: callback.call_count == 3)
    assert queue.size() == 0


def test_many_producers_and_batches_end_with_an_empty_queue(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="60")
    function = Recorder(seconds=0.01)
    with EventSourceMapping(queue.config(max_concurrency=4), sqs, function) as mapping:
        with ThreadPoolExecutor(4) as producers:
            list(producers.map(queue.send, map(str, range(200))))
        assert eventually(lambda: queue.size() == 0)
    assert sorted(int(body) for batch in function.bodies for body in batch) == list(range(200))
    assert mapping.stats.succeeded == mapping.stats.received == 200
    assert mapping.stats.invoked == len(function.events)
