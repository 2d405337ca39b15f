"""A table and two queues in moto, in this process, for tests of the function's modules."""

import gc
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
from moto import mock_aws

from function.verdict import Sentiment
from tools.local import moto_table
from tools.local.stack import DEMO_MODEL

REGION = "us-west-2"
TABLE = "sentiment-results-test"
CONTEXT = SimpleNamespace(
    aws_request_id="request-1",
    function_name="sentiment",
    function_version="7",
    get_remaining_time_in_millis=lambda: 30_000,
)


@dataclass(frozen=True)
class Aws:
    dynamodb: Any
    sqs: Any
    queue_url: str
    dead_letter_queue_url: str
    table: str = TABLE

    def fresh(self) -> "Aws":
        """A copy with an empty table and an empty dead-letter queue."""
        name = str(uuid4())
        create_table(self.dynamodb, name)
        return replace(self, table=name, dead_letter_queue_url=self.sqs.create_queue(QueueName=name)["QueueUrl"])

    def results(self) -> dict[str, dict[str, Any]]:
        items = self.dynamodb.scan(TableName=self.table)["Items"]
        return {i["id"]["S"]: {name: next(iter(v.values())) for name, v in i.items()} for i in items}

    def dead_letters(self) -> list[dict[str, Any]]:
        return self.sqs.receive_message(
            QueueUrl=self.dead_letter_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])

    def variables(self) -> dict[str, str]:
        """The environment variables of a function that uses this table and these queues."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "RESULTS_TABLE": self.table,
            "DEAD_LETTER_QUEUE_URL": self.dead_letter_queue_url,
            "MAX_RECEIVE_COUNT": "3",
            "RESULT_TTL_DAYS": "0",
            "STORE_TEXT": "true",
            "MODEL_DIR": str(DEMO_MODEL),
        }


def import_handler() -> ModuleType:
    """Imports the handler's module as a new execution environment does."""
    sys.modules.pop("function.handler", None)
    try:
        return importlib.import_module("function.handler")
    finally:  # this process outlives an init, even one that failed
        gc.enable()
        gc.unfreeze()


def create_table(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )


@contextmanager
def moto_aws() -> Iterator[Aws]:
    moto_table.install()
    # With credentials of moto's own, a monkeypatch that outlives this would put them back into the environment.
    with mock_aws(config={"core": {"mock_credentials": False}}):
        session = boto3.Session("test", "test", region_name=REGION)
        dynamodb, sqs = session.client("dynamodb"), session.client("sqs")
        create_table(dynamodb, TABLE)
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("texts", "texts-dlq")]
        yield Aws(dynamodb, sqs, *urls)


class FakeClassifier:
    """Answers POSITIVE for a text with "good" in it, else NEGATIVE. Raises on any batch with "breaks" in a text."""

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
    """An SQS record as Lambda passes it to the handler."""
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
