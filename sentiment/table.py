"""The results table: reads results by id, scans the table, and deletes results by id."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sentiment.errors import CommandError
from sentiment.result import FIELDS, Result, expired, plain, sent_at
from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY

IDS_AT_ONCE, DELETED_AT_ONCE = 100, 25  # in one BatchGetItem, in one BatchWriteItem
USD_PER_MILLION_READ_UNITS = 0.125  # on demand, us-east-1 (airbyte.com, Amazon DynamoDB pricing, 2026-11)
ATTEMPTS, LONGEST_BACKOFF_S = 10, 2.0  # for ids that DynamoDB leaves unprocessed
SCANNED_BYTES_PER_UNIT = 8_192  # twice 4 KB, because a scan is eventually consistent


class Page(NamedTuple):
    """The answer to one request of a scan.

    Attributes:
        results: the results that passed the filter, including expired ones.
        scanned: number of items read for them.
        units: read units consumed.
    """

    results: list[Result]
    scanned: int
    units: float


def priced(units: float) -> str:
    """Read units and their price."""
    return f"{units:,.1f} read units, about {units * USD_PER_MILLION_READ_UNITS / 1e6:.6f} USD on demand"


@dataclass(frozen=True, kw_only=True)
class Results:
    """
    Attributes:
        dynamodb: boto3 client.
        table_name: the stack's table.
        since: only results for texts sent then or later; None for all.
        fields: the attributes to fetch. Fewer are faster, but cost the same.
    """

    dynamodb: Any
    table_name: str
    since: datetime | None = None
    fields: Sequence[str] = FIELDS
    sleep: Callable[[float], None] = time.sleep

    def get(self, ids: Sequence[str]) -> dict[str, Result]:
        """The existing results for some ids, by id.

        Raises:
            CommandError: DynamoDB keeps leaving ids unprocessed.
            ClientError, BotoCoreError: the table cannot be read.
        """
        found: dict[str, Result] = {}
        for keys in _requests(ids, IDS_AT_ONCE):
            found |= {result[TABLE_KEY]: result for result in self._wanted(self._get(keys, self._projection()))}
        return found

    def present(self, ids: Sequence[str]) -> Iterator[list[str]]:
        """Yield per request the ids that the table holds now, expired or not; raises the same as `get`."""
        for keys in _requests(ids, IDS_AT_ONCE):
            only_key = {"ProjectionExpression": "#key", "ExpressionAttributeNames": {"#key": TABLE_KEY}}
            yield [result[TABLE_KEY] for result in self._get(keys, {**only_key, "ConsistentRead": True})]

    def delete(self, ids: Sequence[str]) -> Iterator[int]:
        """Delete results by id; yields the number of ids that each request settled, and raises the same as `get`."""
        for keys in _requests(ids, DELETED_AT_ONCE):
            request = {self.table_name: [{"DeleteRequest": {"Key": key}} for key in keys]}
            for _ in self._settle(self.dynamodb.batch_write_item, request, "UnprocessedItems"):
                pass
            yield len(keys)

    def size(self) -> tuple[int, int]:
        """The number of items in the table and their bytes, which DynamoDB counts every six hours."""
        table = self.dynamodb.describe_table(TableName=self.table_name)["Table"]
        return table["ItemCount"], table["TableSizeBytes"]

    def scan(self) -> Iterator[tuple[list[Result], float]]:
        """The whole table, page by page, with the read units that each page cost."""
        for page in self.pages():
            yield list(self._wanted(page.results)), page.units

    def pages(self, segment: int = 0, segments: int = 1) -> Iterator[Page]:
        """One of `segments` parts of the table, for parallel scans; includes results that expired or have no date."""
        request = self._projection()
        if self.since:
            # Results without a date pass the filter, so that the caller decides.
            request["FilterExpression"] = "NOT (attribute_type(#sent_at, :string) AND #sent_at < :since)"
            request["ExpressionAttributeNames"]["#sent_at"] = "sent_at"
            since = self.since.isoformat(timespec="microseconds")
            request["ExpressionAttributeValues"] = {":string": {"S": "S"}, ":since": {"S": since}}
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table_name,
            ReturnConsumedCapacity="TOTAL",
            Segment=segment,
            TotalSegments=segments,
            **request,
        )
        for page in pages:
            units = page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
            yield Page(list(map(plain, page["Items"])), page["ScannedCount"], units)

    def _get(self, keys: list[dict[str, Any]], options: dict[str, Any]) -> Iterator[Result]:
        request = {self.table_name: {"Keys": keys, **options}}
        for answer in self._settle(self.dynamodb.batch_get_item, request, "UnprocessedKeys"):
            yield from map(plain, answer["Responses"].get(self.table_name, []))

    def _settle(self, call: Callable[..., Any], request: dict[str, Any], left: str) -> Iterator[dict[str, Any]]:
        """The answers to a request, which is repeated for whatever an answer leaves unprocessed."""
        for attempt in range(ATTEMPTS):
            answer = call(RequestItems=request)
            yield answer
            request = answer.get(left, {})
            if not request:
                return
            self.sleep(min(LONGEST_BACKOFF_S, 0.05 * 2**attempt))
        raise CommandError(f"{self.table_name}: left ids unprocessed {ATTEMPTS} times in a row; is it throttled?")

    def _projection(self) -> dict[str, Any]:
        wanted = enumerate((*self.fields, TABLE_EXPIRY))
        names = {f"#{place}": name for place, name in wanted}  # some are reserved words
        return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}

    def _wanted(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results that are new enough and have not expired: DynamoDB takes days to delete expired ones."""
        now = time.time()
        for result in results:
            if not expired(result, now) and (self.since is None or sent_at(result) >= self.since):
                yield result


def _requests(ids: Sequence[str], at_once: int) -> Iterator[list[dict[str, Any]]]:
    """The keys of distinct ids, in groups."""
    keys = [{TABLE_KEY: {"S": item_id}} for item_id in dict.fromkeys(ids)]
    for start in range(0, len(keys), at_once):
        yield keys[start : start + at_once]
