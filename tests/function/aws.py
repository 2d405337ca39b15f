"""A table and two queues in moto, in this process, for tests of the function's modules."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto import mock_aws

from function.classifier import Sentiment

REGION = "us-west-2"
TABLE = "sentiment-results-test"


@dataclass(frozen=True)
class Aws:
    dynamodb: Any
    sqs: Any
    queue_url: str
    dead_letter_queue_url: str

    def results(self) -> dict[str, dict[str, Any]]:
        items = self.dynamodb.scan(TableName=TABLE)["Items"]
        return {i["id"]["S"]: {name: next(iter(v.values())) for name, v in i.items()} for i in items}

    def dead_letters(self) -> list[dict[str, Any]]:
        return self.sqs.receive_message(
            QueueUrl=self.dead_letter_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])


@contextmanager
def moto_aws() -> Iterator[Aws]:
    with mock_aws():
        session = boto3.Session("test", "test", region_name=REGION)
        dynamodb, sqs = session.client("dynamodb"), session.client("sqs")
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("texts", "texts-dlq")]
        yield Aws(dynamodb, sqs, *urls)


class FakeClassifier:
    """POSITIVE for a text with "good" in it. Raises on "breaks", and on any batch that holds it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        self.batches.append(list(texts))
        if any("breaks" in text for text in texts):
            raise RuntimeError("the model broke on: " + "".join(texts))
        return [Sentiment("POSITIVE" if "good" in text else "NEGATIVE", 0.75, False) for text in texts]


def record(
    body: str, message_id: str = "m-1", receive_count: int = 1, sent_ms: int = 1_700_000_000_000
) -> dict[str, Any]:
    """An SQS record as Lambda hands it over."""
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receive_count),
            "SentTimestamp": str(sent_ms),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(sent_ms + 1),
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-west-2:123456789012:texts",
        "awsRegion": REGION,
    }
