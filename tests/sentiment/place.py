"""A stack's queues and table in moto, for the command line to work on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tools.local.cloud import Cloud

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
        """Receive all messages of a queue, and delete them."""
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
        """Receive all texts in the queue, from messages with one text or many."""
        bodies = [json.loads(message["Body"]) for message in self.messages()]
        return [item for body in bodies for item in body.get("items", [body])]

    def store(self, item_id: str, sentiment: str = "POSITIVE", score: float = 0.9, **fields: str) -> None:
        """Store a result as function/store.py writes it."""
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


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
