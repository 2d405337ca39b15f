"""Results in the table: which attributes are stored, and that the newest result for an id wins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.store import CannotBeStored, Store
from function.verdict import Sentiment
from sentiment_contract.messages import Item
from tests.function.aws import TABLE, Aws, moto_aws

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
GOOD = Sentiment("POSITIVE", 0.98765432, False)
BAD = Sentiment("NEGATIVE", 0.6, True)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with moto_aws() as resources:
        yield resources


def store(client: Any, **changes: Any) -> Store:
    given = {
        "client": client,
        "table_name": TABLE,
        "model_id": "model",
        "model_revision": "1",
        "ttl_days": 0,
        "store_text": True,
    }
    return Store(**{**given, **changes})


def test_a_result_is_stored_with_all_its_attributes(aws: Aws) -> None:
    before = datetime.now(UTC)
    assert store(aws.dynamodb).put(Item("1", "fine", NOON), GOOD) is True
    item = aws.results()["1"]
    assert before <= datetime.fromisoformat(item.pop("processed_at")) <= datetime.now(UTC)
    assert item == {
        "id": "1",
        "sentiment": "POSITIVE",
        "score": "0.987654",
        "text": "fine",
        "truncated": False,
        "model_id": "model",
        "model_revision": "1",
        "sent_at": "2026-11-01T12:00:00.000000+00:00",
    }


def test_the_text_is_left_out_if_store_text_is_off(aws: Aws) -> None:
    store(aws.dynamodb, store_text=False).put(Item("1", "fine", NOON), GOOD)
    assert "text" not in aws.results()["1"]


def test_a_result_expires_after_the_configured_days(aws: Aws) -> None:
    store(aws.dynamodb, ttl_days=30).put(Item("1", "fine", NOON), GOOD)
    expires = datetime.fromtimestamp(int(aws.results()["1"]["expires_at"]), UTC)
    assert abs(expires - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(microseconds=1), timedelta(days=400)])
def test_a_repeated_or_older_result_never_overwrites_another(aws: Aws, late_by: timedelta) -> None:
    results = store(aws.dynamodb)
    results.put(Item("1", "first", NOON), GOOD)
    assert results.put(Item("1", "second", NOON - late_by), BAD) is False
    assert aws.results()["1"]["text"] == "first"


@pytest.mark.parametrize("newer_by", [timedelta(microseconds=1), timedelta(days=400)])
def test_a_newer_result_replaces_an_older_one(aws: Aws, newer_by: timedelta) -> None:
    results = store(aws.dynamodb)
    results.put(Item("1", "first", NOON), GOOD)
    assert results.put(Item("1", "second", NOON + newer_by), BAD) is True
    assert aws.results()["1"]["sentiment"] == "NEGATIVE"


@pytest.mark.parametrize("late_by", [timedelta(days=-1), timedelta(0), timedelta(days=400)])
def test_an_expired_result_counts_as_absent(aws: Aws, late_by: timedelta) -> None:
    results = store(aws.dynamodb, ttl_days=30)
    results.put(Item("1", "expired", NOON), GOOD)
    yesterday = str(int((datetime.now(UTC) - timedelta(days=1)).timestamp()))
    aws.dynamodb.update_item(
        TableName=TABLE,
        Key={"id": {"S": "1"}},
        UpdateExpression="SET expires_at = :yesterday",
        ExpressionAttributeValues={":yesterday": {"N": yesterday}},
    )
    assert results.put(Item("1", "late", NOON - late_by), BAD) is True
    assert aws.results()["1"]["text"] == "late"
    assert results.put(Item("1", "later still", NOON - late_by), BAD) is False, "the new result expires only in 30 days"


class Refusing:
    def __init__(self, code: str):
        self.code = code

    def put_item(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "PutItem")


def test_a_validation_error_means_that_an_item_cannot_be_stored() -> None:
    with pytest.raises(CannotBeStored):
        store(Refusing("ValidationException")).put(Item("1", "x", NOON), GOOD)


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "AccessDeniedException"])
def test_any_other_refusal_is_left_for_a_retry(code: str) -> None:
    with pytest.raises(ClientError):
        store(Refusing(code)).put(Item("1", "x", NOON), GOOD)
