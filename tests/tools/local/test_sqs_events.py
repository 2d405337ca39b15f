"""Event records like SQS's, and the messages that a response with ReportBatchItemFailures returns."""

import json

import pytest

from tools.local.sqs_events import Delivery, delivery, event, fitting, reported_failures

SENT = frozenset({"a", "b", "c"})
ARN = "arn:aws:sqs:eu-central-1:123456789012:texts"


@pytest.mark.parametrize(
    "response",
    ['{"batchItemFailures": []}', '{"batchItemFailures": null}', "{}", "null", '{"statusCode": 200}'],
)
def test_a_response_without_failures_is_a_success(response: str) -> None:
    assert reported_failures(response.encode(), SENT) == frozenset()


@pytest.mark.parametrize(
    "response",
    [
        "",
        "{",
        "\ud800",
        '"ok"',
        "[]",
        "true",
        '{"batchItemFailures": "a"}',
        '{"batchItemFailures": {"itemIdentifier": "a"}}',
        '{"batchItemFailures": ["a"]}',
        '{"batchItemFailures": [{"itemIdentifier": ""}]}',
        '{"batchItemFailures": [{"itemIdentifier": null}]}',
        '{"batchItemFailures": [{"itemIdentifier": 1}]}',
        '{"batchItemFailures": [{"itemIdentifier": ["a"]}]}',
        '{"batchItemFailures": [{"messageId": "a"}]}',
        '{"batchItemFailures": [{}]}',
        '{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "of another batch"}]}',
    ],
)
def test_an_invalid_response_fails_every_message_of_the_batch(response: str) -> None:
    assert reported_failures(response.encode(errors="surrogatepass"), SENT) == SENT


def test_a_valid_report_fails_exactly_the_messages_it_names() -> None:
    named = [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}, {"itemIdentifier": "a"}]
    assert reported_failures(json.dumps({"batchItemFailures": named}).encode(), SENT) == {"a", "c"}


def test_a_message_becomes_the_same_record_as_on_lambda() -> None:
    received = {
        "MessageId": "059f36b4",
        "ReceiptHandle": "AQEBwJnKyrHigUMZ",
        "Body": "Grüße",
        "MD5OfBody": "e4e68fb7",
        "MD5OfMessageAttributes": "00484c68",
        "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
        "MessageAttributes": {
            "source": {"StringValue": "shop", "DataType": "String"},
            "raw": {"BinaryValue": b"\x00\xff", "DataType": "Binary.gzip"},
        },
    }
    made = delivery(received, ARN)
    assert (made.message_id, made.receipt_handle) == ("059f36b4", "AQEBwJnKyrHigUMZ")
    assert json.loads(made.record) == {
        "messageId": "059f36b4",
        "receiptHandle": "AQEBwJnKyrHigUMZ",
        "body": "Grüße",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
        "messageAttributes": {
            "source": {
                "stringValue": "shop",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "raw": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary.gzip",
            },
        },
        "md5OfBody": "e4e68fb7",
        "md5OfMessageAttributes": "00484c68",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-central-1",
    }


def test_an_event_takes_records_up_to_its_size_limit() -> None:
    deliveries = [Delivery(str(n), "handle", json.dumps({"body": "x" * 10 * n}).encode()) for n in range(6)]
    for limit_bytes in range(30, 400):
        most = max(count for count in range(7) if count <= 1 or len(event(deliveries[:count])) <= limit_bytes)
        assert fitting(deliveries, limit_bytes) == most
    assert fitting([], 10) == 0


def test_a_message_too_large_for_any_event_is_still_sent_alone() -> None:
    assert fitting([Delivery("a", "handle", b"x" * 100), Delivery("b", "handle", b"y")], limit_bytes=50) == 1
