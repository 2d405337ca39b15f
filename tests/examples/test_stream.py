"""The stream's consumer on the local pipeline misses none of a thousand results, and handles none twice."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from poller import BATCH

from tests.stacks import DEV
from tests.waiting import HANG_S, eventually
from tools.local.program import ROOT
from tools.local.stack import LocalPipeline

pytestmark = pytest.mark.slow(reason="runs a whole pipeline")

RESULTS, ITEMS = 1_000, 20  # items of one message
POLL = ROOT / "examples" / "stream" / "poll.py"


@pytest.fixture(scope="module")
def local() -> Iterator[LocalPipeline]:
    with LocalPipeline(DEV, batchWindowSeconds=0, resultStream=True) as stack:
        items = [{"id": f"text-{n}", "text": f"Terrible, worst experience ever, number {n}."} for n in range(RESULTS)]
        for start in range(0, RESULTS, ITEMS):
            body = json.dumps({"items": items[start : start + ITEMS]})
            stack.sqs.send_message(QueueUrl=stack.queue_url, MessageBody=body)
        eventually(lambda: stack.dynamodb.scan(TableName=stack.table_name, Select="COUNT")["Count"] == RESULTS)
        eventually(lambda: stack.depth(stack.queue_url) == 0)
        yield stack


class Consumer:
    """examples/stream/poll.py, and a table for its tasks whose own stream shows each change of a task."""

    def __init__(self, local: LocalPipeline, tasks: str, folder: Path):
        self.local, self.tasks, self.folder = local, tasks, folder
        self.said = ""
        self.table = local.dynamodb.create_table(
            TableName=tasks,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]

    def start(self, **variables: str) -> subprocess.Popen[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.local.cloud.url,
            "AWS_DEFAULT_REGION": self.local.cloud.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "RESULTS_STREAM_ARN": self.local.recording.outputs["resultStreamArn"],
            "TASKS_TABLE": self.tasks,
            **variables,
        }
        command = [sys.executable, str(POLL)]
        return subprocess.Popen(command, cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True)

    def end(self, process: subprocess.Popen[str], by: signal.Signals) -> None:
        process.send_signal(by)
        said = process.communicate(timeout=HANG_S)[1]
        assert process.returncode == (0 if by is signal.SIGTERM else -by), said
        self.said += said

    def open(self) -> int:
        return self.local.dynamodb.scan(TableName=self.tasks, Select="COUNT")["Count"]

    def changes(self) -> list[str]:
        """The id of every task that was opened, once for each time it was opened."""
        streams, arn = self.local.cloud.client("dynamodbstreams"), self.table["LatestStreamArn"]
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        where: dict[str, Any] = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**where)["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_and_restarted_consumer_misses_no_result_and_repeats_none(
    local: LocalPipeline, by: signal.Signals, tmp_path: Path
) -> None:
    consumer = Consumer(local, f"tasks-{by.name.lower()}", tmp_path)
    for enough in (2.5 * BATCH, 4.5 * BATCH, 6.5 * BATCH):  # in the middle of a batch
        process = consumer.start()
        eventually(lambda enough=enough: consumer.open() >= enough)
        consumer.end(process, by)
        assert consumer.open() < RESULTS, "the consumer finished before it was stopped, so the test proves nothing"
    process = consumer.start()
    eventually(lambda: consumer.open() == RESULTS)
    consumer.end(process, signal.SIGTERM)
    assert sorted(consumer.changes()) == sorted(f"text-{n}" for n in range(RESULTS))
    handled = sum(map(int, re.findall(r"Handled (\d+)", consumer.said)))
    if by is signal.SIGTERM:  # the poller does not even hand a record over twice
        assert handled == RESULTS


def test_a_missing_variable_and_a_deleted_stream_are_named(local: LocalPipeline, tmp_path: Path) -> None:
    consumer = Consumer(local, "tasks-none", tmp_path)
    old = local.recording.outputs["resultStreamArn"].rpartition("/")[0] + "/2026-11-01T09:00:00.000"
    for variables, says in (
        ({"TASKS_TABLE": ""}, "TASKS_TABLE: must be set"),
        ({"RESULTS_STREAM_ARN": old}, f"{old}: is gone; the stream of that table is "),
    ):
        process = consumer.start(**variables)
        said = process.communicate(timeout=HANG_S)[1]
        assert (process.returncode, says in said) == (1, True), said
