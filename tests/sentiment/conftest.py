"""A stack's queues and table in moto, and the command line run on them."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sentiment.__main__ import main
from sentiment.dlq import queue as dead_letter_queue
from tests.tools.release.conftest import pulumi_cli
from tools.local.cloud import Cloud
from tools.local.program import ROOT

__all__ = ["pulumi_cli"]
REGION = "us-west-2"
numbers = count()


@dataclass(frozen=True)
class Place:
    cloud: Cloud
    sqs: Any
    dynamodb: Any
    queue_url: str
    dead_letter_queue_url: str
    table_name: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "QUEUE_URL": self.queue_url,
            "DEAD_LETTER_QUEUE_URL": self.dead_letter_queue_url,
            "RESULTS_TABLE": self.table_name,
        }

    def messages(self, queue_url: str = "") -> list[dict[str, Any]]:
        """All that a queue holds; it is empty afterwards."""
        url = queue_url or self.queue_url
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        ).get("Messages"):
            found += batch
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(batch)]
            self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return found

    def items(self) -> list[dict[str, Any]]:
        """All texts in the queue, of messages with one or many."""
        bodies = [json.loads(message["Body"]) for message in self.messages()]
        return [item for body in bodies for item in body.get("items", [body])]

    def store(self, item_id: str, sentiment: str = "POSITIVE", score: float = 0.9, **fields: str) -> None:
        """A result as function/store.py writes it."""
        texts = {
            "id": item_id,
            "sentiment": sentiment,
            "text": f"The text of {item_id}",
            "sent_at": "2026-11-01T09:00:00.000000+00:00",
            "processed_at": "2026-11-01T09:00:01.000000+00:00",
            "model_id": "model",
            "model_revision": "1",
            **fields,
        }
        item = {name: {"S": value} for name, value in texts.items()}
        self.dynamodb.put_item(
            TableName=self.table_name, Item={**item, "score": {"N": str(score)}, "truncated": {"BOOL": False}}
        )


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud(REGION) as cloud:
        yield cloud


@pytest.fixture
def place(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    """Queues and a table of this test's own, made known by the environment."""
    sqs, dynamodb, name = cloud.client("sqs"), cloud.client("dynamodb"), f"texts-{next(numbers)}"
    dead = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    found = Place(cloud, sqs, dynamodb, url, dead, name)
    monkeypatch.delenv("STACK", raising=False)
    for variable, value in found.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(dead_letter_queue, "WAIT_SECONDS", 0)  # moto has one server to ask
    monkeypatch.chdir(tmp_path)
    return found


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in this process, on what `place` made known."""

    def run_it(*arguments: object) -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["sentiment", *map(str, arguments)])
        code = main()
        said = capsys.readouterr()
        return Outcome(code, said.out, " ".join(said.err.split()))  # lines are broken at the screen's width

    return run_it


@pytest.fixture
def outside(place: Place) -> dict[str, str]:
    """The environment of the command line in a process of its own."""
    return {**os.environ, **place.environment, "PYTHONPATH": str(ROOT)}
