"""Reads a table's stream as Lambda does: every shard in order, calling a function with the records."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checkpoint import Checkpoint, Reached, Stopped

BATCH = 100  # records, Lambda's default
ATTEMPTS = 5  # at a failing record
LISTED_S = 30  # how long a list of shards stays valid

Record = dict[str, Any]


@dataclass
class Poller:
    """
    Attributes:
        streams: boto3 client for DynamoDB Streams.
        handle: takes records and returns how many of them, from the first, are handled.
    """

    streams: Any
    checkpoint: Checkpoint
    handle: Callable[[list[Record]], int]
    _shards: list[Mapping[str, Any]] = field(default_factory=list)
    _listed_at: float = float("-inf")
    _iterators: dict[str, str] = field(default_factory=dict)

    def look(self) -> int:
        """Handle a batch from every shard whose parent is done; returns the number of records.

        Raises:
            Stopped: unread records are gone, or the stream was switched off and has been read to its end.
        """
        if self.checkpoint.clock() - self._listed_at >= LISTED_S:
            self._list()
        ended = {name for name, reached in self.checkpoint.shards.items() if reached.ended}
        open_ = {shard["ShardId"] for shard in self._shards} - ended
        ready = [shard["ShardId"] for shard in self._shards if shard.get("ParentShardId") not in open_]
        return sum(self._read(name) for name in ready if name in open_)

    def _list(self) -> None:
        stream = self.checkpoint.stream
        more: dict[str, str] = {}
        self._shards = []
        while True:
            found = self.streams.describe_stream(StreamArn=stream, **more)["StreamDescription"]
            self._shards += found["Shards"]
            if "LastEvaluatedShardId" not in found:
                break
            more = {"ExclusiveStartShardId": found["LastEvaluatedShardId"]}
        if not stream.endswith(f"/{found['StreamLabel']}"):  # moto accepts any label
            raise Stopped(f"{stream}: is gone; the stream of that table is {found['StreamLabel']} now")
        self.checkpoint.forget_all_but({shard["ShardId"] for shard in self._shards})
        ended = [name for name, reached in self.checkpoint.shards.items() if reached.ended]
        if found["StreamStatus"] == "DISABLED" and len(ended) == len(self._shards):
            raise Stopped(f"{stream}: was switched off, and all its records are handled")
        self._listed_at = self.checkpoint.clock()

    def _read(self, shard: str) -> int:
        asked_at = self.checkpoint.clock()
        try:
            iterator = self._iterators.pop(shard, None) or self._resume(shard)
            answer = self.streams.get_records(ShardIterator=iterator, Limit=BATCH)
        except self.streams.exceptions.ExpiredIteratorException:
            return 0  # it was older than 15 minutes; the next poll creates one from the checkpoint
        except self.streams.exceptions.TrimmedDataAccessException:
            raise Stopped(self.checkpoint.gone(f"{shard} was read more than 24 hours late")) from None
        records: list[Record] = answer["Records"]
        handled = self.handle(records) if records else 0
        done, following = handled == len(records), answer.get("NextShardIterator")
        if handled or done:
            last = records[handled - 1]["dynamodb"] if handled else {}
            at = last["ApproximateCreationDateTime"].timestamp() if last else asked_at
            self.checkpoint.reach(shard, last.get("SequenceNumber", ""), at, ended=done and not following)
        if done and following:  # otherwise the next poll begins at the failed record
            self._iterators[shard] = following
        if done and not following:
            self._listed_at = float("-inf")  # it has children now
        return handled

    def _resume(self, shard: str) -> str:
        reached = self.checkpoint.shards.get(shard, Reached())
        if reached.number:
            try:
                return self._iterator(shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=reached.number)
            except self.streams.exceptions.TrimmedDataAccessException:
                # The last handled record is gone. Those after it are all there if they are recent enough.
                self.checkpoint.check_kept(reached.at, shard)
        return self._iterator(shard, ShardIteratorType="TRIM_HORIZON")

    def _iterator(self, shard: str, **where: str) -> str:
        answer = self.streams.get_shard_iterator(StreamArn=self.checkpoint.stream, ShardId=shard, **where)
        return answer["ShardIterator"]


class Caller:
    """Calls a handler with Lambda's event, and reads its answer as Lambda does with ReportBatchItemFailures."""

    def __init__(self, function: Callable[[dict[str, Any], Any], Mapping[str, Any]], stream: str):
        self._function, self._stream = function, stream
        self._failing, self._failed = "", 0

    def __call__(self, records: list[Record]) -> int:
        """The number of handled records: all before the first failure.

        Raises:
            Stopped: a record failed repeatedly.
        """
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        event = {"Records": [{**record, "eventSourceARN": self._stream} for record in records]}
        try:
            answer = self._function(json.loads(json.dumps(event, default=datetime.timestamp)), None) or {}
            failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or []}
        except Exception:
            logging.exception("The handler failed")
            failed = set(numbers)
        if not failed:
            logging.info("Handled %d", len(records))
            return len(records)
        handled = min(map(numbers.index, failed)) if failed <= set(numbers) else 0  # an unknown number fails them all
        self._failed = self._failed + 1 if numbers[handled] == self._failing else 1
        self._failing = numbers[handled]
        if self._failed == ATTEMPTS:
            raise Stopped(f"Record {self._failing} failed {ATTEMPTS} times. Nothing after it in its shard was handled")
        return handled
