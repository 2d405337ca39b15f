"""Producer and delivery on moto: failures are retried, and permanent failures reported by id."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Condition, Event, Semaphore
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sentiment import NotSent, Producer, Rejected, SendFailed, senders
from sentiment.delivery import ATTEMPTS, deliver
from sentiment.producer import region_of
from sentiment_contract.messages import MAX_ITEMS, MAX_TEXT_CHARS
from tests.sentiment.faults import PartialFailures, answers
from tests.sentiment.place import Place
from tests.waiting import HANG_S
from tools.local.program import ROOT


def test_the_producer_puts_one_or_many_texts_into_a_message(place: Place) -> None:
    for per_message, messages in ((1, 25), (10, 3)):
        with Producer(place.queue_url, items_per_message=per_message, linger_seconds=HANG_S) as producer:
            for n in range(25):
                producer.send(f"id-{n}", f"Text {n} café 😊")
        sent = place.messages()
        assert len(sent) == messages
        assert all(message["Body"].count("café") <= per_message for message in sent)


def test_a_text_is_dated_by_its_timestamp_or_the_time_of_sending(place: Place) -> None:
    before = datetime.now(UTC)
    with Producer(place.queue_url) as producer:
        producer.send("own", "good", datetime(2026, 11, 1, tzinfo=UTC))
        producer.send("seconds", "good", 1_700_000_000)
        producer.send("none", "good")
    dates = {item["id"]: datetime.fromisoformat(item["timestamp"]) for item in place.items()}
    assert dates["own"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert dates["seconds"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert before <= dates["none"] <= datetime.now(UTC)


def test_a_text_that_breaks_the_contract_is_refused_at_once_and_not_sent(place: Place) -> None:
    with Producer(place.queue_url) as producer:
        for item_id, text in (("", "good"), ("1", " "), ("1", "x" * (MAX_TEXT_CHARS + 1)), ("1", "\ud800")):
            with pytest.raises(Rejected, match="must be"):
                producer.send(item_id, text)
        with pytest.raises(Rejected, match=r"^InvalidTimestamp: timestamp: 'yesterday' is not allowed"):
            producer.send("1", "good", "yesterday")
    assert place.messages() == []


def test_a_partial_batch_is_sent_after_the_linger_time(place: Place) -> None:
    with Producer(place.queue_url, linger_seconds=0.01) as producer:
        producer.send("1", "good").result(timeout=HANG_S)
        assert [item["id"] for item in place.items()] == ["1"]


def test_only_the_failed_entries_of_a_request_are_retried(place: Place) -> None:
    faults = PartialFailures(place.sqs, lambda body, tries: "odd" in body and tries < 2)
    messages = [{"MessageBody": f"{'odd' if n % 2 else 'even'} {n}"} for n in range(10)]
    waits: list[float] = []
    assert deliver(place.sqs, place.queue_url, messages, waits.append) == {}
    odd = [message["MessageBody"] for message in messages[1::2]]
    assert faults.requests == [[message["MessageBody"] for message in messages], odd, odd]
    assert Counter(m["Body"] for m in place.messages() if m["Body"] != "nothing") == dict.fromkeys(
        (message["MessageBody"] for message in messages), 1
    )
    assert len(waits) == 2
    assert 0 <= waits[0] <= 0.1, "the first wait is the shortest"
    assert 0 <= waits[1] <= 0.2


def test_a_sender_fault_is_reported_by_id_and_not_retried(place: Place) -> None:
    faults = PartialFailures(place.sqs, lambda body, _: "refused" in body, sender_fault=True)
    with (
        pytest.raises(SendFailed) as failed,
        Producer(place.queue_url, client=place.sqs, linger_seconds=HANG_S) as producer,
    ):
        good, bad = producer.send("good", "fine"), producer.send("bad", "refused")
    assert len(faults.requests) == 1
    assert good.result() is None
    assert isinstance(bad.exception(), NotSent)
    assert failed.value.failures == {"bad": bad.exception()}
    assert "'bad': Injected" in str(failed.value)
    assert [item["id"] for item in place.items()] == ["good"]


def test_delivery_gives_up_an_entry_after_its_last_attempt(place: Place) -> None:
    faults = PartialFailures(place.sqs, lambda body, _: body == "never")
    failures = deliver(place.sqs, place.queue_url, [{"MessageBody": "never"}, {"MessageBody": "once"}], lambda _: None)
    assert list(failures) == [0]
    assert not failures[0].refused
    assert len(faults.requests) == ATTEMPTS
    assert [message["Body"] for message in place.messages()].count("once") == 1


@pytest.mark.slow(reason="waits as long as the producer")
def test_the_producer_retries_until_throttling_ends(place: Place) -> None:
    left = answers(place.sqs, 429, 503)
    with Producer(place.queue_url, client=place.sqs) as producer:
        producer.send("1", "good")
    assert (left, [item["id"] for item in place.items()]) == ([], ["1"])


THROTTLES = ("KMS.ThrottlingException", "KmsThrottled", "RequestThrottled", "TooManyRequestsException")


@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttled_entry_is_retried_even_as_a_sender_fault(place: Place, code: str) -> None:
    PartialFailures(place.sqs, lambda body, tries: body == "slow" and tries < 2, sender_fault=True, code=code)
    assert deliver(place.sqs, place.queue_url, [{"MessageBody": "slow"}], lambda _: None) == {}
    assert [message["Body"] for message in place.messages()].count("slow") == 1


@pytest.mark.slow(reason="boto3 waits between its own tries")
@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttled_request_is_retried_until_the_attempts_run_out(place: Place, code: str) -> None:
    sqs = place.cloud.client("sqs")
    left = answers(sqs, 400, 400, code=code)
    assert deliver(sqs, place.queue_url, [{"MessageBody": "slow"}], lambda _: None) == {}
    assert (left, len(place.messages())) == ([], 1)
    answers(sqs, *[400] * 100, code=code)
    with pytest.raises(ClientError, match=code):
        deliver(sqs, place.queue_url, [{"MessageBody": "slow"}], lambda _: None)


def test_a_disabled_key_does_not_reject_the_text(place: Place) -> None:
    PartialFailures(place.sqs, lambda *_: True, sender_fault=True, code="KMS.DisabledException")
    failures = deliver(place.sqs, place.queue_url, [{"MessageBody": "good"}], lambda _: None)
    assert not failures[0].refused, "`send` stops, to be resumed later; it does not reject the text"


def test_a_failed_request_fails_all_of_its_texts(place: Place) -> None:
    answers(place.sqs, 403, code="AccessDenied")
    producer = Producer(place.queue_url, client=place.sqs, linger_seconds=HANG_S)
    producer.send("1", "good")
    producer.send("2", "good")
    with pytest.raises(SendFailed) as failed:
        producer.close()
    assert failed.value.failures.keys() == {"1", "2"}
    assert all(isinstance(error, ClientError) for error in failed.value.failures.values())


@pytest.mark.parametrize("items_per_message", [0, MAX_ITEMS + 1])
def test_the_producer_refuses_items_per_message_out_of_range(place: Place, items_per_message: int) -> None:
    with pytest.raises(ValueError, match=f"items_per_message: {items_per_message} must be 1 to {MAX_ITEMS}"):
        Producer(place.queue_url, client=place.sqs, items_per_message=items_per_message)


def test_flush_reports_failures_once_and_later_texts_are_sent(place: Place) -> None:
    answers(place.sqs, 403, code="AccessDenied")
    with Producer(place.queue_url, client=place.sqs) as producer:
        producer.send("1", "good")
        with pytest.raises(SendFailed):
            producer.flush()
        producer.send("2", "good")
        producer.flush()
    assert [item["id"] for item in place.items()] == ["2"]


class Gated:
    """SQS that holds back requests with `mine` until one event, all others until another, and refuses `bad`."""

    def __init__(self) -> None:
        self.arrived, self.mine_may_go, self.others_may_go = Semaphore(0), Event(), Event()

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        entries = request["Entries"]
        self.arrived.release()
        mine = any("mine" in entry["MessageBody"] for entry in entries)
        assert (self.mine_may_go if mine else self.others_may_go).wait(HANG_S)
        refused = [entry["Id"] for entry in entries if "bad" in entry["MessageBody"]]
        return {"Failed": [{"Id": each, "Code": "Injected", "SenderFault": True} for each in refused]}


@pytest.mark.parametrize("others", [10, 30])  # one batch, and more texts than the senders may have unsettled
def test_flush_waits_only_for_texts_handed_over_before_it(others: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs, waiting, wait_for = Gated(), Semaphore(0), Condition.wait_for
    monkeypatch.setattr(Condition, "wait_for", lambda *given: (waiting.release(), wait_for(*given))[1])
    producer = Producer("queue", client=sqs, senders=2, linger_seconds=3600)
    mine = producer.send("mine", "bad")
    with ThreadPoolExecutor(4) as pool:
        flushes = [pool.submit(producer.flush) for _ in range(2)]
        assert sqs.arrived.acquire(timeout=HANG_S), "a flush sends the buffered text"
        assert all(waiting.acquire(timeout=HANG_S) for _ in flushes), "both flushes wait, for nothing that comes later"
        busy = pool.submit(lambda: [producer.send(f"other-{n}", "bad") for n in range(others)])
        assert sqs.arrived.acquire(timeout=HANG_S), "a request with other texts is in flight"
        sqs.mine_may_go.set()
        for flush in flushes:
            error = flush.exception(timeout=HANG_S)
            assert isinstance(error, SendFailed), "both flushes report the failure"
            assert error.failures == {"mine": mine.exception()}
        sqs.others_may_go.set()
        assert len(busy.result(timeout=HANG_S)) == others
    with pytest.raises(SendFailed) as failed:
        producer.close()
    assert failed.value.failures.keys() == {f"other-{n}" for n in range(others)}, "flush already reported mine"


def test_many_threads_send_through_one_producer_and_every_text_arrives_once(place: Place) -> None:
    with Producer(place.queue_url, senders=2) as producer, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: producer.send(f"id-{n}", "good"), range(200)))
    assert Counter(item["id"] for item in place.items()) == {f"id-{n}": 1 for n in range(200)}


def test_a_callers_error_propagates_and_its_earlier_texts_are_sent(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), Producer(place.queue_url) as producer:
        producer.send("1", str(producer.send("0", "good") and 1 / 0))
    assert [item["id"] for item in place.items()] == ["0"]
    producer.close()  # a second call does nothing
    with pytest.raises(RuntimeError, match="closed"):
        producer.send("2", "good")


def test_the_queues_url_names_the_region() -> None:
    assert region_of("https://sqs.eu-central-1.amazonaws.com/123456789012/texts") == "eu-central-1"
    assert region_of("http://127.0.0.1:4566/123456789012/texts") is None


def test_importing_the_producer_loads_no_heavy_packages() -> None:
    heavy = "{'rich', 'typer', 'pulumi', 'moto', 'onnxruntime', 'numpy'}"
    program = f"import sys, sentiment; sentiment.Producer; print({heavy} & sys.modules.keys())"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_atexit_may_close_the_producer(place: Place) -> None:
    script = (
        "import atexit, os; from sentiment import Producer; "
        "producer = Producer(os.environ['QUEUE_URL'], linger_seconds=3600); atexit.register(producer.close); "
        "[producer.send(f'id-{n}', 'good') for n in range(3)]"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(item["id"] for item in place.items()) == ["id-0", "id-1", "id-2"]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_callback_may_send_again_without_waiting(place: Place, threads: int) -> None:
    with Producer(place.queue_url, senders=threads, linger_seconds=0.01) as producer:
        again = [Event() for _ in range(100)]

        def send_again(number: int) -> None:
            producer.send(f"again-{number}", "good")
            again[number].set()

        for number in range(100):
            producer.send(f"first-{number}", "good").add_done_callback(lambda _, number=number: send_again(number))
        assert all(each.wait(HANG_S) for each in again)
    assert len(place.items()) == 200


@pytest.mark.parametrize("method", ["flush", "close"])
def test_a_callback_that_would_wait_for_itself_gets_an_error(place: Place, method: str) -> None:
    errors: list[BaseException] = []
    with Producer(place.queue_url, linger_seconds=0.01) as producer:

        def wait_for_itself(_: object) -> None:
            try:
                getattr(producer, method)()
            except RuntimeError as error:
                errors.append(error)

        producer.send("1", "good").add_done_callback(wait_for_itself)
        producer.flush()
        producer.send("2", "good")
    assert "flush and close wait for the callbacks" in str(errors[0])
    assert [item["id"] for item in place.items()] == ["1", "2"]


def test_texts_without_a_timestamp_are_in_order_although_the_clock_stands_still_or_is_set_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    clock = [moment, moment, moment - timedelta(seconds=5), moment - timedelta(hours=1)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock.pop(0)

    with Producer(place.queue_url) as producer:
        monkeypatch.setattr(senders, "datetime", Clock)
        for number in range(4):
            producer.send(f"{number}", "good")
    dates = [datetime.fromisoformat(item["timestamp"]) for item in sorted(place.items(), key=lambda item: item["id"])]
    assert dates[:3] == [moment, moment + timedelta(microseconds=1), moment + timedelta(microseconds=2)]
    assert dates[3] == moment - timedelta(hours=1), "a clock that was far ahead is not followed"


@pytest.mark.parametrize("code", ["ExpiredToken", "ThrottlingException"])
def test_an_error_in_a_retry_leaves_what_sqs_has_accepted(place: Place, code: str) -> None:
    PartialFailures(place.sqs, lambda body, tried: body == "fails")
    answers(place.sqs, *[400] * 100, code=code, after=1)
    failures = deliver(place.sqs, place.queue_url, [{"MessageBody": "fails"}, {"MessageBody": "good"}], lambda _: None)
    assert failures.keys() == {0}
    assert isinstance(failures[0], ClientError)
    assert [message["Body"] for message in place.messages()] == ["good"]
