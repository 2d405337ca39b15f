"""The results table, read by ids or as a whole."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sentiment.errors import CommandError
from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY

Result = dict[str, Any]  # the attributes of a stored result, as docs/messages.md lists them

FIELDS = (TABLE_KEY, "sentiment", "score", "truncated", "sent_at", "processed_at", "model_id", "model_revision", "text")
IDS_AT_ONCE = 100  # in one BatchGetItem
USD_PER_MILLION_READ_UNITS = 0.125  # on demand, us-east-1 (airbyte.com, Amazon DynamoDB pricing, 2026-11)
ATTEMPTS, LONGEST_BACKOFF_S = 10, 2.0  # for what DynamoDB leaves unprocessed


@dataclass(frozen=True, kw_only=True)
class Results:
    """
    Attributes:
        dynamodb: boto3 client.
        table_name: the stack's table.
        since: only results whose text was sent then or later; None for all.
        fields: the attributes to fetch. Fewer are faster; the price goes by what is stored.
    """

    dynamodb: Any
    table_name: str
    since: datetime | None = None
    fields: Sequence[str] = FIELDS
    sleep: Callable[[float], None] = time.sleep

    def get(self, ids: Sequence[str]) -> dict[str, Result]:
        """Those of some ids that are there, by id.

        Raises:
            CommandError: DynamoDB goes on leaving ids unprocessed.
            ClientError, BotoCoreError: the table cannot be read.
        """
        found: dict[str, Result] = {}
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), IDS_AT_ONCE):
            keys = [{TABLE_KEY: {"S": item_id}} for item_id in unique[start : start + IDS_AT_ONCE]]
            found |= {result[TABLE_KEY]: result for result in self._wanted(self._get(keys))}
        return found

    def scan(self) -> Iterator[tuple[list[Result], float]]:
        """The whole table, page by page, each with the read units that it cost."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table_name, ReturnConsumedCapacity="TOTAL", **self._projection()
        )
        for page in pages:
            units = page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
            yield list(self._wanted(map(_plain, page["Items"]))), units

    def _get(self, keys: list[dict[str, Any]]) -> Iterator[Result]:
        request: dict[str, Any] = {self.table_name: {"Keys": keys, **self._projection()}}
        for attempt in range(ATTEMPTS):
            answer = self.dynamodb.batch_get_item(RequestItems=request)
            yield from map(_plain, answer["Responses"].get(self.table_name, []))
            request = answer.get("UnprocessedKeys", {})
            if not request:
                return
            self.sleep(min(LONGEST_BACKOFF_S, 0.05 * 2**attempt))
        raise CommandError(f"{self.table_name}: left ids unread {ATTEMPTS} times in a row; is it throttled?")

    def _projection(self) -> dict[str, Any]:
        wanted = enumerate((*self.fields, TABLE_EXPIRY))
        names = {f"#{place}": name for place, name in wanted}  # some are reserved words
        return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}

    def _wanted(self, results: Iterable[Result]) -> Iterator[Result]:
        """Those that are new enough, and not expired: DynamoDB deletes these within days only."""
        now = time.time()
        for result in results:
            expired = result.pop(TABLE_EXPIRY, math.inf) <= now
            if not expired and (self.since is None or _sent_at(result) >= self.since):
                yield result


def _sent_at(result: Result) -> datetime:
    """Of an item of somebody else's, which has no such date, the first of all."""
    try:
        return datetime.fromisoformat(result["sent_at"])
    except (KeyError, TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


def _plain(item: dict[str, dict[str, Any]]) -> Result:
    """An item without DynamoDB's type tags."""
    return {name: float(value["N"]) if "N" in value else next(iter(value.values())) for name, value in item.items()}
