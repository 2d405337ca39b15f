"""The example's poller on streams that behave like AWS's: shards split and end, and records are deleted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from checkpoint import KEPT_S, Checkpoint, Stopped
from poller import ATTEMPTS, BATCH, LISTED_S, Caller, Poller

ARN = "arn:aws:dynamodb:us-west-2:123456789012:table/results/stream/2026-11-26T09:00:00.000"
START = 1_790_000_000.0


class Expired(Exception):
    pass


class Trimmed(Exception):
    pass


@dataclass
class Shard:
    parent: str = ""
    records: list[int] = field(default_factory=list)  # sequence numbers
    closed: bool = False
    trimmed: int = 0  # records with a lower number are deleted


@dataclass
class Streams:
    """One stream that lists its shards two to a page."""

    shards: dict[str, Shard]
    status: str = "ENABLED"
    now: float = START
    expired: bool = False
    listed: int = 0

    class exceptions:  # noqa: N801 - boto3's name
        ExpiredIteratorException = Expired
        TrimmedDataAccessException = Trimmed

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:  # noqa: N803
        self.listed += 1
        names = list(self.shards)
        start = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        page = [
            {"ShardId": name, **({"ParentShardId": self.shards[name].parent} if self.shards[name].parent else {})}
            for name in names[start : start + 2]
        ]
        more = {"LastEvaluatedShardId": names[start + 1]} if start + 2 < len(names) else {}
        label = StreamArn.rpartition("/")[2]
        return {"StreamDescription": {"Shards": page, "StreamStatus": self.status, "StreamLabel": label, **more}}

    def get_shard_iterator(self, StreamArn: str, ShardId: str, **where: str) -> dict[str, str]:  # noqa: N803
        shard = self.shards[ShardId]
        after = -1 if where["ShardIteratorType"] == "TRIM_HORIZON" else int(where["SequenceNumber"])
        if 0 <= after < shard.trimmed:
            raise Trimmed
        return {"ShardIterator": f"{ShardId}|{max(after, shard.trimmed - 1)}"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        name, _, after = ShardIterator.partition("|")
        shard = self.shards[name]
        if self.expired:
            self.expired = False
            raise Expired
        if int(after) < shard.trimmed - 1:
            raise Trimmed
        found = [number for number in shard.records if number > int(after)][:Limit]
        last = found[-1] if found else int(after)
        at_end = shard.closed and last == max(shard.records, default=last)
        return {
            "Records": [self._record(number) for number in found],
            **({} if at_end else {"NextShardIterator": f"{name}|{last}"}),
        }

    def _record(self, number: int) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.now, UTC)
        return {"eventID": str(number), "dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": at}}


class Consumer:
    """A handler that notes each record, and restarts from its checkpoint on request."""

    def __init__(self, streams: Streams, folder: Path):
        self.streams, self.path = streams, folder / "checkpoint.json"
        self.seen: list[int] = []
        self.failing: set[str] = set()
        self.start()

    def start(self) -> None:
        checkpoint = Checkpoint(self.path, ARN, clock=lambda: self.streams.now)
        checkpoint.read()
        self.poller = Poller(self.streams, checkpoint, Caller(self.handle, ARN))

    def handle(self, event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        for record in event["Records"]:
            assert record["eventSourceARN"] == ARN
            assert record["dynamodb"]["ApproximateCreationDateTime"] == self.streams.now
            if (number := record["dynamodb"]["SequenceNumber"]) in self.failing:
                return {"batchItemFailures": [{"itemIdentifier": number}]}
            self.seen.append(int(number))
        return {"batchItemFailures": []}

    def drain(self) -> list[int]:
        while self.poller.look():
            pass
        return self.seen


@pytest.fixture
def split(tmp_path: Path) -> Consumer:
    """A consumer of a shard that split into two, of which one has a child of its own."""
    shards = {
        "c": Shard(parent="a", records=[20, 21]),
        "d": Shard(parent="b", records=[30]),
        "b": Shard(parent="a", records=[10, 11], closed=True),
        "a": Shard(parent="gone", records=[1, 2, 3], closed=True),
    }
    return Consumer(Streams(shards), tmp_path)


def test_every_record_arrives_once_and_a_parent_shards_records_come_first(split: Consumer) -> None:
    seen = split.drain()
    assert sorted(seen) == [1, 2, 3, 10, 11, 20, 21, 30]
    assert max(map(seen.index, (1, 2, 3))) < min(map(seen.index, (10, 20)))
    assert seen.index(11) < seen.index(30)


@pytest.mark.parametrize("looks", range(5))
def test_a_restarted_consumer_misses_no_record_and_repeats_none(split: Consumer, looks: int) -> None:
    for _ in range(looks):
        split.poller.look()
    split.start()
    assert sorted(split.drain()) == [1, 2, 3, 10, 11, 20, 21, 30]


def test_a_long_shard_is_read_batch_by_batch(tmp_path: Path) -> None:
    consumer = Consumer(Streams({"a": Shard(records=list(range(2 * BATCH + 1)))}), tmp_path)
    assert [consumer.poller.look() for _ in range(4)] == [BATCH, BATCH, 1, 0]
    assert consumer.seen == list(range(2 * BATCH + 1))


def test_an_expired_iterator_is_renewed_at_its_position(split: Consumer) -> None:
    split.drain()
    split.streams.expired = True
    split.streams.shards["c"].records.append(22)
    while 22 not in split.seen:
        split.poller.look()
    assert sorted(split.seen) == [1, 2, 3, 10, 11, 20, 21, 22, 30]


def test_the_child_of_a_shard_that_splits_later_is_found(tmp_path: Path) -> None:
    streams = Streams({"a": Shard(records=[1])})
    consumer = Consumer(streams, tmp_path)
    consumer.drain()
    streams.shards["a"].closed = True
    streams.shards["b"] = Shard(parent="a", records=[2])
    listed = streams.listed
    assert [consumer.poller.look(), consumer.poller.look()] == [0, 1]  # its end, where the poller looks for children
    assert (consumer.seen, streams.listed - listed) == ([1, 2], 1)


def test_the_poller_lists_the_shards_every_half_minute(tmp_path: Path) -> None:
    consumer = Consumer(Streams({"a": Shard()}), tmp_path)
    for _ in range(5):
        consumer.poller.look()
    assert consumer.streams.listed == 1
    consumer.streams.now += LISTED_S
    consumer.poller.look()
    assert consumer.streams.listed == 2


def test_a_failed_record_is_retried_but_earlier_ones_are_not(tmp_path: Path) -> None:
    consumer = Consumer(Streams({"a": Shard(records=[1, 2, 3, 4])}), tmp_path)
    consumer.failing = {"3"}
    assert [consumer.poller.look(), consumer.poller.look()] == [2, 0]
    consumer.start()
    assert consumer.poller.look() == 0
    consumer.failing = set()
    assert consumer.drain() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "answer", [{"batchItemFailures": [{"itemIdentifier": "none of these"}]}, RuntimeError("breaks")]
)
def test_an_exception_or_unknown_record_id_fails_the_batch_as_in_lambda(answer: Any) -> None:
    def handler(event: dict[str, Any], context: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    caller = Caller(handler, ARN)
    records = [{"dynamodb": {"SequenceNumber": number}} for number in ("1", "2")]
    assert [caller(records) for _ in range(ATTEMPTS - 1)] == [0] * (ATTEMPTS - 1)
    with pytest.raises(Stopped, match=f"Record 1 failed {ATTEMPTS} times"):
        caller(records)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_answer_without_failures_accepts_the_batch_as_in_lambda(answer: Any) -> None:
    assert Caller(lambda event, context: answer, ARN)([{"dynamodb": {"SequenceNumber": "1"}}]) == 1


def test_a_consumer_that_returns_after_a_day_reports_what_may_be_lost(split: Consumer) -> None:
    split.drain()
    split.streams.now += KEPT_S + 1
    with pytest.raises(Stopped, match=r"The stream was read up to 2026-.*Z, .*may be gone.*delete .*checkpoint\.json"):
        split.start()


def test_a_quiet_shard_stays_readable_after_its_last_record_is_deleted(tmp_path: Path) -> None:
    streams = Streams({"a": Shard(records=[1, 2])})
    consumer = Consumer(streams, tmp_path)
    consumer.drain()
    for _ in range(3):  # looks that find nothing, until a day has passed and more
        streams.now += KEPT_S / 2
        consumer.poller.look()
    streams.shards["a"] = Shard(records=[3], trimmed=3)
    consumer.start()
    assert consumer.drain() == [1, 2, 3]


def test_the_poller_stops_when_unread_records_were_deleted(tmp_path: Path) -> None:
    streams = Streams({"a": Shard(records=[1, 2])})
    consumer = Consumer(streams, tmp_path)
    consumer.drain()
    streams.shards["a"] = Shard(records=[9], trimmed=9)
    with pytest.raises(Stopped, match="a was read more than 24 hours late"):
        consumer.poller.look()
    checkpoint = json.loads(consumer.path.read_text())
    checkpoint["shards"]["b"] = {**checkpoint["shards"]["a"], "at": START + KEPT_S}  # another shard was read since
    consumer.path.write_text(json.dumps(checkpoint))
    streams.now += KEPT_S + 1
    consumer.start()
    streams.shards["b"] = Shard(parent="x")
    with pytest.raises(Stopped, match="a was read up to 2026"):
        consumer.poller.look()


def read_for_ever(consumer: Consumer) -> None:
    while True:
        consumer.poller.look()


def test_a_disabled_stream_is_read_to_its_end(split: Consumer) -> None:
    split.streams.status = "DISABLED"
    for shard in split.streams.shards.values():
        shard.closed = True
    with pytest.raises(Stopped, match="was switched off, and all its records are handled"):
        read_for_ever(split)
    assert sorted(split.seen) == [1, 2, 3, 10, 11, 20, 21, 30]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"stream": "arn:other", "shards": {}}', "belongs to the stream arn:other, not to"),
        ("", "is not a checkpoint"),
        ('{"shards": {}}', "is not a checkpoint"),
        ('{"stream": "s", "shards": {"a": 1}}', "is not a checkpoint"),
    ],
)
def test_a_foreign_or_malformed_checkpoint_is_refused_and_left_unchanged(
    split: Consumer, content: str, says: str
) -> None:
    split.path.write_text(content)
    with pytest.raises(Stopped, match=says):
        split.start()
    assert split.path.read_text() == content


def test_the_checkpoint_forgets_shards_that_are_gone(split: Consumer) -> None:
    split.drain()
    del split.streams.shards["a"]
    split.streams.now += LISTED_S
    split.poller.look()
    split.streams.shards["c"].records.append(22)
    split.drain()
    assert set(json.loads(split.path.read_text())["shards"]) == {"b", "c", "d"}
