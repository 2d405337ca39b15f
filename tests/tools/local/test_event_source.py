"""The event source mapping on moto's queues, with real runtime processes if the function matters."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.server import ThreadedMotoServer

from sentiment.dlq.queue import depth
from tests.tools.local.functions import function_config
from tests.waiting import HANG_S, eventually
from tools.local.event_source import BatchOutcome, EventSourceConfig, EventSourceMapping
from tools.local.lambda_service import REQUEST_LIMIT_BYTES, Invocation, LambdaService

pytestmark = pytest.mark.slow(reason="runs pollers and runtime processes")

HIDDEN_S = 3600  # longer than any test, so a message reappears only if the test makes it visible


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
    """A queue for one test."""

    def __init__(self, sqs: Any, **attributes: str) -> None:
        name = f"texts-{uuid4()}"
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(HIDDEN_S), **attributes})[
            "QueueUrl"
        ]
        self.arn = f"arn:aws:sqs:us-west-2:123456789012:{name}"

    def send(self, *bodies: str) -> list[str]:
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"] for body in bodies]

    def size(self) -> int:
        """The number of messages, visible or not."""
        # moto counts the states one after another, and misses a message that becomes visible in between.
        return depth(self.sqs, self.url) or depth(self.sqs, self.url)

    def show_again(self, outcome: BatchOutcome) -> None:
        """End the visibility timeout of the messages that failed."""
        for each in outcome.deliveries:
            if each.message_id in outcome.failed_ids:
                self.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=each.receipt_handle, VisibilityTimeout=0
                )

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
    """A function that records its events and gives a fixed answer: at once, or when the test releases its gate."""

    def __init__(self, answer: bytes = b"null", held: bool = False) -> None:
        self.answer = answer
        self.gate = Semaphore(0) if held else None
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.running = self.most_running = self.largest_bytes = 0
        self._lock = Lock()

    def __call__(self, event: bytes) -> Invocation:
        with self._lock:
            self.events.append(json.loads(event))
            self.times.append(time.time())  # the clock of SQS's timestamps
            self.largest_bytes = max(self.largest_bytes, len(event))
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        if self.gate:
            self.gate.acquire(timeout=HANG_S)
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


class Consumer:
    """The handler `consumer` behind a queue, in real runtime processes.

    Attributes:
        outcomes: outcomes of its batches.
        records: records that it received; complete only after `finish`, because they come through its log.
    """

    def __init__(self, queue: Queue, log_file: Path, timeout_s: float) -> None:
        self.outcomes: list[BatchOutcome] = []
        self.records: list[Any] = []
        self.function = LambdaService(
            function_config("consumer.handler", timeout_s=timeout_s),
            max_concurrency=2,
            log_file=log_file,
            on_log=self._note,
        )
        self.mapping = EventSourceMapping(queue.config(), queue.sqs, self.function.invoke, self.outcomes.append)
        self.mapping.start()

    @property
    def failed(self) -> list[BatchOutcome]:
        return [outcome for outcome in self.outcomes if outcome.failed_ids]

    @property
    def deliveries(self) -> list[tuple[str, str]]:
        """Bodies with their receive counts, from all finished batches."""
        records = [json.loads(each.record) for outcome in self.outcomes for each in outcome.deliveries]
        return sorted((each["body"], each["attributes"]["ApproximateReceiveCount"]) for each in records)

    def finish(self) -> None:
        self.mapping.stop()
        self.function.close()

    def _note(self, line: str) -> None:
        if line.startswith('{"Records"'):
            self.records.extend(json.loads(line)["Records"])


Consume = Callable[..., Consumer]


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return Queue(sqs)


@pytest.fixture
def consume(tmp_path: Path) -> Iterator[Consume]:
    """Starts consumers, and finishes them."""
    started: list[Consumer] = []

    def start(queue: Queue, timeout_s: float = HANG_S) -> Consumer:
        started.append(Consumer(queue, tmp_path / "function.log", timeout_s))
        return started[-1]

    yield start
    for consumer in started:
        consumer.finish()


def test_the_function_receives_records_in_the_format_of_sqs(sqs: Any, queue: Queue, consume: Consume) -> None:
    sent = sqs.send_message(
        QueueUrl=queue.url,
        MessageBody="I like it — ja!",
        MessageAttributes={"source": {"DataType": "String", "StringValue": "shop"}},
    )
    consumer = consume(queue)
    eventually(lambda: queue.size() == 0)
    consumer.finish()
    [record] = consumer.records
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


def test_a_partial_failure_retries_only_the_failed_message(queue: Queue, consume: Consume) -> None:
    queue.send("fine", "fail at first", "fine too")
    consumer = consume(queue)
    eventually(lambda: consumer.failed)
    assert queue.size() == 1
    queue.show_again(consumer.failed[0])
    eventually(lambda: queue.size() == 0)
    consumer.finish()
    assert consumer.deliveries == [
        ("fail at first", "1"),
        ("fail at first", "2"),
        ("fine", "1"),
        ("fine too", "1"),
    ]
    stats = consumer.mapping.stats
    assert (stats.received, stats.succeeded, stats.failed, stats.function_errors) == (4, 3, 1, 0)


@pytest.mark.parametrize(("trouble", "timeout_s"), [("crash at first", HANG_S), ("hang at first", 1)])
def test_the_whole_batch_is_retried_if_the_function_dies(
    queue: Queue, consume: Consume, trouble: str, timeout_s: float
) -> None:
    queue.send("neighbour", trouble)
    consumer = consume(queue, timeout_s)
    eventually(lambda: consumer.failed)
    assert queue.size() == 2
    consumer.function.deploy(function_config("consumer.handler"))  # with a timeout that only a hang reaches
    queue.show_again(consumer.failed[0])
    eventually(lambda: queue.size() == 0)
    consumer.finish()
    assert consumer.deliveries == sorted((body, count) for body in ("neighbour", trouble) for count in "12")
    stats = consumer.mapping.stats
    assert (stats.received, stats.succeeded, stats.failed, stats.function_errors) == (4, 2, 2, 1)


def test_a_failed_message_stays_hidden_until_its_visibility_timeout_ends(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="1")
    [message_id] = queue.send("text")
    function = Recorder(json.dumps({"batchItemFailures": [{"itemIdentifier": message_id}]}).encode())
    with EventSourceMapping(queue.config(), sqs, function):
        eventually(lambda: len(function.times) > 1)
        function.answer = b"null"
    attributes = function.events[1]["Records"][0]["attributes"]
    assert attributes["ApproximateReceiveCount"] == "2"
    assert function.times[1] * 1000 >= int(attributes["ApproximateFirstReceiveTimestamp"]) + 1000


@pytest.mark.parametrize(
    "answer",
    [b"not JSON", b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', b'{"batchItemFailures": [""]}'],
)
def test_an_invalid_response_keeps_every_message_in_the_queue(sqs: Any, queue: Queue, answer: bytes) -> None:
    queue.send("one", "two")
    outcomes: list[BatchOutcome] = []
    with EventSourceMapping(queue.config(), sqs, Recorder(answer), outcomes.append):
        eventually(lambda: sum(len(each.message_ids) for each in outcomes) == 2)
    assert queue.size() == 2
    assert all(set(each.message_ids) == each.failed_ids for each in outcomes)


def test_a_function_error_keeps_every_message_whatever_its_payload(sqs: Any, queue: Queue) -> None:
    queue.send("one")
    with EventSourceMapping(
        queue.config(), sqs, lambda _: _invocation(b"null", {"errorType": "E", "errorMessage": "m"})
    ) as mapping:
        eventually(lambda: mapping.stats.function_errors > 0)
    assert queue.size() == 1


def test_the_mapping_ignores_the_response_if_partial_reports_are_off(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two")
    config = queue.config(report_batch_item_failures=False)
    with EventSourceMapping(config, sqs, Recorder(b"not JSON")):
        eventually(lambda: queue.size() == 0)


def test_the_mapping_retries_a_message_whose_invocation_failed(sqs: Any, queue: Queue) -> None:
    queue.send("text")
    function = Mock(side_effect=[ConnectionError("no Lambda today"), _invocation(b"null")])
    outcomes: list[BatchOutcome] = []
    with EventSourceMapping(queue.config(), sqs, function, outcomes.append):
        eventually(lambda: outcomes)
        queue.show_again(outcomes[0])
        eventually(lambda: queue.size() == 0)
    assert [each.invocation is None for each in outcomes] == [True, False]


def test_a_batch_never_exceeds_the_batch_size(sqs: Any, queue: Queue) -> None:
    queue.send(*map(str, range(25)))
    function = Recorder()
    with EventSourceMapping(queue.config(batch_size=4), sqs, function):
        eventually(lambda: queue.size() == 0)
    assert max(map(len, function.bodies)) == 4
    assert sorted(int(body) for batch in function.bodies for body in batch) == list(range(25))


def test_a_batch_may_combine_several_receive_calls(sqs: Any, queue: Queue) -> None:
    queue.send(*map(str, range(25)))
    function = Recorder()
    with EventSourceMapping(queue.config(batch_size=25, window_s=HIDDEN_S), sqs, function):
        eventually(lambda: queue.size() == 0)
    assert [len(batch) for batch in function.bodies] == [25]


def test_the_window_collects_messages_that_arrive_one_by_one(sqs: Any, queue: Queue) -> None:
    function = Recorder()
    with EventSourceMapping(queue.config(batch_size=4, window_s=HIDDEN_S), sqs, function) as mapping:
        for number in range(4):
            assert function.events == []
            queue.send(str(number))
            eventually(lambda so_far=number + 1: mapping.stats.received == so_far)
        eventually(lambda: queue.size() == 0)
    assert [sorted(batch) for batch in function.bodies] == [["0", "1", "2", "3"]]


def test_a_partial_batch_waits_until_its_window_ends(sqs: Any, queue: Queue) -> None:
    queue.send("one")
    function = Recorder()
    with EventSourceMapping(queue.config(window_s=1), sqs, function):
        eventually(lambda: queue.size() == 0)
    first_receive_ms = int(function.events[0]["Records"][0]["attributes"]["ApproximateFirstReceiveTimestamp"])
    assert function.times[0] * 1000 >= first_receive_ms + 1000


def test_a_full_batch_does_not_wait_for_its_window(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two")
    with EventSourceMapping(queue.config(batch_size=2, window_s=HIDDEN_S), sqs, Recorder()):
        eventually(lambda: queue.size() == 0)


def test_an_event_stays_within_6_mb(sqs: Any) -> None:
    queue = Queue(sqs, MaximumMessageSize="1048576")
    queue.send(*(letter * 1_000_000 for letter in "abcdefgh"))
    function = Recorder()
    with EventSourceMapping(queue.config(window_s=1), sqs, function):
        eventually(lambda: queue.size() == 0)
    assert sorted(len(batch) for batch in function.bodies) == [2, 6]
    assert function.largest_bytes <= REQUEST_LIMIT_BYTES


def test_batches_in_flight_never_exceed_the_maximum_concurrency(sqs: Any, queue: Queue) -> None:
    queue.send(*map(str, range(12)))
    function = Recorder(held=True)
    with EventSourceMapping(queue.config(batch_size=1, max_concurrency=3), sqs, function):
        eventually(lambda: len(function.events) == 3)
        wait_longer_than_a_poll(sqs)
        function.gate.release(12)
        eventually(lambda: queue.size() == 0)
    assert function.most_running == 3
    assert function.delivered == 12


def test_stopping_finishes_the_batch_in_flight(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two")
    function = Recorder(held=True)
    mapping = EventSourceMapping(queue.config(), sqs, function)
    mapping.start()
    eventually(lambda: function.running)
    queue.send("after")
    with ThreadPoolExecutor(1) as stopper:
        stopped = stopper.submit(mapping.stop)
        function.gate.release(2)  # the poller may already hold the next message
        stopped.result()
    assert function.running == 0
    assert queue.size() == 3 - function.delivered


def test_stopping_within_the_window_delivers_the_received_messages(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send("one")
    with EventSourceMapping(queue.config(window_s=HIDDEN_S), sqs, Recorder()) as mapping:
        eventually(lambda: mapping.stats.received == 1)
    assert queue.size() == 0


def test_a_paused_mapping_receives_nothing_until_it_resumes(sqs: Any, queue: Queue) -> None:
    queue.send("waiting")
    receives = HeldReceives(sqs)
    with EventSourceMapping(queue.config(enabled=False), receives, Recorder()) as mapping:
        wait_longer_than_a_poll(sqs)
        assert receives.begun == 0
        mapping.resume()
        receives.let.release()
        eventually(lambda: queue.size() == 0)
        eventually(lambda: receives.begun == 2)
        mapping.pause()  # during a receive, which ends as usual
        receives.let.release(9)
        eventually(lambda: receives.ended == 2)
        queue.send("waiting")
        wait_longer_than_a_poll(sqs)
        assert (receives.begun, mapping.stats.received, queue.size()) == (2, 1, 1)


class HeldReceives:
    """An SQS client whose receives wait for the test to release `let`.

    Attributes:
        begun, ended: numbers of receives.
    """

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.let = Semaphore(0)
        self.begun = self.ended = 0

    def receive_message(self, **given: Any) -> Any:
        self.begun += 1
        self.let.acquire(timeout=HANG_S)
        try:
            return self._sqs.receive_message(**given)
        finally:
            self.ended += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)


def wait_longer_than_a_poll(sqs: Any) -> None:
    """Return when another mapping has emptied a queue: a mapping that polls would have polled in that time."""
    other = Queue(sqs)
    other.send("text")
    with EventSourceMapping(other.config(), sqs, Recorder()):
        eventually(lambda: other.size() == 0)


def test_a_poison_message_goes_to_the_dead_letter_queue_after_its_last_receive(sqs: Any, consume: Consume) -> None:
    dead_letters = Queue(sqs)
    redrive = json.dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 2})
    queue = Queue(sqs, RedrivePolicy=redrive)
    queue.send("always fail", "fine")
    consumer = consume(queue)
    for receive in (1, 2):
        eventually(lambda times=receive: len(consumer.failed) == times)
        queue.show_again(consumer.failed[-1])
    eventually(lambda: dead_letters.size() == 1)
    assert queue.size() == 0
    assert consumer.deliveries == [("always fail", "1"), ("always fail", "2"), ("fine", "1")]
    [message] = sqs.receive_message(QueueUrl=dead_letters.url)["Messages"]
    assert message["Body"] == "always fail"


def test_temporary_sqs_errors_neither_lose_nor_repeat_a_message(sqs: Any) -> None:
    queue = Queue(sqs)
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
        eventually(lambda: queue.size() == 0)
    assert sorted(body for batch in function.bodies for body in batch) == ["one", "two"]

    queue.send("three")
    flaky.delete_message_batch.side_effect = in_turn(sqs.delete_message_batch, busy)
    again = Recorder()
    with EventSourceMapping(queue.config(), flaky, again):
        eventually(lambda: queue.size() == 0)
    assert [body for batch in again.bodies for body in batch] == ["three"]


def test_a_failing_callback_does_not_stop_the_mapping(sqs: Any, queue: Queue) -> None:
    queue.send("one", "two", "three")
    callback = Mock(side_effect=ZeroDivisionError)
    with EventSourceMapping(queue.config(batch_size=1, max_concurrency=1), sqs, Recorder(), callback):
        eventually(lambda: callback.call_count == 3)
    assert queue.size() == 0


def test_the_mapping_delivers_every_message_of_many_producers(sqs: Any) -> None:
    queue = Queue(sqs)
    function = Recorder()
    with EventSourceMapping(queue.config(max_concurrency=4), sqs, function) as mapping:
        with ThreadPoolExecutor(4) as producers:
            list(producers.map(queue.send, map(str, range(200))))
        eventually(lambda: queue.size() == 0)
    assert sorted(int(body) for batch in function.bodies for body in batch) == list(range(200))
    assert mapping.stats.succeeded == mapping.stats.received == 200
    assert mapping.stats.invoked == len(function.events)
