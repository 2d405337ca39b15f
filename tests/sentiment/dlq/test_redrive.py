"""`dlq redrive` by message move tasks: its requests to SQS, and its handling of the answers."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from sentiment.dlq import redrive
from sentiment.target import Target
from tests.sentiment.place import Place, Run

ARNS = {"texts-dlq": "arn:aws:sqs:us-west-2:1:texts-dlq", "texts": "arn:aws:sqs:us-west-2:1:texts"}


@pytest.fixture
def sqs(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """SQS with message move tasks, which moto lacks; botocore validates all against the service's model."""
    monkeypatch.setenv("QUEUE_URL", "https://sqs.us-west-2.amazonaws.com/1/texts")
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "https://sqs.us-west-2.amazonaws.com/1/texts-dlq")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setattr(redrive, "POLL_SECONDS", 0.0)
    client = place.cloud.client("sqs")
    monkeypatch.setattr(Target, "client", lambda *_, **__: client)
    with Stubber(client) as stub:
        counts = {"": "40", "Delayed": "0", "NotVisible": "2"}
        depth = {f"ApproximateNumberOfMessages{state}": count for state, count in counts.items()}
        stub.add_response("get_queue_attributes", {"Attributes": depth})
        for name in ("texts-dlq", "texts"):
            expected = {"QueueUrl": f"https://sqs.us-west-2.amazonaws.com/1/{name}", "AttributeNames": ["QueueArn"]}
            stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": ARNS[name]}}, expected)
        yield stub


def add_status(stub: Stubber, status: str, moved: int, **more: str) -> None:
    counts = {"ApproximateNumberOfMessagesMoved": moved, "ApproximateNumberOfMessagesToMove": 42}
    expected = {"SourceArn": ARNS["texts-dlq"], "MaxResults": 1}
    stub.add_response("list_message_move_tasks", {"Results": [{"Status": status, **counts, **more}]}, expected)


def add_start(stub: Stubber, **more: int) -> None:
    expected = {"SourceArn": ARNS["texts-dlq"], "DestinationArn": ARNS["texts"], **more}
    stub.add_response("start_message_move_task", {"TaskHandle": "handle"}, expected)


def test_redrive_starts_a_move_task_in_sqs_and_follows_its_progress(sqs: Stubber, run: Run) -> None:
    add_start(sqs, MaxNumberOfMessagesPerSecond=100)
    sqs.add_response("list_message_move_tasks", {"Results": []})  # not listed yet
    add_status(sqs, "RUNNING", 10)
    add_status(sqs, "COMPLETED", 42)
    done = run("dlq", "redrive", "--rate", 100)
    assert done.code == 0, done
    assert "42 of 42 dead letters are back in the queue" in done.err
    sqs.assert_no_pending_responses()


def test_a_failed_move_task_is_reported_with_its_reason(sqs: Stubber, run: Run) -> None:
    add_start(sqs)
    add_status(sqs, "FAILED", 10, FailureReason="AccessDenied")
    done = run("dlq", "redrive")
    assert done.code == 2
    assert "the move task failed: AccessDenied" in done.err


def test_redrive_reports_a_task_that_is_already_running(sqs: Stubber, run: Run) -> None:
    message = "There is already a task running"
    sqs.add_client_error("start_message_move_task", "AWS.SimpleQueueService.UnsupportedOperation", message, 400)
    done = run("dlq", "redrive")
    assert done.code == 2
    assert message in done.err


# The answers of MiniStack and fauxqs; AWS's JSON services; moto; a server that knows only paths
UNKNOWN = [("InvalidAction", 400), ("UnknownOperationException", 400), ("InternalError", 500), ("404", 404)]


@pytest.mark.parametrize(("code", "status"), UNKNOWN)
def test_redrive_moves_the_letters_itself_where_move_tasks_are_unknown(
    sqs: Stubber, run: Run, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
    sqs.add_client_error("start_message_move_task", code, "as the cloud words it", status)
    sqs.add_response("receive_message", {})
    done = run("dlq", "redrive")
    assert "http://127.0.0.1:1 has no message move tasks: moving from here." in done.err, done
    sqs.assert_no_pending_responses()


def test_an_interrupted_redrive_cancels_its_task_in_sqs(
    sqs: Stubber, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_start(sqs)
    sqs.add_response("cancel_message_move_task", {"ApproximateNumberOfMessagesMoved": 12}, {"TaskHandle": "handle"})

    def interrupt(_: redrive.MoveTask) -> Iterator[tuple[int, int]]:
        yield 10, 42
        raise KeyboardInterrupt

    monkeypatch.setattr(redrive.MoveTask, "progress", interrupt)
    done = run("dlq", "redrive")
    assert done.code == 130
    assert "Stopped after about 12 messages" in done.err
    sqs.assert_no_pending_responses()
