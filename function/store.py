"""Stores results in DynamoDB, idempotently; the newest result for an id wins."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from function.verdict import Sentiment
from sentiment_contract.messages import Item
from sentiment_contract.results import TABLE_EXPIRY, TABLE_KEY


class CannotBeStored(Exception):
    """The table refuses this result, and always will."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """
    Attributes:
        client: botocore DynamoDB client.
        table_name: the results table.
        model_id, model_revision: stored with every result.
        ttl_days: days until a result expires; 0 keeps it forever.
        store_text: whether to store the text too.
    """

    client: Any
    table_name: str
    model_id: str
    model_revision: str
    ttl_days: int
    store_text: bool

    def put(self, item: Item, sentiment: Sentiment) -> bool:
        """Store a result unless the table holds an unexpired one for the same id that is as new or newer.

        Returns:
            Whether it was stored. False is a success too: it absorbed a repeat or a late message.

        Raises:
            CannotBeStored: DynamoDB rejects the item as invalid.
            ClientError, BotoCoreError: any other error; a retry may succeed.
        """
        now = datetime.now(UTC)
        try:
            self.client.put_item(
                TableName=self.table_name,
                Item=self._attributes(item, sentiment, now),
                # DynamoDB deletes expired items within days, not immediately.
                ConditionExpression="attribute_not_exists(#id) OR sent_at < :sent_at OR #expiry <= :now",
                ExpressionAttributeNames={"#id": TABLE_KEY, "#expiry": TABLE_EXPIRY},
                ExpressionAttributeValues={
                    ":sent_at": {"S": _iso(item.sent_at)},
                    ":now": {"N": str(int(now.timestamp()))},
                },
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code == "ConditionalCheckFailedException":
                return False
            if code == "ValidationException":
                raise CannotBeStored(code) from error
            raise
        return True

    def _attributes(self, item: Item, sentiment: Sentiment, now: datetime) -> dict[str, dict[str, Any]]:
        attributes: dict[str, dict[str, Any]] = {
            TABLE_KEY: {"S": item.id},
            "sentiment": {"S": sentiment.label},
            "score": {"N": f"{sentiment.score:.6f}"},
            "truncated": {"BOOL": sentiment.truncated},
            "model_id": {"S": self.model_id},
            "model_revision": {"S": self.model_revision},
            "sent_at": {"S": _iso(item.sent_at)},
            "processed_at": {"S": _iso(now)},
        }
        if self.store_text:
            attributes["text"] = {"S": item.text}
        if self.ttl_days:
            attributes[TABLE_EXPIRY] = {"N": str(int((now + timedelta(days=self.ttl_days)).timestamp()))}
        return attributes


def _iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a fixed width, so that later times sort higher as strings too."""
    return moment.isoformat(timespec="microseconds")
