"""Measures the rate that the embedded cloud alone can handle: a text's calls, with nothing in between."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psutil

from function.in_time import WRITERS
from sentiment.batch import MAX_MESSAGES
from sentiment.delivery import deliver
from sentiment_contract.results import TABLE_KEY
from tools.local.cloud import Cloud
from tools.local.recorder import ACCOUNT
from tools.local.source_queue import SourceQueue


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """
    Attributes:
        rate: texts a second through send, receive, put and delete, in tens.
        busy: cores that the cloud used; Python's lock limits it to one.
    """

    rate: float
    busy: float

    @property
    def per_core(self) -> float:
        """Texts a second per core, and so its maximum."""
        return self.rate / self.busy


def ceiling(seconds: float, texts: Sequence[str], region: str = "us-west-2") -> Ceiling:
    """The ceiling of a cloud that is started for this measurement."""
    with Cloud(region) as cloud, ThreadPoolExecutor(2) as loops:
        sqs, dynamodb = cloud.client("sqs"), cloud.client("dynamodb")
        url = sqs.create_queue(QueueName="ceiling")["QueueUrl"]
        dynamodb.create_table(
            TableName="ceiling",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": TABLE_KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": TABLE_KEY, "AttributeType": "S"}],
        )
        queue = SourceQueue(sqs, url, f"arn:aws:sqs:{region}:{ACCOUNT}:ceiling")
        process, began = psutil.Process(cloud.pid), time.perf_counter()
        used = sum(process.cpu_times()[:2])
        until = began + seconds
        counts = loops.map(lambda _: _loop(sqs, dynamodb, url, queue, texts, until), range(2))
        passed, took = sum(counts), time.perf_counter() - began
        return Ceiling(rate=passed / took, busy=(sum(process.cpu_times()[:2]) - used) / took)


def _loop(sqs: Any, dynamodb: Any, url: str, queue: SourceQueue, texts: Sequence[str], until: float) -> int:
    passed = 0
    with ThreadPoolExecutor(WRITERS) as writers:
        while time.perf_counter() < until:
            chosen = [texts[(passed + n) % len(texts)] for n in range(MAX_MESSAGES)]
            deliver(sqs, url, [{"MessageBody": text} for text in chosen])
            deliveries = queue.receive(MAX_MESSAGES, 0)
            list(writers.map(lambda each: _put(dynamodb, each.message_id, each.record.decode()), deliveries))
            queue.delete(deliveries)
            passed += len(deliveries)
    return passed


def _put(dynamodb: Any, key: str, text: str) -> None:
    dynamodb.put_item(TableName="ceiling", Item={TABLE_KEY: {"S": key}, "text": {"S": text}})
